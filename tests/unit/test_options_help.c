/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --help. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "example_options.h"

static void test_help_is_asked_for(void **state)
{
	(void)state;
	setenv("JITTERBUG_MAX_SERIES", "many", 1);
	assert_int_equal(PARSE("--help"), JB_OPTIONS_HELP);
	assert_string_equal(error, "untouched");
	assert_int_equal(PARSE("--max-series", "nonsense", "-h", "--bogus"), JB_OPTIONS_HELP);
	unsetenv("JITTERBUG_MAX_SERIES");
	ASSERT_GOOD("--node=--help");
	done();
	ASSERT_GOOD("--", "--help");
	done();
}

static void test_help_text(void **state)
{
	struct jb_buffer out = {0};

	(void)state;
	jb_options_help(&options, &out);
	assert_int_equal(out.error, 0);
	assert_string_equal(
		out.data,
		"Usage: jitterbug test [OPTION]... [FILE [FILE]]\n"
		"Tests the options.\n"
		"\n"
		"Options:\n"
		"  --node NAME                 name of the node\n"
		"  --pin-links                 keep links\n"
		"  --max-series NUMBER         most series (default 20000)\n"
		"  --any-number NUMBER         any number\n"
		"  --grace DURATION            life after death (default 5m)\n"
		"  --any-duration DURATION     any\n"
		"  --impaired-loss PERCENT     loss from which on a stream is impaired (default "
		"2%)\n"
		"  --any-share PERCENT         any share\n"
		"  --share SHARE               a bounded share (default 12.5%)\n"
		"  --mode auto|off|api         where identity comes from (default auto)\n"
		"  --media-ports PORTS         ports of media\n"
		"  --listen ADDRESS            address of /metrics (default 0.0.0.0:9504)\n"
		"  -o COLUMNS                  columns to show\n"
		"  --port NUMBER               only this port\n"
		"  --target NAME=URL           whom to ask\n"
		"  -w WORD                     words to find\n"
		"  --config FILE               read options from FILE\n"
		"  --help                      show this text\n"
		"\n"
		"An option can also be set as JITTERBUG_NAME in the environment, or as a line\n"
		"`name = value` in the file of --config. The argument beats the environment beats "
		"the\n"
		"file.\n");
	jb_buffer_free(&out);
}

static void test_help_text_without_a_config_file(void **state)
{
	static const struct jb_option row = {"any", JB_OPTION_PERCENT(struct config, any_ppm),
					     .value = "2%", .help = "any share"};
	const struct jb_options set = {.usage = "x", .table = &row, .count = 1};
	struct jb_buffer out = {0};

	(void)state;
	jb_options_help(&set, &out);
	assert_int_equal(out.error, 0);
	assert_string_equal(
		out.data,
		"Usage: x\n"
		"\n"
		"Options:\n"
		"  --any PERCENT               any share (default 2%)\n"
		"  --help                      show this text\n"
		"\n"
		"An option can also be set as JITTERBUG_NAME in the environment; the argument "
		"beats it.\n");
	jb_buffer_free(&out);
}

static void test_help_text_of_a_small_table(void **state)
{
	static const struct jb_option long_names[] = {{"a-very-long-name-for-an-option",
						       JB_OPTION_FLAG(struct config, pin_links),
						       .help = "text", .argument_only = true}};
	const struct jb_options set = {.usage = "x", .table = long_names, .count = 1};
	struct jb_buffer out = {0};

	(void)state;
	jb_options_help(&set, &out);
	assert_string_equal(out.data, "Usage: x\n"
				      "\n"
				      "Options:\n"
				      "  --a-very-long-name-for-an-option\n"
				      "                              text\n"
				      "  --help                      show this text\n");
	jb_buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(test_help_is_asked_for),
		OPTIONS_TEST(test_help_text),
		OPTIONS_TEST(test_help_text_without_a_config_file),
		OPTIONS_TEST(test_help_text_of_a_small_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
