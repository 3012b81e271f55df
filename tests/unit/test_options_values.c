/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The values of each kind but percentages. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "example_options.h"

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

	(void)state;
	ASSERT_ALL_BAD("any-number", bad, "a number from 0 to 4294967295");
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

	(void)state;
	ASSERT_ALL_BAD("any-duration", bad, "a duration like 500ms, 10s or 5m");
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

	(void)state;
	ASSERT_ALL_BAD("media-ports", bad, "a list of ports from 1 to 65535 like 50000-60000,7882");
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

	(void)state;
	ASSERT_ALL_BAD("listen", bad, "an address like 127.0.0.1:9504, [::]:9504 or :9504");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(test_flag_values),   OPTIONS_TEST(test_numbers),
		OPTIONS_TEST(test_number_bounds), OPTIONS_TEST(test_durations),
		OPTIONS_TEST(test_bad_durations), OPTIONS_TEST(test_duration_bounds),
		OPTIONS_TEST(test_duration_text), OPTIONS_TEST(test_enum),
		OPTIONS_TEST(test_ports),         OPTIONS_TEST(test_bad_ports),
		OPTIONS_TEST(test_addresses),     OPTIONS_TEST(test_bad_addresses),
		OPTIONS_TEST(test_longest_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
