/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The registry: what --max-series folds into ~other, slot by slot; --cgroup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry_world.h"

#define TCP JB_SLOT_TCP

static void test_folds_beyond_the_cap(void **state)
{
	(void)state;
	restart_with(20, GRACE, "");
	cgroup(0, 100, "/a");
	cgroup(1, 101, "/b");
	cgroup(2, 102, "/c");
	cgroup(3, 103, "/d");
	for (int i = 0; i < 4; i++)
		row(40 + i, 100 + i, RTP_IN, 1 << i);
	tick();
	assert_int_equal(packets_of("/a"), 1);
	assert_int_equal(packets_of("/b"), 2);
	assert_int_equal(packets_of("/c"), -1);
	assert_int_equal(packets_of("~other"), 12);
	assert_int_equal(jb_registry_folded(reg), 2);
	cgroup(2, 0, NULL);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_int_equal(packets_of("~other"), 12); /* what it had folded stays */
	}
	assert_int_equal(world.recycled[42], 1);
}

static bool is_folded(const char *name, __u32 slot)
{
	struct jb_owner_list list;
	int place[ROWS];
	bool folded;

	assert_int_equal(jb_registry_totals(reg, &list, place), 0);
	assert_non_null(find_owner(&list, name));
	folded = find_owner(&list, name)->folded[slot];
	jb_owner_list_free(&list);
	return folded;
}

static void test_slots_fold_one_by_one(void **state)
{
	(void)state;
	restart_with(12, GRACE, "");
	cgroup(0, 100, "/a");
	row(40, 100, JB_SLOT_UDP, 300);
	row(41, 100, RTP_IN, 1);
	row(42, 100, TCP, 20); /* 1 + 10 + 3 are too many */
	tick();
	assert_int_equal(packets_of("/a"), 1);
	assert_int_equal(slot_of("/a", TCP), -1);
	assert_int_equal(slot_of("~other", TCP), 20);
	assert_int_equal(slot_of("/a", JB_SLOT_UDP), 300);
	assert_int_equal(packets_of("~other"), -1);
	assert_int_equal(jb_registry_folded(reg), 1);
	assert_true(is_folded("/a", TCP));
	assert_false(is_folded("/a", jb_slot_rtp(JB_INGRESS, 0)));
	assert_false(is_folded("/a", JB_SLOT_UDP));
	assert_false(is_folded("~other", TCP));
}

/* Which is told tells all its life: a counter that moved would fall. */
static void test_a_decision_stands(void **state)
{
	(void)state;
	restart_with(23, GRACE, "");
	cgroup(0, 100, "/a");
	cgroup(1, 101, "/b");
	row(40, 100, RTP_IN, 1);
	row(45, 100, JB_SLOT_UDP, 1);
	row(46, 100, TCP, 1);
	tick();
	row(41, 101, RTP_IN, 2);
	tick();
	assert_int_equal(packets_of("~other"), 2);
	cgroup(0, 0, NULL);
	ticks(20); /* there is room again, for who comes now */
	assert_int_equal(packets_of("/a"), -1);
	assert_int_equal(packets_of("/b"), -1);
	assert_int_equal(packets_of("~other"), 2);
	cgroup(0, 102, "/c");
	row(42, 102, RTP_IN, 4);
	row(43, 101, jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO), 8);
	row(44, 101, TCP, 16);
	tick();
	assert_int_equal(packets_of("/c"), 4);
	assert_int_equal(packets_of("~other"), 10);
	assert_int_equal(slot_of("/b", TCP), 16);
	assert_int_equal(jb_registry_folded(reg), 1);
}

static void test_media_of_a_direction_are_one(void **state)
{
	(void)state;
	restart_with(10, GRACE, "");
	cgroup(0, 100, "/a");
	row(40, 100, jb_slot_rtp(JB_INGRESS, JB_MEDIA_RTX), 1);
	tick();
	for (int m = 0; m < JB_MEDIA_MAX - 1; m++)
		row(41 + m, 100, jb_slot_rtp(JB_INGRESS, m), 10);
	row(50, 100, jb_slot_rtp(JB_EGRESS, JB_MEDIA_AUDIO), 5);
	tick();
	assert_int_equal(packets_of("/a"), 31);
	assert_int_equal(slots_of("/a", jb_slot_rtp(JB_EGRESS, 0), JB_MEDIA_MAX), -1);
	assert_int_equal(slot_of("~other", jb_slot_rtp(JB_EGRESS, JB_MEDIA_AUDIO)), 5);
	assert_int_equal(jb_registry_folded(reg), 1);
}

static void test_series_are_given_back(void **state)
{
	char path[] = "/a";

	(void)state;
	restart_with(20, GRACE, "");
	for (int i = 0; i < 20; i++, path[1]++) {
		cgroup(0, 100 + i, path);
		row(40 + i, 100 + i, RTP_IN, 7);
		row(50 + i, 100 + i, jb_slot_rtp(JB_EGRESS, JB_MEDIA_AUDIO), 7);
		tick();
		assert_int_equal(packets_of(path), 7);
		cgroup(0, 0, NULL);
		ticks(6);
		assert_int_equal(packets_of(path), -1);
	}
	assert_int_equal(jb_registry_folded(reg), 0);
}

/* Nobody's rows are on the page as well. */
static void test_the_unknown_take_room(void **state)
{
	(void)state;
	restart_with(10, GRACE, "");
	world.counted[jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO)] = 1;
	cgroup(0, 100, "/a");
	tick();
	row(40, 100, RTP_IN, 9);
	tick();
	assert_int_equal(packets_of("unknown"), 1);
	assert_int_equal(packets_of("/a"), -1);
	assert_int_equal(packets_of("~other"), 9);
}

static void test_only_what_is_inside_is_told(void **state)
{
	(void)state;
	restart_with(1000, GRACE, "/in");
	cgroup(0, 100, "/in");
	cgroup(1, 101, "/in/deep");
	cgroup(2, 102, "/inside");
	cgroup(3, 103, "/");
	for (int i = 0; i < 4; i++)
		row(40 + i, 100 + i, TCP, 1 << i);
	tick();
	assert_int_equal(slot_of("/in", TCP), 1);
	assert_int_equal(slot_of("/in/deep", TCP), 2);
	assert_int_equal(slot_of("/inside", TCP), -1);
	assert_int_equal(slot_of("/", TCP), -1);
	assert_true(jb_registry_is_inside(reg, 101));
	assert_false(jb_registry_is_inside(reg, 102));
	assert_false(jb_registry_is_inside(reg, 103));
	assert_true(jb_registry_is_inside(reg, 999)); /* for all that is known */
}

static int n_told(void)
{
	struct jb_owner_list list;
	int place[ROWS], n = 0;

	assert_int_equal(jb_registry_totals(reg, &list, place), 0);
	for (size_t i = 0; i < list.count; i++) {
		bool any = list.owner[i].n_drops;

		for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
			any |= list.owner[i].seen[slot];
		n += any;
	}
	jb_owner_list_free(&list);
	return n;
}

/* Nor later, nor do they take room. */
static void test_what_is_outside_leaves_nothing(void **state)
{
	(void)state;
	restart_with(10, GRACE, "/in");
	cgroup(0, 100, "/out");
	row(40, 100, TCP, 9);
	row(41, 100, JB_SLOT_UDP, 9);
	for (__u32 i = 0; i < 20; i++)
		drop(100, JB_DROP_TCP, i, 1);
	tick();
	assert_int_equal(n_told(), 0);
	cgroup(0, 0, NULL);
	ticks(20);
	assert_int_equal(world.recycled[40], 1);
	assert_int_equal(n_told(), 0);
	for (int i = 0; i < DROPS; i++)
		assert_int_equal(world.drop[i].packets, 0);
	cgroup(0, 101, "/in/a");
	row(42, 101, RTP_IN, 3);
	tick();
	assert_int_equal(packets_of("/in/a"), 3);
	assert_int_equal(jb_registry_folded(reg), 0);
}

static void test_places_of_rows(void **state)
{
	struct jb_owner_list list;
	int place[ROWS];

	(void)state;
	restart_with(10, GRACE, "/in");
	cgroup(0, 100, "/in/a");
	cgroup(1, 101, "/in/b");
	cgroup(2, 102, "/out");
	for (int i = 0; i < 3; i++)
		row(40 + i, 100 + i, RTP_IN, 1);
	row(43, 103, RTP_IN, 1); /* not named yet */
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(jb_registry_totals(reg, &list, place), 0);
	assert_string_equal(name_of(&list.owner[place[40]]), "/in/a");
	assert_string_equal(name_of(&list.owner[place[41]]), "~other");
	assert_int_equal(place[42], -1);
	assert_int_equal(place[43], -1);
	assert_int_equal(place[44], -1);
	assert_int_equal(place[JB_EDGE_ROW], -1);
	for (int i = 0; i < JB_SLOT_MAX; i++)
		assert_string_equal(name_of(&list.owner[place[i]]), "unknown");
	jb_owner_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_folds_beyond_the_cap),
		TEST(test_slots_fold_one_by_one),
		TEST(test_a_decision_stands),
		TEST(test_media_of_a_direction_are_one),
		TEST(test_series_are_given_back),
		TEST(test_the_unknown_take_room),
		TEST(test_only_what_is_inside_is_told),
		TEST(test_what_is_outside_leaves_nothing),
		TEST(test_places_of_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
