/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the lines go: files that move, pipes that are slow or closed, full disks. */
#include "audit_world.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "audit/sink.h"

enum { PIPE_OCTETS = 4096, TEXT_OCTETS = 4 << 20 };

static char text[TEXT_OCTETS];
static size_t text_len;
static int fds[2] = {-1, -1}, saved_stdout = -1;

static int setup(void **state)
{
	text_len = 0;
	return audit_setup(state);
}

static void restore_stdout(void)
{
	if (saved_stdout < 0)
		return;
	dup2(saved_stdout, STDOUT_FILENO);
	close(saved_stdout);
	saved_stdout = -1;
}

static int teardown(void **state)
{
	int err;

	/* Close doesn't wait a second for a reader that has gone. */
	if (fds[0] >= 0)
		close(fds[0]);
	err = audit_teardown(state);
	restore_stdout();
	fds[0] = fds[1] = -1;
	return err;
}

/* Standard output is `fd` from now on; it is taken over. */
static void put_at_stdout(int fd)
{
	saved_stdout = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(saved_stdout >= 0);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	close(fd);
}

static void open_at(int fd)
{
	fflush(stdout);
	put_at_stdout(fd);
	audit_open("-");
}

/* A small pipe at standard output, which is put back: the audit has one of its own. */
static void open_at_pipe(void)
{
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(fcntl(fds[0], F_SETPIPE_SZ, PIPE_OCTETS) >= 0);
	open_at(fds[1]);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK, 0);
	restore_stdout();
}

/* What has come is added to the text. Returns how much. */
static size_t read_some(size_t most)
{
	ssize_t len;

	assert_true(text_len + most < sizeof(text));
	len = read(fds[0], text + text_len, most);
	assert_true(len >= 0);
	text_len += (size_t)len;
	text[text_len] = '\0';
	return (size_t)len;
}

/* Reads until all is written that was taken. */
static json_t *read_rest(void)
{
	audit_turn_after(JB_SECOND_NS);
	while (world.status.buffered) {
		read_some(65536);
		audit_turn_after(JB_SECOND_NS);
	}
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	while (read(fds[0], text + text_len, 1) == 1)
		text_len++;
	text[text_len] = '\0';
	return parse_lines(text);
}

static void assert_mode(const char *file, mode_t mode)
{
	struct stat stat;

	assert_int_equal(lstat(file, &stat), 0);
	assert_int_equal(stat.st_mode & 07777, mode);
}

static void test_a_new_file_is_private(void **state)
{
	mode_t before = umask(0);

	(void)state;
	audit_open(world.file);
	umask(before);
	assert_mode(world.file, 0600);
}

static void test_an_old_file_is_appended_to(void **state)
{
	(void)state;
	audit_open(world.file);
	connection(JB_CONTACT_OPENED, 1);
	jb_audit_close(world.audit);
	chmod(world.file, 0640);
	audit_open(world.file);
	connection(JB_CONTACT_OPENED, 2);
	audit_turn();
	assert_events(world.file, "connection_opened 1, connection_opened 2");
	assert_mode(world.file, 0640);
}

static void assert_refused(const char *file, int err, const char *said)
{
	char error[JB_AUDIT_ERROR] = "", expected[256];
	struct jb_audit *audit = NULL;

	world.options.file = file;
	assert_int_equal(jb_audit_open(&audit, &world.options, error), -err);
	assert_null(audit);
	snprintf(expected, sizeof(expected), "audit records to %s: %s", file, said);
	assert_string_equal(error, expected);
}

static void test_what_cannot_be_opened(void **state)
{
	(void)state;
	assert_refused("/tmp", EISDIR, "Is a directory");
	assert_refused("/nonexistent/audit", ENOENT, "No such file or directory");
	assert_int_equal(symlink("/dev/null", world.file), 0);
	assert_refused(world.file, ELOOP, "it is a symbolic link");
	unlink(world.file);
	assert_int_equal(mkfifo(world.file, 0600), 0);
	assert_refused(world.file, ENXIO, "it is a pipe that nobody reads, or a socket");
}

static void test_renamed(void **state)
{
	char old[64];

	(void)state;
	audit_open(world.file);
	connection(JB_CONTACT_OPENED, 1);
	audit_turn();
	snprintf(old, sizeof(old), "%s.1", world.file);
	assert_int_equal(rename(world.file, old), 0);
	connection(JB_CONTACT_OPENED, 2);
	audit_turn(); /* within the second: the old file still */
	connection(JB_CONTACT_OPENED, 3);
	audit_turn_after(JB_SECOND_NS);
	assert_events(old, "connection_opened 1, connection_opened 2");
	assert_events(world.file, "connection_opened 3");
	assert_mode(world.file, 0600);
	/* Another file in its place, as `create` of logrotate makes it. */
	assert_int_equal(rename(world.file, old), 0);
	assert_int_equal(close(open(world.file, O_CREAT | O_WRONLY, 0640)), 0);
	connection(JB_CONTACT_OPENED, 4);
	audit_turn_after(JB_SECOND_NS);
	assert_events(old, "connection_opened 3");
	assert_events(world.file, "connection_opened 4");
	assert_int_equal(world.status.written, 4);
	assert_int_equal(world.status.error, 0);
	unlink(old);
}

static void test_truncated(void **state)
{
	(void)state;
	audit_open(world.file);
	connection(JB_CONTACT_OPENED, 1);
	audit_turn();
	assert_int_equal(truncate(world.file, 0), 0);
	connection(JB_CONTACT_OPENED, 2);
	audit_turn_after(JB_SECOND_NS);
	assert_events(world.file, "connection_opened 2");
}

/* As long as it can't be made anew, lines are kept. */
static void test_removed_with_its_directory(void **state)
{
	char dir[] = "/tmp/jb-audit-dir-XXXXXX", file[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/audit", dir);
	audit_open(file);
	connection(JB_CONTACT_OPENED, 1);
	audit_turn();
	unlink(file);
	rmdir(dir);
	connection(JB_CONTACT_OPENED, 2);
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.status.error, -ENOENT);
	assert_int_equal(world.status.written, 1);
	assert_true(world.status.buffered > 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.status.error, 0);
	assert_int_equal(world.status.written, 2);
	assert_events(file, "connection_opened 2");
	unlink(file);
	rmdir(dir);
}

/* In its place is now what isn't written to: the old one goes on. */
static void test_a_link_in_its_place(void **state)
{
	char old[64];

	(void)state;
	audit_open(world.file);
	snprintf(old, sizeof(old), "%s.1", world.file);
	assert_int_equal(rename(world.file, old), 0);
	assert_int_equal(symlink("/dev/null", world.file), 0);
	connection(JB_CONTACT_OPENED, 1);
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.status.error, -ELOOP);
	assert_events(old, "connection_opened 1");
	unlink(world.file);
	connection(JB_CONTACT_OPENED, 2);
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.status.error, 0);
	assert_events(world.file, "connection_opened 2");
	unlink(old);
}

/*
 * A pipe that has taken half of a line is moved away. It gets the rest if it can, and nobody else
 * does: the new file begins with a line.
 */
static void assert_half_line_stays(bool drained, bool removed)
{
	bool finished = drained && !removed;
	char old[64];

	assert_int_equal(mkfifo(world.file, 0600), 0);
	fds[0] = open(world.file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fcntl(fds[0], F_SETPIPE_SZ, PIPE_OCTETS) >= 0);
	audit_open(world.file);
	for (__u16 port = 1; port <= 20; port++)
		connection(JB_CONTACT_OPENED, port);
	audit_turn();
	assert_true(world.status.buffered > 0);
	if (drained)
		assert_int_equal(read_some(65536), PIPE_OCTETS);
	snprintf(old, sizeof(old), "%s.1", world.file);
	assert_int_equal(removed ? unlink(world.file) : rename(world.file, old), 0);
	audit_turn_after(JB_SECOND_NS);
	if (finished) {
		assert_true(read_some(65536) > 0);
		assert_int_equal(text[text_len - 1], '\n');
	}
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_ERROR], finished ? 0 : 1);
	assert_int_equal(world.status.written, 20); /* or 19 and the one that tells of it */
	assert_int_equal(world.status.buffered, 0);
	json_decref(read_lines(world.file));
	jb_audit_close(world.audit);
	world.audit = NULL;
	close(fds[0]);
	fds[0] = -1;
	unlink(world.file);
	unlink(old);
}

static void test_half_a_line_stays(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_half_line_stays(i & 1, i & 2);
}

static void test_full_disk(void **state)
{
	(void)state;
	audit_open("/dev/full");
	for (int i = 0; i < 4000; i++)
		connection(JB_CONTACT_OPENED, 1);
	audit_turn();
	assert_int_equal(world.status.error, -ENOSPC);
	assert_int_equal(world.status.written, 0);
	assert_true(world.status.buffered > 0 && world.status.buffered <= JB_SINK_LIMIT);
	assert_true(world.status.lost[JB_AUDIT_LOST_ERROR] > 0);
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_SLOW], 0);
	/* What was kept is lost in the end. */
	assert_int_equal(jb_audit_close(world.audit),
			 4000 - world.status.lost[JB_AUDIT_LOST_ERROR]);
	world.audit = NULL;
}

/* The pipe is read a little at a time: all that was taken comes, in whole lines, in order. */
static void test_slow_reader(void **state)
{
	__u64 lost, sum = 0;
	json_t *lines, *line;
	size_t i;
	int last = 0;

	(void)state;
	open_at_pipe();
	for (__u16 port = 1; port <= 4000; port++) {
		connection(JB_CONTACT_OPENED, port);
		if (port % 100)
			continue;
		audit_turn();
		read_some(1000);
	}
	assert_int_equal(world.status.error, 0);
	lost = world.status.lost[JB_AUDIT_LOST_SLOW];
	assert_true(lost > 100 && lost < 3000);
	lines = read_rest();
	json_array_foreach(lines, i, line)
	{
		json_t *port = json_object_get(json_object_get(line, "source"), "port");

		sum += (__u64)json_integer_value(json_object_get(line, "count"));
		if (!port)
			continue;
		assert_true(json_integer_value(port) > last);
		last = (int)json_integer_value(port);
	}
	assert_int_equal(json_array_size(lines), world.status.written);
	assert_int_equal(sum, lost);
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_SLOW], lost);
	assert_true(world.status.written >= 4000 - lost + 1);
	json_decref(lines);
}

static void test_closed_pipe(void **state)
{
	(void)state;
	open_at_pipe();
	connection(JB_CONTACT_OPENED, 1);
	audit_turn();
	assert_int_equal(world.status.written, 1);
	close(fds[0]);
	fds[0] = -1;
	connection(JB_CONTACT_OPENED, 2);
	audit_turn();
	assert_int_equal(world.status.error, -EPIPE);
	assert_int_equal(world.status.written, 1);
	for (int i = 0; i < 4000; i++)
		connection(JB_CONTACT_OPENED, 3);
	audit_turn();
	assert_true(world.status.lost[JB_AUDIT_LOST_ERROR] > 0);
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_SLOW], 0);
}

/* Who opens a named pipe after another reader doesn't get the end of a line first. */
static void test_another_reader_of_a_named_pipe(void **state)
{
	json_t *lines;
	char *end;

	(void)state;
	assert_int_equal(mkfifo(world.file, 0600), 0);
	fds[0] = open(world.file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fcntl(fds[0], F_SETPIPE_SZ, PIPE_OCTETS) >= 0);
	audit_open(world.file);
	for (__u16 port = 1; port <= 20; port++)
		connection(JB_CONTACT_OPENED, port);
	audit_turn();
	assert_true(world.status.buffered > 0);
	assert_int_equal(read_some(65536), PIPE_OCTETS);
	close(fds[0]);
	audit_turn();
	assert_int_equal(world.status.error, -EPIPE);
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_ERROR], 1);
	end = strrchr(text, '\n');
	assert_string_not_equal(end, "\n"); /* it was cut within a line */
	text_len = 0;
	fds[0] = open(world.file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	audit_turn();
	assert_int_equal(world.status.error, 0);
	lines = read_rest();
	/* The broken one is neither here nor there. */
	assert_int_equal(world.status.written, 20 - 1 + 1);
	assert_string_equal(text_of(json_array_get(lines, json_array_size(lines) - 1), "event"),
			    "records_lost");
	json_decref(lines);
}

static void test_socket(void **state)
{
	json_t *lines;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	open_at(fds[1]);
	restore_stdout();
	for (__u16 port = 1; port <= 4000; port++)
		connection(JB_CONTACT_OPENED, port);
	audit_turn();
	assert_true(world.status.buffered > 0);
	assert_int_equal(world.status.error, 0);
	lines = read_rest();
	assert_int_equal(json_array_size(lines), world.status.written);
	json_decref(lines);
	close(fds[0]);
	fds[0] = -1;
	connection(JB_CONTACT_OPENED, 1);
	audit_turn();
	assert_int_equal(world.status.error, -EPIPE);
}

/* Of an open file that is another's, too, the flags stay; it is asked before each piece. */
static void test_shared(void **state)
{
	static const char line[] = "0123456789012345678901234567890\n";
	struct jb_sink sink;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(fcntl(fds[0], F_SETPIPE_SZ, PIPE_OCTETS) >= 0);
	assert_int_equal(jb_sink_open(&sink, "/dev/null"), 0);
	jb_output_close(&sink.output);
	sink.output = (struct jb_output){fds[1], JB_OUTPUT_SHARED};
	for (int i = 0; i < 1000; i++)
		assert_int_equal(jb_sink_put(&sink, line, 32), 0);
	jb_sink_flush(&sink);
	assert_int_equal(sink.written, PIPE_OCTETS / 32);
	assert_int_equal(jb_sink_error(&sink), 0);
	while (jb_sink_buffered(&sink)) {
		assert_int_equal(read_some(65536), PIPE_OCTETS);
		jb_sink_flush(&sink);
	}
	assert_int_equal(sink.written, 1000);
	close(fds[0]);
	fds[0] = -1;
	assert_int_equal(jb_sink_put(&sink, line, 32), 0);
	jb_sink_flush(&sink);
	assert_int_equal(jb_sink_error(&sink), -EPIPE);
	jb_sink_close(&sink);
	assert_int_equal(sink.dropped, 1);
}

static void test_close_gives_up_on_a_reader(void **state)
{
	(void)state;
	open_at_pipe();
	for (__u16 port = 1; port <= 100; port++)
		connection(JB_CONTACT_OPENED, port);
	audit_turn();
	assert_int_equal(jb_audit_close(world.audit), 100 - world.status.written);
	world.audit = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_new_file_is_private),
		TEST(test_an_old_file_is_appended_to),
		TEST(test_what_cannot_be_opened),
		TEST(test_renamed),
		TEST(test_truncated),
		TEST(test_removed_with_its_directory),
		TEST(test_a_link_in_its_place),
		TEST(test_half_a_line_stays),
		TEST(test_full_disk),
		TEST(test_slow_reader),
		TEST(test_closed_pipe),
		TEST(test_another_reader_of_a_named_pipe),
		TEST(test_socket),
		TEST(test_shared),
		TEST(test_close_gives_up_on_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
