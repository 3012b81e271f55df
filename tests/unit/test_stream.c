/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/candidate.h>
#include <jitterbug/stream.h>

#include "random.h"

#define SEED 0x0123456789abcdefULL

static struct jb_stream_key a_key(void)
{
	struct jb_stream_key key = {.cgroup_id = 4711,
				    .ssrc = 0xfedcba98,
				    .source_port = 50000,
				    .destination_port = 7882};

	key.source.octet[10] = key.source.octet[11] = 0xff;
	key.source.octet[15] = 1;
	key.destination.octet[10] = key.destination.octet[11] = 0xff;
	key.destination.octet[15] = 2;
	return key;
}

static void test_every_bit_of_the_key_tells(void **state)
{
	struct jb_stream_key key = a_key(), other;
	__u64 hash = jb_stream_hash(&key, JB_INGRESS, SEED);

	(void)state;
	assert_true(jb_stream_key_equal(&key, &key));
	for (size_t bit = 0; bit < 8 * sizeof(key); bit++) {
		other = key;
		((__u8 *)&other)[bit / 8] ^= 1 << bit % 8;
		assert_false(jb_stream_key_equal(&key, &other));
		assert_false(jb_stream_key_equal(&other, &key));
		assert_true(jb_stream_hash(&other, JB_INGRESS, SEED) != hash);
	}
}

static void test_hash_tells_direction_seed_and_way(void **state)
{
	struct jb_stream_key key = a_key(), back = key;
	__u64 hash = jb_stream_hash(&key, JB_INGRESS, SEED);

	(void)state;
	assert_true(jb_stream_hash(&key, JB_INGRESS, SEED) == hash);
	assert_true(jb_stream_hash(&key, JB_EGRESS, SEED) != hash);
	assert_true(jb_stream_hash(&key, JB_INGRESS, SEED + 1) != hash);
	back.source = key.destination;
	back.destination = key.source;
	back.source_port = key.destination_port;
	back.destination_port = key.source_port;
	assert_true(jb_stream_hash(&back, JB_INGRESS, SEED) != hash);
	assert_false(jb_stream_key_equal(&key, &back));
}

static void test_hash_is_never_zero(void **state)
{
	struct jb_stream_key key;
	struct jb_random random = {5};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		for (size_t j = 0; j < sizeof(key); j++)
			((__u8 *)&key)[j] = jb_random_next(&random) >> 56;
		assert_true(jb_stream_hash(&key, i % 2, jb_random_next(&random)) != 0);
	}
	memset(&key, 0, sizeof(key));
	for (__u64 seed = 0; seed < 1000; seed++)
		assert_true(jb_stream_hash(&key, JB_INGRESS, seed) != 0);
}

/* The most of `count` streams that fall into one candidate set; `vary` makes the i-th key. */
static __u32 fullest_set(__u32 count, void (*vary)(struct jb_stream_key *key, __u32 i))
{
	static __u16 sets[JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS];
	__u32 fullest = 0;

	memset(sets, 0, sizeof(sets));
	for (__u32 i = 0; i < count; i++) {
		struct jb_stream_key key = a_key();
		__u32 set;

		vary(&key, i);
		set = jb_candidate_index(jb_stream_hash(&key, JB_INGRESS, SEED), key.cgroup_id);
		assert_true(set < JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS);
		if (++sets[set] > fullest)
			fullest = sets[set];
	}
	return fullest;
}

static void vary_ssrc(struct jb_stream_key *key, __u32 i)
{
	key->ssrc = 1 + i;
}

static void vary_ssrc_high(struct jb_stream_key *key, __u32 i)
{
	key->ssrc = 1 + (i << 16);
}

static void vary_source_port(struct jb_stream_key *key, __u32 i)
{
	key->source_port = i;
}

static void vary_destination_port(struct jb_stream_key *key, __u32 i)
{
	key->destination_port = i;
}

static void vary_ipv4(struct jb_stream_key *key, __u32 i)
{
	key->source.octet[14] = i >> 8;
	key->source.octet[15] = i;
}

/* 4096 streams on one workload's 1024 sets: 4 each; a random function has at most 16 or so. */
static void test_streams_spread_over_the_sets(void **state)
{
	(void)state;
	assert_in_range(fullest_set(4096, vary_ssrc), 4, 24);
	assert_in_range(fullest_set(4096, vary_source_port), 4, 24);
	assert_in_range(fullest_set(4096, vary_destination_port), 4, 24);
	assert_in_range(fullest_set(4096, vary_ipv4), 4, 24);
}

/* A sender picks its SSRCs: nobody outside may aim at one set. */
static void test_chosen_ssrcs_spread_over_the_sets(void **state)
{
	(void)state;
	assert_in_range(fullest_set(4096, vary_ssrc_high), 4, 24);
}

/* How often two keys, `change` apart, have one hash, of 100 seeds. */
static int collisions(void (*change)(struct jb_stream_key *key))
{
	struct jb_stream_key key = a_key(), other = key;
	struct jb_random random = {11};
	int count = 0;

	change(&other);
	for (int i = 0; i < 100; i++) {
		__u64 seed = jb_random_next(&random);

		count += jb_stream_hash(&key, 0, seed) == jb_stream_hash(&other, 0, seed);
	}
	return count;
}

/* 10.0.0.1 and 10.0.0.129, say. */
static void change_ipv4_and_ssrc(struct jb_stream_key *key)
{
	key->source.octet[15] ^= 0x80;
	key->ssrc ^= 0x80000000;
}

/* Two addresses of one IPv6 /56. */
static void change_ipv6(struct jb_stream_key *key)
{
	key->source.octet[7] ^= 0x80;
	key->source.octet[11] ^= 0x80;
	key->source.octet[15] ^= 0x80;
}

/* Multiplication moves no bit down: the highest of two words cancel, unless the mixing is deep. */
static void test_no_collision_without_the_seed(void **state)
{
	(void)state;
	assert_int_equal(collisions(change_ipv4_and_ssrc), 0);
	assert_int_equal(collisions(change_ipv6), 0);
}

static void test_workloads_spread_over_the_partitions(void **state)
{
	__u32 partitions[JB_CANDIDATE_PARTITIONS] = {0};

	(void)state;
	for (__u64 cgroup = 1; cgroup <= 1600; cgroup++) {
		__u32 set = jb_candidate_index(12345, cgroup);

		assert_int_equal(set, jb_candidate_index(12345 + JB_CANDIDATE_SETS, cgroup));
		partitions[set / JB_CANDIDATE_SETS]++;
	}
	for (int i = 0; i < JB_CANDIDATE_PARTITIONS; i++)
		assert_in_range(partitions[i], 60, 140);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_of_the_key_tells),
		cmocka_unit_test(test_hash_tells_direction_seed_and_way),
		cmocka_unit_test(test_hash_is_never_zero),
		cmocka_unit_test(test_streams_spread_over_the_sets),
		cmocka_unit_test(test_chosen_ssrcs_spread_over_the_sets),
		cmocka_unit_test(test_no_collision_without_the_seed),
		cmocka_unit_test(test_workloads_spread_over_the_partitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
