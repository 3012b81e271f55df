/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jitterbug/clock.h>

#include "random.h"

static void test_rates(void **state)
{
	static const __u32 rates[JB_CLOCK_MAX] = {0,     8000,  16000, 48000,
						  90000, 11025, 22050, 44100};

	(void)state;
	for (int clock = 0; clock < JB_CLOCK_MAX; clock++)
		assert_int_equal(jb_clock_rate(clock), rates[clock]);
	assert_int_equal(jb_clock_rate(JB_CLOCK_MAX), 0);
}

/* Within 2e-9 of the exact value, and the nanosecond that rounding down costs. */
static void check_ns(enum jb_clock clock, __u32 ticks)
{
	long double exact = ticks * 1e9L / jb_clock_rate(clock);
	long double off = exact - jb_clock_ns(clock, ticks);

	if (off < 0)
		off = -off;
	if (off > 1 + exact * 2e-9L)
		fail_msg("%u ticks at %u Hz are %llu ns, %.1Lf off", ticks, jb_clock_rate(clock),
			 (unsigned long long)jb_clock_ns(clock, ticks), off);
}

static void test_ns_against_long_double(void **state)
{
	struct jb_random random = {7};

	(void)state;
	for (enum jb_clock clock = JB_CLOCK_8000; clock < JB_CLOCK_MAX; clock++) {
		for (__u32 ticks = 0; ticks < 10000; ticks++)
			check_ns(clock, ticks);
		for (int bit = 0; bit < 31; bit++)
			for (__u32 near = 0; near < 3; near++)
				check_ns(clock, ((1U << bit) - 1 + near) & 0x7fffffff);
		for (int i = 0; i < 20000; i++)
			check_ns(clock, jb_random_next(&random) >> 33);
		check_ns(clock, 0x7fffffff);
	}
	assert_int_equal(jb_clock_ns(JB_CLOCK_UNKNOWN, 12345), 0);
}

static void test_ns_never_falls(void **state)
{
	(void)state;
	for (enum jb_clock clock = JB_CLOCK_8000; clock < JB_CLOCK_MAX; clock++)
		for (__u32 ticks = 1; ticks < 100000; ticks++)
			assert_true(jb_clock_ns(clock, ticks) > jb_clock_ns(clock, ticks - 1));
}

static void test_frames_of_usual_codecs_are_exact(void **state)
{
	(void)state;
	assert_int_equal(jb_clock_ns(JB_CLOCK_8000, 160), 20000000);
	assert_int_equal(jb_clock_ns(JB_CLOCK_16000, 320), 20000000);
	assert_in_range(jb_clock_ns(JB_CLOCK_48000, 960), 19999999, 20000000);
	assert_in_range(jb_clock_ns(JB_CLOCK_90000, 3000), 33333332, 33333333);
}

/* RFC 3551, tables 4 and 5: payload type, clock rate, whether it is video. */
static const struct {
	__u8 type;
	__u32 rate;
	bool video;
} assigned[] = {
	{0, 8000, false},   {3, 8000, false},   {4, 8000, false},   {5, 8000, false},
	{6, 16000, false},  {7, 8000, false},   {8, 8000, false},   {9, 8000, false},
	{10, 44100, false}, {11, 44100, false}, {12, 8000, false},  {13, 8000, false},
	{14, 90000, false}, {15, 8000, false},  {16, 11025, false}, {17, 22050, false},
	{18, 8000, false},  {25, 90000, true},  {26, 90000, true},  {28, 90000, true},
	{31, 90000, true},  {32, 90000, true},  {33, 90000, true},  {34, 90000, true},
};

static void test_static_payload_types(void **state)
{
	__u32 rate[128] = {0};
	bool video[128] = {false};

	(void)state;
	for (size_t i = 0; i < sizeof(assigned) / sizeof(assigned[0]); i++) {
		rate[assigned[i].type] = assigned[i].rate;
		video[assigned[i].type] = assigned[i].video;
	}
	for (int type = 0; type < 128; type++) {
		enum jb_clock clock = jb_clock_static(type);
		enum jb_media media = !rate[type]   ? JB_MEDIA_UNKNOWN
				      : video[type] ? JB_MEDIA_VIDEO
						    : JB_MEDIA_AUDIO;

		assert_int_equal(jb_clock_rate(clock), rate[type]);
		assert_int_equal(jb_clock_media(clock, type), media);
	}
}

static void test_media_of_measured_clocks(void **state)
{
	(void)state;
	assert_int_equal(jb_clock_media(JB_CLOCK_UNKNOWN, 111), JB_MEDIA_UNKNOWN);
	assert_int_equal(jb_clock_media(JB_CLOCK_8000, 96), JB_MEDIA_AUDIO);
	assert_int_equal(jb_clock_media(JB_CLOCK_16000, 96), JB_MEDIA_AUDIO);
	assert_int_equal(jb_clock_media(JB_CLOCK_48000, 111), JB_MEDIA_AUDIO);
	assert_int_equal(jb_clock_media(JB_CLOCK_90000, 96), JB_MEDIA_VIDEO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_ns_against_long_double),
		cmocka_unit_test(test_ns_never_falls),
		cmocka_unit_test(test_frames_of_usual_codecs_are_exact),
		cmocka_unit_test(test_static_payload_types),
		cmocka_unit_test(test_media_of_measured_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
