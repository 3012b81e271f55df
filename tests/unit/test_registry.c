/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The registry: names, who has gone, rows taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry_world.h"

static int setup_without_grace(void **state)
{
	(void)state;
	return setup_with(1000000, 0, "");
}

static void test_sums_rows_of_one_name(void **state)
{
	(void)state;
	cgroup(0, 100, "/system.slice/sfu.service");
	cgroup(1, 101, "/system.slice/sfu.service/worker");
	row(40, 100, jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO), 5);
	row(41, 100, jb_slot_rtp(JB_INGRESS, JB_MEDIA_VIDEO), 7);
	row(42, 101, jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO), 11);
	row(43, 101, jb_slot_rtp(JB_EGRESS, JB_MEDIA_AUDIO), 1000);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("sfu.service"), 23);
	assert_string_equal(jb_registry_identity(reg, 42)->unit, "sfu.service");
	assert_null(jb_registry_identity(reg, 50));
	assert_string_equal(jb_registry_identity(reg, 0)->unit, "unknown");
}

static void test_walks_only_for_the_nameless(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 1);
	jb_registry_refresh(reg, now);
	jb_registry_refresh(reg, now);
	assert_int_equal(world.walks, 1);
	row(41, 100, jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO), 1);
	jb_registry_refresh(reg, now);
	assert_int_equal(world.walks, 1);
	assert_int_equal(packets_of("/a"), 2);
}

static void test_never_under_two_names(void **state)
{
	(void)state;
	row(40, 100, RTP_IN, 3);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("unknown"), -1); /* held back */
	tick();
	assert_int_equal(packets_of("unknown"), 3);
	cgroup(0, 100, "/late");
	tick();
	assert_int_equal(packets_of("unknown"), 3);
	assert_int_equal(packets_of("/late"), -1);
}

static void test_keeps_the_gone_for_the_grace(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 9);
	tick();
	cgroup(0, 0, NULL);
	for (__u64 t = 0; t + TICK < GRACE; t += TICK) {
		tick();
		assert_int_equal(packets_of("/a"), 9);
	}
	assert_true(world.linked[40]);
	tick(); /* unlinked, its counts still told */
	assert_false(world.linked[40]);
	assert_int_equal(world.recycled[40], 0);
	assert_int_equal(packets_of("/a"), 9);
	tick(); /* recycled: nobody could use it any more; gone for good */
	assert_int_equal(world.recycled[40], 1);
	assert_int_equal(packets_of("/a"), -1);
}

static void test_no_row_is_taken_from_a_stream(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 9);
	tick();
	cgroup(0, 0, NULL);
	in_use[40] = 1; /* a descriptor outlives the cgroup */
	ticks(20);
	assert_true(world.linked[40]);
	world.counted[40] = 12;
	assert_int_equal(packets_of("/a"), 12);
	in_use[40] = 0;
	ticks(2);
	assert_false(world.linked[40]);
	in_use[40] = 1; /* a stream that found the row just before it was unlinked */
	world.counted[40] = 13;
	ticks(20);
	assert_int_equal(world.recycled[40], 0);
	assert_int_equal(packets_of("/a"), 13);
	in_use[40] = 0;
	ticks(4);
	assert_int_equal(world.recycled[40], 1);
}

static void test_a_restart_keeps_the_sum(void **state)
{
	(void)state;
	cgroup(0, 100, "/system.slice/sfu.service");
	row(40, 100, RTP_IN, 9);
	tick();
	cgroup(0, 101, "/system.slice/sfu.service"); /* the same unit, another cgroup */
	row(41, 101, RTP_IN, 1);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_int_equal(packets_of("sfu.service"), 10);
	}
	assert_int_equal(world.recycled[40], 1);
	row(40, 102, RTP_IN, 50); /* the row's next owner */
	cgroup(1, 102, "/b");
	tick();
	assert_int_equal(packets_of("sfu.service"), 10);
	assert_int_equal(packets_of("/b"), 50);
}

static void test_a_failed_walk_buries_nobody(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 9);
	tick();
	cgroup(0, 0, NULL);
	world.walk_result = -EACCES;
	for (int i = 0; i < 20; i++) {
		now += TICK;
		assert_int_equal(jb_registry_tick(reg, in_use, now), -EACCES);
	}
	assert_true(world.linked[40]);
	assert_int_equal(packets_of("/a"), 9);
}

static void test_an_incomplete_walk_names_what_it_saw(void **state)
{
	(void)state;
	world.walk_result = 1;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 9);
	row(41, 101, RTP_IN, 5); /* in what was pruned */
	ticks(20);
	assert_int_equal(packets_of("/a"), 9);
	assert_null(jb_registry_identity(reg, 41));
	assert_int_equal(packets_of("unknown"), -1);
	cgroup(1, 101, "/b");
	tick();
	assert_int_equal(packets_of("/b"), 5);
}

static void test_an_incomplete_walk_gives_up_on_what_it_saw(void **state)
{
	char path[5000];

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	world.walk_result = 1;
	cgroup(0, 100, path); /* longer than a name can be */
	row(40, 100, RTP_IN, 9);
	tick();
	tick();
	assert_int_equal(packets_of("unknown"), 9);
}

static void test_an_incomplete_walk_buries_nobody(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 9);
	tick();
	cgroup(0, 0, NULL);
	world.walk_result = 1;
	ticks(20);
	assert_true(world.linked[40]);
	world.walk_result = 0;
	tick(); /* gone since now, for all that is known: the grace begins */
	assert_true(world.linked[40]);
	assert_int_equal(packets_of("/a"), 9);
	world.walk_result = 1; /* what a complete walk has found stays true */
	ticks(4);
	assert_int_equal(world.recycled[40], 1);
	assert_int_equal(packets_of("/a"), -1);
}

static void test_no_grace_spares_the_living(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 9);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_true(world.linked[40]);
		assert_int_equal(packets_of("/a"), 9);
	}
	cgroup(0, 0, NULL);
	tick();
	assert_false(world.linked[40]);
	tick();
	assert_int_equal(world.recycled[40], 1);
	assert_int_equal(packets_of("/a"), -1);
}

static void test_no_grace_spares_the_unseen(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(40, 100, RTP_IN, 9);
	tick();
	world.walk_result = 1;
	cgroup(0, 0, NULL);
	row(41, 101, RTP_IN, 5); /* came after the last complete walk */
	ticks(20);
	assert_true(world.linked[40]);
	assert_true(world.linked[41]);
}

static void test_rows_of_no_workload(void **state)
{
	(void)state;
	assert_int_equal(packets_of("unknown"), -1);
	world.counted[jb_slot_rtp(JB_INGRESS, JB_MEDIA_VIDEO)] = 4;
	world.counted[JB_EDGE_ROW] = 1000;
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("unknown"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sums_rows_of_one_name),
		TEST(test_walks_only_for_the_nameless),
		TEST(test_never_under_two_names),
		TEST(test_keeps_the_gone_for_the_grace),
		TEST(test_no_row_is_taken_from_a_stream),
		TEST(test_a_restart_keeps_the_sum),
		TEST(test_a_failed_walk_buries_nobody),
		TEST(test_an_incomplete_walk_names_what_it_saw),
		TEST(test_an_incomplete_walk_gives_up_on_what_it_saw),
		TEST(test_an_incomplete_walk_buries_nobody),
		cmocka_unit_test_setup_teardown(test_no_grace_spares_the_living,
						setup_without_grace, teardown),
		cmocka_unit_test_setup_teardown(test_no_grace_spares_the_unseen,
						setup_without_grace, teardown),
		TEST(test_rows_of_no_workload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
