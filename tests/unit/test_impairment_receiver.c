/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Impairment as passes over real receivers see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "streams/impairment.h"

#include "feed.h"
#include "random.h"

#define PCMU       0
#define H264       125

#define LOSS       (1U << JB_IMPAIRED_LOSS)
#define JITTER     (1U << JB_IMPAIRED_JITTER)
#define FREEZE     (1U << JB_IMPAIRED_FREEZE)
#define SOURCE_GAP (1U << JB_IMPAIRED_SOURCE_GAP)

/* The defaults of --impaired-loss and --impaired-jitter. */
static const struct jb_impairment_limits limits = {.loss_ppm = 20000, .jitter_ns = 30 * MS};
static const struct jb_impairment_counts nothing;

static struct jb_feed f;
static struct jb_impairment_counts previous;

static void start(__u8 payload_type)
{
	jb_feed_start(&f, 1000, 0, payload_type);
	previous = nothing;
}

/* A pass now; the reasons since the one before. */
static __u32 pass(enum jb_direction direction)
{
	struct jb_impairment_counts now;
	__u32 reasons;

	jb_impairment_read(&f.receiver, &now);
	reasons = jb_impairment_judge(&previous, &now, jb_impairment_jitter(&f.receiver), direction,
				      &limits);
	previous = now;
	return reasons;
}

/* The sender goes on, but `count` of its packets don't come. */
static void lose(__u16 count, __u32 ticks, __u64 interval_ns)
{
	f.rtp.sequence += count;
	f.rtp.timestamp += count * ticks;
	f.now_ns += count * interval_ns;
}

static void test_call_with_a_bad_moment(void **state)
{
	(void)state;
	start(PCMU);
	jb_feed_in_order(&f, 249, 160, 20 * MS);
	assert_int_equal(pass(JB_INGRESS), 0);
	jb_feed_in_order(&f, 100, 160, 20 * MS);
	lose(5, 160, 20 * MS);
	jb_feed_in_order(&f, 145, 160, 20 * MS);
	assert_int_equal(pass(JB_INGRESS), LOSS);
	jb_feed_in_order(&f, 250, 160, 20 * MS);
	assert_int_equal(pass(JB_INGRESS), 0);
	assert_int_equal(pass(JB_INGRESS), 0);
}

/* Loss at the very end of an interval shows in the next: only the next packet tells. */
static void test_outage_over_a_pass(void **state)
{
	(void)state;
	start(PCMU);
	jb_feed_in_order(&f, 200, 160, 20 * MS);
	assert_int_equal(pass(JB_INGRESS), 0);
	lose(400, 160, 20 * MS);
	assert_int_equal(pass(JB_INGRESS), 0);
	jb_feed_in_order(&f, 1, 160, 20 * MS);
	assert_int_equal(pass(JB_INGRESS), LOSS);
}

/* Eight packets overtaken by one, and a pass between: blamed before it, never negative after it. */
static void test_reordering_over_a_pass(void **state)
{
	__u16 overtaken;

	(void)state;
	start(PCMU);
	jb_feed_in_order(&f, 240, 160, 20 * MS);
	overtaken = f.rtp.sequence + 1;
	lose(8, 160, 0);
	jb_feed_in_order(&f, 1, 160, 20 * MS);
	assert_int_equal(pass(JB_INGRESS), LOSS);
	for (__u16 i = 0; i < 8; i++)
		assert_int_equal(jb_feed_next(&f, overtaken + i, (241 + i) * 160), JB_RECOVERED);
	assert_int_equal(pass(JB_INGRESS), 0);
}

static void test_restart_of_a_receiver(void **state)
{
	(void)state;
	start(PCMU);
	jb_feed_in_order(&f, 1000, 160, 20 * MS);
	assert_int_equal(pass(JB_EGRESS), 0);
	jb_feed_in_order(&f, 120, 160, 20 * MS);
	lose(2, 160, 20 * MS);
	jb_feed_in_order(&f, 3, 160, 20 * MS);
	assert_int_equal(jb_feed_next(&f, 40000, 5), JB_HELD_BACK);
	assert_int_equal(jb_feed_next(&f, 40001, 165), JB_RESTARTED);
	jb_feed_in_order(&f, 123, 160, 20 * MS);
	assert_true(f.receiver.unique < previous.unique);
	assert_int_equal(pass(JB_EGRESS), 0); /* 2 of 250, not 2 of the 125 since the restart */
	jb_feed_in_order(&f, 90, 160, 20 * MS);
	lose(2, 160, 20 * MS);
	jb_feed_in_order(&f, 8, 160, 20 * MS);
	assert_int_equal(pass(JB_EGRESS), SOURCE_GAP);
}

static void test_uneven_pace(void **state)
{
	(void)state;
	start(PCMU);
	for (int i = 0; i < 125; i++) {
		jb_feed_in_order(&f, 1, 160, 60 * MS);
		jb_feed_in_order(&f, 1, 160, 0);
	}
	/* |D| is 40 and 20 ms in turn: J is about 30 */
	assert_in_range(jb_impairment_jitter(&f.receiver), 29 * MS, 31 * MS);
	for (int i = 0; i < 125; i++) {
		jb_feed_in_order(&f, 1, 160, 80 * MS);
		jb_feed_in_order(&f, 1, 160, 0);
	}
	assert_int_equal(pass(JB_EGRESS), JITTER);
	jb_feed_in_order(&f, 250, 160, 20 * MS);
	assert_int_equal(pass(JB_EGRESS), 0);
}

static void test_freeze_of_video(void **state)
{
	(void)state;
	start(H264);
	jb_feed_in_order(&f, 150, 3000, 33333333);
	assert_int_equal(f.receiver.media, JB_MEDIA_VIDEO);
	assert_int_equal(pass(JB_INGRESS), 0);
	jb_feed_in_order(&f, 30, 3000, 33333333);
	f.now_ns += 400 * MS;
	f.rtp.timestamp += 36000;
	jb_feed_in_order(&f, 100, 3000, 33333333);
	assert_int_equal(pass(JB_INGRESS), FREEZE);
	jb_feed_in_order(&f, 150, 3000, 33333333);
	assert_int_equal(pass(JB_INGRESS), 0);
}

/* Whatever comes and whenever one looks: shares are shares, and the spans add up. */
static void test_random_streams(void **state)
{
	struct jb_random random = {11};
	__u64 spans = 0, judged = 0;

	(void)state;
	start(PCMU);
	for (int i = 0; i < 20000; i++) {
		struct jb_impairment_counts now;
		__u32 ppm = 0;

		f.now_ns += jb_random_below(&random, 40) * MS;
		jb_feed_next(&f, f.receiver.ext + 1 + jb_random_below(&random, 7) - 3,
			     f.rtp.timestamp + 160);
		if (jb_random_below(&random, 50))
			continue;
		jb_impairment_read(&f.receiver, &now);
		if (jb_impairment_loss(&previous, &now, &ppm))
			judged++;
		assert_in_range(ppm, 0, 1000000);
		spans += jb_impairment_span_ns(&previous, &now, 1000 * JB_SECOND_NS);
		previous = now;
	}
	assert_true(judged > 100);
	assert_int_equal(spans, previous.last_ns - f.receiver.started_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_with_a_bad_moment),
		cmocka_unit_test(test_outage_over_a_pass),
		cmocka_unit_test(test_reordering_over_a_pass),
		cmocka_unit_test(test_restart_of_a_receiver),
		cmocka_unit_test(test_uneven_pace),
		cmocka_unit_test(test_freeze_of_video),
		cmocka_unit_test(test_random_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
