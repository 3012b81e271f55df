/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The receiver's time: jitter, frames, freezes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"
#include "random.h"

#define OPUS 111
#define PCMU 0
#define H263 34 /* static: video from the first packet on */

static struct jb_feed f;

/* Within the resolution of J (64 ns) and its rounding (16 units). */
static void expect_jitter(__u64 ns)
{
	__u64 low = ns > 2000 ? ns - 2000 : 0;

	assert_in_range(jb_receiver_jitter_ns(&f.receiver), low, ns + 2000);
}

/* 2 ms early, 2 ms late: |D| is 4 ms every time. */
static void alternate(__u32 count, __u32 ticks)
{
	__u64 begin = f.now_ns;

	for (__u32 n = 1; n <= count; n++) {
		f.now_ns = begin + n * 20 * MS + (n % 2 ? 2 * MS : -2 * MS);
		jb_feed_next(&f, f.rtp.sequence + 1, f.rtp.timestamp + ticks);
	}
}

static void test_alternation_is_4_ms(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, PCMU);
	alternate(1000, 160);
	expect_jitter(4 * MS);
	jb_feed_start(&f, 1, 0, OPUS); /* measured while the clock was not known, too */
	alternate(200, 960);
	assert_int_equal(f.receiver.clock, JB_CLOCK_48000);
	assert_in_range(jb_receiver_jitter_ns(&f.receiver), 3990000, 4002000);
}

/* J after one sample, and how it decays: A.8 in long double. */
static void test_jitter_follows_rfc_3550(void **state)
{
	struct jb_random random = {77};
	long double j = 0;
	__u64 frame_ns;

	(void)state;
	jb_feed_start(&f, 1, 0, PCMU);
	frame_ns = f.now_ns;
	for (int n = 0; n < 20000; n++) {
		__u64 step = jb_random_below(&random, n % 1000 < 900 ? 40000000 : 900000000);
		long double d = (long double)step - 20000000;

		f.now_ns = frame_ns + step;
		jb_feed_next(&f, f.rtp.sequence + 1, f.rtp.timestamp + 160);
		frame_ns = f.now_ns;
		j += ((d < 0 ? -d : d) - j) / 16;
		expect_jitter((__u64)j);
	}
}

static void test_frame_of_several_packets_is_no_jitter(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, H263);
	for (int frame = 1; frame <= 900; frame++) {
		__u64 begin = 1000 * JB_SECOND_NS + frame * JB_SECOND_NS / 30;

		for (int part = 0; part < 4; part++) {
			f.now_ns = begin + part * MS;
			jb_feed_next(&f, f.rtp.sequence + 1, frame * 3000);
			if (part)
				assert_false(f.delta.has_deviation);
		}
	}
	expect_jitter(0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FRAMES), 901);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_PACKETS), 3601);
}

static void test_reordered_packets_give_no_sample(void **state)
{
	(void)state;
	jb_feed_start(&f, 100, 0, PCMU);
	jb_feed_in_order(&f, 10, 160, 20 * MS);
	f.now_ns += 40 * MS;
	assert_int_equal(jb_feed_next(&f, 112, 12 * 160), JB_IN_ORDER);
	assert_int_equal(jb_feed_next(&f, 111, 11 * 160), JB_RECOVERED);
	assert_false(f.delta.has_deviation);
	f.now_ns += 20 * MS;
	jb_feed_next(&f, 113, 13 * 160);
	expect_jitter(0);
}

static void test_timestamp_wraps(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0xffffffff - 500 * 160, PCMU);
	jb_feed_in_order(&f, 1000, 160, 20 * MS);
	expect_jitter(0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FRAMES), 1001);
	jb_feed_start(&f, 1, 0xffffffff - 60 * 960, OPUS);
	jb_feed_in_order(&f, 150, 960, 20 * MS);
	assert_int_equal(f.receiver.clock, JB_CLOCK_48000);
}

/* I P B B: a B-frame is shown before the P-frame that was sent first. */
static void test_backwards_timestamps_are_skipped(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 9000, H263);
	for (__u32 n = 1; n <= 300; n++) {
		f.now_ns += 100 * MS;
		jb_feed_next(&f, f.rtp.sequence + 1, 9000 + n * 9000);
		jb_feed_next(&f, f.rtp.sequence + 1, 9000 + n * 9000 - 6000);
		assert_false(f.delta.has_deviation);
		jb_feed_next(&f, f.rtp.sequence + 1, 9000 + n * 9000 - 3000);
		assert_false(f.delta.has_deviation);
	}
	expect_jitter(0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FRAMES), 301);
}

static void test_new_time_base_is_found_after_5_s(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0xf0000000, PCMU);
	jb_feed_in_order(&f, 100, 160, 20 * MS);
	f.rtp.timestamp = 0xa0000000;
	jb_feed_in_order(&f, 260, 160, 20 * MS);
	assert_true(f.delta.has_deviation);
	expect_jitter(0);
}

/* Muted: the timestamps stand still while nothing is sent. */
static void test_mute_is_no_jitter(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, PCMU);
	jb_feed_in_order(&f, 100, 160, 20 * MS);
	jb_feed_in_order(&f, 1, 160, 5020 * MS);
	assert_false(f.delta.has_deviation);
	expect_jitter(0);
	jb_feed_in_order(&f, 1, 160, 5019999999);
	assert_true(f.delta.has_deviation);
	assert_int_equal(f.delta.deviation_ns, 4999999999);
}

static void test_pause_with_timestamps_that_go_on_is_no_jitter(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, PCMU);
	jb_feed_in_order(&f, 100, 160, 20 * MS);
	jb_feed_in_order(&f, 1, 10 * 8000, 10 * JB_SECOND_NS);
	expect_jitter(0);
}

/* Two CPUs that read the clock out of order. */
static void test_time_that_goes_back(void **state)
{
	struct jb_random random = {13};
	__u64 at;

	(void)state;
	for (int type = 0; type < 2; type++) {
		jb_feed_start(&f, 1, 0, type ? OPUS : PCMU);
		f.now_ns -= 50000;
		assert_int_equal(jb_feed_next(&f, 2, type ? 960 : 160), JB_IN_ORDER);
		at = f.now_ns;
		for (int n = 0; n < 5000; n++) {
			at += 20 * MS;
			f.now_ns = at - jb_random_below(&random, 50000);
			jb_feed_next(&f, f.rtp.sequence + 1, f.rtp.timestamp + (type ? 960 : 160));
			f.now_ns -= 100000;
			assert_int_equal(jb_feed_packet(&f), JB_DUPLICATE);
			assert_true(jb_receiver_jitter_ns(&f.receiver) < 21 * MS);
		}
		assert_int_equal(f.receiver.clock, type ? JB_CLOCK_48000 : JB_CLOCK_8000);
		assert_int_equal(jb_feed_sum(&f, JB_RTP_STARTED), 1);
	}
}

static void test_a_burst_in_reverse_time(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, H263);
	jb_feed_in_order(&f, 100, 3000, 33333333);
	for (int n = 0; n < 1000; n++) {
		f.now_ns -= 1000;
		jb_feed_next(&f, f.rtp.sequence + 1, f.rtp.timestamp + 3000);
		assert_true(f.delta.deviation_ns <= 33333333);
		assert_int_equal(f.delta.counter[JB_RTP_FREEZES], 0);
	}
}

/* 30 frames a second, then one that comes `gap_ns` after the one before, `ahead` numbers on. */
static void frozen(__u64 gap_ns, __u32 ahead, __u64 freezes)
{
	jb_feed_start(&f, 1, 0, H263);
	jb_feed_in_order(&f, 100, 3000, 33333333);
	f.now_ns += gap_ns;
	jb_feed_next(&f, f.rtp.sequence + ahead, f.rtp.timestamp + gap_ns * 9 / 100000);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZES), freezes);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZE_NS), freezes * gap_ns);
	jb_feed_in_order(&f, 300, 3000, 33333333);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZES), freezes);
}

/* The mean is 33.3 ms: the test is at mean + 150 ms. */
static void test_freezes(void **state)
{
	(void)state;
	frozen(180 * MS, 1, 0);
	frozen(184 * MS, 1, 1);
	frozen(2000 * MS, 1, 1);
	frozen(2000 * MS, 60, 1);
	frozen(4999 * MS, 1, 1);
	frozen(5000 * MS, 1, 0); /* the sender stopped: nothing is missing */
	frozen(8000 * MS, 100, 1);
}

/* 2 frames a second: the test is at three means. */
static void test_freezes_of_slow_video(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, H263);
	jb_feed_in_order(&f, 50, 45000, 500 * MS);
	jb_feed_in_order(&f, 1, 90000, 1490 * MS);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZES), 0);
	jb_feed_in_order(&f, 50, 45000, 500 * MS);
	jb_feed_in_order(&f, 1, 135000, 1800 * MS);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZES), 1);
}

/* Discontinuous audio is silent, not frozen. */
static void test_audio_does_not_freeze(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, PCMU);
	for (int n = 0; n < 20; n++) {
		jb_feed_in_order(&f, 50, 160, 20 * MS);
		jb_feed_in_order(&f, 1, 3 * 8000, 3 * JB_SECOND_NS);
	}
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZES), 0);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZE_NS), 0);
}

/* The layer was stopped after one frame; its pause is no frame interval. */
static void test_first_pause_does_not_hide_freezes(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, H263);
	jb_feed_in_order(&f, 1, 29 * 90000, 29 * JB_SECOND_NS);
	jb_feed_in_order(&f, 60, 3000, 33333333);
	jb_feed_in_order(&f, 1, 90000, JB_SECOND_NS);
	assert_int_equal(jb_feed_sum(&f, JB_RTP_FREEZES), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alternation_is_4_ms),
		cmocka_unit_test(test_jitter_follows_rfc_3550),
		cmocka_unit_test(test_frame_of_several_packets_is_no_jitter),
		cmocka_unit_test(test_reordered_packets_give_no_sample),
		cmocka_unit_test(test_timestamp_wraps),
		cmocka_unit_test(test_backwards_timestamps_are_skipped),
		cmocka_unit_test(test_new_time_base_is_found_after_5_s),
		cmocka_unit_test(test_mute_is_no_jitter),
		cmocka_unit_test(test_pause_with_timestamps_that_go_on_is_no_jitter),
		cmocka_unit_test(test_time_that_goes_back),
		cmocka_unit_test(test_a_burst_in_reverse_time),
		cmocka_unit_test(test_freezes),
		cmocka_unit_test(test_freezes_of_slow_video),
		cmocka_unit_test(test_audio_does_not_freeze),
		cmocka_unit_test(test_first_pause_does_not_hide_freezes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
