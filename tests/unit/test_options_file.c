/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file of --config. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "example_options.h"

static char directory[] = "/tmp/jitterbug-options-XXXXXX";
static char path[64];

static int setup_group(void **state)
{
	(void)state;
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

static int remove_file(void **state)
{
	(void)state;
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

static void test_list_of_lines(void **state)
{
	(void)state;
	assert_int_equal(parse_text("target = a = 1 2\nnode = x\ntarget = b # comment\n"
				    "target=a = 1 2\n"),
			 0);
	assert_string_equal(lines_of(&config.targets), "a = 1 2\nb\na = 1 2\n");
	done();
}

/* The strongest place that has any gives the whole list. */
static void test_precedence_of_lists(void **state)
{
	static const char text[] = "target = f1\ntarget = f2\n";

	(void)state;
	write_file(text, strlen(text));
	setenv("JITTERBUG_CONFIG", path, 1);
	setenv("JITTERBUG_TARGET", " \n", 1);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_string_equal(lines_of(&config.targets), "f1\nf2\n");
	done();
	setenv("JITTERBUG_TARGET", "e1 e2 e3", 1);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_string_equal(lines_of(&config.targets), "e1\ne2\ne3\n");
	done();
	ASSERT_GOOD("--target", "argument");
	assert_string_equal(lines_of(&config.targets), "argument\n");
	done();
}

static void test_bad_lists(void **state)
{
	static char text[16 * (JB_LIST_ITEMS_MAX + 2)];
	size_t len = 0;

	(void)state;
	assert_bad_text("target = a\ntarget =\n", "2: target: a value is missing");
	assert_bad_text("w = a\n", "1: 'w' is no known key");
	assert_bad_text("target = a\nb\n", "2: 'b' is not of the form name = value");
	for (int i = 0; i < JB_LIST_ITEMS_MAX; i++)
		len += (size_t)sprintf(text + len, "target = %d\n", i);
	assert_int_equal(parse_text(text), 0);
	assert_int_equal(config.targets.count, JB_LIST_ITEMS_MAX);
	done();
	strcpy(text + len, "\ntarget = x\n");
	assert_bad_text(text, "1026: target: more than 1024 values");
	/* Lines that are not in force are not counted. */
	ASSERT_GOOD("--config", path, "--target", "a");
	assert_int_equal(config.targets.count, 1);
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

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, clear_environment, remove_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_file),
		FILE_TEST(test_file_values_keep_equals_signs_and_inner_blanks),
		FILE_TEST(test_precedence),
		FILE_TEST(test_argument_config_beats_environment),
		FILE_TEST(test_list_of_lines),
		FILE_TEST(test_precedence_of_lists),
		FILE_TEST(test_bad_lists),
		FILE_TEST(test_empty_files),
		FILE_TEST(test_bad_lines),
		FILE_TEST(test_control_characters),
		FILE_TEST(test_line_of_a_megabyte),
		FILE_TEST(test_longest_file),
		FILE_TEST(test_unreadable_files),
		FILE_TEST(test_files_that_are_not_regular),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
