/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drops/ledger.h"
#include "listing/record.h"

static const struct jb_drop_key key = {.cgroup_id = 100, .reason = 5, .protocol = JB_DROP_UDP};
static const struct jb_drop_key others[] = {
	{.cgroup_id = 101, .reason = 5, .protocol = JB_DROP_UDP},
	{.cgroup_id = 100, .reason = 6, .protocol = JB_DROP_UDP},
	{.cgroup_id = 100, .reason = 5, .protocol = JB_DROP_TCP},
};

static struct jb_drops_ledger *ledger;
static __u64 now;

static int setup(void **state)
{
	(void)state;
	now = 1000 * JB_SECOND_NS;
	return jb_drops_ledger_new(&ledger);
}

static int teardown(void **state)
{
	(void)state;
	jb_drops_ledger_free(ledger);
	return 0;
}

/* A pass `ms` later. */
static void pass(__u32 ms, __u64 packets)
{
	now += ms * 1000000ULL;
	jb_drops_ledger_begin(ledger, now);
	if (packets)
		assert_int_equal(jb_drops_ledger_note(ledger, &key, packets), 0);
	jb_drops_ledger_end(ledger);
}

static __u64 rate(void)
{
	return jb_drops_ledger_rate(ledger, &key);
}

static void test_rate(void **state)
{
	(void)state;
	assert_int_equal(rate(), JB_RECORD_NONE);
	pass(0, 7);
	assert_int_equal(rate(), JB_RECORD_NONE); /* one pass tells no rate */
	pass(5000, 17);
	assert_int_equal(rate(), 2000);
	pass(5000, 17);
	assert_int_equal(rate(), 0);
	pass(2000, 18);
	assert_int_equal(rate(), 500);
	pass(3000, 19);
	assert_int_equal(rate(), 333); /* to the nearest */
	pass(3000, 21);
	assert_int_equal(rate(), 667);
}

static void test_one_that_is_new_began_with_the_pass(void **state)
{
	(void)state;
	pass(0, 0);
	pass(5000, 10);
	assert_int_equal(rate(), 2000);
}

static void test_keys_are_told_apart(void **state)
{
	(void)state;
	pass(0, 7);
	now += JB_SECOND_NS;
	jb_drops_ledger_begin(ledger, now);
	assert_int_equal(jb_drops_ledger_note(ledger, &key, 8), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(jb_drops_ledger_note(ledger, &others[i], 10 + i), 0);
	jb_drops_ledger_end(ledger);
	assert_int_equal(rate(), 1000);
	for (int i = 0; i < 3; i++)
		assert_int_equal(jb_drops_ledger_rate(ledger, &others[i]), 1000 * (10 + i));
}

static void test_what_is_gone_is_forgotten(void **state)
{
	(void)state;
	pass(0, 1000);
	pass(5000, 2000);
	pass(5000, 0);
	assert_int_equal(rate(), JB_RECORD_NONE);
	pass(5000, 5); /* the count has been taken, and begins anew */
	assert_int_equal(rate(), 1000);
}

/* Taken and begun anew between two passes. */
static void test_a_count_that_fell(void **state)
{
	(void)state;
	pass(0, 1000);
	pass(5000, 5);
	assert_int_equal(rate(), 1000);
	pass(5000, 10);
	assert_int_equal(rate(), 1000);
}

static void test_no_time_no_rate(void **state)
{
	(void)state;
	pass(0, 1);
	pass(0, 2);
	assert_int_equal(rate(), JB_RECORD_NONE);
	pass(1000, 3);
	assert_int_equal(rate(), 1000);
}

static void test_many(void **state)
{
	struct jb_drop_key many = key;

	(void)state;
	pass(0, 1);
	for (int turn = 0; turn < 3; turn++) {
		now += JB_SECOND_NS;
		jb_drops_ledger_begin(ledger, now);
		for (many.cgroup_id = 1; many.cgroup_id <= 5000; many.cgroup_id++)
			assert_int_equal(
				jb_drops_ledger_note(ledger, &many, many.cgroup_id * (turn + 1)),
				0);
		jb_drops_ledger_end(ledger);
	}
	many.cgroup_id = 4321;
	assert_int_equal(jb_drops_ledger_rate(ledger, &many), 4321000);
	jb_drops_ledger_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rate),
		TEST(test_one_that_is_new_began_with_the_pass),
		TEST(test_keys_are_told_apart),
		TEST(test_what_is_gone_is_forgotten),
		TEST(test_a_count_that_fell),
		TEST(test_no_time_no_rate),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
