/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The families that are wanted, and the format that a server tells. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scrape_page.h"

#define PLAIN JB_SCRAPE_BIT(PLAIN)
#define TOTAL JB_SCRAPE_BIT(TOTAL)

static int try_families(const struct jb_scrape_family *families, size_t n)
{
	struct jb_scrape *scrape = NULL;
	int err = jb_scrape_new(families, n, &scrape);

	assert_int_equal(!scrape, !!err);
	jb_scrape_free(scrape);
	return err;
}

static void test_refused(void **state)
{
	static const struct jb_scrape_family refused[][2] = {
		{{"a", PLAIN}, {"", PLAIN}},
		{{"a", PLAIN}, {"b", 0}},
		{{"a", PLAIN}, {"b", 1U << JB_SCRAPE_SUFFIX_MAX}},
		{{"a", PLAIN}, {"b-c", PLAIN}},
		{{"a", PLAIN}, {"1b", PLAIN}},
		{{"a", PLAIN}, {"b c", PLAIN}},
		{{"a", PLAIN}, {"b\xc3\xa9", PLAIN}},
		{{"a", PLAIN}, {"a", PLAIN}},
		{{"a", PLAIN | TOTAL}, {"a", TOTAL}},
		{{"a", TOTAL}, {"a_total", PLAIN}}, /* both are a_total */
	};
	static const struct jb_scrape_family taken[] = {
		{"a", PLAIN}, {"a", TOTAL}, {":b", PLAIN}, {"_1", TOTAL}};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_int_equal(try_families(refused[i], 2), -EINVAL);
	assert_int_equal(try_families(taken, 4), 0);
	assert_int_equal(try_families(NULL, 0), 0);
	jb_scrape_free(NULL);
}

static void test_longest_name(void **state)
{
	struct jb_buffer text = {0};
	struct scrape_page page;
	struct jb_scrape *scrape;
	char name[JB_SCRAPE_NAME_MAX + 2];
	const struct jb_scrape_family family = {name, PLAIN};

	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(jb_scrape_new(&family, 1, &scrape), -EINVAL);
	name[sizeof(name) - 2] = '\0';
	assert_int_equal(jb_scrape_new(&family, 1, &scrape), 0);
	jb_buffer_printf(&text, "%s 1\n%sa 2\n%.*s 3\n%saa 4\n%s 5\n", name, name,
			 JB_SCRAPE_NAME_MAX - 1, name, name, name);
	scrape_read(&page, scrape, JB_SCRAPE_TEXT, text.data, text.len, SIZE_MAX);
	assert_string_equal(page.samples.data, "0 1 u1\n0 5 u5\n");
	assert_string_equal(page.result.error, "");
	scrape_page_free(&page);
	jb_buffer_free(&text);
	jb_scrape_free(scrape);
}

/* Names that differ little, each found after each other. */
static void test_every_pair(void **state)
{
	static const struct jb_scrape_family families[] = {
		{"a", PLAIN | TOTAL}, {"ab", PLAIN}, {"b", PLAIN}, {"aa", PLAIN}, {"abc", TOTAL}};
	static const char *const names[] = {"a",   "a_total", "ab", "b",        "aa", "abc_total",
					    "abc", "a_",      "c",  "ab_total", "bb"};
	static const char *const found[] = {"0 ", "0_total ", "1 ", "2 ", "3 ", "4_total "};
	enum { NAMES = sizeof(names) / sizeof(*names), FOUND = sizeof(found) / sizeof(*found) };
	struct jb_buffer text = {0}, expected = {0};
	struct scrape_page page;
	struct jb_scrape *scrape;

	(void)state;
	for (int i = 0; i < NAMES * NAMES * 2; i++) {
		int name = i % 2 ? i / 2 % NAMES : i / 2 / NAMES;

		jb_buffer_printf(&text, "%s %d\n", names[name], i);
		if (name < FOUND)
			jb_buffer_printf(&expected, "%s%d u%d\n", found[name], i, i);
	}
	assert_int_equal(jb_scrape_new(families, 5, &scrape), 0);
	scrape_read(&page, scrape, JB_SCRAPE_TEXT, text.data, text.len, SIZE_MAX);
	assert_string_equal(page.samples.data, expected.data);
	scrape_page_free(&page);
	jb_scrape_free(scrape);
	jb_buffer_free(&text);
	jb_buffer_free(&expected);
}

static void assert_format(const char *content_type, int expected)
{
	enum jb_scrape_format format = JB_SCRAPE_TEXT;

	if (expected < 0) {
		assert_int_equal(jb_scrape_content_type(content_type, &format), expected);
		assert_int_equal(format, JB_SCRAPE_TEXT);
		return;
	}
	assert_int_equal(jb_scrape_content_type(content_type, &format), 0);
	assert_int_equal(format, expected);
}

static void test_content_types(void **state)
{
	(void)state;
	assert_format(NULL, JB_SCRAPE_DETECT);
	assert_format("", JB_SCRAPE_DETECT);
	assert_format("text/plain", JB_SCRAPE_DETECT);
	assert_format("text/plain; charset=utf-8", JB_SCRAPE_DETECT);
	assert_format("text/plain; version=0.0.4", JB_SCRAPE_TEXT);
	assert_format("text/plain;charset=utf-8;Version=0.0.4", JB_SCRAPE_TEXT);
	assert_format("Text/Plain ; version=0.0.4; charset=utf-8; escaping=values", JB_SCRAPE_TEXT);
	assert_format("application/openmetrics-text; version=1.0.0; charset=utf-8",
		      JB_SCRAPE_OPENMETRICS);
	assert_format(" application/OpenMetrics-Text", JB_SCRAPE_OPENMETRICS);
	assert_format("text/html", -EINVAL);
	assert_format("text/html; version=0.0.4", -EINVAL);
	assert_format("text/plaintext", -EINVAL);
	assert_format("text", -EINVAL);
	assert_format("application/json", -EINVAL);
	assert_format("application/vnd.google.protobuf; proto=x", -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_content_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
