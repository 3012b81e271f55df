/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When a receiver begins anew, and when what looks like it is loss. */
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

static void test_dropout_2999_is_loss_3000_is_far(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	nths(100, 1, 500);
	f.now_ns += PACE;
	assert_int_equal(nth(100, 500 + JB_MAX_DROPOUT - 1), JB_IN_ORDER);
	expect(JB_MAX_DROPOUT - 2, 0, JB_MAX_DROPOUT - 2 - 255, 0, 0);

	jb_feed_start(&f, 100, 0, PCMU);
	nths(100, 1, 500);
	f.now_ns += PACE;
	assert_int_equal(jb_feed_next(&f, 600 + JB_MAX_DROPOUT, 501 * FRAME), JB_HELD_BACK);
	expect(0, 0, 0, 0, 0);
}

/* `rate` packets a second for `before` packets, then `missing` lost; true: all told as loss. */
static bool outage_is_loss(__u32 rate, __u32 before, __u32 missing)
{
	__u64 pace = JB_SECOND_NS / rate;

	jb_feed_start(&f, 65000, 0, 34);
	jb_feed_in_order(&f, before, 90000 / rate, pace);
	f.now_ns += pace * (missing + 1);
	if (jb_feed_next(&f, f.rtp.sequence + missing + 1,
			 f.rtp.timestamp + 90000 / rate * (missing + 1)) != JB_IN_ORDER)
		return false;
	jb_feed_in_order(&f, 300, 90000 / rate, pace);
	expect(missing, 0, missing, 0, 0);
	return jb_feed_sum(&f, JB_RTP_RESTARTS) == 0;
}

static void test_outage_is_loss(void **state)
{
	(void)state;
	assert_true(outage_is_loss(500, 5000, 4000));
	assert_true(outage_is_loss(1000, 60000, 25000));
	assert_true(outage_is_loss(500, 50000, 14000));
}

/* A stream of 2 s: its rate is as well known as that of an old one. */
static void test_outage_of_a_young_stream_is_loss(void **state)
{
	(void)state;
	assert_true(outage_is_loss(500, 1000, 4000));
	assert_true(outage_is_loss(500, 500, 4000));
}

/* 20 s without a packet, timestamps that agree; then `rate` times as many numbers as before. */
static enum jb_verdict after_pause(__u32 rate)
{
	jb_feed_start(&f, 65000, 0, 34);
	jb_feed_in_order(&f, 6000, 900, 10 * MS);
	f.now_ns += 20 * JB_SECOND_NS;
	return jb_feed_next(&f, f.rtp.sequence + rate * 2000, f.rtp.timestamp + 20 * 90000);
}

static void test_more_than_an_outage_can_lose_is_no_loss(void **state)
{
	(void)state;
	assert_int_equal(after_pause(2), JB_IN_ORDER);
	assert_int_equal(after_pause(3), JB_IN_ORDER);
	assert_int_equal(after_pause(5), JB_HELD_BACK);
	assert_int_equal(after_pause(20), JB_HELD_BACK);
}

/* An SFU that switches its source: the timestamps go on, the numbers jump. */
static void test_switch_is_a_restart(void **state)
{
	(void)state;
	for (__u32 jump = JB_MAX_DROPOUT; jump < 65536 - JB_MAX_DROPOUT; jump += 4111) {
		jb_feed_start(&f, 100, 0, PCMU);
		nths(100, 1, 500);
		f.now_ns += PACE;
		assert_int_equal(jb_feed_next(&f, 600 + jump, 501 * FRAME), JB_HELD_BACK);
		f.now_ns += PACE;
		assert_int_equal(jb_feed_next(&f, 601 + jump, 502 * FRAME), JB_RESTARTED);
		jb_feed_in_order(&f, 600, FRAME, PACE);
		expect(0, 0, 0, 0, 0);
		assert_int_equal(jb_feed_sum(&f, JB_RTP_RESTARTS), 1);
		jb_feed_flush(&f);
		assert_int_equal(jb_feed_sum(&f, JB_RTP_EXPECTED), 501 + 602);
	}
}

/* The same timestamp in both: one frame that begins after the switch. */
static void test_switch_with_the_same_timestamp(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	nths(100, 1, 500);
	assert_int_equal(jb_feed_next(&f, 30000, 500 * FRAME), JB_HELD_BACK);
	assert_int_equal(jb_feed_next(&f, 30001, 500 * FRAME), JB_RESTARTED);
	expect(0, 0, 0, 0, 0);
}

/* An RTX stream carries timestamps, but none of them is a frame's. */
static void test_switch_of_an_rtx_stream_is_a_restart(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, 97);
	jb_feed_in_order(&f, 300, 3000, 33333333);
	assert_int_equal(f.receiver.media, JB_MEDIA_VIDEO);
	f.receiver.media = JB_MEDIA_RTX;
	jb_feed_in_order(&f, 6000, 3000, 33333333);
	f.now_ns += 33333333;
	assert_int_equal(jb_feed_next(&f, f.rtp.sequence + 20000, f.rtp.timestamp + 3000),
			 JB_HELD_BACK);
	assert_int_equal(jb_feed_next(&f, f.rtp.sequence + 1, f.rtp.timestamp + 3000),
			 JB_RESTARTED);
	expect(0, 0, 0, 0, 0);
}

static void test_restart_ends_what_was_in_the_window(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	nths(100, 1, 500);
	nths(100, 511, 511);
	jb_feed_next(&f, 30000, 0);
	expect(10, 0, 0, 0, 0);
	assert_int_equal(jb_feed_next(&f, 30001, FRAME), JB_RESTARTED);
	expect(10, 0, 10, 0, 0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_EXPECTED), 512);
	assert_int_equal(f.receiver.lost, 0);
}

static void test_strays_are_held(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	for (__u32 n = 1; n < 2000; n++) {
		nths(100, n, n);
		if (n % 10 == 0) /* each the successor of the one before, but never in a row */
			assert_int_equal(jb_feed_next(&f, 30000 + n / 10, 0x40000000 + n),
					 JB_HELD_BACK);
	}
	expect(0, 0, 0, 0, 0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_RESTARTS), 0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_PACKETS), 2000 + 199);
}

static void test_restart_wants_the_successor(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	assert_int_equal(jb_feed_next(&f, 30000, 7), JB_HELD_BACK);
	assert_int_equal(jb_feed_next(&f, 30002, 7), JB_HELD_BACK);
	assert_int_equal(jb_feed_next(&f, 30001, 7), JB_HELD_BACK);
	assert_int_equal(jb_feed_next(&f, 30001, 7), JB_HELD_BACK);
	assert_int_equal(jb_feed_next(&f, 30002, 7), JB_RESTARTED);
	assert_int_equal(f.receiver.unique, 2);
}

/* A sender that began anew a little behind, with old timestamps too. */
static void test_a_hundred_old_packets_in_a_row_restart(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0x10000000, PCMU);
	jb_feed_in_order(&f, 5000, FRAME, PACE);
	for (__u32 n = 1; n < JB_LATE_RUN_MAX; n++)
		assert_int_equal(jb_feed_next(&f, 4000 + n, n * FRAME), JB_LATE);
	assert_int_equal(jb_feed_next(&f, 4000 + JB_LATE_RUN_MAX, JB_LATE_RUN_MAX * FRAME),
			 JB_RESTARTED);
	jb_feed_in_order(&f, 600, FRAME, PACE);
	expect(0, 0, 0, 0, JB_LATE_RUN_MAX - 1);
}

static void test_a_run_of_old_ones_ends_with_one_in_order(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0x10000000, PCMU);
	jb_feed_in_order(&f, 2000, FRAME, PACE);
	for (__u32 n = 1; n <= 300; n++) {
		struct jb_rtp latest = f.rtp;

		assert_int_equal(jb_feed_next(&f, 1000 + n, n), JB_LATE);
		f.rtp = latest;
		if (n % 60 == 0)
			jb_feed_in_order(&f, 1, FRAME, PACE);
	}
	expect(0, 0, 0, 0, 300);
}

static void test_idle(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	nths(100, 1, 50);
	assert_false(jb_receiver_is_idle(&f.receiver, f.now_ns + JB_IDLE_NS - 1, JB_IDLE_NS));
	assert_true(jb_receiver_is_idle(&f.receiver, f.now_ns + JB_IDLE_NS, JB_IDLE_NS));
	assert_false(jb_receiver_is_idle(&f.receiver, f.now_ns - 1, JB_IDLE_NS)); /* another CPU */
	f.now_ns += JB_IDLE_NS - 1;
	assert_int_equal(nth(100, 51), JB_IN_ORDER);
}

static void test_padding_is_counted(void **state)
{
	const struct jb_held held = {.packets = 4, .frames = 1, .padding = 3, .duplicates = 2};

	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	f.rtp.padding_only = 1;
	jb_feed_in_order(&f, 10, 0, PACE);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_PADDING), 10);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FRAMES), 1);
	f.receiver = (struct jb_receiver){};
	f.totals = (struct jb_rtp_totals){};
	jb_receiver_start(&f.receiver, &f.rtp, &held, f.now_ns, &f.totals);
	assert_int_equal(f.totals.counter[JB_RTP_PADDING], 3);
	assert_int_equal(f.totals.counter[JB_RTP_DUPLICATES], 2);
	assert_int_equal(f.totals.counter[JB_RTP_PACKETS], 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dropout_2999_is_loss_3000_is_far),
		cmocka_unit_test(test_outage_is_loss),
		cmocka_unit_test(test_outage_of_a_young_stream_is_loss),
		cmocka_unit_test(test_more_than_an_outage_can_lose_is_no_loss),
		cmocka_unit_test(test_switch_is_a_restart),
		cmocka_unit_test(test_switch_with_the_same_timestamp),
		cmocka_unit_test(test_switch_of_an_rtx_stream_is_a_restart),
		cmocka_unit_test(test_restart_ends_what_was_in_the_window),
		cmocka_unit_test(test_strays_are_held),
		cmocka_unit_test(test_restart_wants_the_successor),
		cmocka_unit_test(test_a_hundred_old_packets_in_a_row_restart),
		cmocka_unit_test(test_a_run_of_old_ones_ends_with_one_in_order),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_padding_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
