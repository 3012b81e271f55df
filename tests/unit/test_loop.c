/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/loop.h"

/* What a callback shall do, and how often it was called. */
struct probe {
	struct jb_loop *loop;
	int calls;
	int stop_after; /* calls; 0: never */
	int remove[2];  /* fds to remove at each call; -1: none */
	int trigger;    /* an eventfd to write to; -1: none */
	uint32_t events;
};

static struct probe new_probe(struct jb_loop *loop)
{
	return (struct probe){.loop = loop, .remove = {-1, -1}, .trigger = -1};
}

static void act(struct probe *probe)
{
	probe->calls++;
	for (int i = 0; i < 2; i++) {
		if (probe->remove[i] >= 0)
			jb_loop_remove_fd(probe->loop, probe->remove[i]);
	}
	if (probe->trigger >= 0)
		eventfd_write(probe->trigger, 1);
	if (probe->calls == probe->stop_after)
		jb_loop_stop(probe->loop);
}

static void on_fd(int fd, uint32_t events, void *ctx)
{
	struct probe *probe = ctx;

	(void)fd;
	probe->events = events;
	act(probe);
}

static void on_byte(int fd, uint32_t events, void *ctx)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 1);
	on_fd(fd, events, ctx);
}

static void on_timer(void *ctx)
{
	act(ctx);
}

static int setup(void **state)
{
	struct jb_loop *loop = NULL;

	if (jb_loop_new(&loop))
		return -1;
	*state = loop;
	return 0;
}

static int teardown(void **state)
{
	jb_loop_free(*state);
	return 0;
}

static int ready_eventfd(void)
{
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static int quiet_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	return fd;
}

static void add(struct probe *probe, int fd)
{
	assert_int_equal(jb_loop_add_fd(probe->loop, fd, EPOLLIN, on_fd, probe), 0);
}

static void test_stop_before_run(void **state)
{
	struct jb_loop *loop = *state;

	jb_loop_stop(loop);
	assert_int_equal(jb_loop_run(loop), 0);
	jb_loop_free(NULL);
}

static void test_level_triggered(void **state)
{
	struct probe probe = new_probe(*state);
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	probe.stop_after = 3;
	assert_int_equal(jb_loop_add_fd(*state, fds[0], EPOLLIN, on_byte, &probe), 0);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 3);
	assert_int_equal(probe.events, EPOLLIN);
	assert_int_equal(jb_loop_remove_fd(*state, fds[0]), 0);
	close(fds[0]);
	close(fds[1]);
}

static void test_hangup_comes_unasked(void **state)
{
	struct probe probe = new_probe(*state);
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	probe.stop_after = 1;
	assert_int_equal(jb_loop_add_fd(*state, fds[0], 0, on_fd, &probe), 0);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.events, EPOLLHUP);
	assert_int_equal(jb_loop_remove_fd(*state, fds[0]), 0);
	close(fds[0]);
}

static void test_add_and_remove_refuse(void **state)
{
	struct probe probe = new_probe(*state);
	FILE *file = tmpfile();
	int fd = quiet_eventfd();

	assert_non_null(file);
	add(&probe, fd);
	assert_int_equal(jb_loop_add_fd(*state, fd, EPOLLIN, on_fd, &probe), -EEXIST);
	assert_int_equal(jb_loop_add_fd(*state, -1, EPOLLIN, on_fd, &probe), -EBADF);
	assert_int_equal(jb_loop_add_fd(*state, 1000, EPOLLIN, on_fd, &probe), -EBADF);
	assert_int_equal(jb_loop_add_fd(*state, fileno(file), EPOLLIN, on_fd, &probe), -EPERM);
	assert_int_equal(jb_loop_remove_fd(*state, fileno(file)), -ENOENT);
	assert_int_equal(jb_loop_remove_fd(*state, -1), -ENOENT);
	assert_int_equal(jb_loop_remove_fd(*state, 1 << 30), -ENOENT);
	assert_int_equal(jb_loop_remove_fd(*state, fd), 0);
	assert_int_equal(jb_loop_remove_fd(*state, fd), -ENOENT);
	assert_int_equal(jb_loop_add_timer(*state, 0, on_timer, &probe), -EINVAL);
	assert_int_equal(jb_loop_add_timer(*state, UINT64_MAX, on_timer, &probe), -EINVAL);
	fclose(file);
	close(fd);
}

static void test_callback_removes_itself(void **state)
{
	struct probe probe = new_probe(*state), end = new_probe(*state);
	int fd = ready_eventfd(), end_fd = quiet_eventfd();

	probe.remove[0] = fd;
	probe.trigger = end_fd;
	end.stop_after = 3;
	add(&probe, fd);
	add(&end, end_fd);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 1);
	close(fd);
	close(end_fd);
}

/* Both are ready in one batch; whichever comes first removes both. */
static void test_callback_removes_another_of_the_batch(void **state)
{
	struct probe probe = new_probe(*state), end = new_probe(*state);
	int first = ready_eventfd(), second = ready_eventfd(), end_fd = quiet_eventfd();

	probe.remove[0] = first;
	probe.remove[1] = second;
	probe.trigger = end_fd;
	end.stop_after = 2;
	add(&probe, first);
	add(&probe, second);
	add(&end, end_fd);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 1);
	close(first);
	close(second);
	close(end_fd);
}

struct reuse {
	struct probe *newcomer;
	int first, second, end_fd;
	int calls;
};

/* Closes the other source, and gives its number to an fd that isn't ready. */
static void on_reuse(int fd, uint32_t events, void *ctx)
{
	struct reuse *reuse = ctx;
	struct jb_loop *loop = reuse->newcomer->loop;
	int other = fd == reuse->first ? reuse->second : reuse->first;
	int quiet = quiet_eventfd();

	(void)events;
	reuse->calls++;
	assert_int_equal(jb_loop_remove_fd(loop, fd), 0);
	assert_int_equal(jb_loop_remove_fd(loop, other), 0);
	assert_int_equal(dup2(quiet, other), other);
	close(quiet);
	add(reuse->newcomer, other);
	eventfd_write(reuse->end_fd, 1);
}

static void test_fd_number_reused_within_the_batch(void **state)
{
	struct probe newcomer = new_probe(*state), end = new_probe(*state);
	struct reuse reuse = {&newcomer, ready_eventfd(), ready_eventfd(), quiet_eventfd(), 0};

	end.stop_after = 2;
	add(&end, reuse.end_fd);
	assert_int_equal(jb_loop_add_fd(*state, reuse.first, EPOLLIN, on_reuse, &reuse), 0);
	assert_int_equal(jb_loop_add_fd(*state, reuse.second, EPOLLIN, on_reuse, &reuse), 0);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(reuse.calls, 1);
	assert_int_equal(newcomer.calls, 0);
	close(reuse.first);
	close(reuse.second);
	close(reuse.end_fd);
}

/* A high fd number makes the table of sources move while a callback runs. */
static void on_grow(int fd, uint32_t events, void *ctx)
{
	struct probe *probe = ctx;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 200);

	(void)events;
	assert_true(high >= 200);
	assert_int_equal(jb_loop_remove_fd(probe->loop, fd), 0);
	probe->remove[0] = high;
	add(probe, high);
}

static void test_callback_adds_while_the_table_moves(void **state)
{
	struct probe probe = new_probe(*state);
	int fd = ready_eventfd();

	probe.stop_after = 1;
	assert_int_equal(jb_loop_add_fd(*state, fd, EPOLLIN, on_grow, &probe), 0);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 1);
	assert_int_equal(jb_loop_remove_fd(*state, probe.remove[0]), -ENOENT);
	close(probe.remove[0]);
	close(fd);
}

/* More sources than one epoll_wait() fetches. */
static void test_many_sources(void **state)
{
	struct probe probes[100], end = new_probe(*state);
	int fds[100], end_fd = quiet_eventfd();

	end.stop_after = 50; /* runs, in which all others get their turn */
	add(&end, end_fd);
	for (int i = 0; i < 100; i++) {
		fds[i] = ready_eventfd();
		probes[i] = new_probe(*state);
		probes[i].remove[0] = fds[i];
		add(&probes[i], fds[i]);
	}
	probes[99].trigger = end_fd;
	assert_int_equal(jb_loop_run(*state), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(probes[i].calls, 1);
		close(fds[i]);
	}
	close(end_fd);
}

static void test_stop_leaves_the_rest_for_the_next_run(void **state)
{
	struct probe probe = new_probe(*state);
	int first = ready_eventfd(), second = ready_eventfd();

	probe.stop_after = 1;
	add(&probe, first);
	add(&probe, second);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 1);
	probe.stop_after = 4;
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 4);
	close(first);
	close(second);
}

static void test_timer_repeats(void **state)
{
	struct probe probe = new_probe(*state);
	int timer = jb_loop_add_timer(*state, 1, on_timer, &probe);

	assert_true(timer >= 0);
	probe.stop_after = 3;
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 3);
}

static void test_timer_removes_itself(void **state)
{
	struct probe once = new_probe(*state), end = new_probe(*state);

	once.remove[0] = jb_loop_add_timer(*state, 1, on_timer, &once);
	assert_true(once.remove[0] >= 0);
	assert_true(jb_loop_add_timer(*state, 1, on_timer, &end) >= 0);
	end.stop_after = 5;
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(once.calls, 1);
	assert_int_equal(fcntl(once.remove[0], F_GETFD), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(jb_loop_remove_fd(*state, once.remove[0]), -ENOENT);
}

static void wait_readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&poll_fd, 1, -1), 1);
}

/* Both have expired before the loop looks; the first one removes and closes both. */
static void test_timer_removed_after_it_expired(void **state)
{
	struct probe probe = new_probe(*state), end = new_probe(*state);
	int end_fd = quiet_eventfd();

	for (int i = 0; i < 2; i++)
		probe.remove[i] = jb_loop_add_timer(*state, 1, on_timer, &probe);
	wait_readable(probe.remove[0]);
	wait_readable(probe.remove[1]);
	probe.trigger = end_fd;
	end.stop_after = 2;
	add(&end, end_fd);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(probe.calls, 1);
	close(end_fd);
}

static void test_long_interval_does_not_fire(void **state)
{
	struct probe never = new_probe(*state), end = new_probe(*state);

	assert_true(jb_loop_add_timer(*state, (uint64_t)INT64_MAX, on_timer, &never) >= 0);
	assert_true(jb_loop_add_timer(*state, 1, on_timer, &end) >= 0);
	end.stop_after = 3;
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(never.calls, 0);
}

static void test_free_closes_timers_and_leaves_fds(void **state)
{
	struct jb_loop *loop;
	struct probe probe;
	int timer, fd = quiet_eventfd();

	(void)state;
	assert_int_equal(jb_loop_new(&loop), 0);
	probe = new_probe(loop);
	timer = jb_loop_add_timer(loop, 1000, on_timer, &probe);
	add(&probe, fd);
	jb_loop_free(loop);
	assert_int_equal(fcntl(timer, F_GETFD), -1);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	close(fd);
}

static void test_signals_end_the_run(void **state)
{
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(jb_loop_run(*state), SIGTERM);
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(jb_loop_run(*state), SIGINT);
	jb_loop_stop(*state);
	assert_int_equal(jb_loop_run(*state), 0);
}

static void on_raise(int fd, uint32_t events, void *ctx)
{
	(void)events;
	assert_int_equal(jb_loop_remove_fd(ctx, fd), 0);
	assert_int_equal(raise(SIGTERM), 0);
}

static void test_signal_while_running(void **state)
{
	int fd = ready_eventfd();

	assert_int_equal(jb_loop_add_fd(*state, fd, EPOLLIN, on_raise, *state), 0);
	assert_int_equal(jb_loop_run(*state), SIGTERM);
	close(fd);
}

static void test_mask_is_restored(void **state)
{
	struct jb_loop *loop;
	sigset_t mask;

	(void)state;
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	assert_false(sigismember(&mask, SIGTERM));
	assert_int_equal(jb_loop_new(&loop), 0);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	assert_true(sigismember(&mask, SIGTERM));
	assert_true(sigismember(&mask, SIGINT));
	jb_loop_free(loop);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	assert_false(sigismember(&mask, SIGTERM));
	assert_false(sigismember(&mask, SIGINT));
}

static volatile sig_atomic_t alarms;
static int alarm_fd;

static void on_alarm(int number)
{
	(void)number;
	if (++alarms == 3)
		eventfd_write(alarm_fd, 1);
}

/* Other signals' handlers interrupt the wait; the loop goes on until the third wrote. */
static void test_interrupted_wait_goes_on(void **state)
{
	struct itimerval every_ms = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_alarm}, saved;
	struct probe probe = new_probe(*state);

	alarm_fd = quiet_eventfd();
	probe.stop_after = 1;
	add(&probe, alarm_fd);
	assert_int_equal(sigaction(SIGALRM, &action, &saved), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every_ms, NULL), 0);
	assert_int_equal(jb_loop_run(*state), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
	sigaction(SIGALRM, &saved, NULL);
	assert_true(alarms >= 3);
	close(alarm_fd);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_stop_before_run),
		LOOP_TEST(test_level_triggered),
		LOOP_TEST(test_hangup_comes_unasked),
		LOOP_TEST(test_add_and_remove_refuse),
		LOOP_TEST(test_callback_removes_itself),
		LOOP_TEST(test_callback_removes_another_of_the_batch),
		LOOP_TEST(test_fd_number_reused_within_the_batch),
		LOOP_TEST(test_callback_adds_while_the_table_moves),
		LOOP_TEST(test_many_sources),
		LOOP_TEST(test_stop_leaves_the_rest_for_the_next_run),
		LOOP_TEST(test_timer_repeats),
		LOOP_TEST(test_timer_removes_itself),
		LOOP_TEST(test_timer_removed_after_it_expired),
		LOOP_TEST(test_long_interval_does_not_fire),
		cmocka_unit_test(test_free_closes_timers_and_leaves_fds),
		LOOP_TEST(test_signals_end_the_run),
		LOOP_TEST(test_signal_while_running),
		cmocka_unit_test(test_mask_is_restored),
		LOOP_TEST(test_interrupted_wait_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
