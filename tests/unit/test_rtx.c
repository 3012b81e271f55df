/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jitterbug/rtx.h>

static void test_the_type_after_a_video_is_rtx(void **state)
{
	(void)state;
	for (int video = 0; video < 128; video++) {
		struct jb_video_types known = {{0}};

		jb_rtx_learn(&known, video);
		for (int type = 0; type < 128; type++)
			assert_int_equal(jb_rtx_is(&known, type), type == video + 1 && type > 96);
	}
}

static void test_nothing_known_nothing_is_rtx(void **state)
{
	struct jb_video_types known = {{0}};

	(void)state;
	for (int type = 0; type < 256; type++)
		assert_false(jb_rtx_is(&known, type));
}

static void test_several_videos_of_one_flow(void **state)
{
	static const __u8 videos[] = {96, 98, 108, 125};
	struct jb_video_types known = {{0}};

	(void)state;
	for (size_t i = 0; i < sizeof(videos); i++)
		jb_rtx_learn(&known, videos[i]);
	for (size_t i = 0; i < sizeof(videos); i++) {
		assert_true(jb_rtx_is(&known, videos[i] + 1));
		assert_false(jb_rtx_is(&known, videos[i]));
	}
}

static void test_who_is_looked_at_and_when(void **state)
{
	struct jb_receiver r = {.payload_type = 97};
	int due = 0;

	(void)state;
	for (r.packets = 1; r.packets <= 1024; r.packets++)
		due += jb_rtx_due(&r);
	assert_int_equal(due, 64);
	r.clock = JB_CLOCK_90000;
	due = 0;
	for (r.packets = 1; r.packets <= 1024; r.packets++)
		due += jb_rtx_due(&r);
	assert_int_equal(due, 4);
	r.packets = 256;
	r.media = JB_MEDIA_RTX;
	assert_false(jb_rtx_due(&r));
	r.media = JB_MEDIA_UNKNOWN;
	r.payload_type = 96;
	assert_false(jb_rtx_due(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_type_after_a_video_is_rtx),
		cmocka_unit_test(test_nothing_known_nothing_is_rtx),
		cmocka_unit_test(test_several_videos_of_one_flow),
		cmocka_unit_test(test_who_is_looked_at_and_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
