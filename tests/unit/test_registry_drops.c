/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The registry: whose dropped packets are told, and under which reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry_world.h"

#define OTHERS(name) drops_of(name, JB_DROP_OTHER, JB_OTHER_REASONS)

static void test_by_owner_protocol_and_reason(void **state)
{
	(void)state;
	cgroup(0, 100, "/system.slice/sip.service");
	cgroup(1, 101, "/system.slice/sip.service/worker");
	cgroup(2, 102, "/b");
	drop(100, JB_DROP_UDP, 5, 1);
	drop(101, JB_DROP_UDP, 5, 2);
	drop(101, JB_DROP_TCP, 5, 4);
	drop(101, JB_DROP_UDP, 6, 8);
	drop(102, JB_DROP_UDP, 5, 16);
	drop(0, JB_DROP_ICMP, 2, 32); /* no socket had to do with it */
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(drops_of("sip.service", JB_DROP_UDP, 5), 3);
	assert_int_equal(drops_of("sip.service", JB_DROP_TCP, 5), 4);
	assert_int_equal(drops_of("sip.service", JB_DROP_UDP, 6), 8);
	assert_int_equal(drops_of("/b", JB_DROP_UDP, 5), 16);
	assert_int_equal(drops_of("unknown", JB_DROP_ICMP, 2), 32);
	assert_int_equal(OTHERS("sip.service"), -1);
	assert_string_equal(jb_registry_cgroup(reg, 101)->unit, "sip.service");
	assert_string_equal(jb_registry_cgroup(reg, 0)->unit, "unknown");
	assert_null(jb_registry_cgroup(reg, 999));
	drop(102, JB_DROP_UDP, 5, 16);
	tick();
	assert_int_equal(drops_of("/b", JB_DROP_UDP, 5), 32);
}

static void test_never_under_two_names(void **state)
{
	(void)state;
	drop(100, JB_DROP_UDP, 5, 3);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(drops_of("unknown", JB_DROP_UDP, 5), -1); /* held back */
	tick();
	assert_int_equal(drops_of("unknown", JB_DROP_UDP, 5), 3);
	cgroup(0, 100, "/late");
	tick();
	assert_int_equal(drops_of("unknown", JB_DROP_UDP, 5), 3);
	assert_int_equal(drops_of("/late", JB_DROP_UDP, 5), -1);
}

static bool in_kernel(__u64 cgroup_id)
{
	for (int i = 0; i < DROPS; i++)
		if (world.drop[i].packets && world.drop[i].key.cgroup_id == cgroup_id)
			return true;
	return false;
}

/* A workload without a row, one of two of its name: its entries are taken out of the map. */
static void test_the_gone_leave_their_count(void **state)
{
	(void)state;
	cgroup(0, 100, "/system.slice/sip.service");
	cgroup(1, 101, "/system.slice/sip.service/worker");
	drop(100, JB_DROP_UDP, 5, 1);
	drop(101, JB_DROP_UDP, 5, 2);
	tick();
	cgroup(1, 0, NULL);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_int_equal(drops_of("sip.service", JB_DROP_UDP, 5), 3);
	}
	assert_false(in_kernel(101));
	assert_true(in_kernel(100));
	drop(101, JB_DROP_UDP, 5, 4); /* a socket that outlived it */
	tick();
	tick();
	assert_int_equal(drops_of("sip.service", JB_DROP_UDP, 5), 3);
	assert_int_equal(drops_of("unknown", JB_DROP_UDP, 5), 4);
	ticks(20);
	assert_false(in_kernel(101));
	assert_int_equal(drops_of("unknown", JB_DROP_UDP, 5), 4);
	cgroup(0, 0, NULL);
	ticks(20);
	assert_int_equal(drops_of("sip.service", JB_DROP_UDP, 5), -1);
	assert_false(in_kernel(100));
}

/* As long as it has a row, and then, with more reasons than are taken at a time. */
static void test_drops_go_after_the_rows(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	cgroup(1, 101, "/system.slice/keep.service");
	cgroup(2, 102, "/system.slice/keep.service/x");
	row(40, 102, RTP_IN, 1);
	drop(101, JB_DROP_TCP, 0, 1);
	for (__u32 reason = 0; reason < 100; reason++)
		drop(102, JB_DROP_UDP, reason, 1);
	tick();
	cgroup(2, 0, NULL);
	in_use[40] = 1;
	ticks(20);
	assert_true(in_kernel(102));
	in_use[40] = 0;
	ticks(20);
	assert_false(in_kernel(102));
	assert_int_equal(drops_of("keep.service", JB_DROP_TCP, 0), 1);
	assert_int_equal(drops_of("keep.service", JB_DROP_UDP, 0), 1);
	assert_int_equal(OTHERS("keep.service"), 100 - (JB_OWNER_DROPS - 1));
}

static void test_beyond_so_many_reasons(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	for (__u32 reason = 0; reason < JB_OWNER_DROPS; reason++)
		drop(100, JB_DROP_UDP, reason, 1);
	tick();
	assert_int_equal(OTHERS("/a"), -1);
	drop(100, JB_DROP_UDP, 100, 7);
	drop(100, JB_DROP_TCP, 101, 8);
	drop(100, JB_DROP_UDP, 3, 1);
	tick();
	assert_int_equal(OTHERS("/a"), 15);
	assert_int_equal(drops_of("/a", JB_DROP_UDP, 100), -1);
	assert_int_equal(drops_of("/a", JB_DROP_UDP, 3), 2);
}

static void test_all_others_are_a_series(void **state)
{
	(void)state;
	restart_with(JB_OWNER_DROPS + 3, GRACE, "");
	cgroup(0, 100, "/a");
	cgroup(1, 101, "/b");
	for (__u32 reason = 0; reason <= JB_OWNER_DROPS; reason++)
		drop(100, JB_DROP_UDP, reason, 1);
	tick();
	assert_int_equal(OTHERS("/a"), 1);
	row(40, 101, JB_SLOT_TCP, 5); /* three more */
	tick();
	assert_int_equal(slot_of("/b", JB_SLOT_TCP), -1);
	assert_int_equal(slot_of("~other", JB_SLOT_TCP), 5);
}

/* A workload that finds no room tells nothing of its own, and what it has begun with stands. */
static void test_no_room_for_reasons(void **state)
{
	(void)state;
	restart_with(10, GRACE, "");
	cgroup(0, 100, "/a");
	cgroup(1, 101, "/b");
	drop(101, JB_DROP_UDP, 5, 1); /* one series */
	row(40, 100, JB_SLOT_TCP, 1); /* three */
	tick();
	for (__u32 reason = 20; reason < 26; reason++)
		drop(100, JB_DROP_UDP, reason, 1);
	tick(); /* the page is full */
	drop(101, JB_DROP_UDP, 6, 2);
	drop(101, JB_DROP_TCP, 7, 4);
	tick();
	assert_int_equal(drops_of("/b", JB_DROP_UDP, 5), 1);
	assert_int_equal(drops_of("/b", JB_DROP_UDP, 6), -1);
	assert_int_equal(OTHERS("/b"), -1);
	assert_int_equal(drops_of("~other", JB_DROP_UDP, 6), 2);
	assert_int_equal(drops_of("~other", JB_DROP_TCP, 7), 4);
	assert_int_equal(jb_registry_folded(reg), 1);
	cgroup(0, 0, NULL);
	ticks(20); /* there is room again */
	assert_int_equal(drops_of("/a", JB_DROP_UDP, 20), -1);
	drop(101, JB_DROP_UDP, 6, 2);
	drop(101, JB_DROP_UDP, 8, 8);
	tick();
	assert_int_equal(drops_of("~other", JB_DROP_UDP, 6), 4);
	assert_int_equal(drops_of("~other", JB_DROP_UDP, 8), 8);
	assert_int_equal(drops_of("/b", JB_DROP_UDP, 6), -1);
	drop(101, JB_DROP_UDP, 5, 1);
	cgroup(1, 0, NULL);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_int_equal(drops_of("~other", JB_DROP_UDP, 6), 4);
	}
	assert_false(in_kernel(101));
}

static void test_no_room_after_so_many_reasons(void **state)
{
	(void)state;
	restart_with(JB_OWNER_DROPS, GRACE, "");
	cgroup(0, 100, "/a");
	for (__u32 reason = 0; reason < JB_OWNER_DROPS + 4; reason++)
		drop(100, JB_DROP_UDP, reason, 1);
	tick();
	assert_int_equal(OTHERS("/a"), -1);
	assert_int_equal(drops_of("~other", JB_DROP_UDP, JB_OWNER_DROPS), 1);
	cgroup(0, 0, NULL);
	ticks(20);
	cgroup(0, 101, "/b"); /* the room is there again */
	for (__u32 reason = 0; reason < JB_OWNER_DROPS - 4; reason++)
		drop(101, JB_DROP_UDP, reason, 1);
	tick();
	for (__u32 reason = 0; reason < JB_OWNER_DROPS - 4; reason++)
		assert_int_equal(drops_of("/b", JB_DROP_UDP, reason), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_by_owner_protocol_and_reason), TEST(test_never_under_two_names),
		TEST(test_the_gone_leave_their_count),   TEST(test_drops_go_after_the_rows),
		TEST(test_beyond_so_many_reasons),       TEST(test_all_others_are_a_series),
		TEST(test_no_room_for_reasons),          TEST(test_no_room_after_so_many_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
