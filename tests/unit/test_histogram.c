/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jitterbug/histogram.h>

#include "random.h"

#define BOUNDS(...)                                                                                \
	(const __u64[]){__VA_ARGS__}, sizeof((const __u64[]){__VA_ARGS__}) / sizeof(__u64)

/* In microseconds, as the documentation has them. */
static const struct histogram {
	const char *name;
	__u32 (*bucket)(__u64 ns);
	const __u64 *bounds_ns;
	__u32 buckets;
	const __u64 *bounds_us;
	size_t count;
} histograms[] = {
	{"jitter", jb_jitter_bucket, jb_jitter_bounds_ns, JB_JITTER_BUCKETS,
	 BOUNDS(1000, 2000, 5000, 10000, 20000, 30000, 50000, 100000, 300000, 1000000)},
	{"rtt", jb_rtt_bucket, jb_rtt_bounds_ns, JB_RTT_BUCKETS,
	 BOUNDS(100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000)},
	{"dtls", jb_dtls_bucket, jb_rtt_bounds_ns, JB_DTLS_BUCKETS,
	 BOUNDS(100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000,
		2500000, 5000000)},
	{"queue", jb_queue_bucket, jb_queue_bounds_ns, JB_QUEUE_BUCKETS,
	 BOUNDS(100, 500, 1000, 5000, 10000, 20000, 50000, 100000, 500000)},
};

typedef void (*histogram_fn)(const struct histogram *h);

static void each(histogram_fn fn)
{
	for (size_t i = 0; i < sizeof(histograms) / sizeof(*histograms); i++)
		fn(&histograms[i]);
}

static void assert_bucket(const struct histogram *h, __u64 ns, size_t wanted)
{
	__u32 bucket = h->bucket(ns);

	if (bucket != wanted)
		fail_msg("%s: %llu ns is in bucket %u, not %zu", h->name, (unsigned long long)ns,
			 bucket, wanted);
}

static void bounds(const struct histogram *h)
{
	assert_int_equal(h->buckets, h->count + 1);
	for (size_t i = 0; i < h->count; i++)
		assert_int_equal(h->bounds_ns[i], h->bounds_us[i] * 1000);
}

static void test_bounds(void **state)
{
	(void)state;
	each(bounds);
}

static void right_inclusive(const struct histogram *h)
{
	for (size_t i = 0; i < h->count; i++) {
		__u64 bound = h->bounds_us[i] * 1000;

		assert_bucket(h, bound - 1, i);
		assert_bucket(h, bound, i);
		assert_bucket(h, bound + 1, i + 1);
	}
}

static void test_bounds_are_right_inclusive(void **state)
{
	(void)state;
	each(right_inclusive);
}

static void ends(const struct histogram *h)
{
	assert_bucket(h, 0, 0);
	assert_bucket(h, 1, 0);
	assert_bucket(h, 10000000000, h->count);
	assert_bucket(h, UINT64_MAX, h->count);
}

static void test_ends(void **state)
{
	(void)state;
	each(ends);
}

static void against_a_search(const struct histogram *h)
{
	struct jb_random random = {3};

	for (int i = 0; i < 200000; i++) {
		__u64 ns = jb_random_next(&random) >> (20 + jb_random_below(&random, 24));
		size_t bucket = 0;

		while (bucket < h->count && ns > h->bounds_us[bucket] * 1000)
			bucket++;
		assert_bucket(h, ns, bucket);
	}
}

static void test_random_values_against_a_search(void **state)
{
	(void)state;
	each(against_a_search);
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
