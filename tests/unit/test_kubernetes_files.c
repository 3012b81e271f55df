/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kubernetes/files.h"
#include "kubernetes/table.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_pod_names(void **state)
{
	static const char *const bad[] = {
		"",        "calls",   "calls_sfu", "_sfu_u", "calls__u",  "calls_sfu_", "C_sfu_u",
		"a_b c_u", "a_b_u u", "a_b_c_u",   "..",     "a.b_sfu_u", "a_b_../x",   "a_b_\xff",
	};
	struct jb_files_pod pod;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "calls_sfu-0.x_12-ab/more");
	assert_true(jb_files_pod_name(text, strlen("calls_sfu-0.x_12-ab"), &pod));
	assert_string_equal(pod.namespace_, "calls");
	assert_string_equal(pod.name, "sfu-0.x");
	assert_string_equal(pod.uid, "12-ab");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(jb_files_pod_name(bad[i], strlen(bad[i]), &pod));
	snprintf(text, sizeof(text), "a_%0253d_u", 0);
	assert_true(jb_files_pod_name(text, strlen(text), &pod));
	snprintf(text, sizeof(text), "a_%0254d_u", 0);
	assert_false(jb_files_pod_name(text, strlen(text), &pod));
}

static void test_links(void **state)
{
	static const struct {
		const char *link, *target;
	} bad[] = {
		{"", ""},
		{"x-" ID ".log", ""},
		{"x-" ID ".log", "0.log"},
		{"x-" ID ".log", "app/0.log"},
		{"x-" ID ".log", "calls_sfu_u/app/0.log"},
		{"x-" ID ".log", "/calls_sfu/app/0.log"},
		{"x-" ID ".log", "/calls_sfu_u//0.log"},
		{"x-" ID ".log", "/calls_sfu_u/App/0.log"},
		{"x" ID ".log", "/calls_sfu_u/app/0.log"},
		{"-" ID, "/calls_sfu_u/app/0.log"},
		{ID ".log", "/calls_sfu_u/app/0.log"},
		{"x-0" ID ".lo", "/calls_sfu_u/app/0.log"},
	};
	struct jb_files_pod pod;
	char name[JB_CONTAINER_NAME_MAX + 1], id[JB_CONTAINER_ID_LEN + 1];

	(void)state;
	assert_true(jb_files_link("sfu_calls_app-" ID ".log",
				  "/var/log/pods/calls_sfu_u-1/app/0.log", &pod, name, id));
	assert_string_equal(pod.uid, "u-1");
	assert_string_equal(name, "app");
	assert_string_equal(id, ID);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(jb_files_link(bad[i].link, bad[i].target, &pod, name, id));
}

static void put(void *table, const struct jb_pod *pod)
{
	jb_pod_table_put(table, pod, 0);
}

static void list_end(void *table)
{
	jb_pod_table_list_end(table, 0);
}

static void list_begin(void *table)
{
	jb_pod_table_list_begin(table);
}

static void make(const char *base, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s%s", base, path);
	assert_int_equal(mkdir(whole, 0700), 0);
}

static void test_scan(void **state)
{
	static const char *const dirs[] = {"/pods", "/pods/calls_sfu_u-1", "/pods/other",
					   "/containers"};
	char base[] = "/tmp/jb-files-XXXXXX", link[256];
	struct jb_pod_sink sink = {.list_begin = list_begin, .list_end = list_end, .put = put};
	struct jb_pod_table *table;
	struct jb_pod_names names;
	struct jb_outcome outcome;

	(void)state;
	assert_non_null(mkdtemp(base));
	assert_int_equal(jb_pod_table_new(&table, 10, 10), 0);
	sink.ctx = table;
	jb_files_scan(base, &sink, &outcome);
	assert_int_equal(outcome.failure, JB_PODS_FILES);
	assert_non_null(strstr(outcome.error, "/pods: No such file or directory"));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		make(base, dirs[i]);
	snprintf(link, sizeof(link), "%s/containers/sfu_calls_app-%s.log", base, ID);
	assert_int_equal(symlink("/var/log/pods/calls_sfu_u-1/app/3.log", link), 0);
	snprintf(link, sizeof(link), "%s/containers/old_calls_app-%s.log", base, ID);
	assert_int_equal(symlink("/var/log/pods/calls_old_u-0/app/3.log", link), 0);
	jb_files_scan(base, &sink, &outcome);
	assert_int_equal(outcome.failure, JB_PODS_FINE);
	assert_int_equal(jb_pod_table_counts(table).present, 1);
	assert_int_equal(jb_pod_table_lookup(table, "u-1", ID, &names), JB_POD_FOUND);
	assert_string_equal(names.namespace_, "calls");
	assert_string_equal(names.pod, "sfu");
	assert_string_equal(names.container, "app");
	assert_true(names.names_only && !names.meshed);
	jb_pod_table_free(table);
	unlink(link);
	snprintf(link, sizeof(link), "%s/containers/sfu_calls_app-%s.log", base, ID);
	unlink(link);
	for (int i = 3; i >= 0; i--) {
		snprintf(link, sizeof(link), "%s%s", base, dirs[i]);
		/* The pods' directory goes after what is in it. */
		if (i > 0)
			assert_int_equal(rmdir(link), 0);
	}
	snprintf(link, sizeof(link), "%s/pods", base);
	assert_int_equal(rmdir(link), 0);
	assert_int_equal(rmdir(base), 0);
}

static bool is_meshed(const char *base)
{
	struct jb_pod_sink sink = {.list_begin = list_begin, .list_end = list_end, .put = put};
	struct jb_pod_table *table;
	struct jb_pod_names names;
	struct jb_outcome outcome;

	assert_int_equal(jb_pod_table_new(&table, 10, 10), 0);
	sink.ctx = table;
	jb_files_scan(base, &sink, &outcome);
	assert_int_equal(jb_pod_table_lookup(table, "u-1", NULL, &names), JB_POD_FOUND);
	jb_pod_table_free(table);
	return names.meshed;
}

/* By its directory, or by a link to one that is gone. */
static void test_a_proxy(void **state)
{
	static const char *const dirs[] = {"/pods", "/pods/calls_sfu_u-1",
					   "/pods/calls_sfu_u-1/linkerd-proxy", "/containers"};
	char base[] = "/tmp/jb-files-XXXXXX", path[256];

	(void)state;
	assert_non_null(mkdtemp(base));
	make(base, dirs[0]);
	make(base, dirs[1]);
	assert_false(is_meshed(base));
	make(base, dirs[2]);
	assert_true(is_meshed(base));
	snprintf(path, sizeof(path), "%s%s", base, dirs[2]);
	rmdir(path);
	make(base, dirs[3]);
	assert_false(is_meshed(base));
	snprintf(path, sizeof(path), "%s/containers/sfu_calls_linkerd-proxy-%s.log", base, ID);
	assert_int_equal(symlink("/var/log/pods/calls_sfu_u-1/linkerd-proxy/0.log", path), 0);
	assert_true(is_meshed(base));
	unlink(path);
	for (int i = 3; i >= 0; i--) {
		snprintf(path, sizeof(path), "%s%s", base, dirs[i]);
		rmdir(path);
	}
	assert_int_equal(rmdir(base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pod_names),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_a_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
