/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pages: where they end, what they may have, and in which pieces they come. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scrape_page.h"

static const struct jb_scrape_family families[] = {
	{"http_requests", JB_SCRAPE_BIT(TOTAL)},
	{"msdos_file_access_time_seconds", JB_SCRAPE_BIT(PLAIN)},
	{"metric_without_timestamp_and_labels", JB_SCRAPE_BIT(PLAIN)},
	{"something_weird", JB_SCRAPE_BIT(PLAIN)},
	{"http_request_duration_seconds", JB_SCRAPE_BIT(SUM) | JB_SCRAPE_BIT(COUNT)},
	{"rpc_duration_seconds", JB_SCRAPE_BIT(PLAIN)},
	{"foo", JB_SCRAPE_BIT(BUCKET) | JB_SCRAPE_BIT(COUNT) | JB_SCRAPE_BIT(CREATED)},
	{"process_cpu_seconds", JB_SCRAPE_BIT(TOTAL)},
	{"absent", JB_SCRAPE_BIT(PLAIN)},
};

/* The example of the text format's description, shortened. */
static const char text_page[] =
	"# HELP http_requests_total The total number of HTTP requests.\n"
	"# TYPE http_requests_total counter\n"
	"http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
	"http_requests_total{method=\"post\",code=\"400\"}    3 1395066363000\n"
	"\n"
	"# Escaping in label values:\n"
	"msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\","
	"error=\"Cannot find file:\\n\\\"FILE.TXT\\\"\"} 1.458255915e9\n"
	"\n"
	"# Minimalistic line:\n"
	"metric_without_timestamp_and_labels 12.47\n"
	"\n"
	"# A weird metric from before the epoch:\n"
	"something_weird{problem=\"division by zero\"} +Inf -3982045\n"
	"\n"
	"# TYPE http_request_duration_seconds histogram\n"
	"http_request_duration_seconds_bucket{le=\"0.05\"} 24054\n"
	"http_request_duration_seconds_bucket{le=\"+Inf\"} 144320\n"
	"http_request_duration_seconds_sum 53423\n"
	"http_request_duration_seconds_count 144320\n"
	"\n"
	"# TYPE rpc_duration_seconds summary\n"
	"rpc_duration_seconds{quantile=\"0.01\"} 3102\n"
	"rpc_duration_seconds{quantile=\"0.99\"} 76656\n"
	"rpc_duration_seconds_sum 1.7560473e+07\n"
	"rpc_duration_seconds_count 2693\n";

static const char text_samples[] =
	"0_total{method=post,code=200} 1027 u1027 @\n"
	"0_total{method=post,code=400} 3 u3 @\n"
	"1{path=C:\\DIR\\FILE.TXT,error=Cannot find file:\n\"FILE.TXT\"} 1458255915 u1458255915\n"
	"2 12.47\n"
	"3{problem=division by zero} inf @\n"
	"4_sum 53423 u53423\n"
	"4_count 144320 u144320\n"
	"5{quantile=0.01} 3102 u3102\n"
	"5{quantile=0.99} 76656 u76656\n";

/* Of the OpenMetrics specification. */
static const char openmetrics_page[] =
	"# TYPE foo histogram\n"
	"foo_bucket{le=\"0.01\"} 0\n"
	"foo_bucket{le=\"0.1\"} 8 # {} 0.054\n"
	"foo_bucket{le=\"1\"} 11 # {trace_id=\"KOO5S4vxi0o\"} 0.67\n"
	"foo_bucket{le=\"10\"} 17 # {trace_id=\"oHg5SJYRHA0\"} 9.8 1520879607.789\n"
	"foo_bucket{le=\"+Inf\"} 17\n"
	"foo_count 17\n"
	"foo_sum 324789.3\n"
	"foo_created  1520430000.123\n"
	"# TYPE process_cpu_seconds counter\n"
	"# UNIT process_cpu_seconds seconds\n"
	"# HELP process_cpu_seconds Total \\\"user\\\" and system CPU time spent.\n"
	"process_cpu_seconds_total 4.20072246e+06\n"
	"# EOF\n";

static const char openmetrics_samples[] = "6_bucket{le=0.01} 0 u0\n"
					  "6_bucket{le=0.1} 8 u8\n"
					  "6_bucket{le=1} 11 u11\n"
					  "6_bucket{le=10} 17 u17\n"
					  "6_bucket{le=+Inf} 17 u17\n"
					  "6_count 17 u17\n"
					  "6_created 1520430000.123\n"
					  "7_total 4200722.46\n";

static int setup(void **state)
{
	return jb_scrape_new(families, sizeof(families) / sizeof(*families),
			     (struct jb_scrape **)state);
}

static int teardown(void **state)
{
	jb_scrape_free(*state);
	return 0;
}

static void test_text(void **state)
{
	struct scrape_page page;

	scrape_read(&page, *state, JB_SCRAPE_TEXT, text_page, strlen(text_page), SIZE_MAX);
	assert_int_equal(page.err, 0);
	assert_string_equal(page.result.error, "");
	assert_string_equal(page.samples.data, text_samples);
	assert_int_equal(page.result.octets, strlen(text_page));
	assert_int_equal(page.result.lines, 25);
	assert_int_equal(page.result.samples, 9);
	assert_int_equal(page.result.malformed, 0);
	assert_false(page.result.eof);
	scrape_page_free(&page);
}

static void test_openmetrics(void **state)
{
	const enum jb_scrape_format formats[] = {JB_SCRAPE_OPENMETRICS, JB_SCRAPE_DETECT};
	struct scrape_page page;

	for (int i = 0; i < 2; i++) {
		scrape_read(&page, *state, formats[i], openmetrics_page, strlen(openmetrics_page),
			    SIZE_MAX);
		assert_int_equal(page.err, 0);
		assert_string_equal(page.result.error, "");
		assert_string_equal(page.samples.data, openmetrics_samples);
		assert_true(page.result.eof);
		scrape_page_free(&page);
	}
}

static void assert_pieces(struct jb_scrape *scrape, enum jb_scrape_format format, const char *data)
{
	struct scrape_page whole, pieces;
	size_t len = strlen(data);

	scrape_read(&whole, scrape, format, data, len, SIZE_MAX);
	assert_true(whole.result.samples > 0);
	for (size_t piece = 1; piece < len; piece++) { /* the first cut is everywhere once */
		scrape_read(&pieces, scrape, format, data, len, piece);
		scrape_assert_equal(&pieces, &whole);
		scrape_page_free(&pieces);
	}
	scrape_page_free(&whole);
}

static void test_pieces(void **state)
{
	assert_pieces(*state, JB_SCRAPE_TEXT, text_page);
	assert_pieces(*state, JB_SCRAPE_DETECT, openmetrics_page);
	assert_pieces(*state, JB_SCRAPE_DETECT,
		      "foo_count 1\nfoo_count x\nfoo_count{\n<html>\nfoo_count 2");
}

/* The page breaks off after each octet: it is noticed, and no sample is made of half a line. */
static void test_truncated_openmetrics(void **state)
{
	struct scrape_page page;
	size_t len = strlen(openmetrics_page);

	for (size_t end = 0; end < len - 1; end++) {
		scrape_read(&page, *state, JB_SCRAPE_OPENMETRICS, openmetrics_page, end, SIZE_MAX);
		assert_int_equal(page.err, -ENODATA);
		assert_true(*page.result.error);
		assert_memory_equal(page.samples.data, openmetrics_samples, page.samples.len);
		assert_int_equal(page.result.malformed, 0);
		scrape_page_free(&page);
	}
	/* Of the last line feed it is said that it may be missing. */
	scrape_read(&page, *state, JB_SCRAPE_OPENMETRICS, openmetrics_page, len - 1, SIZE_MAX);
	assert_int_equal(page.err, 0);
	assert_true(page.result.eof);
	scrape_page_free(&page);
}

static void test_truncated_text(void **state)
{
	struct scrape_page page;
	size_t len = strlen(text_page);

	for (size_t end = 0; end <= len; end++) {
		bool is_cut = end && text_page[end - 1] != '\n';

		scrape_read(&page, *state, JB_SCRAPE_TEXT, text_page, end, SIZE_MAX);
		assert_int_equal(page.err, is_cut ? -ENODATA : 0);
		assert_int_equal(!!*page.result.error, is_cut);
		assert_memory_equal(page.samples.data, text_samples, page.samples.len);
		scrape_page_free(&page);
	}
}

struct ending {
	enum jb_scrape_format format;
	const char *page;
	int err;
	bool eof;
	unsigned int samples, malformed;
	const char *error;
};

static const struct ending endings[] = {
	{JB_SCRAPE_TEXT, "", 0, false, 0, 0, ""},
	{JB_SCRAPE_DETECT, "", 0, false, 0, 0, ""},
	{JB_SCRAPE_DETECT, "\n\n \t\n", 0, false, 0, 0, ""},
	{JB_SCRAPE_OPENMETRICS, "", -ENODATA, false, 0, 0, "line 1: the page ends without '# EOF'"},
	{JB_SCRAPE_OPENMETRICS, "# EOF", 0, true, 0, 0, ""},
	{JB_SCRAPE_DETECT, "# EOF", 0, true, 0, 0, ""},
	{JB_SCRAPE_TEXT, "# EOF", -ENODATA, false, 0, 0, "line 1: the page ends in it"},
	{JB_SCRAPE_TEXT, "# EOF\nfoo_count 1\n", 0, false, 1, 0, ""}, /* a comment */
	{JB_SCRAPE_TEXT, "# UNIT foo s\nfoo_count 1\n", 0, false, 1, 0, ""},
	{JB_SCRAPE_DETECT, "# UNIT foo s\nfoo_count 1\n", -ENODATA, false, 1, 0,
	 "line 3: the page ends without '# EOF'"},
	{JB_SCRAPE_DETECT, "foo_count 1\n# EOF\n", 0, true, 1, 0, ""},
	{JB_SCRAPE_DETECT, "# EOFs\n#EOF\n# eof\n#  EOF\n# EOF \n", 0, false, 0, 0, ""},
	{JB_SCRAPE_DETECT, "# EOF\nfoo_count 1\n", 0, true, 0, 1, "line 2: it follows '# EOF'"},
	{JB_SCRAPE_DETECT, "# EOF\nfoo_count 1", 0, true, 0, 1, "line 2: it follows '# EOF'"},
	{JB_SCRAPE_DETECT, "# EOF\n\n# EOF\n", 0, true, 0, 2, "line 2: it follows '# EOF'"},
	{JB_SCRAPE_DETECT, "foo_count 1", -ENODATA, false, 0, 0, "line 1: the page ends in it"},
	{JB_SCRAPE_DETECT, "foo_count x\nfoo_count 1", -ENODATA, false, 0, 1,
	 "line 1: foo_count: not a number"},
	{JB_SCRAPE_DETECT, "foo_count 1\nfoo_count x\nfoo_count\nfoo_count 2\n", 0, false, 2, 2,
	 "line 2: foo_count: not a number"},
};

static void test_endings(void **state)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		const struct ending *e = &endings[i];
		struct scrape_page page;

		scrape_read(&page, *state, e->format, e->page, strlen(e->page), 1);
		assert_int_equal(page.err, e->err);
		assert_int_equal(page.result.eof, e->eof);
		assert_int_equal(page.result.samples, e->samples);
		assert_int_equal(page.result.malformed, e->malformed);
		assert_string_equal(page.result.error, e->error);
		scrape_page_free(&page);
	}
}

/* Of a page that is too long the beginning counts, in whatever pieces it came. */
static void test_page_too_long(void **state)
{
	struct jb_scrape *scrape = *state;
	const struct jb_scrape_result *result = jb_scrape_result(scrape);
	struct jb_buffer samples = {0};
	size_t len = strlen(text_page);

	for (size_t max = 0; max < len; max++) {
		jb_buffer_reset(&samples);
		jb_scrape_begin(scrape, JB_SCRAPE_TEXT, max, scrape_put, &samples);
		scrape_feed(scrape, text_page, len, 1 + max % 50);
		assert_int_equal(jb_scrape_feed(scrape, "x", 1), -E2BIG);
		assert_int_equal(jb_scrape_end(scrape), -E2BIG);
		assert_int_equal(result->octets, max);
		assert_non_null(strstr(result->error, "the page is longer than"));
		assert_memory_equal(samples.data ? samples.data : "", text_samples, samples.len);
	}
	jb_scrape_begin(scrape, JB_SCRAPE_TEXT, len, scrape_put, &samples);
	assert_int_equal(jb_scrape_feed(scrape, text_page, len), 0);
	assert_int_equal(jb_scrape_end(scrape), 0);
	jb_buffer_free(&samples);
}

static int refuse_second(void *ctx, const struct jb_scrape_sample *sample)
{
	int *calls = ctx;

	(void)sample;
	return ++*calls == 2 ? -ENOSPC : 0;
}

static void test_callback_ends_page(void **state)
{
	int calls = 0;

	jb_scrape_begin(*state, JB_SCRAPE_TEXT, SCRAPE_ENOUGH, refuse_second, &calls);
	assert_int_equal(jb_scrape_feed(*state, text_page, strlen(text_page)), -ENOSPC);
	assert_int_equal(jb_scrape_feed(*state, text_page, strlen(text_page)), -ENOSPC);
	assert_int_equal(jb_scrape_end(*state), -ENOSPC);
	assert_int_equal(calls, 2);
}

/* Nothing of a page is left when the next begins. */
static void test_begin_again(void **state)
{
	static const char *const half[] = {"foo_cou", "foo_count x\n", "# UNIT foo s\n", "# EOF\n",
					   "foo_count 1\n"};
	struct scrape_page first, again;

	scrape_read(&first, *state, JB_SCRAPE_DETECT, text_page, strlen(text_page), SIZE_MAX);
	for (size_t i = 0; i < sizeof(half) / sizeof(*half); i++) {
		int calls = 1;

		jb_scrape_begin(*state, JB_SCRAPE_DETECT, SCRAPE_ENOUGH, refuse_second, &calls);
		jb_scrape_feed(*state, half[i], strlen(half[i]));
		scrape_read(&again, *state, JB_SCRAPE_DETECT, text_page, strlen(text_page),
			    SIZE_MAX);
		scrape_assert_equal(&again, &first);
		scrape_page_free(&again);
	}
	scrape_page_free(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),           cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_pieces),         cmocka_unit_test(test_truncated_openmetrics),
		cmocka_unit_test(test_truncated_text), cmocka_unit_test(test_endings),
		cmocka_unit_test(test_page_too_long),  cmocka_unit_test(test_callback_ends_page),
		cmocka_unit_test(test_begin_again),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
