/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jitterbug/histogram.h>

#include "random.h"

/* In milliseconds, as the documentation of rtp_jitter_seconds has them. */
static const __u64 bounds_ms[] = {1, 2, 5, 10, 20, 30, 50, 100, 300, 1000};

static void test_bounds(void **state)
{
	(void)state;
	assert_int_equal(JB_JITTER_BOUNDS, sizeof(bounds_ms) / sizeof(bounds_ms[0]));
	assert_int_equal(JB_JITTER_BUCKETS, JB_JITTER_BOUNDS + 1);
	for (__u32 i = 0; i < JB_JITTER_BOUNDS; i++)
		assert_int_equal(jb_jitter_bounds_ns[i], bounds_ms[i] * 1000000);
}

static void test_bounds_are_right_inclusive(void **state)
{
	(void)state;
	for (__u32 i = 0; i < JB_JITTER_BOUNDS; i++) {
		__u64 bound = bounds_ms[i] * 1000000;

		assert_int_equal(jb_jitter_bucket(bound - 1), i);
		assert_int_equal(jb_jitter_bucket(bound), i);
		assert_int_equal(jb_jitter_bucket(bound + 1), i + 1);
	}
}

static void test_ends(void **state)
{
	(void)state;
	assert_int_equal(jb_jitter_bucket(0), 0);
	assert_int_equal(jb_jitter_bucket(1), 0);
	assert_int_equal(jb_jitter_bucket(UINT32_MAX), JB_JITTER_BOUNDS);
	assert_int_equal(jb_jitter_bucket(UINT64_MAX), JB_JITTER_BOUNDS);
}

static void test_random_values_against_a_search(void **state)
{
	struct jb_random random = {3};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		__u64 ns = jb_random_next(&random) >> (20 + jb_random_below(&random, 24));
		__u32 bucket = 0;

		while (bucket < JB_JITTER_BOUNDS && ns > bounds_ms[bucket] * 1000000)
			bucket++;
		assert_int_equal(jb_jitter_bucket(ns), bucket);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_bounds_are_right_inclusive),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_random_values_against_a_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
