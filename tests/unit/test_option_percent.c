/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"

struct config {
	uint32_t before;
	uint32_t loss_ppm;
	uint32_t after;
	uint32_t any_ppm;
	uint32_t share_ppm;
};

/* No row names `before` and `after`: they must stay as they are. */
static const struct jb_option table[] = {
	{"impaired-loss", JB_OPTION_PERCENT(struct config, loss_ppm), .value = "2%",
	 .help = "loss from which on a stream is impaired"},
	{"any", JB_OPTION_PERCENT(struct config, any_ppm), .help = "any share"},
	{"share", JB_OPTION_PERCENT(struct config, share_ppm), .value = "12.5%", .min = 5000,
	 .max = 500010, .placeholder = "SHARE", .help = "a bounded share"},
};

static const struct jb_options options = {
	.usage = "jitterbug test [OPTION]...",
	.table = table,
	.count = sizeof(table) / sizeof(table[0]),
};

static struct config config;
static char error[JB_OPTIONS_ERROR];

/* Parses one argument, or none for NULL. */
static int parse(char *argument)
{
	char *arguments[] = {argument, NULL};

	memset(&config, 0xa5, sizeof(config));
	strcpy(error, "untouched");
	return jb_options_parse(&options, argument != NULL, arguments, &config, NULL, error,
				sizeof(error));
}

static int clear_environment(void **state)
{
	(void)state;
	return clearenv();
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL), 0);
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
		snprintf(argument, sizeof(argument), "--any=%s", good[i].text);
		assert_int_equal(parse(argument), 0);
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
	char argument[64], expected[JB_OPTIONS_ERROR];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(argument, sizeof(argument), "--any=%s", bad[i]);
		snprintf(expected, sizeof(expected),
			 "argument --any: '%s' is not a percentage with a %% sign like 2%% or "
			 "0.125%%, from 0%% to 100%%",
			 bad[i]);
		assert_int_equal(parse(argument), -EINVAL);
		assert_string_equal(error, expected);
	}
}

static void test_format_specifiers_are_quoted(void **state)
{
	(void)state;
	assert_int_equal(parse("--any=%s%n%d"), -EINVAL);
	assert_string_equal(error, "argument --any: '%s%n%d' is not a percentage with a % sign "
				   "like 2% or 0.125%, from 0% to 100%");
}

static void test_no_value(void **state)
{
	(void)state;
	assert_int_equal(parse("--any"), -EINVAL);
	assert_string_equal(error, "argument --any: a value is missing");
}

static void test_bounds(void **state)
{
	static const char *const beyond[] = {"0.499%", "50.002%", "0%", "100%", "100.001%"};
	char argument[64], expected[JB_OPTIONS_ERROR];

	(void)state;
	assert_int_equal(parse("--share=0.5%"), 0);
	assert_int_equal(config.share_ppm, 5000);
	assert_int_equal(parse("--share=50.001%"), 0);
	assert_int_equal(config.share_ppm, 500010);
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		snprintf(argument, sizeof(argument), "--share=%s", beyond[i]);
		snprintf(expected, sizeof(expected),
			 "argument --share: '%s' is not a percentage with a %% sign like 2%% or "
			 "0.125%%, from 0.5%% to 50.001%%",
			 beyond[i]);
		assert_int_equal(parse(argument), -EINVAL);
		assert_string_equal(error, expected);
	}
}

static void test_environment(void **state)
{
	(void)state;
	setenv("JITTERBUG_IMPAIRED_LOSS", "0.25%", 1);
	assert_int_equal(parse(NULL), 0);
	assert_int_equal(config.loss_ppm, 2500);
	assert_int_equal(parse("--impaired-loss=3%"), 0);
	assert_int_equal(config.loss_ppm, 30000);
	setenv("JITTERBUG_IMPAIRED_LOSS", "3", 1);
	assert_int_equal(parse(NULL), -EINVAL);
	assert_string_equal(error, "environment JITTERBUG_IMPAIRED_LOSS: '3' is not a percentage "
				   "with a % sign like 2% or 0.125%, from 0% to 100%");
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
	static const struct jb_option row[] = {
		{"any", JB_OPTION_PERCENT(struct config, any_ppm), .value = "2", .help = ""}};
	const struct jb_options set = {.table = row, .count = 1};

	(void)state;
	assert_int_equal(jb_options_parse(&set, 0, NULL, &config, NULL, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "default of --any: '2' is not a percentage with a % sign like "
				   "2% or 0.125%, from 0% to 100%");
}

static void test_help(void **state)
{
	struct jb_buffer out = {0};

	(void)state;
	jb_options_help(&options, &out);
	assert_int_equal(out.error, 0);
	assert_string_equal(
		out.data,
		"Usage: jitterbug test [OPTION]...\n"
		"\n"
		"Options:\n"
		"  --impaired-loss PERCENT     loss from which on a stream is impaired (default "
		"2%)\n"
		"  --any PERCENT               any share\n"
		"  --share SHARE               a bounded share (default 12.5%)\n"
		"  --help                      show this text\n"
		"\n"
		"An option can also be set as JITTERBUG_NAME in the environment; the argument "
		"beats it.\n");
	jb_buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_format_specifiers_are_quoted),
		cmocka_unit_test(test_no_value),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test_teardown(test_environment, clear_environment),
		cmocka_unit_test(test_value_is_untouched_on_error),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_and_back),
		cmocka_unit_test(test_bad_default_is_told),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, clear_environment, NULL);
}
