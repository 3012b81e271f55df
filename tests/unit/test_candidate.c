/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/candidate.h>

#include "random.h"

#define MS    1000000ULL
#define BYTES 172

static struct jb_candidate_set set;
static __u64 now_ns;

static int setup(void **state)
{
	(void)state;
	memset(&set, 0, sizeof(set));
	now_ns = 1000 * JB_SECOND_NS;
	return 0;
}

/* One packet, 20 ms after the one before it. */
static struct jb_probation packet(__u64 hash, __u16 sequence, __u32 timestamp, __u8 wanted)
{
	struct jb_rtp rtp = {.ssrc = 1,
			     .sequence = sequence,
			     .timestamp = timestamp,
			     .payload_type = 111,
			     .header_len = 12};
	struct jb_probation ret;

	now_ns += 20 * MS;
	jb_candidate_packet(&set, hash, &rtp, BYTES, now_ns, wanted, &ret);
	return ret;
}

static bool holds(__u64 hash)
{
	for (int i = 0; i < JB_CANDIDATE_WAYS; i++)
		if (set.way[i].hash == hash)
			return true;
	return false;
}

static void test_admits_after_what_is_wanted(void **state)
{
	(void)state;
	for (__u8 wanted = JB_PROBATION_KNOWN; wanted <= JB_PROBATION; wanted += 2) {
		for (__u8 i = 1; i <= wanted; i++) {
			struct jb_probation p = packet(7, 100 + i, 960 * i, wanted);

			assert_int_equal(p.held.packets, i);
			assert_int_equal(p.held.frames, i);
			assert_int_equal(p.held.bytes, i * BYTES);
			assert_int_equal(p.failed, 0);
			assert_int_equal(p.admit, i == wanted);
			assert_false(p.admitted);
		}
		jb_candidate_forget(&set, 7);
		assert_false(holds(7));
	}
}

static void admit(__u64 hash)
{
	for (__u16 sequence = 1; sequence <= JB_PROBATION; sequence++)
		packet(hash, sequence, 960 * sequence, JB_PROBATION);
}

/* Another CPU's packet, while the stream is being inserted. */
static void test_one_that_passed_stays_until_it_is_stale(void **state)
{
	struct jb_probation p;

	(void)state;
	admit(7);
	p = packet(7, 5, 4800, JB_PROBATION);
	assert_true(p.admitted);
	assert_false(p.admit);
	assert_int_equal(p.held.packets, 0);
	assert_int_equal(p.failed, 0);
	now_ns += JB_CANDIDATE_STALE_NS - 20 * MS;
	p = packet(7, 6, 5760, JB_PROBATION);
	assert_false(p.admitted);
	assert_int_equal(p.held.packets, 1);
	assert_int_equal(p.failed, 0);
}

static void test_a_forgotten_one_begins_anew(void **state)
{
	(void)state;
	packet(8, 1, 0, JB_PROBATION);
	admit(7);
	jb_candidate_forget(&set, 7);
	assert_true(holds(8));
	assert_int_equal(packet(7, 5, 4800, JB_PROBATION).held.packets, 1);
}

static void test_same_timestamp_is_one_frame(void **state)
{
	(void)state;
	packet(7, 1, 3000, 4);
	packet(7, 2, 3000, 4);
	assert_int_equal(packet(7, 3, 6000, 4).held.frames, 2);
}

static void test_padding_is_no_frame(void **state)
{
	struct jb_rtp rtp = {.sequence = 5, .payload_type = 111, .padding_only = 1};
	struct jb_probation p;

	(void)state;
	jb_candidate_packet(&set, 7, &rtp, BYTES, now_ns, 4, &p);
	assert_int_equal(p.held.packets, 1);
	assert_int_equal(p.held.frames, 0);
	assert_int_equal(packet(7, 6, 0, 4).held.frames, 1);
	assert_int_equal(packet(7, 7, 0, 4).held.frames, 1);
}

static void test_wraps(void **state)
{
	(void)state;
	packet(7, 65534, 0, 4);
	packet(7, 65535, 960, 4);
	packet(7, 0, 1920, 4);
	assert_int_equal(packet(7, 1, 2880, 4).held.packets, 4);
}

static void test_a_miss_restarts(void **state)
{
	static const __u16 misses[] = {105, 100, 102, 9000};

	(void)state;
	for (size_t i = 0; i < sizeof(misses) / sizeof(misses[0]); i++) {
		struct jb_probation p;

		setup(NULL);
		packet(7, 101, 0, 4);
		packet(7, 102, 960, 4);
		packet(7, 103, 1920, 4);
		p = packet(7, misses[i], 2880, 4);
		assert_int_equal(p.held.packets, 1);
		assert_int_equal(p.held.frames, 1);
		assert_int_equal(p.held.bytes, BYTES);
		assert_int_equal(p.failed, 3);
		assert_int_equal(packet(7, misses[i] + 1, 3840, 4).held.packets, 2);
	}
}

static void test_a_new_payload_type_restarts(void **state)
{
	struct jb_rtp rtp = {.sequence = 103, .payload_type = 112};
	struct jb_probation p;

	(void)state;
	packet(7, 101, 0, 4);
	packet(7, 102, 960, 4);
	jb_candidate_packet(&set, 7, &rtp, BYTES, now_ns, 4, &p);
	assert_int_equal(p.held.packets, 1);
	assert_int_equal(p.failed, 2);
	rtp.sequence++;
	jb_candidate_packet(&set, 7, &rtp, BYTES, now_ns, 4, &p);
	assert_int_equal(p.held.packets, 2);
}

static void test_the_unproved_goes_before_the_proved_and_the_old_before_the_young(void **state)
{
	(void)state;
	packet(1, 1, 0, 4);
	packet(1, 2, 960, 4); /* the oldest, but it has proved something */
	packet(2, 1, 0, 4);
	packet(3, 1, 0, 4);
	packet(4, 1, 0, 4);
	assert_int_equal(packet(5, 1, 0, 4).failed, 1);
	assert_false(holds(2));
	assert_int_equal(packet(6, 1, 0, 4).failed, 1);
	assert_false(holds(3));
	packet(4, 2, 960, 4);
	packet(5, 2, 960, 4);
	packet(6, 2, 960, 4); /* all have: 1 is the oldest */
	assert_int_equal(packet(7, 1, 0, 4).failed, 2);
	assert_false(holds(1));
	assert_true(holds(4) && holds(5) && holds(6) && holds(7));
}

static void test_free_ways_come_first(void **state)
{
	(void)state;
	for (__u64 hash = 1; hash <= 4; hash++)
		assert_int_equal(packet(hash, 1, 0, hash == 3 ? 1 : 4).failed, 0);
	jb_candidate_forget(&set, 3);
	assert_int_equal(packet(5, 1, 0, 4).failed, 0);
	assert_true(holds(1) && holds(2) && holds(4) && holds(5));
}

/* Another CPU has forgotten it first, and its successor holds a packet. */
static void test_only_the_admitted_is_forgotten(void **state)
{
	(void)state;
	packet(7, 1, 0, 4);
	jb_candidate_forget(&set, 7);
	assert_int_equal(packet(7, 2, 960, 4).held.packets, 2);
}

static void test_the_young_are_not_pushed_out(void **state)
{
	(void)state;
	for (__u64 hash = 1; hash <= 4; hash++)
		packet(hash, 1, 0, 4); /* 20 ms apart */
	now_ns -= 30 * MS + 1;
	assert_int_equal(packet(5, 1, 0, 4).failed, 1); /* itself */
	assert_false(holds(5));
	assert_true(holds(1) && holds(2) && holds(3) && holds(4));
	assert_int_equal(packet(5, 1, 0, 4).failed, 1); /* 1, which is 50 ms old by now */
	assert_true(holds(5) && !holds(1));
}

static void test_stale_ones_are_free_and_forget(void **state)
{
	(void)state;
	for (__u64 hash = 1; hash <= 4; hash++) {
		packet(hash, 1, 0, 4);
		packet(hash, 2, 960, 4);
	}
	now_ns += JB_CANDIDATE_STALE_NS;
	assert_int_equal(packet(4, 3, 1920, 4).held.packets, 1);
	assert_int_equal(packet(5, 1, 0, 4).failed, 2);
	assert_true(holds(4) && holds(5));
}

static void test_nearly_stale_ones_are_not(void **state)
{
	(void)state;
	packet(7, 1, 0, 4);
	now_ns += JB_CANDIDATE_STALE_NS - 20 * MS - 1;
	assert_int_equal(packet(7, 2, 960, 4).held.packets, 2);
}

/* Two CPUs on one set. */
static void test_a_clock_that_goes_back(void **state)
{
	(void)state;
	packet(7, 1, 0, 4);
	now_ns -= 21 * MS;
	assert_int_equal(packet(7, 2, 960, 4).held.packets, 2);
	now_ns -= 40 * MS;
	assert_int_equal(packet(7, 3, 1920, 4).held.packets, 3);
}

static struct jb_candidate_set partition[JB_CANDIDATE_SETS];

static struct jb_probation flood_packet(__u64 hash, __u16 sequence, __u64 at)
{
	struct jb_rtp rtp = {
		.sequence = sequence, .timestamp = sequence * 960, .payload_type = 111};
	struct jb_probation p;

	jb_candidate_packet(&partition[hash % JB_CANDIDATE_SETS], hash, &rtp, BYTES, at,
			    JB_PROBATION, &p);
	return p;
}

/* Whether a call of 50 packets a second is admitted within 1 s of a flood. */
static bool admitted_under_flood(__u64 seed, int flood_pps)
{
	struct jb_random random = {seed};
	__u64 call = jb_random_next(&random) | 1, at = 1000 * JB_SECOND_NS;
	int every = flood_pps / 50, warm_up = flood_pps / 5;
	int phase = jb_random_below(&random, every);

	memset(partition, 0, sizeof(partition));
	for (int tick = 0; tick < warm_up + flood_pps; tick++, at += JB_SECOND_NS / flood_pps) {
		flood_packet(jb_random_next(&random) | 1, jb_random_next(&random) >> 48, at);
		if (tick >= warm_up && tick % every == phase &&
		    flood_packet(call, tick / every, at).held.packets == JB_PROBATION)
			return true;
	}
	return false;
}

static void test_a_call_is_admitted_under_a_flood(void **state)
{
	static const struct {
		int flood_pps, runs;
	} floods[] = {{50000, 200}, {500000, 40}};

	(void)state;
	for (size_t i = 0; i < sizeof(floods) / sizeof(*floods); i++) {
		int admitted = 0;

		for (int seed = 1; seed <= floods[i].runs; seed++)
			admitted += admitted_under_flood(seed, floods[i].flood_pps);
		print_message("             admitted under %d pps: %d of %d\n", floods[i].flood_pps,
			      admitted, floods[i].runs);
		assert_in_range(admitted, floods[i].runs * 99 / 100, floods[i].runs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_admits_after_what_is_wanted, setup),
		cmocka_unit_test_setup(test_one_that_passed_stays_until_it_is_stale, setup),
		cmocka_unit_test_setup(test_a_forgotten_one_begins_anew, setup),
		cmocka_unit_test_setup(test_same_timestamp_is_one_frame, setup),
		cmocka_unit_test_setup(test_padding_is_no_frame, setup),
		cmocka_unit_test_setup(test_wraps, setup),
		cmocka_unit_test_setup(test_a_miss_restarts, setup),
		cmocka_unit_test_setup(test_a_new_payload_type_restarts, setup),
		cmocka_unit_test_setup(
			test_the_unproved_goes_before_the_proved_and_the_old_before_the_young,
			setup),
		cmocka_unit_test_setup(test_free_ways_come_first, setup),
		cmocka_unit_test_setup(test_only_the_admitted_is_forgotten, setup),
		cmocka_unit_test_setup(test_the_young_are_not_pushed_out, setup),
		cmocka_unit_test_setup(test_stale_ones_are_free_and_forget, setup),
		cmocka_unit_test_setup(test_nearly_stale_ones_are_not, setup),
		cmocka_unit_test_setup(test_a_clock_that_goes_back, setup),
		cmocka_unit_test(test_a_call_is_admitted_under_a_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
