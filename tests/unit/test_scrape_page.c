/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines of a real Linkerd proxy, and pages that mean no good. */
#include <errno.h>
#include <libgen.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "scrape_page.h"

#define HISTOGRAM (JB_SCRAPE_BIT(BUCKET) | JB_SCRAPE_BIT(SUM) | JB_SCRAPE_BIT(COUNT))

static const struct jb_scrape_family families[] = {
	{"request", JB_SCRAPE_BIT(TOTAL)},
	{"response", JB_SCRAPE_BIT(TOTAL)},
	{"response_latency_ms", JB_SCRAPE_BIT(SUM) | JB_SCRAPE_BIT(COUNT)},
	{"tcp_open_connections", JB_SCRAPE_BIT(PLAIN)},
	{"inbound_tcp_detect_http_duration_seconds", HISTOGRAM},
	{"control_identity_cert_expiration_timestamp_seconds", JB_SCRAPE_BIT(PLAIN)},
	{"identity_cert_expiration_timestamp_seconds", JB_SCRAPE_BIT(PLAIN)}, /* before 2024 */
	{"control_identity_cert_refreshes", JB_SCRAPE_BIT(TOTAL)},
	{"process_start_time_seconds", JB_SCRAPE_BIT(PLAIN)},
	{"outbound_tcp_route_close", JB_SCRAPE_BIT(TOTAL)},
};

static char *page_data;
static size_t page_len;

/* The page stands beside this file. */
static int setup(void **state)
{
	char path[] = __FILE__, name[sizeof(path) + 32];
	FILE *file;

	snprintf(name, sizeof(name), "%s/linkerd_proxy.prom", dirname(path));
	file = fopen(name, "r");
	if (!file)
		return 1;
	page_data = malloc(64 << 10);
	page_len = page_data ? fread(page_data, 1, 64 << 10, file) : 0;
	fclose(file);
	return jb_scrape_new(families, sizeof(families) / sizeof(*families),
			     (struct jb_scrape **)state);
}

static int teardown(void **state)
{
	free(page_data);
	jb_scrape_free(*state);
	return 0;
}

static void assert_has(const struct scrape_page *page, const char *sample)
{
	if (!strstr(page->samples.data, sample))
		fail_msg("no %s", sample);
}

static void test_linkerd(void **state)
{
	struct scrape_page page;

	scrape_read(&page, *state, JB_SCRAPE_DETECT, page_data, page_len, SIZE_MAX);
	assert_int_equal(page.err, 0);
	assert_string_equal(page.result.error, "");
	assert_int_equal(page.result.lines, 135);
	assert_int_equal(page.result.octets, page_len);
	assert_true(page.result.eof);
	assert_has(&page, "0_total{direction=inbound,target_addr=0.0.0.0:4191,target_ip=0.0.0.0,"
			  "target_port=4191,tls=no_identity,no_tls_reason=no_tls_from_remote,"
			  "srv_kind=default,srv_name=all-unauthenticated,authz_kind=default,"
			  "authz_name=all-unauthenticated} 30 u30\n");
	assert_has(&page, "status_code=200} 29 u29\n2_sum{direction=inbound,");
	assert_has(&page, "4_sum{srv_group=,srv_kind=default,srv_name=all-unauthenticated,"
			  "srv_port=4191} 0.001945611\n");
	assert_has(&page, "4_bucket{le=+Inf,srv_group=,srv_kind=default,");
	assert_has(&page, "5 1789215005 u1789215005\n7_total{result=ok} 3 u3\n");
	assert_has(&page, "8 1741548766.37368\n");
	assert_null(strstr(page.samples.data, "2_bucket"));
	assert_int_equal(page.result.samples, 17);
	scrape_page_free(&page);
}

/* What a page was, as one number: as many cuts as the page has octets would take long otherwise. */
static int add_digest(void *ctx, const struct jb_scrape_sample *sample)
{
	uint64_t *digest = ctx, value;

	memcpy(&value, &sample->value, sizeof(value));
	value ^= sample->integer + sample->family * 7 + sample->suffix;
	for (size_t i = 0; i < sample->n_labels; i++) {
		for (size_t at = 0; at <= sample->labels[i].name_len; at++)
			value = value * 31 + (unsigned char)sample->labels[i].name[at];
		for (size_t at = 0; at <= sample->labels[i].value_len; at++)
			value = value * 31 + (unsigned char)sample->labels[i].value[at];
	}
	*digest = *digest * UINT64_C(0x2545f4914f6cdd1d) + value;
	return 0;
}

static void test_every_cut(void **state)
{
	struct jb_scrape *scrape = *state;
	uint64_t whole = 0, cut;

	jb_scrape_begin(scrape, JB_SCRAPE_DETECT, SCRAPE_ENOUGH, add_digest, &whole);
	assert_int_equal(jb_scrape_feed(scrape, page_data, page_len), 0);
	assert_int_equal(jb_scrape_end(scrape), 0);
	for (size_t at = 0; at <= page_len; at++) {
		cut = 0;
		jb_scrape_begin(scrape, JB_SCRAPE_DETECT, SCRAPE_ENOUGH, add_digest, &cut);
		assert_int_equal(jb_scrape_feed(scrape, page_data, at), 0);
		assert_int_equal(jb_scrape_feed(scrape, page_data + at, page_len - at), 0);
		assert_int_equal(jb_scrape_end(scrape), 0);
		assert_true(cut == whole);
		assert_int_equal(jb_scrape_result(scrape)->samples, 17);
		assert_int_equal(jb_scrape_result(scrape)->lines, 135);
	}
}

struct hostile {
	const char *page;
	size_t len;
	unsigned int samples, malformed;
	const char *error;
};

#define PAGE(text) (text), sizeof(text) - 1

static const struct hostile hostile[] = {
	{PAGE("<!DOCTYPE html>\n<html>\n</html>\n"), 0, 3,
	 "line 1: no line of metrics begins with '<'"},
	{PAGE("{\n  \"code\": 403\n}\n"), 0, 2, "line 2: no line of metrics begins with '\"'"},
	{PAGE("\x1f\x8b\x08\n"), 0, 1, "line 1: no line of metrics begins with octet 0x1f"},
	{PAGE("\0\n"), 0, 1, "line 1: no line of metrics begins with octet 0x00"},
	{PAGE("\r\n"), 0, 1, "line 1: no line of metrics begins with octet 0x0d"},
	{PAGE("\xff\n"), 0, 1, "line 1: no line of metrics begins with octet 0xff"},
	{PAGE("1request_total 1\n"), 0, 1, "line 1: no line of metrics begins with '1'"},
	{PAGE("request_total 1\r\n"), 0, 1, "line 1: request_total: not a number"},
	{PAGE("request_total 1\0\n"), 0, 1, "line 1: request_total: there is a NUL in it"},
	{PAGE("request_total{a=\"\0\"} 1\n"), 0, 1, "line 1: request_total: there is a NUL in it"},
	{PAGE("request_total\0 1\n"), 0, 1, "line 1: request_total: there is a NUL in it"},
	{PAGE("request_total{a=\"x\ny\"} 1\nrequest_total 1\n"), 1, 1,
	 "line 1: request_total: the value of a label is not ended"},
	{PAGE("request_totals{{{\nrequest_tota }\nprocess\0\xff\nrequest_total 1\n"), 1, 0, ""},
};

static void test_hostile(void **state)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		const struct hostile *h = &hostile[i];
		struct scrape_page page, pieces;

		scrape_read(&page, *state, JB_SCRAPE_DETECT, h->page, h->len, SIZE_MAX);
		assert_int_equal(page.err, 0);
		assert_string_equal(page.result.error, h->error);
		assert_int_equal(page.result.samples, h->samples);
		assert_int_equal(page.result.malformed, h->malformed);
		scrape_read(&pieces, *state, JB_SCRAPE_DETECT, h->page, h->len, 1);
		scrape_assert_equal(&page, &pieces);
		scrape_page_free(&page);
		scrape_page_free(&pieces);
	}
}

/* A line of `name{a="xxx..."} 1` with `len` octets, between two good ones. */
static void put_long_line(struct jb_buffer *out, const char *name, size_t len)
{
	int rest = (int)(len - strlen(name) - strlen("{a=\"\"} 1"));

	jb_buffer_puts(out, "request_total 1\n");
	jb_buffer_printf(out, "%s{a=\"%0*d\"} 1\n", name, rest, 0);
	jb_buffer_puts(out, "request_total 2\n");
}

static void assert_long_line(struct jb_scrape *scrape, const char *name, size_t len,
			     unsigned int samples, const char *error)
{
	static const size_t pieces[] = {SIZE_MAX, 1, 1000, JB_SCRAPE_LINE_MAX + 1};
	struct jb_buffer text = {0};
	struct scrape_page page;

	put_long_line(&text, name, len);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		scrape_read(&page, scrape, JB_SCRAPE_DETECT, text.data, text.len, pieces[i]);
		assert_int_equal(page.err, 0);
		assert_int_equal(page.result.lines, 3);
		assert_int_equal(page.result.samples, samples);
		assert_int_equal(page.result.malformed, !!*error);
		assert_string_equal(page.result.error, error);
		scrape_page_free(&page);
	}
	jb_buffer_free(&text);
}

static void test_long_lines(void **state)
{
	const char *const too_long = "line 2: request_total: the line is too long";

	assert_long_line(*state, "request_total", JB_SCRAPE_LINE_MAX, 3, "");
	assert_long_line(*state, "request_total", JB_SCRAPE_LINE_MAX + 1, 2, too_long);
	assert_long_line(*state, "request_total", JB_SCRAPE_LINE_MAX + 2, 2, too_long);
	assert_long_line(*state, "request_total", 1 << 20, 2, too_long);
	assert_long_line(*state, "other", JB_SCRAPE_LINE_MAX + 1, 2, "");
	assert_long_line(*state, "other", 1 << 20, 2, "");
	assert_long_line(*state, "# HELP other", 1 << 20, 2, "");
}

/* Blanks, digits and a name without end, each as it comes and in pieces. */
static void test_without_end(void **state)
{
	static const char *const parts[] = {" ", "request_total ", "9", "a", "#", "{", "\\", "\n"};
	struct scrape_page page, pieces;
	struct jb_buffer text = {0};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		jb_buffer_reset(&text);
		while (text.len < 40000)
			jb_buffer_puts(&text, parts[i]);
		jb_buffer_puts(&text, " 1\nrequest_total 1\n");
		scrape_read(&page, *state, JB_SCRAPE_DETECT, text.data, text.len, SIZE_MAX);
		scrape_read(&pieces, *state, JB_SCRAPE_DETECT, text.data, text.len, 7);
		scrape_assert_equal(&page, &pieces);
		assert_string_equal(page.samples.data, "0_total 1 u1\n");
		scrape_page_free(&page);
		scrape_page_free(&pieces);
	}
	jb_buffer_free(&text);
}

static int count_sample(void *ctx, const struct jb_scrape_sample *sample)
{
	(void)sample;
	++*(unsigned int *)ctx;
	return 0;
}

/* 50 MB in 130,000 lines: nothing is allocated for any of them. */
static void test_large_page(void **state)
{
	enum { LINES = 130000 };
	struct jb_scrape *scrape = *state;
	unsigned int samples = 0;
	struct mallinfo2 before = mallinfo2();
	char line[512];
	int len;

	jb_scrape_begin(scrape, JB_SCRAPE_DETECT, SCRAPE_ENOUGH, count_sample, &samples);
	for (int i = 0; i < LINES; i++) {
		len = snprintf(line, sizeof(line), "%s{le=\"%0370d\"} %d\n",
			       i % 28 ? "response_latency_ms_bucket" : "response_latency_ms_count",
			       i, i);
		assert_int_equal(jb_scrape_feed(scrape, line, (size_t)len), 0);
	}
	assert_int_equal(jb_scrape_end(scrape), 0);
	assert_int_equal(samples, (LINES + 27) / 28);
	assert_int_equal(jb_scrape_result(scrape)->lines, LINES);
	assert_true(jb_scrape_result(scrape)->octets > 50000000);
	assert_int_equal(mallinfo2().uordblks, before.uordblks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linkerd),     cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_hostile),     cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_without_end), cmocka_unit_test(test_large_page),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
