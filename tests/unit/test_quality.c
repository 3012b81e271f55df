/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "streams/mos.h"
#include "streams/quality.h"

#define INTERVAL (5 * JB_SECOND_NS)
#define NOON     1700000000ULL

static const struct jb_impairment_limits limits = {.loss_ppm = 20000, .jitter_ns = 30 * JB_MS_NS};

static struct jb_receiver receiver;
static struct jb_quality quality;
static struct jb_quality_totals total;
static struct jb_quality_time at;

/* A PCMU stream with a pass at its beginning. */
static int setup(void **state)
{
	(void)state;
	memset(&quality, 0, sizeof(quality));
	memset(&total, 0, sizeof(total));
	receiver = (struct jb_receiver){.started_ns = 100 * JB_SECOND_NS,
					.last_ns = 100 * JB_SECOND_NS,
					.clock = JB_CLOCK_8000,
					.media = JB_MEDIA_AUDIO,
					.flags = JB_INTERVAL_KNOWN,
					.interval = 20 * JB_MS_NS >> 10};
	at = (struct jb_quality_time){.now_ns = receiver.started_ns, .unix_s = NOON};
	jb_quality_pass(&quality, &receiver, JB_INGRESS, &at, &limits, true, &total);
	return 0;
}

static void pass_with(enum jb_direction direction, bool mos)
{
	at.interval_ns = INTERVAL;
	at.now_ns += INTERVAL;
	at.unix_s += INTERVAL / JB_SECOND_NS;
	jb_quality_pass(&quality, &receiver, direction, &at, &limits, mos, &total);
}

static void pass(void)
{
	pass_with(JB_INGRESS, false);
}

/* An interval's packets, `lost` of them not. */
static void play(__u32 lost)
{
	receiver.packets += 250 - lost;
	receiver.unique += 250 - lost;
	receiver.gap += lost;
	receiver.last_ns += INTERVAL;
}

static void test_the_first_pass_counts_nothing(void **state)
{
	const struct jb_quality_totals none = {};

	(void)state;
	assert_memory_equal(&total, &none, sizeof(none));
	assert_int_equal(quality.impaired_since_s, 0);
}

static void test_seconds(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		play(i == 1 ? 10 : 0);
		pass();
	}
	assert_int_equal(total.stream_ns, 4 * INTERVAL);
	assert_int_equal(total.impaired_ns, INTERVAL);
	assert_int_equal(total.impairment_ns[JB_IMPAIRED_LOSS], INTERVAL);
	assert_int_equal(total.impairment_ns[JB_IMPAIRED_SOURCE_GAP], 0);
}

static void test_what_is_lost_at_egress_never_was(void **state)
{
	(void)state;
	play(10);
	pass_with(JB_EGRESS, false);
	assert_int_equal(total.impairment_ns[JB_IMPAIRED_LOSS], 0);
	assert_int_equal(total.impairment_ns[JB_IMPAIRED_SOURCE_GAP], INTERVAL);
}

static void test_several_reasons_are_impaired_once(void **state)
{
	(void)state;
	play(10);
	receiver.jitter = 31 * JB_MS_NS >> JB_JITTER_SHIFT;
	receiver.flags += JB_FREEZE;
	pass();
	assert_int_equal(total.impaired_ns, INTERVAL);
	assert_int_equal(total.impairment_ns[JB_IMPAIRED_LOSS], INTERVAL);
	assert_int_equal(total.impairment_ns[JB_IMPAIRED_JITTER], INTERVAL);
	assert_int_equal(total.impairment_ns[JB_IMPAIRED_FREEZE], INTERVAL);
}

static void test_silence_changes_nothing(void **state)
{
	struct jb_quality_totals before;

	(void)state;
	play(10);
	pass();
	before = total;
	pass_with(JB_INGRESS, true);
	assert_memory_equal(&total, &before, sizeof(before));
	assert_int_equal(quality.impaired_since_s, NOON);
}

/* It began with the first of the impaired intervals. */
static void test_since_when(void **state)
{
	(void)state;
	play(0);
	pass();
	assert_int_equal(quality.impaired_since_s, 0);
	for (int i = 0; i < 3; i++) {
		play(10);
		pass();
		assert_int_equal(quality.impaired_since_s, NOON + 5);
	}
	play(0);
	pass();
	assert_int_equal(quality.impaired_since_s, 0);
	play(10);
	pass();
	assert_int_equal(quality.impaired_since_s, NOON + 25);
}

/* The same hash, another stream: what it counts is compared with nothing. */
static void test_a_stream_that_began_anew(void **state)
{
	(void)state;
	play(100);
	pass();
	receiver = (struct jb_receiver){.started_ns = 104 * JB_SECOND_NS,
					.last_ns = 106 * JB_SECOND_NS,
					.packets = 50,
					.unique = 50};
	memset(&total, 0, sizeof(total));
	pass();
	assert_int_equal(total.stream_ns, 2 * JB_SECOND_NS);
	assert_int_equal(total.impaired_ns, 0);
	assert_int_equal(quality.impaired_since_s, 0);
}

/* A stream isn't impaired before it begins, however long the interval is in which it does. */
static void test_impaired_from_its_beginning(void **state)
{
	(void)state;
	receiver.started_ns = at.now_ns + INTERVAL - 2 * JB_SECOND_NS;
	receiver.last_ns = receiver.started_ns;
	play(10);
	pass();
	assert_int_equal(quality.impaired_since_s, NOON + 3);
	play(10);
	pass();
	assert_int_equal(quality.impaired_since_s, NOON + 3);
}

static __u64 mos_samples(void)
{
	__u64 n = 0;

	for (int i = 0; i < JB_MOS_BUCKETS; i++)
		n += total.mos[i];
	return n;
}

static void test_mos(void **state)
{
	const struct jb_mos_codec codec = jb_mos_codec(0);
	struct jb_mos_sample sample = {.packet_ns = (__u64)(20 * JB_MS_NS >> 10) << 10};
	double mos = jb_mos_of_rating(jb_mos_rating(&codec, &sample));

	(void)state;
	play(0);
	pass_with(JB_INGRESS, true);
	assert_int_equal(total.mos[jb_mos_bucket(mos)], 1);
	assert_int_equal(total.mos_micro, (__u64)(mos * 1e6 + 0.5));
	play(25);
	receiver.jitter = 40 * JB_MS_NS >> JB_JITTER_SHIFT;
	pass_with(JB_INGRESS, true);
	sample.loss_ppm = 100000;
	sample.jitter_ns = jb_receiver_jitter_ns(&receiver);
	assert_int_equal(
		total.mos_micro,
		(__u64)(mos * 1e6 + 0.5) +
			(__u64)(jb_mos_of_rating(jb_mos_rating(&codec, &sample)) * 1e6 + 0.5));
	assert_int_equal(mos_samples(), 2);
}

static void test_no_mos(void **state)
{
	(void)state;
	play(0);
	pass_with(JB_INGRESS, false); /* not asked for */
	receiver.packets += 3;
	receiver.unique += 3;
	receiver.last_ns++;
	pass_with(JB_INGRESS, true); /* too few packets */
	receiver.media = JB_MEDIA_VIDEO;
	play(0);
	pass_with(JB_INGRESS, true);
	receiver.media = JB_MEDIA_AUDIO;
	receiver.clock = JB_CLOCK_UNKNOWN;
	play(0);
	pass_with(JB_INGRESS, true);
	assert_int_equal(mos_samples(), 0);
	assert_int_equal(total.mos_micro, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_first_pass_counts_nothing, setup),
		cmocka_unit_test_setup(test_seconds, setup),
		cmocka_unit_test_setup(test_what_is_lost_at_egress_never_was, setup),
		cmocka_unit_test_setup(test_several_reasons_are_impaired_once, setup),
		cmocka_unit_test_setup(test_silence_changes_nothing, setup),
		cmocka_unit_test_setup(test_since_when, setup),
		cmocka_unit_test_setup(test_impaired_from_its_beginning, setup),
		cmocka_unit_test_setup(test_a_stream_that_began_anew, setup),
		cmocka_unit_test_setup(test_mos, setup),
		cmocka_unit_test_setup(test_no_mos, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
