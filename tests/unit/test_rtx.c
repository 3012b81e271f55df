/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jitterbug/rtx.h>

static const struct jb_receiver video = {
	.payload_type = 96, .media = JB_MEDIA_VIDEO, .clock = JB_CLOCK_90000};

/* A stream of the payload type after the video's, for so many seconds. */
static struct jb_receiver stream(enum jb_media media, __u64 seconds)
{
	return (struct jb_receiver){.payload_type = 97,
				    .media = media,
				    .clock = media == JB_MEDIA_VIDEO   ? JB_CLOCK_90000
					     : media == JB_MEDIA_AUDIO ? JB_CLOCK_48000
								       : JB_CLOCK_UNKNOWN,
				    .flags = JB_FRAME_KNOWN,
				    .last_ns = seconds * JB_SECOND_NS};
}

static void test_only_the_type_after_a_video(void **state)
{
	(void)state;
	for (int type = 0; type < 128; type++) {
		struct jb_video_types known = {{0}};

		jb_rtx_learn(&known, type, true);
		for (int other = 0; other < 128; other++)
			assert_int_equal(jb_rtx_is_above_video(&known, other),
					 other == type + 1 && other > 35);
		jb_rtx_learn(&known, type, false);
		assert_int_equal(known.bits[0] | known.bits[1], 0);
	}
}

static void test_judgement(void **state)
{
	static const struct {
		enum jb_media media;
		__u64 seconds;
		enum jb_media below_video, below_nothing;
	} cases[] = {
		{JB_MEDIA_VIDEO, 0, JB_MEDIA_RTX, JB_MEDIA_VIDEO},
		{JB_MEDIA_AUDIO, 100, JB_MEDIA_AUDIO, JB_MEDIA_AUDIO},
		{JB_MEDIA_UNKNOWN, 9, JB_MEDIA_UNKNOWN, JB_MEDIA_UNKNOWN}, /* may lock yet */
		{JB_MEDIA_UNKNOWN, 10, JB_MEDIA_RTX, JB_MEDIA_UNKNOWN},
		{JB_MEDIA_RTX, 100, JB_MEDIA_RTX, JB_MEDIA_UNKNOWN},
	};
	struct jb_video_types known = {{0}}, none = {{0}};

	(void)state;
	jb_rtx_learn(&known, video.payload_type, true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct jb_receiver r = stream(cases[i].media, cases[i].seconds);

		assert_int_equal(jb_rtx_judge(&known, &r), cases[i].below_video);
		assert_int_equal(jb_rtx_judge(&none, &r), cases[i].below_nothing);
		assert_int_equal(jb_rtx_judge(NULL, &r), cases[i].below_nothing);
	}
	assert_int_equal(jb_rtx_judge(&known, &video), JB_MEDIA_VIDEO);
}

/* What was taken for RTX wrongly measures its clock anew. */
static void test_taken_back(void **state)
{
	struct jb_receiver r = stream(JB_MEDIA_VIDEO, 100);

	(void)state;
	jb_rtx_apply(&r, JB_MEDIA_VIDEO);
	assert_int_equal(r.clock, JB_CLOCK_90000);
	jb_rtx_apply(&r, JB_MEDIA_RTX);
	assert_int_equal(r.media, JB_MEDIA_RTX);
	jb_rtx_apply(&r, JB_MEDIA_UNKNOWN);
	assert_int_equal(r.media, JB_MEDIA_UNKNOWN);
	assert_int_equal(r.clock, JB_CLOCK_UNKNOWN);
	assert_false(r.flags & JB_FRAME_KNOWN);
}

static int due_in_1024(struct jb_receiver r)
{
	int due = 0;

	for (r.packets = 1; r.packets <= 1024; r.packets++)
		due += jb_rtx_due(&r);
	return due;
}

static void test_who_is_looked_at_and_when(void **state)
{
	struct jb_receiver fixed = stream(JB_MEDIA_UNKNOWN, 0);

	(void)state;
	fixed.payload_type = 34;
	assert_int_equal(due_in_1024(stream(JB_MEDIA_UNKNOWN, 0)), 64);
	assert_int_equal(due_in_1024(video), 4);
	assert_int_equal(due_in_1024(stream(JB_MEDIA_AUDIO, 0)), 0);
	assert_int_equal(due_in_1024(fixed), 0);
}

/* RTX of a good network has few packets: a look at each 16th would come too late. */
static void test_slow_ones_are_looked_at_with_each_packet(void **state)
{
	struct jb_receiver slow = stream(JB_MEDIA_UNKNOWN, 0);

	(void)state;
	slow.interval = JB_RTX_SLOW;
	slow.flags &= ~JB_INTERVAL_KNOWN;
	assert_int_equal(due_in_1024(slow), 64);
	slow.flags |= JB_INTERVAL_KNOWN;
	assert_int_equal(due_in_1024(slow), 1024);
	slow.clock = JB_CLOCK_90000;
	assert_int_equal(due_in_1024(slow), 4);
	slow.clock = JB_CLOCK_UNKNOWN;
	slow.interval = JB_RTX_SLOW - 1;
	assert_int_equal(due_in_1024(slow), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_type_after_a_video),
		cmocka_unit_test(test_judgement),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_who_is_looked_at_and_when),
		cmocka_unit_test(test_slow_ones_are_looked_at_with_each_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
