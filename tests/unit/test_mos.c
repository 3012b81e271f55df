/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "streams/mos.h"

#define MS           1000000ULL
#define PCMU         0
#define PCMA         8
#define OPUS         111

#define BEST_MOS     4.409285824
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct jb_mos_codec no_concealment = {0, 4.3};
static const struct jb_mos_codec g711 = {0, 25.1};
static const struct jb_mos_codec g729a = {11, 19};

static void assert_near(double value, double expected, double tolerance)
{
	double error = value > expected ? value - expected : expected - value;

	if (!(error <= tolerance)) /* NaN is not near */
		fail_msg("%.9f is not %.9f", value, expected);
}

static double mos(__u8 payload_type, const struct jb_mos_sample *sample)
{
	struct jb_mos_codec codec = jb_mos_codec(payload_type);

	return jb_mos_of_rating(jb_mos_rating(&codec, sample));
}

/* Ratings and their MOS, to the digits that G.107 and G.109 print where they do. */
static void test_mos_of_ratings(void **state)
{
	static const struct {
		double rating, mos;
	} table[] = {
		{93.2, 4.41},   {90, 4.339}, {80, 4.024}, {70, 3.597}, {60, 3.1},
		{50, 2.575},    {40, 2.064}, {20, 1.252}, {6.52, 1},   {100, 4.5},
		{100.001, 4.5}, {129, 4.5},  {0, 1},      {-0.001, 1}, {-1e300, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_near(jb_mos_of_rating(table[i].rating), table[i].mos, 0.001);
	assert_near(jb_mos_of_rating(93.2), BEST_MOS, 1e-9);
}

/* Worked by hand from the formulas in mos.h. */
static void test_ratings(void **state)
{
	static const struct {
		const struct jb_mos_codec *codec;
		struct jb_mos_sample sample;
		double rating;
	} table[] = {
		{&g711, {0}, 93.2},
		/* 95 * 2 / (2 + 25.1) = 7.011; without concealment 95 * 2 / 6.3 = 30.159 */
		{&g711, {.loss_ppm = 20000}, 86.188930},
		{&no_concealment, {.loss_ppm = 20000}, 63.041270},
		/* 95 * 100 / 125.1 = 75.939 */
		{&g711, {.loss_ppm = 1000000}, 17.260751},
		/* Id: 0.024 * 177.3 = 4.2552, then 0.134 a ms */
		{&g711, {.network_ns = 177300000}, 88.9448},
		{&g711, {.network_ns = 277300000}, 75.5448},
		/* 50 + 2 * 40 + 20 = 150 ms: 3.6; 95 * 5 / 30.1 = 15.781 */
		{&g711, {50000, 50 * MS, 40 * MS, 20 * MS}, 73.819269},
		/* 100 ms: 2.4; 11 + 84 * 1 / 20 = 15.2 */
		{&g729a, {10000, 80 * MS, 0, 20 * MS}, 75.6},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_near(jb_mos_rating(table[i].codec, &table[i].sample), table[i].rating, 1e-6);
}

static void test_codecs(void **state)
{
	const struct jb_mos_sample perfect = {0}, lossy = {.loss_ppm = 20000};

	(void)state;
	for (unsigned int type = 0; type < 128; type++) {
		assert_near(mos((__u8)type, &perfect), BEST_MOS, 1e-9);
		if (type == PCMU || type == PCMA)
			assert_near(mos((__u8)type, &lossy), 4.234833, 1e-6);
		else
			assert_near(mos((__u8)type, &lossy), 3.920705, 1e-6);
	}
}

static void test_what_makes_delay(void **state)
{
	const struct jb_mos_sample network = {.network_ns = 100 * MS};
	const struct jb_mos_sample jitter = {.jitter_ns = 50 * MS};
	const struct jb_mos_sample packet = {.packet_ns = 100 * MS};
	double expected = jb_mos_of_rating(93.2 - 2.4);

	(void)state;
	assert_near(mos(OPUS, &network), expected, 1e-9);
	assert_near(mos(OPUS, &jitter), expected, 1e-9);
	assert_near(mos(OPUS, &packet), expected, 1e-9);
}

/* Opus sends a packet each 400 ms while nobody speaks. */
static void test_silence_is_not_delay(void **state)
{
	const struct jb_mos_sample longest = {.packet_ns = 120 * MS};
	const struct jb_mos_sample silence = {.packet_ns = 400 * MS};

	(void)state;
	assert_near(mos(OPUS, &longest), jb_mos_of_rating(93.2 - 2.88), 1e-9);
	assert_near(mos(OPUS, &silence), mos(OPUS, &longest), 0);
}

static void test_extremes(void **state)
{
	const struct jb_mos_sample worst = {1000000, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	const struct jb_mos_sample slow = {.network_ns = 10000 * MS};

	(void)state;
	assert_near(mos(PCMU, &worst), 1, 0);
	assert_near(mos(OPUS, &slow), 1, 0);
}

/* More loss and more delay never make it better, and on the whole make it worse. */
static void test_it_falls_with_loss(void **state)
{
	(void)state;
	for (__u64 delay = 0; delay <= 400 * MS; delay += 50 * MS) {
		struct jb_mos_sample sample = {.network_ns = delay};
		double before = mos(OPUS, &sample), best = before, now = before;

		for (sample.loss_ppm = 1000; sample.loss_ppm <= 1000000; sample.loss_ppm += 1000) {
			now = mos(OPUS, &sample);
			assert_true(now <= before && now >= 1);
			if (before > 1)
				assert_true(now < before);
			before = now;
		}
		assert_true(best > 2 && now < 1.1);
	}
}

static void test_it_falls_with_delay(void **state)
{
	struct jb_mos_sample sample = {0};
	double before = mos(PCMU, &sample);

	(void)state;
	for (; sample.network_ns < 2000 * MS; sample.network_ns += MS / 2) {
		double now = mos(PCMU, &sample);

		assert_true(now <= before && now >= 1);
		assert_true(before - now < 0.01); /* no step at 177.3 ms */
		before = now;
	}
	assert_near(before, 1, 0);
}

/* The polynomial itself falls from R = 0 to 3.2. */
static void test_it_rises_with_the_rating(void **state)
{
	double before = 1;

	(void)state;
	for (int i = -1000; i <= 11000; i++) {
		double now = jb_mos_of_rating(i / 100.0);

		assert_true(now >= before && now >= 1 && now <= 4.5);
		assert_true(now - before < 0.001);
		before = now;
	}
	assert_near(before, 4.5, 0);
}

/* As the documentation of rtp_mos_estimate has them. */
static const double bounds[] = {1, 2, 2.5, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5};

static void test_bounds_are_right_inclusive(void **state)
{
	(void)state;
	assert_int_equal(COUNT(bounds), JB_MOS_BOUNDS);
	assert_int_equal(JB_MOS_BUCKETS, JB_MOS_BOUNDS + 1);
	for (__u32 i = 0; i < JB_MOS_BOUNDS; i++) {
		assert_true(jb_mos_bounds[i] == bounds[i]);
		assert_int_equal(jb_mos_bucket(bounds[i] - 1e-9), i);
		assert_int_equal(jb_mos_bucket(bounds[i]), i);
		assert_int_equal(jb_mos_bucket(bounds[i] + 1e-9), i + 1);
	}
}

/* An estimate is never in the last bucket. */
static void test_buckets_of_estimates(void **state)
{
	(void)state;
	assert_int_equal(jb_mos_bucket(jb_mos_of_rating(-5)), 0);
	assert_int_equal(jb_mos_bucket(jb_mos_of_rating(93.2)), 9);
	assert_int_equal(jb_mos_bucket(jb_mos_of_rating(100)), 9);
	assert_int_equal(jb_mos_bucket(5), JB_MOS_BOUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mos_of_ratings),
		cmocka_unit_test(test_ratings),
		cmocka_unit_test(test_codecs),
		cmocka_unit_test(test_what_makes_delay),
		cmocka_unit_test(test_silence_is_not_delay),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_it_falls_with_loss),
		cmocka_unit_test(test_it_falls_with_delay),
		cmocka_unit_test(test_it_rises_with_the_rating),
		cmocka_unit_test(test_bounds_are_right_inclusive),
		cmocka_unit_test(test_buckets_of_estimates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
