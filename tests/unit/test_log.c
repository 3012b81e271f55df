/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static const struct timespec when = {.tv_sec = 1795411288, .tv_nsec = 123999999};

static void assert_line(enum jb_log_format format, const char *message, const char *expected)
{
	struct jb_buffer line = {0};

	jb_log_line(&line, format, JB_LOG_WARNING, &when, message);
	assert_int_equal(line.error, 0);
	assert_string_equal(line.data, expected);
	jb_buffer_free(&line);
}

#define TEXT(message) "2026-11-23T05:21:28.123Z warning: " message "\n"
#define JSON(message)                                                                              \
	"{\"time\":\"2026-11-23T05:21:28.123Z\",\"level\":\"warning\",\"msg\":\"" message "\"}\n"

static void test_text(void **state)
{
	(void)state;
	assert_line(JB_LOG_TEXT, "", TEXT(""));
	assert_line(JB_LOG_TEXT, "map \"streams\" is full: 65536",
		    TEXT("map \"streams\" is full: 65536"));
	assert_line(JB_LOG_TEXT, "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80",
		    TEXT("J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80"));
}

static void test_text_cannot_forge_a_line_or_steer_a_terminal(void **state)
{
	(void)state;
	assert_line(JB_LOG_TEXT, "a\nb\rc\td", TEXT("a\\x0ab\\x0dc\\x09d"));
	assert_line(JB_LOG_TEXT, "\x1b[2J\x7f", TEXT("\\x1b[2J\\x7f"));
	assert_line(JB_LOG_TEXT, "\xc2\x9b", TEXT("\\x9b"));
	assert_line(JB_LOG_TEXT, "\x9b", TEXT("\\x9b"));
}

static void test_json_escapes(void **state)
{
	(void)state;
	assert_line(JB_LOG_JSON, "", JSON(""));
	assert_line(JB_LOG_JSON, "a\"b\\c/d", JSON("a\\\"b\\\\c/d"));
	assert_line(JB_LOG_JSON, "\n\r\t\b\f\x01\x1f\x7f",
		    JSON("\\u000a\\u000d\\u0009\\u0008\\u000c\\u0001\\u001f\\u007f"));
	assert_line(JB_LOG_JSON, "\xc2\x85", JSON("\\u0085"));
	assert_line(JB_LOG_JSON, "\xc2\xa0", JSON("\xc2\xa0"));
}

static void test_json_keeps_good_utf8(void **state)
{
	static const char *const good[] = {"\xc3\xbc",         "\xdf\xbf",        "\xe0\xa0\x80",
					   "\xed\x9f\xbf",     "\xee\x80\x80",    "\xef\xbf\xbf",
					   "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char expected[128];

		snprintf(expected, sizeof(expected), JSON("%s"), good[i]);
		assert_line(JB_LOG_JSON, good[i], expected);
	}
}

static void test_json_replaces_bad_utf8(void **state)
{
	(void)state;
	assert_line(JB_LOG_JSON, "a\xff", JSON("a\\ufffd"));
	assert_line(JB_LOG_JSON, "\x80z", JSON("\\ufffdz"));
	assert_line(JB_LOG_JSON, "\xc3", JSON("\\ufffd"));
	assert_line(JB_LOG_JSON, "\xc3\"", JSON("\\ufffd\\\""));
	assert_line(JB_LOG_JSON, "\xc0\xaf", JSON("\\ufffd\\ufffd"));
	assert_line(JB_LOG_JSON, "\xe0\x9f\xbf", JSON("\\ufffd\\ufffd\\ufffd"));
	assert_line(JB_LOG_JSON, "\xed\xa0\x80", JSON("\\ufffd\\ufffd\\ufffd"));
	assert_line(JB_LOG_JSON, "\xe2\x82", JSON("\\ufffd\\ufffd"));
	assert_line(JB_LOG_JSON, "\xf0\x8f\xbf\xbf", JSON("\\ufffd\\ufffd\\ufffd\\ufffd"));
	assert_line(JB_LOG_JSON, "\xf4\x90\x80\x80", JSON("\\ufffd\\ufffd\\ufffd\\ufffd"));
	assert_line(JB_LOG_JSON, "\xf0\x9f\x98", JSON("\\ufffd\\ufffd\\ufffd"));
	assert_line(JB_LOG_JSON, "\xf5", JSON("\\ufffd"));
}

static void test_names(void **state)
{
	enum jb_log_level level = JB_LOG_LEVEL_MAX;
	enum jb_log_format format = JB_LOG_FORMAT_MAX;

	(void)state;
	for (int i = 0; i < JB_LOG_LEVEL_MAX; i++) {
		assert_int_equal(jb_log_level_parse(jb_log_level_names[i], &level), 0);
		assert_int_equal(level, i);
	}
	assert_null(jb_log_level_names[JB_LOG_LEVEL_MAX]);
	assert_int_equal(jb_log_level_parse("warning", &level), 0);
	assert_int_equal(level, JB_LOG_WARNING);
	assert_int_equal(jb_log_level_parse("warn", &level), -EINVAL);
	assert_int_equal(jb_log_level_parse("INFO", &level), -EINVAL);
	assert_int_equal(jb_log_level_parse("", &level), -EINVAL);
	assert_int_equal(level, JB_LOG_WARNING);
	assert_int_equal(jb_log_format_parse("json", &format), 0);
	assert_int_equal(format, JB_LOG_JSON);
	assert_int_equal(jb_log_format_parse("xml", &format), -EINVAL);
	assert_int_equal(format, JB_LOG_JSON);
	assert_int_equal(jb_log_format_parse("text", &format), 0);
	assert_int_equal(format, JB_LOG_TEXT);
}

/* Stderr goes into a pipe between capture_begin() and capture_end(). */
static int saved_stderr, capture_fd;

static void capture_begin(void)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	capture_fd = fds[0];
}

static size_t capture_end(char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	while ((got = read(capture_fd, text + len, size - 1 - len)) > 0)
		len += (size_t)got;
	close(capture_fd);
	text[len] = '\0';
	return len;
}

static void test_levels_are_filtered(void **state)
{
	char text[1024];

	(void)state;
	jb_log_init(JB_LOG_WARNING, JB_LOG_TEXT);
	capture_begin();
	jb_log(JB_LOG_ERROR, "one");
	jb_log(JB_LOG_WARNING, "two %d", 2);
	jb_log(JB_LOG_INFO, "three");
	jb_log(JB_LOG_DEBUG, "four");
	capture_end(text, sizeof(text));
	assert_non_null(strstr(text, "Z error: one\n"));
	assert_non_null(strstr(text, "Z warning: two 2\n"));
	assert_null(strstr(text, "three"));
	assert_null(strstr(text, "four"));
}

static void test_errno_is_told_and_kept(void **state)
{
	char text[1024];

	(void)state;
	jb_log_init(JB_LOG_DEBUG, JB_LOG_JSON);
	capture_begin();
	errno = ENOSPC;
	jb_log(JB_LOG_DEBUG, "write: %m");
	assert_int_equal(errno, ENOSPC);
	capture_end(text, sizeof(text));
	assert_non_null(
		strstr(text, "\"level\":\"debug\",\"msg\":\"write: No space left on device\"}\n"));
}

static void test_long_message_is_cut(void **state)
{
	static char message[1 << 20], text[65536];
	const char *cursor;

	(void)state;
	memset(message, '\x01', sizeof(message) - 1);
	jb_log_init(JB_LOG_INFO, JB_LOG_JSON);
	capture_begin();
	jb_log(JB_LOG_INFO, "%s", message);
	capture_end(text, sizeof(text));
	cursor = strstr(text, "\"msg\":\"");
	assert_non_null(cursor);
	cursor += strlen("\"msg\":\"");
	for (int i = 0; i < 4095; i++, cursor += 6)
		assert_memory_equal(cursor, "\\u0001", 6);
	assert_string_equal(cursor, "\"}\n");
}

static void test_closed_stderr_is_survived(void **state)
{
	(void)state;
	jb_log_init(JB_LOG_INFO, JB_LOG_TEXT);
	saved_stderr = dup(STDERR_FILENO);
	close(STDERR_FILENO);
	errno = ENOSPC;
	jb_log(JB_LOG_ERROR, "nobody reads this");
	assert_int_equal(errno, ENOSPC);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_cannot_forge_a_line_or_steer_a_terminal),
		cmocka_unit_test(test_json_escapes),
		cmocka_unit_test(test_json_keeps_good_utf8),
		cmocka_unit_test(test_json_replaces_bad_utf8),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_levels_are_filtered),
		cmocka_unit_test(test_errno_is_told_and_kept),
		cmocka_unit_test(test_long_message_is_cut),
		cmocka_unit_test(test_closed_stderr_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
