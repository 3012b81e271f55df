/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arguments, the environment and defaults: what of them counts, and how errors are told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "example_options.h"

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_string_equal(error, "untouched");
	assert_null(config.node);
	assert_false(config.pin_links);
	assert_int_equal(config.max_series, 20000);
	assert_int_equal(config.any_number, 0);
	assert_true(config.grace_ns == 300 * SECOND);
	assert_true(config.any_duration_ns == 0);
	assert_int_equal(config.mode, MODE_AUTO);
	assert_string_equal(config.listen.host, "0.0.0.0");
	assert_int_equal(config.listen.port, 9504);
	assert_int_equal(count_ports(), 0);
	assert_null(positionals[0]);
	assert_null(positionals[1]);
	done();
}

static void test_both_forms_of_arguments(void **state)
{
	(void)state;
	ASSERT_GOOD("--node", "n1", "--max-series=7", "--grace", "90s", "--mode=api", "--pin-links",
		    "--listen=[::]:80", "-o", "pod,loss", "--port", "5000");
	assert_string_equal(config.node, "n1");
	assert_int_equal(config.max_series, 7);
	assert_true(config.grace_ns == 90 * SECOND);
	assert_int_equal(config.mode, MODE_API);
	assert_true(config.pin_links);
	assert_string_equal(config.listen.host, "::");
	assert_int_equal(config.listen.port, 80);
	assert_string_equal(config.columns, "pod,loss");
	assert_int_equal(config.port, 5000);
	done();
}

static void test_values_with_odd_characters(void **state)
{
	(void)state;
	ASSERT_GOOD("--node=a=b", "-o", "-");
	assert_string_equal(config.node, "a=b");
	assert_string_equal(config.columns, "-");
	done();
	ASSERT_GOOD("--node=--mode");
	assert_string_equal(config.node, "--mode");
	done();
}

static void test_last_argument_wins(void **state)
{
	(void)state;
	ASSERT_GOOD("--node", "a", "--max-series", "nonsense", "--node=b", "--max-series", "3");
	assert_string_equal(config.node, "b");
	assert_int_equal(config.max_series, 3);
	done();
}

static void test_positionals(void **state)
{
	(void)state;
	ASSERT_GOOD("a.pcap", "--max-series", "1", "-");
	assert_string_equal(positionals[0], "a.pcap");
	assert_string_equal(positionals[1], "-");
	ASSERT_GOOD("--", "--node");
	assert_string_equal(positionals[0], "--node");
	assert_null(positionals[1]);
	ASSERT_BAD("argument 'c' was not expected", "a", "b", "c");
}

static void test_no_positionals_allowed(void **state)
{
	struct jb_options none = options;
	char *arguments[] = {"x", NULL};

	(void)state;
	none.positionals = 0;
	assert_int_equal(jb_options_parse(&none, 1, arguments, &config, NULL, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, "argument 'x' was not expected");
	assert_int_equal(jb_options_parse(&none, 0, arguments, &config, NULL, error, sizeof(error)),
			 0);
	done();
}

static void test_unknown_arguments(void **state)
{
	(void)state;
	ASSERT_BAD("argument '--nod' is no known option", "--nod", "x");
	ASSERT_BAD("argument '--nodes=x' is no known option", "--nodes=x");
	ASSERT_BAD("argument '---node' is no known option", "---node");
	ASSERT_BAD("argument '-node' is no known option", "-node", "x");
	ASSERT_BAD("argument '--o' is no known option", "--o", "x");
	ASSERT_BAD("argument '--=x' is no known option", "--=x");
	ASSERT_BAD("argument '-=' is no known option", "-=");
	ASSERT_BAD("argument '-x' is no known option", "-x");
	ASSERT_BAD("argument '--Node' is no known option", "--Node", "x");
}

static void test_missing_values(void **state)
{
	(void)state;
	ASSERT_BAD("argument --node: a value is missing", "--node");
	ASSERT_BAD("argument --node: a value is missing", "--node=");
	ASSERT_BAD("argument --node: a value is missing", "--node", "");
	ASSERT_BAD("argument --node: a value is missing", "--node", "--pin-links");
	ASSERT_BAD("argument --node: a value is missing", "--node", "--", "x");
	ASSERT_BAD("argument --pin-links: a value is missing", "--pin-links=");
	ASSERT_BAD("argument -o: a value is missing", "-o");
}

static void test_environment(void **state)
{
	(void)state;
	setenv("JITTERBUG_NODE", "env", 1);
	setenv("JITTERBUG_PIN_LINKS", "true", 1);
	setenv("JITTERBUG_MEDIA_PORTS", "5", 1);
	setenv("JITTERBUG_MAX_SERIES", "", 1);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_string_equal(config.node, "env");
	assert_true(config.pin_links);
	assert_int_equal(count_ports(), 1);
	assert_int_equal(config.max_series, 20000);
	done();
	ASSERT_GOOD("--node", "argument", "--pin-links=false");
	assert_string_equal(config.node, "argument");
	assert_false(config.pin_links);
	done();
}

static void test_bad_environment(void **state)
{
	(void)state;
	setenv("JITTERBUG_MAX_SERIES", "many", 1);
	assert_int_equal(PARSE_NOTHING(), -EINVAL);
	assert_string_equal(error,
			    "environment JITTERBUG_MAX_SERIES: 'many' is not a number from 1 "
			    "to 1000000");
	ASSERT_GOOD("--max-series", "5");
	assert_int_equal(config.max_series, 5);
}

static void test_kubernetes_service_variables_are_ignored(void **state)
{
	(void)state;
	setenv("JITTERBUG_PORT", "tcp://10.96.0.7:9504", 1);
	setenv("JITTERBUG_PORT_9504_TCP_ADDR", "10.96.0.7", 1);
	setenv("JITTERBUG_SERVICE_HOST", "10.96.0.7", 1);
	setenv("JITTERBUG_O", "x", 1);
	setenv("jitterbug_node", "x", 1);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_int_equal(config.port, 0);
	assert_null(config.columns);
	assert_null(config.node);
}

/* One line of printable ASCII, whatever the input is. */
static void test_errors_are_one_harmless_line(void **state)
{
	static char text[5000];

	(void)state;
	ASSERT_BAD("argument --mode: 'a?b?[2J?\?' is not one of auto, off, api", "--mode",
		   "a\nb\x1b[2J\x7f\xff");
	memset(text, 'x', sizeof(text) - 1);
	ASSERT_BAD("argument 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' was "
		   "not expected",
		   "a", "b", text);
	assert_int_equal(PARSE("--config", text), -ENAMETOOLONG);
	assert_true(strlen(error) < sizeof(error));
}

static void test_small_error_buffer(void **state)
{
	char *arguments[] = {"--bogus", NULL};
	char small[9] = "12345678";

	(void)state;
	assert_int_equal(jb_options_parse(&options, 1, arguments, &config, positionals, small, 5),
			 -EINVAL);
	assert_memory_equal(small,
			    "argu\0"
			    "678",
			    9);
	assert_int_equal(jb_options_parse(&options, 1, arguments, &config, positionals, NULL, 0),
			 -EINVAL);
}

static void test_nothing_is_leaked_on_a_late_error(void **state)
{
	(void)state;
	ASSERT_BAD(
		"argument --listen: 'x' is not an address like 127.0.0.1:9504, [::]:9504 or :9504",
		"--node", "a", "--listen", "x");
	done();
}

static void test_bad_default_is_told(void **state)
{
	static const struct jb_option row = {"grace", JB_OPTION_DURATION(struct config, grace_ns),
					     .value = "5", .help = ""};

	(void)state;
	assert_bad_default(&row, "default of --grace: '5' is not a duration like 500ms, 10s or 5m");
}

static void test_empty_table(void **state)
{
	const struct jb_options set = {.usage = "jitterbug version"};
	char *arguments[] = {"--x", NULL};

	(void)state;
	assert_int_equal(jb_options_parse(&set, 0, NULL, NULL, NULL, error, sizeof(error)), 0);
	assert_int_equal(jb_options_parse(&set, 1, arguments, NULL, NULL, error, sizeof(error)),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(test_defaults),
		OPTIONS_TEST(test_both_forms_of_arguments),
		OPTIONS_TEST(test_values_with_odd_characters),
		OPTIONS_TEST(test_last_argument_wins),
		OPTIONS_TEST(test_positionals),
		OPTIONS_TEST(test_no_positionals_allowed),
		OPTIONS_TEST(test_unknown_arguments),
		OPTIONS_TEST(test_missing_values),
		OPTIONS_TEST(test_environment),
		OPTIONS_TEST(test_bad_environment),
		OPTIONS_TEST(test_kubernetes_service_variables_are_ignored),
		OPTIONS_TEST(test_errors_are_one_harmless_line),
		OPTIONS_TEST(test_small_error_buffer),
		OPTIONS_TEST(test_nothing_is_leaked_on_a_late_error),
		OPTIONS_TEST(test_bad_default_is_told),
		OPTIONS_TEST(test_empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
