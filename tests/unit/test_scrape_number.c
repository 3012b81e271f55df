/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values as both formats allow them, read as what stands behind a name. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "scrape/scrape.h"

static const struct jb_scrape_family families[] = {{"a", JB_SCRAPE_BIT(PLAIN)}};
static struct jb_scrape *scrape;
static struct jb_scrape_sample last;

static int setup(void **state)
{
	(void)state;
	return jb_scrape_new(families, 1, &scrape);
}

static int teardown(void **state)
{
	(void)state;
	jb_scrape_free(scrape);
	return 0;
}

static int take(void *ctx, const struct jb_scrape_sample *sample)
{
	(void)ctx;
	last = *sample;
	return 0;
}

static bool reads(const char *text)
{
	jb_scrape_begin(scrape, JB_SCRAPE_TEXT, 1 << 20, take, NULL);
	jb_scrape_feed(scrape, "a ", 2);
	jb_scrape_feed(scrape, text, strlen(text));
	jb_scrape_feed(scrape, "\n", 1);
	assert_int_equal(jb_scrape_end(scrape), 0);
	return jb_scrape_result(scrape)->samples == 1;
}

static void assert_integer(const char *text, uint64_t expected)
{
	if (!reads(text) || !last.is_integer || last.integer != expected ||
	    last.value != (double)expected)
		fail_msg("%s is not %llu", text, (unsigned long long)expected);
}

static void assert_real(const char *text, double expected)
{
	if (!reads(text) || last.is_integer || last.value != expected)
		fail_msg("%s is not %.17g", text, expected);
}

static void test_integers(void **state)
{
	(void)state;
	assert_integer("0", 0);
	assert_integer("30", 30);
	assert_integer("+7", 7);
	assert_integer("-0", 0);
	assert_integer("007", 7);
	assert_integer("52.0", 52);
	assert_integer("52.", 52);
	assert_integer("1.458255915e9", 1458255915);
}

static void test_exact_integers(void **state)
{
	(void)state;
	assert_integer("9007199254740993", UINT64_C(9007199254740993)); /* no double holds it */
	assert_integer("9999999999999999999", UINT64_C(9999999999999999999));
	assert_integer("10000000000000000000", UINT64_C(10000000000000000000));
	assert_integer("18446744073709551615", UINT64_MAX);
	assert_integer("00000000000000000000018446744073709551615", UINT64_MAX);
	assert_real("18446744073709551616", 0x1p64);
	assert_real("18446744073709551620", 0x1p64);
	assert_real("99999999999999999999", 1e20);
	assert_integer("9007199254740991.0", UINT64_C(9007199254740991));
	assert_real("9007199254740992.0", 0x1p53); /* might be the one above it */
	assert_real("1e300", 1e300);
}

static void test_reals(void **state)
{
	(void)state;
	assert_real("-1", -1);
	assert_real("12.47", 12.47);
	assert_real(".5", .5);
	assert_real("+.5e-1", .05);
	assert_real("4.20072246e+06", 4200722.46);
	assert_real("1.7E-3", .0017);
	assert_real("0.0019456109999999997", 0.0019456109999999997);
	assert_real("1741548766.3736842", 1741548766.3736842);
	assert_real("4.9406564584124654e-324", 0x1p-1074);
	assert_real("2.2250738585072011e-308", 2.2250738585072011e-308);
	assert_real("1.7976931348623157e308", 1.7976931348623157e308);
	assert_integer("1e-400", 0); /* too small for a double */
}

static void test_specials(void **state)
{
	const char *const infinite[] = {"Inf", "+Inf", "inf", "+INF", "Infinity", "+infinity"};

	(void)state;
	for (size_t i = 0; i < sizeof(infinite) / sizeof(*infinite); i++)
		assert_real(infinite[i], INFINITY);
	assert_real("-Inf", -INFINITY);
	assert_real("-infinity", -INFINITY);
	assert_true(reads("NaN"));
	assert_true(isnan(last.value) && !last.is_integer);
	assert_true(reads("nan"));
	assert_true(isnan(last.value));
}

static void test_no_numbers(void **state)
{
	const char *const wrong[] = {
		"",       "+",      "-",        ".",    "e5",    "1e",     "1e+",   "--1",
		"+-1",    "1.2.3",  "1,5",      "0x10", "0x1p3", "1_000",  "1e5x",  "30\r",
		"nan(1)", "+NaN",   "-nan",     "na",   "nans",  "infini", "in",    "infx",
		"1e309",  "-1e309", "\xd9\xa3", "12a",  "true",  "\"1\"",  "1e1e1", "\v1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (reads(wrong[i]))
			fail_msg("%s is taken for %.17g", wrong[i], last.value);
		assert_int_equal(jb_scrape_result(scrape)->malformed, 1);
	}
}

static bool is_small_integer(double value)
{
	return value >= 0 && value < 0x1p53 && value == (double)(uint64_t)value;
}

/* What is written with all its digits reads back. */
static void test_round_trips(void **state)
{
	struct jb_random random = {42};
	char text[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = jb_random_next(&random) >> jb_random_below(&random, 64);
		double value;

		snprintf(text, sizeof(text), "%llu", (unsigned long long)bits);
		assert_integer(text, bits);
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		snprintf(text, sizeof(text), "%.17g", value);
		assert_true(reads(text));
		assert_true(last.value == value);
		assert_int_equal(last.is_integer, !strpbrk(text, "-.e") || is_small_integer(value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),   cmocka_unit_test(test_exact_integers),
		cmocka_unit_test(test_reals),      cmocka_unit_test(test_specials),
		cmocka_unit_test(test_no_numbers), cmocka_unit_test(test_round_trips),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
