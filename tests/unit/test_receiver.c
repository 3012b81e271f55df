/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The receiver's numbers: loss, order, duplicates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"

#define PCMU  0
#define FRAME 160
#define PACE  (20 * MS)

static struct jb_feed f;

/* All counters that tell of trouble. */
static void expect(__u64 gap, __u64 recovered, __u64 lost, __u64 duplicates, __u64 late)
{
	assert_int_equal(jb_feed_sum(&f, JB_RTP_GAP), gap);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_RECOVERED), recovered);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_LOST), lost);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_DUPLICATES), duplicates);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_LATE), late);
}

/* The packet that a perfect sender, `n` packets after the start at `first`, sends. */
static enum jb_verdict nth(__u16 first, __u32 n)
{
	return jb_feed_next(&f, first + n, n * FRAME);
}

/* Packets begin..end of a perfect sender, paced. */
static void nths(__u16 first, __u32 begin, __u32 end)
{
	for (__u32 n = begin; n <= end; n++) {
		f.now_ns += PACE;
		assert_int_equal(nth(first, n), JB_IN_ORDER);
	}
}

static void test_perfect_stream(void **state)
{
	(void)state;
	jb_feed_start(&f, 65000, 0, PCMU);
	nths(65000, 1, 140000); /* twice around */
	expect(0, 0, 0, 0, 0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_EXPECTED), 140001 - JB_WINDOW);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_PACKETS), 140001);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_BYTES), 140001 * BYTES);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FRAMES), 140001);
	jb_feed_flush(&f);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_EXPECTED), 140001);
	expect(0, 0, 0, 0, 0);
}

/* What probation held is the stream's. */
static void test_starts_with_what_probation_held(void **state)
{
	struct jb_receiver r = {0};
	struct jb_rtp rtp = {.sequence = 2, .payload_type = 111};
	struct jb_rtp_totals t = {0};

	(void)state;
	jb_receiver_start(&r, &rtp,
			  &(struct jb_held){.bytes = 4 * BYTES, .packets = 4, .frames = 3},
			  JB_SECOND_NS, &t);
	assert_int_equal(r.base % 65536, 65535);
	assert_int_equal(t.counter[JB_RTP_PACKETS], 4);
	assert_int_equal(t.counter[JB_RTP_BYTES], 4 * BYTES);
	assert_int_equal(t.counter[JB_RTP_FRAMES], 3);
	assert_int_equal(t.counter[JB_RTP_STARTED], 1);
	assert_int_equal(r.ext - r.base + 1, r.unique);
	rtp.sequence = 0;
	assert_int_equal(jb_receiver_packet(&r, &rtp, BYTES, JB_SECOND_NS, &t, false),
			 JB_DUPLICATE);
	rtp.sequence = 65534;
	assert_int_equal(jb_receiver_packet(&r, &rtp, BYTES, JB_SECOND_NS, &t, false), JB_EARLY);
}

/* Across the wrap: 10 lost, 5 duplicated, 5 reordered. */
static void test_worked_case(void **state)
{
	const __u16 first = 65436;

	(void)state;
	jb_feed_start(&f, first, 0, PCMU);
	for (__u32 n = 1; n <= 600; n++) {
		f.now_ns += PACE;
		if (n >= 90 && n < 100) /* lost: the wrap is at 100 */
			continue;
		if (n >= 120 && n < 170 && n % 10 == 0) { /* swapped with the next */
			nth(first, n + 1);
			assert_int_equal(nth(first, n), JB_RECOVERED);
			n++;
			continue;
		}
		assert_int_equal(nth(first, n), JB_IN_ORDER);
		if (n >= 200 && n < 205)
			assert_int_equal(nth(first, n), JB_DUPLICATE);
	}
	expect(15, 5, 10, 5, 0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_REORDERED), 5);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_RESTARTS), 0);
}

static void test_reordering_at_every_distance(void **state)
{
	(void)state;
	for (__u32 distance = 1; distance < JB_WINDOW; distance++)
		for (__u32 lead = 0; lead < 300;
		     lead += 99) { /* before the window is full, after */
			jb_feed_start(&f, 65300, 0, PCMU);
			nths(65300, 1, lead);
			nths(65300, lead + 2, lead + 1 + distance);
			assert_int_equal(nth(65300, lead + 1), JB_RECOVERED);
			assert_int_equal(nth(65300, lead + 1), JB_DUPLICATE);
			nths(65300, lead + 2 + distance, lead + 600);
			assert_int_equal(jb_feed_sum(&f, JB_RTP_REORDERED), distance <= 2);
			expect(1, 1, 0, 1, distance > 2);
			jb_feed_flush(&f);
			expect(1, 1, 0, 1, distance > 2);
		}
}

static void test_a_hole_is_lost_as_it_leaves_the_window(void **state)
{
	(void)state;
	jb_feed_start(&f, 10, 0, PCMU);
	nths(10, 2, JB_WINDOW);
	expect(1, 0, 0, 0, 0);
	nths(10, JB_WINDOW + 1, JB_WINDOW + 1);
	expect(1, 0, 1, 0, 0);
	f.rtp.timestamp = 0;
	assert_int_equal(nth(10, 1), JB_LATE);
	expect(1, 0, 1, 0, 1);
	nths(10, JB_WINDOW + 2, 1000);
	expect(1, 0, 1, 0, 1);
}

static void test_every_gap_width(void **state)
{
	(void)state;
	for (__u32 ahead = 1; ahead < JB_MAX_DROPOUT; ahead += ahead < 600 ? 1 : 97)
		for (__u32 lead = 0; lead < 320; lead += 64) {
			jb_feed_start(&f, 65000, 0, PCMU);
			nths(65000, 1, lead);
			nths(65000, lead + ahead, lead + ahead);
			nths(65000, lead + ahead + 1, lead + ahead + 300);
			expect(ahead - 1, 0, ahead - 1, 0, 0);
			assert_int_equal(jb_feed_sum(&f, JB_RTP_EXPECTED),
					 lead + ahead + 301 - JB_WINDOW);
		}
}

static void test_duplicates_in_the_window(void **state)
{
	(void)state;
	jb_feed_start(&f, 60000, 0, PCMU);
	nths(60000, 1, 1000);
	for (__u32 behind = 0; behind < JB_WINDOW; behind++)
		assert_int_equal(nth(60000, 1000 - behind), JB_DUPLICATE);
	expect(0, 0, 0, JB_WINDOW, 0);
	nths(60000, 1001, 2000);
	expect(0, 0, 0, JB_WINDOW, 0);
}

/* 21 packets that come `by` packets late, each after one in time, against the window of 256. */
static void late_packets(__u32 by)
{
	bool beyond = by >= JB_WINDOW;

	jb_feed_start(&f, 64500, 0, PCMU);
	nths(64500, 1, 4000);
	for (__u32 i = 0; i < 21; i++)
		nths(64500, 4002 + 2 * i, 4002 + 2 * i); /* the odd ones are missing */
	nths(64500, 4043, 4001 + by);
	for (__u32 i = 0; i < 21; i++) {
		assert_int_equal(nth(64500, 4001 + 2 * i), beyond ? JB_LATE : JB_RECOVERED);
		nths(64500, 4002 + by + 2 * i, 4003 + by + 2 * i);
	}
	nths(64500, 4044 + by, 6000);
	expect(21, beyond ? 0 : 21, beyond ? 21 : 0, 0, 21);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_RESTARTS), 0);
}

static void test_late_packets(void **state)
{
	static const __u32 by[] = {100, 255, 256, 257, 1000, 1500};

	(void)state;
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		late_packets(by[i]);
}

static void test_before_base_is_early(void **state)
{
	static const __u32 before[] = {1, 2, 100, 255, 256, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		jb_feed_start(&f, 5, 1000000, PCMU);
		assert_int_equal(jb_feed_next(&f, 5 - before[i], 1000000 - before[i] * FRAME),
				 JB_EARLY);
		jb_feed_next(&f, 5, 1000000);
		jb_feed_in_order(&f, 600, FRAME, PACE);
		expect(0, 0, 0, 1, 0);
		assert_int_equal(jb_feed_sum(&f, JB_RTP_RESTARTS), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_perfect_stream),
		cmocka_unit_test(test_starts_with_what_probation_held),
		cmocka_unit_test(test_worked_case),
		cmocka_unit_test(test_reordering_at_every_distance),
		cmocka_unit_test(test_a_hole_is_lost_as_it_leaves_the_window),
		cmocka_unit_test(test_every_gap_width),
		cmocka_unit_test(test_duplicates_in_the_window),
		cmocka_unit_test(test_late_packets),
		cmocka_unit_test(test_before_base_is_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
