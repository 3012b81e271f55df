/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 32 };

struct source {
	uint32_t generation; /* of this use of the fd number; 0 is a free slot */
	jb_loop_fd_cb fd_cb; /* NULL for a timer */
	jb_loop_timer_cb timer_cb;
	void *ctx;
};

/*
 * The sources are indexed by fd. An event carries fd and generation, so that what was fetched for a
 * source since removed, or for an earlier use of the same fd number, is told apart and skipped.
 */
struct jb_loop {
	int epoll_fd;
	int signal_fd;
	bool mask_saved;
	sigset_t saved_mask;
	struct source *sources;
	size_t source_count; /* slots in `sources` */
	uint32_t last_generation;
	bool stopped;
	int result; /* what jb_loop_run() returns once `stopped` */
};

static void on_signal(int fd, uint32_t events, void *ctx)
{
	struct jb_loop *loop = ctx;
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	loop->stopped = true;
	loop->result = (int)info.ssi_signo;
}

static int take_signals(struct jb_loop *loop)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	err = pthread_sigmask(SIG_BLOCK, &set, &loop->saved_mask);
	if (err)
		return -err;
	loop->mask_saved = true;
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0)
		return -errno;
	return jb_loop_add_fd(loop, loop->signal_fd, EPOLLIN, on_signal, loop);
}

int jb_loop_new(struct jb_loop **ret_loop)
{
	struct jb_loop *loop = calloc(1, sizeof(*loop));
	int err;

	if (!loop)
		return -ENOMEM;
	loop->signal_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = loop->epoll_fd < 0 ? -errno : take_signals(loop);
	if (err) {
		jb_loop_free(loop);
		return err;
	}
	*ret_loop = loop;
	return 0;
}

void jb_loop_free(struct jb_loop *loop)
{
	if (!loop)
		return;
	for (size_t fd = 0; fd < loop->source_count; fd++) {
		if (loop->sources[fd].generation)
			jb_loop_remove_fd(loop, (int)fd);
	}
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->mask_saved)
		pthread_sigmask(SIG_SETMASK, &loop->saved_mask, NULL);
	free(loop->sources);
	free(loop);
}

static int reserve_slot(struct jb_loop *loop, int fd)
{
	size_t count = loop->source_count ? loop->source_count : 64;
	struct source *sources;

	while (count <= (size_t)fd)
		count *= 2;
	if (count == loop->source_count)
		return 0;
	sources = reallocarray(loop->sources, count, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	memset(sources + loop->source_count, 0, (count - loop->source_count) * sizeof(*sources));
	loop->sources = sources;
	loop->source_count = count;
	return 0;
}

static struct source *find_source(struct jb_loop *loop, int fd)
{
	if (fd < 0 || (size_t)fd >= loop->source_count || !loop->sources[fd].generation)
		return NULL;
	return &loop->sources[fd];
}

static int add_source(struct jb_loop *loop, int fd, uint32_t events, struct source source)
{
	struct epoll_event event = {.events = events};
	int err;

	if (fd < 0)
		return -EBADF;
	err = reserve_slot(loop, fd);
	if (err)
		return err;
	if (++loop->last_generation == 0)
		loop->last_generation = 1;
	source.generation = loop->last_generation;
	event.data.u64 = (uint64_t)source.generation << 32 | (uint32_t)fd;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	loop->sources[fd] = source;
	return 0;
}

int jb_loop_add_fd(struct jb_loop *loop, int fd, uint32_t events, jb_loop_fd_cb cb, void *ctx)
{
	return add_source(loop, fd, events, (struct source){.fd_cb = cb, .ctx = ctx});
}

int jb_loop_add_timer(struct jb_loop *loop, uint64_t interval_ms, jb_loop_timer_cb cb, void *ctx)
{
	struct itimerspec spec = {0};
	int fd, err;

	if (!interval_ms || interval_ms > INT64_MAX)
		return -EINVAL;
	spec.it_interval.tv_sec = (time_t)(interval_ms / 1000);
	spec.it_interval.tv_nsec = (long)(interval_ms % 1000) * 1000000;
	spec.it_value = spec.it_interval;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	err = timerfd_settime(fd, 0, &spec, NULL) ? -errno : 0;
	if (!err)
		err = add_source(loop, fd, EPOLLIN, (struct source){.timer_cb = cb, .ctx = ctx});
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int jb_loop_remove_fd(struct jb_loop *loop, int fd)
{
	struct source *source = find_source(loop, fd);

	if (!source)
		return -ENOENT;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	if (!source->fd_cb)
		close(fd);
	*source = (struct source){0};
	return 0;
}

static void dispatch(struct jb_loop *loop, const struct epoll_event *event)
{
	int fd = (int)(uint32_t)event->data.u64;
	struct source *found = find_source(loop, fd);
	struct source source;
	uint64_t ticks;

	if (!found || found->generation != event->data.u64 >> 32)
		return;
	source = *found; /* the callback may move or free the slot */
	if (source.fd_cb)
		source.fd_cb(fd, event->events, source.ctx);
	else if (read(fd, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks))
		source.timer_cb(source.ctx);
}

int jb_loop_run(struct jb_loop *loop)
{
	struct epoll_event events[EVENTS_MAX];
	int count, result;

	while (!loop->stopped) {
		count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, -1);
		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count && !loop->stopped; i++)
			dispatch(loop, &events[i]);
	}
	result = loop->result;
	loop->stopped = false;
	loop->result = 0;
	return result;
}

void jb_loop_stop(struct jb_loop *loop)
{
	loop->stopped = true;
}
