/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "audit/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS (O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

int jb_output_open_file(struct jb_output *ret, const char *file)
{
	int fd = open(file, FLAGS | O_CREAT | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	*ret = (struct jb_output){fd, JB_OUTPUT_OWN};
	return 0;
}

/*
 * O_NONBLOCK belongs to the open file, which standard output shares with a shell, a log or a
 * sibling. So it is opened once more, which sockets can't be, and what is another user's may not.
 */
int jb_output_open_stdout(struct jb_output *ret)
{
	enum jb_output_way way = JB_OUTPUT_OWN;
	struct stat stat;
	int fd;

	if (fstat(STDOUT_FILENO, &stat))
		return -errno;
	fd = open("/proc/self/fd/1", FLAGS);
	if (fd < 0) {
		way = S_ISSOCK(stat.st_mode) ? JB_OUTPUT_SOCKET : JB_OUTPUT_SHARED;
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	}
	if (fd < 0)
		return -errno;
	*ret = (struct jb_output){fd, way};
	return 0;
}

void jb_output_close(struct jb_output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
}

/* A SIGPIPE is taken back where the caller doesn't block it already. */
static ssize_t write_quietly(int fd, const void *data, size_t len)
{
	const struct timespec at_once = {};
	sigset_t sigpipe, before;
	ssize_t written;
	int err;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	err = pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
	if (err)
		return -err;
	written = write(fd, data, len);
	err = written < 0 ? -errno : 0;
	if (err == -EPIPE && !sigismember(&before, SIGPIPE))
		sigtimedwait(&sigpipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err ? err : written;
}

/* A pipe that can be written to takes PIPE_BUF octets. */
static ssize_t write_shared(int fd, const void *data, size_t len)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	if (poll(&ready, 1, 0) <= 0)
		return -EAGAIN;
	return write_quietly(fd, data, len < PIPE_BUF ? len : PIPE_BUF);
}

ssize_t jb_output_write(const struct jb_output *output, const void *data, size_t len)
{
	ssize_t written;

	do {
		if (output->way == JB_OUTPUT_OWN) {
			written = write_quietly(output->fd, data, len);
		} else if (output->way == JB_OUTPUT_SHARED) {
			written = write_shared(output->fd, data, len);
		} else {
			written = send(output->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
			written = written < 0 ? -errno : written;
		}
	} while (written == -EINTR);
	return written ? written : -EAGAIN;
}

bool jb_output_has_moved(const struct jb_output *output, const char *file)
{
	struct stat open_one, named;

	return output->fd < 0 || fstat(output->fd, &open_one) || lstat(file, &named) ||
	       open_one.st_dev != named.st_dev || open_one.st_ino != named.st_ino;
}

bool jb_output_is_removed(const struct jb_output *output)
{
	struct stat stat;

	return fstat(output->fd, &stat) || !stat.st_nlink;
}
