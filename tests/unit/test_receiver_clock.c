/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the receiver finds the clock rate of a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "feed.h"
#include "random.h"

#define OPUS 111
#define VP8  96
#define PCMU 0

static struct jb_feed f;

/* Within the resolution of J (64 ns) and its rounding (16 units). */
static void expect_jitter(__u64 ns)
{
	__u64 low = ns > 2000 ? ns - 2000 : 0;

	assert_in_range(jb_receiver_jitter_ns(&f.receiver), low, ns + 2000);
}

/* `count` packets of `ticks`, paced `pace` apart, each up to `most` late. */
static void jittered(struct jb_random *random, __u32 count, __u32 ticks, __u64 pace, __u64 most)
{
	__u64 begin = f.now_ns;

	for (__u32 n = 1; n <= count; n++) {
		f.now_ns = begin + n * pace + jb_random_below(random, most);
		jb_feed_next(&f, f.rtp.sequence + 1, f.rtp.timestamp + ticks);
	}
	f.now_ns = begin + count * pace;
}

static void test_clock_locks_at_every_rate(void **state)
{
	static const struct {
		__u32 ticks;
		__u64 pace;
		enum jb_clock clock;
		enum jb_media media;
	} cases[] = {
		{160, 20 * MS, JB_CLOCK_8000, JB_MEDIA_AUDIO},
		{320, 20 * MS, JB_CLOCK_16000, JB_MEDIA_AUDIO},
		{960, 20 * MS, JB_CLOCK_48000, JB_MEDIA_AUDIO},
		{2880, 60 * MS, JB_CLOCK_48000, JB_MEDIA_AUDIO},
		{3000, 33333333, JB_CLOCK_90000, JB_MEDIA_VIDEO},
		{6000, 66666667, JB_CLOCK_90000, JB_MEDIA_VIDEO},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (__u64 seed = 1; seed <= 50; seed++) {
			struct jb_random random = {seed};

			jb_feed_start(&f, 65530, 0xffffff00, OPUS);
			jittered(&random, 1900 * MS / cases[i].pace, cases[i].ticks, cases[i].pace,
				 10 * MS);
			assert_int_equal(f.receiver.clock, JB_CLOCK_UNKNOWN);
			assert_int_equal(f.receiver.media, JB_MEDIA_UNKNOWN);
			jittered(&random, 1100 * MS / cases[i].pace, cases[i].ticks, cases[i].pace,
				 10 * MS);
			assert_int_equal(f.receiver.clock, cases[i].clock);
			assert_int_equal(f.receiver.media, cases[i].media);
		}
}

/* A sender that stalls and catches up passes through every ratio; none of them is its rate. */
static void test_a_stall_is_no_other_rate(void **state)
{
	(void)state;
	for (__u64 stall = 200 * MS; stall < 4500 * MS; stall += 20 * MS) {
		__u64 begin;

		jb_feed_start(&f, 1, 0, VP8);
		jb_feed_in_order(&f, 20, 3000, 33333333);
		begin = f.now_ns;
		f.now_ns += stall;
		/* what was due meanwhile comes 5 ms apart, then all is well */
		for (__u64 n = 1; n <= 600; n++) {
			__u64 due = begin + n * 33333333;

			f.now_ns = f.now_ns + 5 * MS > due ? f.now_ns + 5 * MS : due;
			jb_feed_next(&f, f.rtp.sequence + 1, f.rtp.timestamp + 3000);
			if (f.receiver.clock != JB_CLOCK_UNKNOWN)
				assert_int_equal(f.receiver.clock, JB_CLOCK_90000);
		}
		assert_int_equal(f.receiver.clock, JB_CLOCK_90000);
	}
}

/* What comes at once in the beginning delays the lock by a window, not for ever. */
static void test_a_burst_at_the_start(void **state)
{
	(void)state;
	for (__u32 burst = 5; burst <= 100; burst += 5) {
		jb_feed_start(&f, 1, 0, OPUS);
		jb_feed_in_order(&f, burst, 960, 100000);
		jb_feed_in_order(&f, 4500 / 20, 960, 20 * MS);
		assert_int_equal(f.receiver.clock, JB_CLOCK_48000);
	}
}

/* Silence suppression: comfort noise (13) between talk spurts of PCMU (0), the clock the same. */
static void test_comfort_noise_keeps_the_jitter(void **state)
{
	struct jb_random random = {7};
	__u64 plain;

	(void)state;
	jb_feed_start(&f, 1, 0, PCMU);
	jittered(&random, 500, 160, 20 * MS, 12 * MS);
	plain = jb_receiver_jitter_ns(&f.receiver);
	random.state = 7;
	jb_feed_start(&f, 1, 0, PCMU);
	for (int i = 0; i < 500; i++) {
		f.rtp.payload_type = i % 25 < 2 ? 13 : PCMU;
		jittered(&random, 1, 160, 20 * MS, 12 * MS);
		assert_int_equal(f.receiver.clock, JB_CLOCK_8000);
	}
	assert_in_range(plain, 3 * MS, 6 * MS);
	assert_int_equal(jb_receiver_jitter_ns(&f.receiver), plain);
}

/* MPA is audio and H263 video, both at 90 kHz: found by the fuzzer. */
static void test_same_clock_other_media(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, 14);
	jb_feed_in_order(&f, 10, 2160, 24 * MS);
	assert_int_equal(f.receiver.media, JB_MEDIA_AUDIO);
	f.rtp.payload_type = 34;
	jb_feed_in_order(&f, 1, 3000, 33333333);
	assert_int_equal(f.receiver.media, JB_MEDIA_VIDEO);
}

/* AV1 is 35 to libwebrtc, and measured like any other. */
static void test_av1_is_rechecked(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, 35);
	jb_feed_in_order(&f, 130, 960, 20 * MS); /* as if it were 48 kHz */
	assert_int_equal(f.receiver.clock, JB_CLOCK_48000);
	jb_feed_in_order(&f, 300, 3000, 33333333);
	assert_int_equal(f.receiver.clock, JB_CLOCK_90000);
}

static void test_other_rates_never_lock(void **state)
{
	static const __u32 rates[] = {1000, 12000, 24000, 32000, 44100, 60000, 100000, 180000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct jb_random random = {i + 1};

		jb_feed_start(&f, 1, 0, OPUS);
		jittered(&random, 50 * 300, rates[i] / 50, 20 * MS, 10 * MS);
		assert_int_equal(f.receiver.clock, JB_CLOCK_UNKNOWN);
		assert_int_equal(f.receiver.jitter, 0);
	}
}

static void test_random_timestamps_never_lock(void **state)
{
	struct jb_random random = {9};

	(void)state;
	jb_feed_start(&f, 1, 0, OPUS);
	for (int n = 0; n < 15000; n++) {
		f.now_ns += 20 * MS;
		jb_feed_next(&f, f.rtp.sequence + 1, jb_random_next(&random));
	}
	assert_int_equal(f.receiver.clock, JB_CLOCK_UNKNOWN);
}

static void test_few_frames_do_not_lock(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, VP8);
	jb_feed_in_order(&f, 19, 90000 / 5, 200 * MS);
	assert_int_equal(f.receiver.clock, JB_CLOCK_UNKNOWN);
	jb_feed_in_order(&f, 1, 90000 / 5, 200 * MS);
	assert_int_equal(f.receiver.clock, JB_CLOCK_90000);
}

static void test_payload_type_change_locks_anew(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, OPUS);
	jb_feed_in_order(&f, 150, 960, 20 * MS);
	assert_int_equal(f.receiver.clock, JB_CLOCK_48000);
	f.rtp.payload_type = VP8;
	jb_feed_in_order(&f, 1, 700000, 20 * MS);
	assert_int_equal(f.receiver.clock, JB_CLOCK_UNKNOWN);
	assert_int_equal(f.receiver.media, JB_MEDIA_UNKNOWN);
	assert_int_equal(f.receiver.jitter, 0);
	assert_false(f.delta.has_deviation);
	jb_feed_in_order(&f, 70, 3000, 33333333);
	assert_int_equal(f.receiver.clock, JB_CLOCK_90000);
	f.rtp.payload_type = PCMU;
	jb_feed_in_order(&f, 1, 160, 20 * MS);
	assert_int_equal(f.receiver.clock, JB_CLOCK_8000);
	assert_int_equal(f.receiver.media, JB_MEDIA_AUDIO);
	jb_feed_in_order(&f, 50, 160, 20 * MS);
	expect_jitter(0);
}

/* A probe of padding says nothing of the media: RFC 3550 lets it carry any payload type. */
static void test_padding_of_another_payload_type_changes_nothing(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, VP8);
	jb_feed_in_order(&f, 90, 3000, 33333333);
	assert_int_equal(f.receiver.clock, JB_CLOCK_90000);
	f.rtp.payload_type = 97;
	f.rtp.padding_only = 1;
	jb_feed_in_order(&f, 1, 0, 5 * MS);
	f.rtp.payload_type = VP8;
	f.rtp.padding_only = 0;
	jb_feed_in_order(&f, 1, 3000, 28333333);
	assert_int_equal(f.receiver.clock, JB_CLOCK_90000);
	expect_jitter(0);
}

static void test_static_payload_types_lock_at_once(void **state)
{
	(void)state;
	for (__u8 type = 0; type < 96; type++) {
		jb_feed_start(&f, 1, 0, type);
		assert_int_equal(f.receiver.clock, jb_clock_static(type));
		assert_int_equal(f.receiver.media, jb_clock_media(jb_clock_static(type), type));
	}
	jb_feed_start(&f, 1, 0, PCMU);
	jb_feed_in_order(&f, 1, 160, 25 * MS);
	assert_true(f.delta.has_deviation);
	assert_int_equal(f.delta.deviation_ns, 5 * MS);
}

static void test_no_deviation_before_the_lock(void **state)
{
	(void)state;
	jb_feed_start(&f, 1, 0, OPUS);
	for (int i = 0; i < 200; i++) {
		bool known = f.receiver.clock != JB_CLOCK_UNKNOWN;

		jb_feed_in_order(&f, 1, 960, 20 * MS);
		assert_int_equal(f.delta.has_deviation, known);
	}
	assert_int_equal(f.receiver.clock, JB_CLOCK_48000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_locks_at_every_rate),
		cmocka_unit_test(test_a_stall_is_no_other_rate),
		cmocka_unit_test(test_a_burst_at_the_start),
		cmocka_unit_test(test_comfort_noise_keeps_the_jitter),
		cmocka_unit_test(test_same_clock_other_media),
		cmocka_unit_test(test_av1_is_rechecked),
		cmocka_unit_test(test_other_rates_never_lock),
		cmocka_unit_test(test_random_timestamps_never_lock),
		cmocka_unit_test(test_few_frames_do_not_lock),
		cmocka_unit_test(test_payload_type_change_locks_anew),
		cmocka_unit_test(test_padding_of_another_payload_type_changes_nothing),
		cmocka_unit_test(test_static_payload_types_lock_at_once),
		cmocka_unit_test(test_no_deviation_before_the_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
