/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pods' thread as the main loop sees it: its eventfd, with the names of directories. */
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "kubernetes/pods.h"

enum { DEADLINE_MS = 10000 };

static char logs[64];
static struct jb_pods *pods;

static void make(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", logs, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
	(void)stat;
	(void)kind;
	(void)where;
	return remove(path);
}

static int setup(void **state)
{
	struct jb_pods_options options;

	(void)state;
	strcpy(logs, "/tmp/jb-pods-XXXXXX");
	if (!mkdtemp(logs))
		return 1;
	make("pods");
	make("pods/calls_sfu-0_11111111-aaaa");
	jb_pods_options_default(&options);
	options.mode = JB_PODS_MODE_FILES;
	options.log_directory = logs;
	options.files_ms = 20;
	return jb_pods_start(&pods, &options);
}

static int teardown(void **state)
{
	(void)state;
	jb_pods_stop(pods);
	return nftw(logs, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static bool has_news(int ms)
{
	struct pollfd fd = {.fd = jb_pods_fd(pods), .events = POLLIN};

	return poll(&fd, 1, ms) == 1;
}

/* Takes news until so many pods are known. */
static void await_pods(size_t count)
{
	struct jb_pods_status status;

	do {
		assert_true(has_news(DEADLINE_MS));
		jb_pods_take_news(pods);
		jb_pods_status(pods, &status);
	} while (status.pods.present != count || status.source != JB_PODS_FROM_FILES);
}

static void test_who_only_looks_takes_no_news(void **state)
{
	struct jb_pods_status status;

	(void)state;
	assert_true(has_news(DEADLINE_MS));
	jb_pods_status(pods, &status);
	assert_true(has_news(0));
	await_pods(1);
}

static void test_news_are_told_once(void **state)
{
	(void)state;
	await_pods(1);
	for (int i = 0; has_news(0); i++) { /* how it is found out may still be told */
		assert_true(i < 10);
		jb_pods_take_news(pods);
	}
	jb_pods_take_news(pods); /* without any it returns at once */
	make("pods/calls_sip-0_22222222-bbbb");
	await_pods(2);
}

static void test_requests_are_counted(void **state)
{
	struct jb_pods_status status, later;

	(void)state;
	await_pods(1);
	jb_pods_status(pods, &status);
	assert_true(status.requests[JB_PODS_FROM_FILES] > 0);
	make("pods/calls_sip-0_22222222-bbbb");
	await_pods(2);
	jb_pods_status(pods, &later);
	assert_true(later.requests[JB_PODS_FROM_FILES] > status.requests[JB_PODS_FROM_FILES]);
	assert_int_equal(later.requests[JB_PODS_API], 0);
}

static void test_urls(void **state)
{
	(void)state;
	assert_true(jb_pods_url_is_valid(JB_PODS_KUBELET_URL));
	assert_true(jb_pods_url_is_valid("http://[::1]:10255"));
	assert_false(jb_pods_url_is_valid("ftp://127.0.0.1"));
	assert_false(jb_pods_url_is_valid("https:/127.0.0.1"));
	assert_false(jb_pods_url_is_valid(""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_who_only_looks_takes_no_news),
		TEST(test_news_are_told_once),
		TEST(test_requests_are_counted),
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
