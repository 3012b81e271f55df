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
#include <sys/stat.h>
#include <unistd.h>

#include "base/options.h"

enum mode { MODE_AUTO, MODE_OFF, MODE_API };

static const char *const mode_names[] = {"auto", "off", "api", NULL};

struct config {
	char *node;
	bool pin_links;
	uint32_t max_series;
	uint32_t any_number;
	uint64_t grace_ns;
	uint64_t any_duration_ns;
	enum mode mode;
	struct jb_ports ports;
	struct jb_address listen;
	char *columns;
	uint32_t port;
	char *file;
};

#define SECOND UINT64_C(1000000000)

static const struct jb_option table[] = {
	{"node", JB_OPTION_STRING(struct config, node), .placeholder = "NAME",
	 .help = "name of the node"},
	{"pin-links", JB_OPTION_FLAG(struct config, pin_links), .help = "keep links"},
	{"max-series", JB_OPTION_U32(struct config, max_series), .value = "20000", .min = 1,
	 .max = 1000000, .help = "most series"},
	{"any-number", JB_OPTION_U32(struct config, any_number), .help = "any number"},
	{"grace", JB_OPTION_DURATION(struct config, grace_ns), .value = "5m", .min = SECOND,
	 .max = 3600 * SECOND, .help = "life after death"},
	{"any-duration", JB_OPTION_DURATION(struct config, any_duration_ns), .help = "any"},
	{"mode", JB_OPTION_ENUM(struct config, mode, mode_names), .value = "auto",
	 .help = "where identity comes from"},
	{"media-ports", JB_OPTION_PORTS(struct config, ports), .help = "ports of media"},
	{"listen", JB_OPTION_ADDRESS(struct config, listen), .value = "0.0.0.0:9504",
	 .help = "address of /metrics"},
	{"o", JB_OPTION_STRING(struct config, columns), .placeholder = "COLUMNS",
	 .argument_only = true, .help = "columns to show"},
	{"port", JB_OPTION_U32(struct config, port), .min = 0, .max = 65535, .argument_only = true,
	 .help = "only this port"},
	{"config", JB_OPTION_CONFIG(struct config, file), .help = "read options from FILE"},
};

static const struct jb_options options = {
	.usage = "jitterbug test [OPTION]... [FILE [FILE]]",
	.about = "Tests the options.",
	.table = table,
	.count = sizeof(table) / sizeof(table[0]),
	.positionals = 2,
};

static struct config config;
static const char *positionals[2];
static char error[JB_OPTIONS_ERROR];

#define PARSE(...)      parse((char *[]){"", __VA_ARGS__, NULL})
#define PARSE_NOTHING() parse((char *[]){"", NULL})

/* The first entry of `arguments` stands for the subcommand. */
static int parse(char *const *arguments)
{
	int count = 0;

	while (arguments[count])
		count++;
	memset(&config, 0xa5, sizeof(config));
	strcpy(error, "untouched");
	return jb_options_parse(&options, count - 1, arguments + 1, &config, positionals, error,
				sizeof(error));
}

static void done(void)
{
	jb_options_free(&options, &config);
	assert_null(config.node);
	assert_null(config.file);
}

#define ASSERT_GOOD(...) assert_int_equal(PARSE(__VA_ARGS__), 0)
#define ASSERT_BAD(expected, ...)                                                                  \
	do {                                                                                       \
		assert_int_equal(PARSE(__VA_ARGS__), -EINVAL);                                     \
		assert_string_equal(error, expected);                                              \
	} while (0)

static char directory[] = "/tmp/jitterbug-options-XXXXXX";
static char path[64];

static int setup_group(void **state)
{
	(void)state;
	clearenv();
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/f", directory);
	return 0;
}

static int teardown_group(void **state)
{
	(void)state;
	return rmdir(directory);
}

static int teardown(void **state)
{
	(void)state;
	clearenv();
	unlink(path);
	return 0;
}

static void write_file(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Parses a file of this text alone. */
static int parse_bytes(const char *text, size_t len)
{
	write_file(text, len);
	return PARSE("--config", path);
}

static int parse_text(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* `expected` follows the file's path and a colon. */
static void assert_bad_text(const char *text, const char *expected)
{
	char line[JB_OPTIONS_ERROR];

	snprintf(line, sizeof(line), "%s:%s", path, expected);
	assert_int_equal(parse_text(text), -EINVAL);
	assert_string_equal(error, line);
}

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
	for (unsigned int port = 0; port < 65536; port++)
		assert_false(jb_ports_has(&config.ports, (uint16_t)port));
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

static void test_flag_values(void **state)
{
	(void)state;
	ASSERT_GOOD("--pin-links=true");
	assert_true(config.pin_links);
	ASSERT_GOOD("--pin-links=1");
	assert_true(config.pin_links);
	ASSERT_GOOD("--pin-links", "--pin-links=false");
	assert_false(config.pin_links);
	ASSERT_GOOD("--pin-links=0");
	assert_false(config.pin_links);
	ASSERT_BAD("argument --pin-links: 'yes' is not true or false", "--pin-links=yes");
	ASSERT_GOOD("--pin-links", "false");
	assert_true(config.pin_links);
	assert_string_equal(positionals[0], "false");
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

static void test_numbers(void **state)
{
	static const char *const bad[] = {"-1",
					  "+1",
					  " 1",
					  "1 ",
					  "0x10",
					  "1e3",
					  "1.0",
					  "abc",
					  "1k",
					  "4294967296",
					  "18446744073709551616",
					  "99999999999999999999999999999999999999999"};
	char argument[128], expected[JB_OPTIONS_ERROR];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(argument, sizeof(argument), "--any-number=%s", bad[i]);
		snprintf(expected, sizeof(expected),
			 "argument --any-number: '%s' is not a number from 0 to 4294967295",
			 bad[i]);
		ASSERT_BAD(expected, argument);
	}
	ASSERT_GOOD("--any-number=4294967295");
	assert_true(config.any_number == UINT32_MAX);
	ASSERT_GOOD("--any-number=0000000000000000000000007");
	assert_int_equal(config.any_number, 7);
}

static void test_number_bounds(void **state)
{
	(void)state;
	ASSERT_GOOD("--max-series=1");
	ASSERT_GOOD("--max-series=1000000");
	ASSERT_BAD("argument --max-series: '0' is not a number from 1 to 1000000",
		   "--max-series=0");
	ASSERT_BAD("argument --max-series: '1000001' is not a number from 1 to 1000000",
		   "--max-series", "1000001");
}

static void test_durations(void **state)
{
	(void)state;
	ASSERT_GOOD("--any-duration=0s");
	assert_true(config.any_duration_ns == 0);
	ASSERT_GOOD("--any-duration=500ms");
	assert_true(config.any_duration_ns == SECOND / 2);
	ASSERT_GOOD("--any-duration=10s");
	assert_true(config.any_duration_ns == 10 * SECOND);
	ASSERT_GOOD("--any-duration=5m");
	assert_true(config.any_duration_ns == 300 * SECOND);
	ASSERT_GOOD("--any-duration=2h");
	assert_true(config.any_duration_ns == 7200 * SECOND);
	ASSERT_GOOD("--any-duration=18446744073s");
	assert_true(config.any_duration_ns == 18446744073 * SECOND);
}

static void test_bad_durations(void **state)
{
	static const char *const bad[] = {"10",
					  "s",
					  "-1s",
					  "1.5s",
					  "1s ",
					  "1 s",
					  "10S",
					  "1d",
					  "1h30m",
					  "10ss",
					  "99999999999s",
					  "18446744074s",
					  "1us",
					  "ms",
					  "99999999999999999999999h"};
	char argument[128], expected[JB_OPTIONS_ERROR];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(argument, sizeof(argument), "--any-duration=%s", bad[i]);
		snprintf(expected, sizeof(expected),
			 "argument --any-duration: '%s' is not a duration like 500ms, 10s or 5m",
			 bad[i]);
		ASSERT_BAD(expected, argument);
	}
}

static void test_duration_bounds(void **state)
{
	(void)state;
	ASSERT_GOOD("--grace=1000ms");
	ASSERT_GOOD("--grace=1h");
	ASSERT_BAD(
		"argument --grace: '999ms' is not a duration like 500ms, 10s or 5m from 1s to 1h",
		"--grace=999ms");
	ASSERT_BAD(
		"argument --grace: '3601s' is not a duration like 500ms, 10s or 5m from 1s to 1h",
		"--grace=3601s");
}

static void test_duration_text(void **state)
{
	char text[32];

	(void)state;
	jb_value_duration_text(0, text, sizeof(text));
	assert_string_equal(text, "0ms");
	jb_value_duration_text(1500 * (SECOND / 1000), text, sizeof(text));
	assert_string_equal(text, "1500ms");
	jb_value_duration_text(90 * SECOND, text, sizeof(text));
	assert_string_equal(text, "90s");
	jb_value_duration_text(7200 * SECOND, text, sizeof(text));
	assert_string_equal(text, "2h");
}

static void test_enum(void **state)
{
	(void)state;
	ASSERT_GOOD("--mode", "off");
	assert_int_equal(config.mode, MODE_OFF);
	ASSERT_BAD("argument --mode: 'of' is not one of auto, off, api", "--mode", "of");
	ASSERT_BAD("argument --mode: 'OFF' is not one of auto, off, api", "--mode", "OFF");
	ASSERT_BAD("argument --mode: '1' is not one of auto, off, api", "--mode", "1");
}

static unsigned int count_ports(void)
{
	unsigned int count = 0;

	for (unsigned int port = 0; port < 65536; port++)
		count += jb_ports_has(&config.ports, (uint16_t)port);
	return count;
}

static void test_ports(void **state)
{
	(void)state;
	ASSERT_GOOD("--media-ports=50000-60000,7882");
	assert_int_equal(count_ports(), 10002);
	assert_true(jb_ports_has(&config.ports, 7882));
	assert_true(jb_ports_has(&config.ports, 50000));
	assert_true(jb_ports_has(&config.ports, 60000));
	assert_false(jb_ports_has(&config.ports, 49999));
	assert_false(jb_ports_has(&config.ports, 60001));
	ASSERT_GOOD("--media-ports=1-65535,1,5-5");
	assert_int_equal(count_ports(), 65535);
	assert_false(jb_ports_has(&config.ports, 0));
	ASSERT_GOOD("--media-ports=63,64,65535");
	assert_int_equal(count_ports(), 3);
	assert_true(jb_ports_has(&config.ports, 65535));
}

static void test_bad_ports(void **state)
{
	static const char *const bad[] = {
		"0",    "65536", "0-5", "5-65536", "60000-50000", "1,",   ",1",
		"1,,2", "-",     "1-",  "-1",      "1-2-3",       "1, 2", "a",
		"1;2",  "1-2a",  ",",   "1-,2",    "4294967297",  "1--2", "18446744073709551617"};
	char argument[128], expected[JB_OPTIONS_ERROR];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(argument, sizeof(argument), "--media-ports=%s", bad[i]);
		snprintf(expected, sizeof(expected),
			 "argument --media-ports: '%s' is not a list of ports from 1 to 65535 like "
			 "50000-60000,7882",
			 bad[i]);
		ASSERT_BAD(expected, argument);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		char *text;
		const char *host;
		uint16_t port;
	} good[] = {
		{"0.0.0.0:9504", "0.0.0.0", 9504},
		{":9504", "", 9504},
		{"[::]:9504", "::", 9504},
		{"[::1]:1", "::1", 1},
		{"localhost:65535", "localhost", 65535},
		{"node-1.example:80", "node-1.example", 80},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ASSERT_GOOD("--listen", good[i].text);
		assert_string_equal(config.listen.host, good[i].host);
		assert_int_equal(config.listen.port, good[i].port);
	}
}

static void test_bad_addresses(void **state)
{
	static const char *const bad[] = {"9504",         "host",
					  "host:",        ":",
					  ":0",           ":65536",
					  ":-1",          ":80x",
					  "::1:80",       "::",
					  "[::1]",        "[::1]80",
					  "[]:80",        "[1.2.3.4]:80",
					  "[::1:80",      "::1]:80",
					  "256.1.1.1:80", "1.2.3:80",
					  "1.2.3.4.5:80", "a b:80",
					  "a/b:80",       "[fe80::1%lo]:80",
					  "http://a:80",  "[:80"};
	char argument[128], expected[JB_OPTIONS_ERROR];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(argument, sizeof(argument), "--listen=%s", bad[i]);
		snprintf(expected, sizeof(expected),
			 "argument --listen: '%s' is not an address like 127.0.0.1:9504, "
			 "[::]:9504 or :9504",
			 bad[i]);
		ASSERT_BAD(expected, argument);
	}
}

static void test_longest_host(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	strcpy(text + 253, ":80");
	ASSERT_GOOD("--listen", text);
	assert_int_equal(strlen(config.listen.host), 253);
	memset(text, 'a', sizeof(text));
	strcpy(text + 254, ":80");
	assert_int_equal(PARSE("--listen", text), -EINVAL);
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

static void test_file(void **state)
{
	(void)state;
	assert_int_equal(parse_text("# comment = 1\n"
				    "\n"
				    " \t \n"
				    "node = file # behind a blank\r\n"
				    "\tmax-series=12\t\n"
				    "   # pin-links = false\n"
				    "pin-links = true\r\n"
				    "grace   =   10s\n"
				    "media-ports=1,2#3\n"
				    "mode = off"),
			 -EINVAL);
	assert_string_equal(strchr(error, ':'),
			    ":9: media-ports: '1,2#3' is not a list of ports from "
			    "1 to 65535 like 50000-60000,7882");
	assert_int_equal(parse_text("# comment = 1\n\nnode = file # behind a blank\r\n"
				    "\tmax-series=12\t\n   # pin-links = false\n"
				    "pin-links = true\r\ngrace   =   10s\nmode = off"),
			 0);
	assert_string_equal(config.node, "file");
	assert_int_equal(config.max_series, 12);
	assert_true(config.pin_links);
	assert_true(config.grace_ns == 10 * SECOND);
	assert_int_equal(config.mode, MODE_OFF);
	assert_string_equal(config.file, path);
	done();
}

static void test_file_values_keep_equals_signs_and_inner_blanks(void **state)
{
	(void)state;
	assert_int_equal(parse_text("node = a = b  c#d\nnode = last = one\n"), 0);
	assert_string_equal(config.node, "last = one");
	done();
	assert_int_equal(parse_text("node = J\xc3\xbcrgen\n"), 0);
	assert_string_equal(config.node, "J\xc3\xbcrgen");
	done();
}

static void test_precedence(void **state)
{
	static const char text[] = "node = file\nmax-series = 1\ngrace = 1s\n";

	(void)state;
	write_file(text, strlen(text));
	setenv("JITTERBUG_CONFIG", path, 1);
	setenv("JITTERBUG_NODE", "environment", 1);
	setenv("JITTERBUG_MAX_SERIES", "2", 1);
	ASSERT_GOOD("--node", "argument");
	assert_string_equal(config.node, "argument");
	assert_int_equal(config.max_series, 2);
	assert_true(config.grace_ns == SECOND);
	assert_int_equal(config.mode, MODE_AUTO);
	assert_string_equal(config.file, path);
	done();
}

static void test_argument_config_beats_environment(void **state)
{
	(void)state;
	setenv("JITTERBUG_CONFIG", "/nonexistent", 1);
	assert_int_equal(parse_text("node = x\n"), 0);
	assert_string_equal(config.node, "x");
	done();
}

static void test_empty_files(void **state)
{
	(void)state;
	assert_int_equal(parse_text(""), 0);
	done();
	assert_int_equal(parse_text("\n"), 0);
	done();
	assert_int_equal(parse_text("#"), 0);
	done();
	assert_int_equal(parse_text("\r\n"), 0);
	done();
}

static void test_bad_lines(void **state)
{
	(void)state;
	assert_bad_text("\nnodes = x\n", "2: 'nodes' is no known key");
	assert_bad_text("--node = x\n", "1: '--node' is no known key");
	assert_bad_text("NODE = x\n", "1: 'NODE' is no known key");
	assert_bad_text("config = x\n", "1: 'config' is no known key");
	assert_bad_text("port = 5\n", "1: 'port' is no known key");
	assert_bad_text("help = true\n", "1: 'help' is no known key");
	assert_bad_text("# c\nnode", "2: 'node' is not of the form name = value");
	assert_bad_text("node x\n", "1: 'node x' is not of the form name = value");
	assert_bad_text("node # = x\n", "1: 'node' is not of the form name = value");
	assert_bad_text("= x\n", "1: '= x' is not of the form name = value");
	assert_bad_text("  =\n", "1: '=' is not of the form name = value");
	assert_bad_text("node =\n", "1: node: a value is missing");
	assert_bad_text("node = # none\n", "1: node: a value is missing");
	assert_bad_text("\xef\xbb\xbfnode = x\n", "1: '?\?\?node' is no known key");
	assert_bad_text("a\nb\n", "1: 'a' is not of the form name = value");
	assert_bad_text(
		"\n\ngrace = 99999999999s\n",
		"3: grace: '99999999999s' is not a duration like 500ms, 10s or 5m from 1s to "
		"1h");
}

static void test_control_characters(void **state)
{
	static const char nul[] = "mode = off\nnode = a\0b\n";
	static const char only_nul[] = "\0";

	(void)state;
	assert_int_equal(parse_bytes(nul, sizeof(nul) - 1), -EINVAL);
	assert_string_equal(strchr(error, ':'), ":2: the line has a control character");
	assert_int_equal(parse_bytes(only_nul, 1), -EINVAL);
	assert_string_equal(strchr(error, ':'), ":1: the line has a control character");
	assert_bad_text("node = a\rb\n", "1: the line has a control character");
	assert_bad_text("node = a\r\r\n", "1: the line has a control character");
	assert_bad_text("node = \x1b[2J\n", "1: the line has a control character");
	assert_bad_text("# \x7f\n", "1: the line has a control character");
}

static void test_line_of_a_megabyte(void **state)
{
	static char text[1 << 20];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(parse_bytes(text, sizeof(text)), -EFBIG);
	assert_non_null(strstr(error, "argument --config: '"));
	assert_non_null(strstr(error, "' can't be read: File too large"));
}

static void test_longest_file(void **state)
{
	static char text[JB_CONFIG_LIMIT + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "node=", 5);
	assert_int_equal(parse_bytes(text, JB_CONFIG_LIMIT), 0);
	assert_int_equal(strlen(config.node), JB_CONFIG_LIMIT - 5);
	done();
	assert_int_equal(parse_bytes(text, JB_CONFIG_LIMIT + 1), -EFBIG);
	memset(text, '\n', sizeof(text));
	assert_int_equal(parse_bytes(text, JB_CONFIG_LIMIT), 0);
	done();
}

static void test_unreadable_files(void **state)
{
	uid_t user = geteuid();

	(void)state;
	assert_int_equal(PARSE("--config=/nonexistent/x"), -ENOENT);
	assert_string_equal(error,
			    "argument --config: '/nonexistent/x' can't be read: No such file or "
			    "directory");
	assert_int_equal(PARSE("--config", "/"), -EISDIR);
	assert_string_equal(error, "argument --config: '/' can't be read: Is a directory");
	setenv("JITTERBUG_CONFIG", "/nonexistent/y", 1);
	assert_int_equal(PARSE_NOTHING(), -ENOENT);
	assert_string_equal(error,
			    "environment JITTERBUG_CONFIG: '/nonexistent/y' can't be read: No "
			    "such file or directory");
	write_file("", 0);
	assert_int_equal(chmod(path, 0), 0);
	if (!user)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(PARSE("--config", path), -EACCES);
	if (!user)
		assert_int_equal(seteuid(0), 0);
}

static void test_files_that_are_not_regular(void **state)
{
	char directory[] = "/tmp/jb-options-XXXXXX", fifo[sizeof(directory) + 2];

	(void)state;
	assert_int_equal(PARSE("--config", "/dev/null"), -EIO);
	assert_string_equal(error,
			    "argument --config: '/dev/null' can't be read: not a regular file");
	assert_int_equal(PARSE("--config", "/dev/zero"), -EIO);
	assert_non_null(mkdtemp(directory));
	snprintf(fifo, sizeof(fifo), "%s/f", directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(PARSE("--config", fifo), -EIO); /* nobody writes: it must not wait */
	assert_non_null(strstr(error, "not a regular file"));
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(rmdir(directory), 0);
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
	static const struct jb_option bad[] = {
		{"grace", JB_OPTION_DURATION(struct config, grace_ns), .value = "5", .help = ""}};
	const struct jb_options set = {.table = bad, .count = 1};

	(void)state;
	assert_int_equal(jb_options_parse(&set, 0, NULL, &config, NULL, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error,
			    "default of --grace: '5' is not a duration like 500ms, 10s or 5m");
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
		"  --mode auto|off|api         where identity comes from (default auto)\n"
		"  --media-ports PORTS         ports of media\n"
		"  --listen ADDRESS            address of /metrics (default 0.0.0.0:9504)\n"
		"  -o COLUMNS                  columns to show\n"
		"  --port NUMBER               only this port\n"
		"  --config FILE               read options from FILE\n"
		"  --help                      show this text\n"
		"\n"
		"An option can also be set as JITTERBUG_NAME in the environment, or as a "
		"line\n"
		"`name = value` in the file of --config. The argument beats the environment "
		"beats the\n"
		"file.\n");
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

#define OPTIONS_TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(test_defaults),
		OPTIONS_TEST(test_both_forms_of_arguments),
		OPTIONS_TEST(test_values_with_odd_characters),
		OPTIONS_TEST(test_last_argument_wins),
		OPTIONS_TEST(test_flag_values),
		OPTIONS_TEST(test_positionals),
		OPTIONS_TEST(test_no_positionals_allowed),
		OPTIONS_TEST(test_unknown_arguments),
		OPTIONS_TEST(test_missing_values),
		OPTIONS_TEST(test_numbers),
		OPTIONS_TEST(test_number_bounds),
		OPTIONS_TEST(test_durations),
		OPTIONS_TEST(test_bad_durations),
		OPTIONS_TEST(test_duration_bounds),
		OPTIONS_TEST(test_duration_text),
		OPTIONS_TEST(test_enum),
		OPTIONS_TEST(test_ports),
		OPTIONS_TEST(test_bad_ports),
		OPTIONS_TEST(test_addresses),
		OPTIONS_TEST(test_bad_addresses),
		OPTIONS_TEST(test_longest_host),
		OPTIONS_TEST(test_environment),
		OPTIONS_TEST(test_bad_environment),
		OPTIONS_TEST(test_kubernetes_service_variables_are_ignored),
		OPTIONS_TEST(test_file),
		OPTIONS_TEST(test_file_values_keep_equals_signs_and_inner_blanks),
		OPTIONS_TEST(test_precedence),
		OPTIONS_TEST(test_argument_config_beats_environment),
		OPTIONS_TEST(test_empty_files),
		OPTIONS_TEST(test_bad_lines),
		OPTIONS_TEST(test_control_characters),
		OPTIONS_TEST(test_line_of_a_megabyte),
		OPTIONS_TEST(test_longest_file),
		OPTIONS_TEST(test_unreadable_files),
		OPTIONS_TEST(test_files_that_are_not_regular),
		OPTIONS_TEST(test_errors_are_one_harmless_line),
		OPTIONS_TEST(test_small_error_buffer),
		OPTIONS_TEST(test_nothing_is_leaked_on_a_late_error),
		OPTIONS_TEST(test_bad_default_is_told),
		OPTIONS_TEST(test_empty_table),
		OPTIONS_TEST(test_help_is_asked_for),
		OPTIONS_TEST(test_help_text),
		OPTIONS_TEST(test_help_text_of_a_small_table),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
