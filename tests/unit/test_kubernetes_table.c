/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kubernetes/table.h"

enum { MAX = 8, GRACE = 100 };

static const char *id_of(int n)
{
	static char ids[4][JB_CONTAINER_ID_LEN + 1];
	static int next;
	char *id = ids[next++ % 4];

	snprintf(id, sizeof(ids[0]), "%064x", n);
	return id;
}

/* A pod with a container of that id; 0: none yet. */
struct made {
	char uid[32], name[32];
	struct jb_pod_container container;
	struct jb_pod pod;
};

static struct jb_pod *make(struct made *made, int n, int id)
{
	snprintf(made->uid, sizeof(made->uid), "uid-%d", n);
	snprintf(made->name, sizeof(made->name), "pod-%d", n);
	made->container = (struct jb_pod_container){.name = "app", .id = id ? id_of(id) : ""};
	made->pod = (struct jb_pod){
		.namespace_ = "calls",
		.name = made->name,
		.uid = made->uid,
		.static_hash = "",
		.node = "",
		.ip = "",
		.ip2 = "",
		.created_by_kind = "",
		.created_by_name = "",
		.workload = "",
		.phase = "Running",
		.skip_outbound = "",
		.skip_inbound = "",
		.containers = &made->container,
		.n_containers = 1,
	};
	return &made->pod;
}

static int put(struct jb_pod_table *table, int n, int id, uint64_t now)
{
	struct made made;

	return jb_pod_table_put(table, make(&made, n, id), now);
}

/* "pod/container", or why not. */
static const char *look(struct jb_pod_table *table, const char *uid, int id)
{
	static char text[512];
	struct jb_pod_names names;

	switch (jb_pod_table_lookup(table, uid, id ? id_of(id) : NULL, &names)) {
	case JB_POD_UNKNOWN:
		return "unknown";
	case JB_POD_CONTAINER_NOT_YET:
		snprintf(text, sizeof(text), "%s/not yet", names.pod);
		return text;
	case JB_POD_FOUND:
		snprintf(text, sizeof(text), "%s/%s", names.pod, names.container);
	}
	return text;
}

static int setup(void **state)
{
	return jb_pod_table_new((struct jb_pod_table **)state, MAX, GRACE);
}

static int teardown(void **state)
{
	jb_pod_table_free(*state);
	return 0;
}

static void test_lookup(void **state)
{
	struct jb_pod_table *table = *state;

	assert_string_equal(look(table, "uid-1", 0), "unknown");
	assert_string_equal(look(table, "", 0), "unknown");
	put(table, 1, 0, 0);
	assert_string_equal(look(table, "uid-1", 0), "pod-1/");
	assert_string_equal(look(table, "uid-1", 7), "pod-1/not yet");
	put(table, 1, 7, 0);
	assert_string_equal(look(table, "uid-1", 7), "pod-1/app");
	assert_string_equal(look(table, "uid-2", 7), "unknown");
	assert_string_equal(jb_pod_table_get(table, "uid-1")->name, "pod-1");
	assert_null(jb_pod_table_get(table, "uid-2"));
}

static void test_a_restarted_container_keeps_its_name(void **state)
{
	struct jb_pod_table *table = *state;

	put(table, 1, 7, 0);
	put(table, 1, 8, 1);
	assert_string_equal(look(table, "uid-1", 7), "pod-1/app");
	assert_string_equal(look(table, "uid-1", 8), "pod-1/app");
	assert_string_equal(jb_pod_table_get(table, "uid-1")->containers[0].id, id_of(8));
	/* One that crashes for ever has its last ones. */
	for (int id = 100; id < 100000; id++)
		put(table, 1, id, 2);
	assert_string_equal(look(table, "uid-1", 99999), "pod-1/app");
	assert_string_equal(look(table, "uid-1", 99999 - 30), "pod-1/app");
	assert_string_equal(look(table, "uid-1", 7), "pod-1/not yet");
}

static void test_one_that_stays_outlives_those_that_crash(void **state)
{
	struct jb_pod_table *table = *state;
	struct jb_pod_container containers[2] = {{.name = "stays"}, {.name = "crashes"}};
	char stays[JB_CONTAINER_ID_LEN + 1];
	struct made made;

	strcpy(stays, id_of(1));
	for (int id = 100; id < 1000; id++) {
		struct jb_pod *pod = make(&made, 1, 0);

		containers[0].id = stays;
		containers[1].id = id_of(id);
		pod->containers = containers;
		pod->n_containers = 2;
		assert_int_equal(jb_pod_table_put(table, pod, 0), 0);
		assert_string_equal(look(table, "uid-1", 1), "pod-1/stays");
		assert_string_equal(look(table, "uid-1", id), "pod-1/crashes");
	}
}

static void count_pod(void *count, const struct jb_pod *pod)
{
	(void)pod;
	++*(int *)count;
}

static int each(struct jb_pod_table *table)
{
	int n = 0;

	jb_pod_table_each(table, count_pod, &n);
	return n;
}

static void test_the_grace(void **state)
{
	struct jb_pod_table *table = *state;

	put(table, 1, 7, 0);
	put(table, 2, 8, 0);
	jb_pod_table_remove(table, "uid-1", 10);
	jb_pod_table_remove(table, "uid-1", 50); /* again: it has gone at 10 */
	jb_pod_table_remove(table, "uid-9", 50);
	assert_int_equal(each(table), 1);
	jb_pod_table_expire(table, 10 + GRACE - 1);
	assert_string_equal(look(table, "uid-1", 7), "pod-1/app");
	jb_pod_table_expire(table, 10 + GRACE);
	assert_string_equal(look(table, "uid-1", 7), "unknown");
	assert_string_equal(look(table, "uid-2", 8), "pod-2/app");
}

static void test_one_that_comes_back(void **state)
{
	struct jb_pod_table *table = *state;

	put(table, 1, 7, 0);
	jb_pod_table_remove(table, "uid-1", 10);
	put(table, 1, 0, 20);
	jb_pod_table_expire(table, 1000);
	assert_string_equal(look(table, "uid-1", 7), "pod-1/app");
	assert_int_equal(jb_pod_table_counts(table).present, 1);
	assert_int_equal(jb_pod_table_counts(table).gone, 0);
}

static void test_a_list_replaces(void **state)
{
	struct jb_pod_table *table = *state;

	put(table, 1, 1, 0);
	put(table, 2, 2, 0);
	put(table, 3, 3, 0);
	jb_pod_table_list_begin(table); /* breaks off */
	put(table, 1, 1, 1);
	jb_pod_table_list_begin(table);
	put(table, 2, 2, 2);
	assert_int_equal(each(table), 3);
	jb_pod_table_list_end(table, 2);
	assert_int_equal(each(table), 1);
	assert_string_equal(look(table, "uid-1", 1), "pod-1/app");
	put(table, 4, 4, 2);
	jb_pod_table_list_begin(table);
	put(table, 4, 4, 3);
	jb_pod_table_list_end(table, 3);
	assert_int_equal(jb_pod_table_counts(table).gone, 3);
}

static void test_ended_pods_have_gone(void **state)
{
	struct jb_pod_table *table = *state;
	struct made made;

	for (uint64_t now = 0; now < 50; now += 10) {
		make(&made, 1, 7)->phase = "Succeeded";
		assert_int_equal(jb_pod_table_put(table, &made.pod, now), 0);
	}
	assert_int_equal(each(table), 0);
	assert_string_equal(look(table, "uid-1", 7), "pod-1/app");
	jb_pod_table_expire(table, GRACE);
	assert_string_equal(look(table, "uid-1", 7), "unknown");
	put(table, 2, 8, 200);
	make(&made, 2, 8)->phase = "Failed";
	jb_pod_table_put(table, &made.pod, 210);
	assert_int_equal(each(table), 0);
	assert_string_equal(jb_pod_table_get(table, "uid-2")->phase, "Failed");
}

static int put_static(struct jb_pod_table *table, int n, const char *hash)
{
	struct made made;

	make(&made, n, n)->static_hash = hash;
	return jb_pod_table_put(table, &made.pod, 0);
}

static void test_static_pods(void **state)
{
	struct jb_pod_table *table = *state;

	put_static(table, 1, "hash");
	assert_string_equal(look(table, "hash", 1), "pod-1/app");
	/* Made anew at the API, under the same hash: also before the old one is known to be gone.
	 */
	put_static(table, 2, "hash");
	assert_string_equal(look(table, "hash", 0), "unknown");
	jb_pod_table_remove(table, "uid-1", 0);
	assert_string_equal(look(table, "hash", 2), "pod-2/app");
	jb_pod_table_remove(table, "uid-2", 0);
	assert_string_not_equal(look(table, "hash", 0), "unknown");
	/* A UID is stronger than what another pod claims. */
	put(table, 3, 3, 0);
	put_static(table, 4, "uid-3");
	assert_string_equal(look(table, "uid-3", 0), "pod-3/");
}

static void test_names_add_to_what_is_known(void **state)
{
	struct jb_pod_table *table = *state;
	struct made made;

	put(table, 1, 1, 0);
	make(&made, 1, 2)->names_only = true;
	made.pod.phase = "";
	jb_pod_table_list_begin(table);
	jb_pod_table_put(table, &made.pod, 1);
	jb_pod_table_list_end(table, 1);
	assert_string_equal(jb_pod_table_get(table, "uid-1")->phase, "Running");
	assert_string_equal(look(table, "uid-1", 1), "pod-1/app");
	assert_string_equal(look(table, "uid-1", 2), "pod-1/app");
	make(&made, 2, 3)->names_only = true;
	jb_pod_table_put(table, &made.pod, 1);
	put(table, 2, 3, 2);
	assert_false(jb_pod_table_get(table, "uid-2")->names_only);
}

static bool is_meshed(struct jb_pod_table *table, const char *uid)
{
	struct jb_pod_names names;

	assert_int_equal(jb_pod_table_lookup(table, uid, NULL, &names), JB_POD_FOUND);
	return names.meshed;
}

static bool has_names_only(struct jb_pod_table *table, const char *uid)
{
	struct jb_pod_names names;

	assert_int_equal(jb_pod_table_lookup(table, uid, id_of(99), &names),
			 JB_POD_CONTAINER_NOT_YET);
	return names.names_only;
}

static int put_names(struct jb_pod_table *table, int n, bool meshed)
{
	struct made made;

	make(&made, n, 0)->names_only = true;
	made.pod.meshed = meshed;
	return jb_pod_table_put(table, &made.pod, 0);
}

static void test_who_is_meshed(void **state)
{
	struct jb_pod_table *table = *state;
	struct made made;
	uint64_t changes;

	/* Names tell it when the proxy shows, and for good. */
	put_names(table, 1, false);
	assert_false(is_meshed(table, "uid-1"));
	assert_true(has_names_only(table, "uid-1"));
	changes = jb_pod_table_counts(table).changes;
	put_names(table, 1, true);
	assert_true(is_meshed(table, "uid-1"));
	assert_true(jb_pod_table_counts(table).changes > changes);
	changes = jb_pod_table_counts(table).changes;
	put_names(table, 1, false);
	assert_true(is_meshed(table, "uid-1"));
	assert_int_equal(jb_pod_table_counts(table).changes, changes);
	/* A spec knows better, both ways. */
	put(table, 1, 1, 0);
	assert_false(is_meshed(table, "uid-1"));
	assert_false(has_names_only(table, "uid-1"));
	put_names(table, 1, true);
	assert_false(is_meshed(table, "uid-1"));
	make(&made, 1, 1)->meshed = true;
	jb_pod_table_put(table, &made.pod, 0);
	put_names(table, 1, false);
	assert_true(is_meshed(table, "uid-1"));
}

static void test_changes(void **state)
{
	struct jb_pod_table *table = *state;
	uint64_t changes;

	put(table, 1, 1, 0);
	changes = jb_pod_table_counts(table).changes;
	put(table, 1, 1, 1);
	jb_pod_table_list_begin(table);
	put(table, 1, 1, 2);
	jb_pod_table_list_end(table, 2);
	assert_int_equal(jb_pod_table_counts(table).changes, changes);
	put(table, 1, 2, 3);
	assert_true(jb_pod_table_counts(table).changes > changes);
	changes = jb_pod_table_counts(table).changes;
	jb_pod_table_remove(table, "uid-1", 3);
	assert_true(jb_pod_table_counts(table).changes > changes);
}

static void test_full(void **state)
{
	struct jb_pod_table *table = *state;

	for (int n = 0; n < MAX; n++)
		assert_int_equal(put(table, n, 0, 0), 0);
	assert_int_equal(put(table, MAX, 0, 0), -ENOSPC);
	assert_int_equal(put(table, 0, 5, 0), 0);
	assert_int_equal(jb_pod_table_counts(table).refused, 1);
	jb_pod_table_remove(table, "uid-0", 0);
	assert_int_equal(put(table, MAX, 0, 0), 0);
	assert_int_equal(put(table, 0, 0, 0), -ENOSPC); /* back too late: stays gone */
	assert_string_equal(look(table, "uid-0", 5), "pod-0/app");
	assert_int_equal(jb_pod_table_counts(table).present, MAX);
}

/* Any order of what can happen; the sanitizers look at the rest. */
static void test_at_random(void **state)
{
	struct jb_pod_table *table = *state;
	struct jb_pod_counts counts;
	char uid[32];

	srand(1);
	for (uint64_t now = 0; now < 50000; now++) {
		int n = rand() % 40, what = rand() % 100;

		snprintf(uid, sizeof(uid), "uid-%d", n);
		if (what < 60)
			put(table, n, rand() % 3, now);
		else if (what < 80)
			jb_pod_table_remove(table, uid, now);
		else if (what < 90)
			jb_pod_table_list_begin(table);
		else if (what < 95)
			jb_pod_table_list_end(table, now);
		else
			jb_pod_table_expire(table, now);
		counts = jb_pod_table_counts(table);
		assert_true(counts.present <= MAX && counts.gone <= 2 * MAX);
		assert_int_equal(each(table), counts.present);
	}
	assert_true(counts.forgotten > 0 && counts.refused > 0);
}

static size_t in_use(void)
{
	return mallinfo2().uordblks;
}

/* Also where all go within the grace. */
static void test_nothing_grows(void **state)
{
	struct jb_pod_table *table = *state;
	size_t before = 0;
	char uid[32];

	for (int n = 0; n < 100000; n++) {
		uint64_t now = (uint64_t)n / 100;

		put(table, n, n + 1, now);
		if (n == 1000)
			before = in_use();
		if (n < MAX - 1)
			continue;
		snprintf(uid, sizeof(uid), "uid-%d", n - MAX + 1);
		jb_pod_table_remove(table, uid, now);
	}
	assert_true(jb_pod_table_counts(table).gone <= 2 * MAX);
	assert_true(jb_pod_table_counts(table).present <= MAX);
	assert_int_equal(jb_pod_table_counts(table).refused, 0);
	assert_true(jb_pod_table_counts(table).forgotten > 90000);
	/* 0 where a sanitizer has its own allocator; its leak check is the test there. */
	assert_true(in_use() <= before + 4096);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lookup),
		TEST(test_a_restarted_container_keeps_its_name),
		TEST(test_one_that_stays_outlives_those_that_crash),
		TEST(test_the_grace),
		TEST(test_one_that_comes_back),
		TEST(test_a_list_replaces),
		TEST(test_ended_pods_have_gone),
		TEST(test_static_pods),
		TEST(test_names_add_to_what_is_known),
		TEST(test_who_is_meshed),
		TEST(test_changes),
		TEST(test_full),
		TEST(test_at_random),
		TEST(test_nothing_grows),
	};

	jb_pod_table_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
