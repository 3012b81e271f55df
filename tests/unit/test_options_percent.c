/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Percentages: options and values. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "example_options.h"

/* What it should have been, before the bounds. */
#define A_PERCENTAGE "a percentage with a % sign like 2% or 0.125%, from "

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_int_equal(config.loss_ppm, 20000);
	assert_int_equal(config.any_ppm, 0);
	assert_int_equal(config.share_ppm, 125000);
	assert_string_equal(error, "untouched");
	assert_int_equal(config.before, 0xa5a5a5a5);
	assert_int_equal(config.after, 0xa5a5a5a5);
}

static const struct {
	const char *text;
	uint32_t ppm;
} good[] = {
	{"0%", 0},
	{"0.000%", 0},
	{"0.001%", 10},
	{"0.01%", 100},
	{"0.1%", 1000},
	{"0.5%", 5000},
	{"0.999%", 9990},
	{"1%", 10000},
	{"1.050%", 10500},
	{"2%", 20000},
	{"2.0%", 20000},
	{"2.125%", 21250},
	{"33.333%", 333330},
	{"99.999%", 999990},
	{"100%", 1000000},
	{"100.000%", 1000000},
	{"00000000000000000000000000000007%", 70000},
};

static void test_values(void **state)
{
	char argument[64];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(argument, sizeof(argument), "--any-share=%s", good[i].text);
		ASSERT_GOOD(argument);
		assert_int_equal(config.any_ppm, good[i].ppm);
	}
}

static const char *const bad[] = {
	"2",
	"0.5",
	"0",
	"%",
	"%2",
	"2%%",
	"2 %",
	" 2%",
	"2% ",
	"+2%",
	"-2%",
	"-0%",
	"2,5%",
	".5%",
	"5.%",
	"5.",
	".%",
	"1..5%",
	"1.5.5%",
	"1.2345%",
	"1.000%0",
	"0.0001%",
	"1.0000%",
	"1e1%",
	"0x2%",
	"2percent",
	"2ppm",
	"nan%",
	"inf%",
	"two%",
	"100.001%",
	"101%",
	"100.5%",
	"4294967298%",
	"18446744073709551618%",
	"99999999999999999999999999999999999%",
};

static void test_bad_values(void **state)
{
	(void)state;
	ASSERT_ALL_BAD("any-share", bad, A_PERCENTAGE "0% to 100%");
}

static void test_format_specifiers_are_quoted(void **state)
{
	(void)state;
	ASSERT_BAD("argument --any-share: '%s%n%d' is not " A_PERCENTAGE "0% to 100%",
		   "--any-share=%s%n%d");
}

static void test_no_value(void **state)
{
	(void)state;
	ASSERT_BAD("argument --any-share: a value is missing", "--any-share");
}

static void test_bounds(void **state)
{
	static const char *const beyond[] = {"0.499%", "50.002%", "0%", "100%", "100.001%"};

	(void)state;
	ASSERT_GOOD("--share=0.5%");
	assert_int_equal(config.share_ppm, 5000);
	ASSERT_GOOD("--share=50.001%");
	assert_int_equal(config.share_ppm, 500010);
	ASSERT_ALL_BAD("share", beyond, A_PERCENTAGE "0.5% to 50.001%");
}

static void test_environment(void **state)
{
	(void)state;
	setenv("JITTERBUG_IMPAIRED_LOSS", "0.25%", 1);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_int_equal(config.loss_ppm, 2500);
	ASSERT_GOOD("--impaired-loss=3%");
	assert_int_equal(config.loss_ppm, 30000);
	setenv("JITTERBUG_IMPAIRED_LOSS", "3", 1);
	assert_int_equal(PARSE_NOTHING(), -EINVAL);
	assert_string_equal(error, "environment JITTERBUG_IMPAIRED_LOSS: '3' is not " A_PERCENTAGE
				   "0% to 100%");
}

static void test_value_is_untouched_on_error(void **state)
{
	uint32_t ppm = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_in_range(-jb_value_percent(bad[i], &ppm), 1, 4095);
		assert_int_equal(ppm, 7);
	}
	assert_int_equal(jb_value_percent("", &ppm), -EINVAL);
	assert_int_equal(jb_value_percent("2", &ppm), -EINVAL);
	assert_int_equal(jb_value_percent("100.001%", &ppm), -ERANGE);
	assert_int_equal(jb_value_percent("101%", &ppm), -ERANGE);
}

static void test_text(void **state)
{
	static const struct {
		uint32_t ppm;
		const char *text;
	} texts[] = {
		{0, "0%"},           {9, "0%"},         {10, "0.001%"},
		{19, "0.001%"},      {1000, "0.1%"},    {10100, "1.01%"},
		{20000, "2%"},       {100000, "10%"},   {125000, "12.5%"},
		{999990, "99.999%"}, {1000000, "100%"}, {UINT32_MAX, "429496.729%"},
	};
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		jb_value_percent_text(texts[i].ppm, text, sizeof(text));
		assert_string_equal(text, texts[i].text);
	}
	jb_value_percent_text(125000, text, 4);
	assert_string_equal(text, "12.");
}

/* Every value that can be written is read as what it was. */
static void test_text_and_back(void **state)
{
	(void)state;
	for (uint32_t ppm = 0; ppm <= JB_PERCENT_MAX; ppm += 10) {
		uint32_t back = UINT32_MAX;
		char text[16];

		jb_value_percent_text(ppm, text, sizeof(text));
		assert_int_equal(jb_value_percent(text, &back), 0);
		assert_int_equal(back, ppm);
	}
}

static void test_bad_default_is_told(void **state)
{
	static const struct jb_option row = {"any", JB_OPTION_PERCENT(struct config, any_ppm),
					     .value = "2", .help = ""};

	(void)state;
	assert_bad_default(&row, "default of --any: '2' is not " A_PERCENTAGE "0% to 100%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(test_defaults),
		OPTIONS_TEST(test_values),
		OPTIONS_TEST(test_bad_values),
		OPTIONS_TEST(test_format_specifiers_are_quoted),
		OPTIONS_TEST(test_no_value),
		OPTIONS_TEST(test_bounds),
		OPTIONS_TEST(test_environment),
		OPTIONS_TEST(test_value_is_untouched_on_error),
		OPTIONS_TEST(test_text),
		OPTIONS_TEST(test_text_and_back),
		OPTIONS_TEST(test_bad_default_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
