/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of wanted families: what they say, or what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "scrape_page.h"

static const struct jb_scrape_family families[] = {
	{"a", JB_SCRAPE_BIT(PLAIN) | JB_SCRAPE_BIT(TOTAL)},
	{"h:1", JB_SCRAPE_BIT(BUCKET) | JB_SCRAPE_BIT(SUM) | JB_SCRAPE_BIT(COUNT) |
			JB_SCRAPE_BIT(CREATED)},
};

struct example {
	const char *line;
	const char *expected; /* the sample, or what is wrong */
};

static int setup(void **state)
{
	return jb_scrape_new(families, 2, (struct jb_scrape **)state);
}

static int teardown(void **state)
{
	jb_scrape_free(*state);
	return 0;
}

static void read_line(struct jb_scrape *scrape, const char *line, struct scrape_page *ret)
{
	struct jb_buffer page = {0};

	jb_buffer_printf(&page, "%s\n", line);
	scrape_read(ret, scrape, JB_SCRAPE_DETECT, page.data, page.len, SIZE_MAX);
	assert_int_equal(ret->err, 0);
	jb_buffer_free(&page);
}

static void assert_samples(struct jb_scrape *scrape, const struct example *examples, size_t n)
{
	struct scrape_page page;

	for (size_t i = 0; i < n; i++) {
		char expected[512];

		read_line(scrape, examples[i].line, &page);
		snprintf(expected, sizeof(expected), "%s\n", examples[i].expected);
		if (*page.result.error)
			fail_msg("%s", page.result.error);
		assert_string_equal(page.samples.data, expected);
		scrape_page_free(&page);
	}
}

static void assert_wrong(struct jb_scrape *scrape, const struct example *examples, size_t n)
{
	struct scrape_page page;

	for (size_t i = 0; i < n; i++) {
		char expected[512];

		read_line(scrape, examples[i].line, &page);
		snprintf(expected, sizeof(expected), "line 1: %s", examples[i].expected);
		assert_string_equal(page.result.error, expected);
		assert_string_equal(page.samples.data, "");
		assert_int_equal(page.result.malformed, 1);
		scrape_page_free(&page);
	}
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void test_names(void **state)
{
	static const struct example samples[] = {
		{"a 1", "0 1 u1"},
		{"a_total 1", "0_total 1 u1"},
		{"h:1_bucket{le=\"+Inf\"} 1", "1_bucket{le=+Inf} 1 u1"},
		{"h:1_sum 1.5", "1_sum 1.5"},
		{"h:1_count 2", "1_count 2 u2"},
		{"h:1_created 1520430000.123", "1_created 1520430000.123"},
	};
	static const struct example wrong[] = {
		{"a", "a: a value is expected"},
		{"a ", "a: a value is expected"},
		{"a-b 1", "a: the name has an odd character"},
		{"a+1", "a: the name has an odd character"},
		{"a.b{c=\"d\"} 1", "a: the name has an odd character"},
		{"a\"b\" 1", "a: the name has an odd character"},
		{"a#b 1", "a: the name has an odd character"},
		{"a\xc3\xa9 1", "a: the name has an odd character"},
	};
	/* Each is another's name, or none that is wanted. */
	static const char *const others[] = {
		"ab 1",        "a_count 1", "A 1",       "h:1 1",
		"h:1_total 1", "h:11 1",    "_a 1",      ":a 1",
		"h 1",         "a:b 1",     "a1 1",      "ab",
		"b nonsense",  "b{c 1",     "{\"a\"} 1", "{\"a\",b=\"c\"} 1"};
	struct scrape_page page;

	assert_samples(*state, samples, COUNT(samples));
	assert_wrong(*state, wrong, COUNT(wrong));
	for (size_t i = 0; i < COUNT(others); i++) {
		read_line(*state, others[i], &page);
		assert_string_equal(page.samples.data, "");
		assert_string_equal(page.result.error, "");
		scrape_page_free(&page);
	}
}

static void test_blanks(void **state)
{
	static const struct example samples[] = {
		{"  a  1", "0 1 u1"},
		{"\ta\t1\t", "0 1 u1"},
		{"a 1 ", "0 1 u1"},
		{"a{}1", "0 1 u1"},
		{"a {} 1", "0 1 u1"},
		{"a { } 1", "0 1 u1"},
		{" a \t{ b = \"c\" \t, d\t=\t\"e\" , } 1  2 ", "0{b=c,d=e} 1 u1 @"},
	};

	assert_samples(*state, samples, COUNT(samples));
}

static void test_labels(void **state)
{
	static const struct example samples[] = {
		{"a{b=\"c\"} 1", "0{b=c} 1 u1"},
		{"a{b=\"c\",} 1", "0{b=c} 1 u1"},
		{"a{b=\"c\",d=\"e\"} 1", "0{b=c,d=e} 1 u1"},
		{"a{d=\"e\",b=\"c\"} 1", "0{d=e,b=c} 1 u1"}, /* the order is the line's */
		{"a{b=\"\"} 1", "0{b=} 1 u1"},
		{"a{_1=\"{}, #=\t\"} 1", "0{_1={}, #=\t} 1 u1"},
		{"a{b=\"\xe2\x82\xac\"} 1", "0{b=\xe2\x82\xac} 1 u1"},
		{"a{le=\"0.5\",__name__=\"x\"} 1", "0{le=0.5,__name__=x} 1 u1"},
	};
	static const struct example wrong[] = {
		{"a{", "a: the name of a label is expected"},
		{"a{,} 1", "a: the name of a label is expected"},
		{"a{,b=\"c\"} 1", "a: the name of a label is expected"},
		{"a{b=\"c\",,} 1", "a: the name of a label is expected"},
		{"a{1=\"c\"} 1", "a: the name of a label is expected"},
		{"a{=\"c\"} 1", "a: the name of a label is expected"},
		{"a{\"b\"=\"c\"} 1", "a: the name of a label is expected"},
		{"a{b:c=\"c\"} 1", "a: '=' is expected after the name of a label"},
		{"a{b", "a: '=' is expected after the name of a label"},
		{"a{b\"c\"} 1", "a: '=' is expected after the name of a label"},
		{"a{b c=\"c\"} 1", "a: '=' is expected after the name of a label"},
		{"a{b=c} 1", "a: the value of a label is not in quotes"},
		{"a{b='c'} 1", "a: the value of a label is not in quotes"},
		{"a{b=} 1", "a: the value of a label is not in quotes"},
		{"a{b=\"c} 1", "a: the value of a label is not ended"},
		{"a{b=\"c\\\"} 1", "a: the value of a label is not ended"},
		{"a{b=\"\\", "a: the value of a label is not ended"},
		{"a{b=\"c\"", "a: ',' or '}' is expected after a label"},
		{"a{b=\"c\"d=\"e\"} 1", "a: ',' or '}' is expected after a label"},
		{"a{b=\"c\";d=\"e\"} 1", "a: ',' or '}' is expected after a label"},
		{"a{b=\"c\",b=\"d\"} 1", "a: a label stands there twice"},
		{"a{b=\"c\",d=\"\",bb=\"\",b=\"c\"} 1", "a: a label stands there twice"},
		{"a{b=\"c\"}", "a: a value is expected"},
		{"a{b=\"c\"}}1", "a: not a number"},
		{"a{b=\"\xff\"} 1", "a: not UTF-8"},
		{"a{b=\"\xe2\x82\"} 1", "a: not UTF-8"},
		{"a{b=\"\xed\xa0\x80\"} 1", "a: not UTF-8"},
	};

	assert_samples(*state, samples, COUNT(samples));
	assert_wrong(*state, wrong, COUNT(wrong));
}

static void test_escapes(void **state)
{
	static const struct example samples[] = {
		{"a{b=\"C:\\\\DIR\\\\FILE.TXT\",c=\"Cannot find file:\\n\\\"FILE.TXT\\\"\"} 1",
		 "0{b=C:\\DIR\\FILE.TXT,c=Cannot find file:\n\"FILE.TXT\"} 1 u1"},
		{"a{b=\"\\\\\"} 1", "0{b=\\} 1 u1"},
		{"a{b=\"\\\\n\"} 1", "0{b=\\n} 1 u1"},
		{"a{b=\"\\\"\"} 1", "0{b=\"} 1 u1"},
		{"a{b=\"\\n\\n\"} 1", "0{b=\n\n} 1 u1"},
		{"a{b=\"\\d\\t\\}\"} 1", "0{b=\\d\\t\\}} 1 u1"}, /* none that is defined */
		{"a{b=\"\\\xc3\xa9\"} 1", "0{b=\\\xc3\xa9} 1 u1"},
		{"a{b=\"\\\\\",c=\"d\"} 1", "0{b=\\,c=d} 1 u1"},
	};

	assert_samples(*state, samples, COUNT(samples));
}

static void test_timestamps(void **state)
{
	static const struct example samples[] = {
		{"a 1 1395066363000", "0 1 u1 @"},
		{"a +Inf -3982045", "0 inf @"},
		{"a 1 1520879607.789", "0 1 u1 @"},
		{"a 1 1e9", "0 1 u1 @"},
		{"a 1 0", "0 1 u1 @"},
	};
	static const struct example wrong[] = {
		{"a 1 x", "a: not a timestamp"},
		{"a 1 NaN", "a: not a timestamp"},
		{"a 1 Inf", "a: not a timestamp"},
		{"a 1 2x", "a: not a timestamp"},
		{"a 1 2 3", "a: something follows the sample"},
		{"a 1 2 x", "a: something follows the sample"},
		{"a 1 b{c=\"d\"} 1", "a: not a timestamp"}, /* two lines in one */
		{"a one", "a: not a number"},
		{"a 1x", "a: not a number"},
	};

	assert_samples(*state, samples, COUNT(samples));
	assert_wrong(*state, wrong, COUNT(wrong));
}

static void test_exemplars(void **state)
{
	static const struct example samples[] = {
		{"h:1_bucket{le=\"0.1\"} 8 # {} 0.054", "1_bucket{le=0.1} 8 u8"},
		{"h:1_bucket{le=\"1\"} 11 # {trace_id=\"KOO5S4vxi0o\"} 0.67",
		 "1_bucket{le=1} 11 u11"},
		{"h:1_bucket{le=\"10\"} 17 # {trace_id=\"oHg5SJYRHA0\"} 9.8 1520879607.789",
		 "1_bucket{le=10} 17 u17"},
		{"a_total 1 2 # {le=\"\\\"\",a=\"}\"} NaN", "0_total 1 u1 @"},
	};
	static const struct example wrong[] = {
		{"a 1 #", "a: '{' is expected in an exemplar"},
		{"a 1 # 2", "a: '{' is expected in an exemplar"},
		{"a 1 # comment", "a: '{' is expected in an exemplar"},
		{"a 1 # {", "a: the name of a label is expected"},
		{"a 1 # {}", "a: a value is expected"},
		{"a 1 # {b=\"c\"} x", "a: not a number"},
		{"a 1 # {b=\"c\"} 1 x", "a: not a timestamp"},
		{"a 1 # {b=\"c\"} 1 2 3", "a: something follows the sample"},
		{"a 1 # {b=\"c\"} 1 # {} 1", "a: something follows the sample"},
		{"a 1 # {b=\"c\",b=\"c\"} 1", "a: a label stands there twice"},
		{"a # {} 1", "a: not a number"},
	};

	assert_samples(*state, samples, COUNT(samples));
	assert_wrong(*state, wrong, COUNT(wrong));
}

/* `a{l0="v",...} 1` */
static void put_labels(struct jb_buffer *out, int n)
{
	jb_buffer_puts(out, "a{");
	for (int i = 0; i < n; i++)
		jb_buffer_printf(out, "l%d=\"v\",", i);
	jb_buffer_puts(out, "} 1");
}

static void test_number_of_labels(void **state)
{
	const struct example wrong = {NULL, "a: too many labels"};
	struct jb_buffer line = {0};
	struct example example;
	struct scrape_page page;

	put_labels(&line, JB_SCRAPE_LABELS_MAX);
	read_line(*state, line.data, &page);
	assert_int_equal(page.result.samples, 1);
	assert_non_null(strstr(page.samples.data, ",l63=v} 1"));
	scrape_page_free(&page);
	jb_buffer_reset(&line);
	put_labels(&line, JB_SCRAPE_LABELS_MAX + 1);
	example = (struct example){line.data, wrong.expected};
	assert_wrong(*state, &example, 1);
	jb_buffer_free(&line);
}

/* Every pair of equal names is found, wherever it stands. */
static void test_repeated_labels(void **state)
{
	struct scrape_page page;
	char line[1024];
	int len;

	for (int first = 0; first < 26; first++) {
		for (int second = 0; second < 26; second++) {
			len = snprintf(line, sizeof(line), "a{");
			for (int i = 0; i < 26; i++)
				len += snprintf(line + len, sizeof(line) - (size_t)len, "%cb=\"\",",
						'a' + (i == second ? first : i));
			snprintf(line + len, sizeof(line) - (size_t)len, "} 1");
			read_line(*state, line, &page);
			assert_int_equal(page.result.samples, first == second);
			scrape_page_free(&page);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_timestamps),
		cmocka_unit_test(test_exemplars),
		cmocka_unit_test(test_number_of_labels),
		cmocka_unit_test(test_repeated_labels),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
