/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is new on the pages of a proxy, page after page. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "mesh/page.h"
#include "scrape/scrape.h"

enum { SINCE = 1000, SERIES = 100 };

struct reader {
	struct jb_scrape *scrape;
	struct jb_mesh_page *page;
	struct jb_buffer news; /* of the page that was committed last; a line for each far end */
	struct jb_mesh_facts facts;
};

static struct reader reader_as(const struct jb_mesh_page_options *options)
{
	struct reader reader = {};

	assert_int_equal(jb_scrape_new(jb_mesh_families, jb_mesh_n_families, &reader.scrape), 0);
	assert_int_equal(jb_mesh_page_new(&reader.page, options), 0);
	return reader;
}

static struct reader reader_with(uint32_t max_series, uint64_t seed)
{
	const struct jb_mesh_page_options options = {
		.max_series = max_series, .seed = seed, .since_s = SINCE};

	return reader_as(&options);
}

static struct reader reader_of(uint32_t max_series)
{
	return reader_with(max_series, 0x1234567890abcdef);
}

static struct reader reader_within(uint32_t *budget)
{
	const struct jb_mesh_page_options options = {
		.max_series = 100000, .since_s = SINCE, .budget = budget};

	return reader_as(&options);
}

static void reader_free(struct reader *reader)
{
	jb_scrape_free(reader->scrape);
	jb_mesh_page_free(reader->page);
	jb_buffer_free(&reader->news);
}

static const char *const sides[] = {"outbound_src", "outbound_dst", "inbound_src", "inbound_dst"};
static const char *const tls[] = {"mutual", "plain", "opaque"};
static const char *const figures[] = {"successes", "failures", "responses", "ms",
				      "opened",    "read",     "written"};

/* `outbound_dst ::ffff:10.0.0.1 80 mutual namespace/workload opened=1 read=2` */
static int put(void *ctx, const struct jb_mesh_news *news)
{
	struct jb_buffer *out = ctx;
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, news->far.target.octet, ip, sizeof(ip));
	jb_buffer_printf(out, "%s %s %u %s %s/%s", sides[news->far.side], ip, news->far.target_port,
			 tls[news->far.tls], news->far.namespace_, news->far.workload);
	for (int i = 0; i < JB_MESH_FIGURE_MAX; i++)
		if (news->by[i] != 0)
			jb_buffer_printf(out, " %s=%.17g", figures[i], news->by[i]);
	jb_buffer_puts(out, "\n");
	return 0;
}

static void feed(struct reader *reader, const char *text)
{
	jb_mesh_page_begin(reader->page);
	jb_scrape_begin(reader->scrape, JB_SCRAPE_DETECT, 1 << 20, jb_mesh_page_sample,
			reader->page);
	assert_int_equal(jb_scrape_feed(reader->scrape, text, strlen(text)), 0);
	assert_int_equal(jb_scrape_end(reader->scrape), 0);
	assert_string_equal(jb_scrape_result(reader->scrape)->error, "");
}

static void expect(struct reader *reader, const char *text, const char *news)
{
	feed(reader, text);
	jb_buffer_reset(&reader->news);
	jb_buffer_puts(&reader->news, "");
	assert_int_equal(jb_mesh_page_commit(reader->page, put, &reader->news, &reader->facts), 0);
	assert_string_equal(reader->news.data, news);
}

/* Connections opened to 10.0.0.N:80, and what is told of them. */
#define OPEN(n, value)                                                                             \
	"tcp_open_total{direction=\"outbound\",peer=\"dst\",target_ip=\"10.0.0." #n                \
	"\",target_port=\"80\",tls=\"true\"} " value "\n"
#define OPENED(n, value) "outbound_dst ::ffff:10.0.0." #n " 80 mutual / opened=" value "\n"
#define START(value)     "process_start_time_seconds " value "\n"

/* The page stands beside this file. */
static char *read_sample(void)
{
	char path[] = __FILE__, name[sizeof(path) + 32];
	char *text = calloc(1, 64 << 10);
	FILE *file;

	snprintf(name, sizeof(name), "%s/linkerd_proxy.prom", dirname(path));
	file = fopen(name, "r");
	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, (64 << 10) - 1, file) > 0);
	fclose(file);
	return text;
}

static const char sample_news[] =
	"outbound_dst ::ffff:10.42.0.229 8000 mutual etradie-system/chromadb successes=30\n"
	"outbound_dst ::ffff:10.42.0.122 8080 mutual linkerd-opaque-ports-test/opaque-pod opened=1 "
	"read=8323 written=3763\n"
	"outbound_src ::ffff:10.42.0.122 8080 plain / opened=1 read=3763 written=8323\n"
	"outbound_dst ::ffff:10.42.0.31 8080 mutual playground/playground-server-http-primary "
	"opened=1\n"
	"outbound_dst ::ffff:10.42.0.228 6379 mutual etradie-system/redis\n";

static void test_sample(void **state)
{
	struct reader reader = reader_of(SERIES);
	char *text = read_sample();

	(void)state;
	expect(&reader, text, sample_news);
	assert_true(reader.facts.start_s == 1741548766.3736842);
	assert_true(reader.facts.certificate_expiry_s == 1789215005);
	assert_int_equal(reader.facts.certificate_refresh_errors, 0);
	assert_string_equal(reader.facts.version, "");
	assert_int_equal(reader.facts.series, 9);
	assert_int_equal(reader.facts.skipped, 0);
	expect(&reader, text, "");
	assert_int_equal(reader.facts.series, 9);
	free(text);
	reader_free(&reader);
}

static void test_http(void **state)
{
	static const char inbound[] =
		"direction=\"inbound\",target_ip=\"10.0.0.9\",target_port=\"8080\",tls=\"true\","
		"client_id=\"web.emojivoto.serviceaccount.identity.linkerd.cluster.local\"";
	struct reader reader = reader_of(SERIES);
	struct jb_buffer page = {0};

	(void)state;
	jb_buffer_printf(&page,
			 "response_total{%s,status_code=\"200\",classification=\"success\"} 3\n"
			 "response_total{%s,status_code=\"204\",classification=\"success\"} 4\n"
			 "response_total{%s,status_code=\"500\",classification=\"failure\"} 5\n"
			 "response_total{%s,status_code=\"501\",classification=\"odd\"} 6\n"
			 "response_total{%s,status_code=\"502\"} 7\n"
			 "response_latency_ms_bucket{%s,le=\"+Inf\"} 9\n"
			 "response_latency_ms_count{%s,status_code=\"200\"} 11\n"
			 "response_latency_ms_sum{%s,status_code=\"200\"} 1234\n" START("2000"),
			 inbound, inbound, inbound, inbound, inbound, inbound, inbound, inbound);
	expect(&reader, page.data,
	       "inbound_src ::ffff:10.0.0.9 8080 mutual emojivoto/web successes=7 failures=5 "
	       "responses=11 ms=1234\n");
	assert_int_equal(reader.facts.series, 5);
	jb_buffer_free(&page);
	reader_free(&reader);
}

/* One page after another, and what is new on each. */
struct step {
	const char *page, *news;
};

static void play(const struct step *steps, size_t n, uint32_t max_series)
{
	struct reader reader = reader_of(max_series);

	for (size_t i = 0; i < n; i++)
		expect(&reader, steps[i].page, steps[i].news);
	reader_free(&reader);
}

#define PLAY(...) PLAY_WITHIN(SERIES, __VA_ARGS__)
#define PLAY_WITHIN(max, ...)                                                                      \
	do {                                                                                       \
		static const struct step steps[] = {__VA_ARGS__};                                  \
                                                                                                   \
		play(steps, sizeof(steps) / sizeof(*steps), max);                                  \
	} while (0)

/* The start stands last on a page. */
static void test_first_page(void **state)
{
	(void)state;
	PLAY({OPEN(1, "5") START("999"), ""}, {OPEN(1, "7") START("999"), OPENED(1, "2")});
	PLAY({OPEN(1, "5") START("1000"), ""}, {OPEN(1, "7") START("1000"), OPENED(1, "2")});
	PLAY({OPEN(1, "5") START("1000.5"), OPENED(1, "5")},
	     {OPEN(1, "7") START("1000.5"), OPENED(1, "2")});
	PLAY({OPEN(1, "5"), ""}, {OPEN(1, "7"), OPENED(1, "2")});
	PLAY({OPEN(1, "5") START("NaN"), ""}, {OPEN(1, "5") START("+Inf"), ""});
}

static void test_growth(void **state)
{
	(void)state;
	PLAY({OPEN(1, "5") OPEN(2, "6"), ""},
	     {OPEN(1, "5") OPEN(2, "9") OPEN(3, "4"), OPENED(2, "3") OPENED(3, "4")},
	     {OPEN(3, "4") OPEN(1, "8") OPEN(2, "9"), OPENED(1, "3")},
	     {OPEN(1, "2") OPEN(2, "9") OPEN(3, "0"), OPENED(1, "2")}, /* begun anew */
	     {OPEN(1, "3") OPEN(2, "9") OPEN(3, "1"), OPENED(1, "1") OPENED(3, "1")});
}

/* After it has gone a series is as one that never was. */
static void test_evicted(void **state)
{
	(void)state;
	PLAY({OPEN(1, "5") OPEN(2, "6"), ""}, {OPEN(2, "7"), OPENED(2, "1")},
	     {OPEN(1, "9") OPEN(2, "7"), OPENED(1, "9")}, {"", ""},
	     {OPEN(1, "1") OPEN(2, "7"), OPENED(1, "1") OPENED(2, "7")});
}

static void test_restart(void **state)
{
	(void)state;
	PLAY({OPEN(1, "5") OPEN(2, "6") START("500"), ""},
	     {OPEN(1, "9") OPEN(2, "6") START("600"), OPENED(1, "9") OPENED(2, "6")},
	     {OPEN(1, "9") OPEN(2, "7") START("600"), OPENED(2, "1")},
	     {OPEN(1, "9") OPEN(2, "8"), OPENED(2, "1")}, /* not told is no restart */
	     {OPEN(1, "9") OPEN(2, "8") START("600"), ""}, {OPEN(1, "9") OPEN(2, "8"), ""},
	     {OPEN(1, "9") OPEN(2, "8") START("600.25"), OPENED(1, "9") OPENED(2, "8")});
	PLAY({OPEN(1, "5"), ""}, {OPEN(1, "6") START("2000"), OPENED(1, "1")});
}

static void test_no_counts(void **state)
{
	(void)state;
	PLAY({OPEN(1, "5") OPEN(2, "5") OPEN(3, "5") OPEN(4, "5") START("2000"),
	      OPENED(1, "5") OPENED(2, "5") OPENED(3, "5") OPENED(4, "5")},
	     {OPEN(1, "NaN") OPEN(2, "+Inf") OPEN(3, "-1") OPEN(4, "1e17") START("2000"), ""},
	     {OPEN(1, "6") OPEN(2, "7") OPEN(3, "5") OPEN(4, "8") START("2000"),
	      OPENED(1, "1") OPENED(2, "2") OPENED(4, "3")});
	PLAY({OPEN(1, "NaN"), ""}, {OPEN(1, "100"), ""}, {OPEN(1, "101"), OPENED(1, "1")});
	PLAY({OPEN(1, "9007199254740992") OPEN(1, "-Inf") START("2000"),
	      OPENED(1, "9007199254740992")});
}

/* The order in which equal ones come may change. */
static void test_twice_on_a_page(void **state)
{
	(void)state;
	PLAY({OPEN(1, "1000000") OPEN(1, "10"), ""},
	     {OPEN(1, "11") OPEN(1, "1000001"), OPENED(1, "1")},
	     {OPEN(1, "NaN") OPEN(1, "1000003") OPEN(1, "NaN"), OPENED(1, "2")},
	     {OPEN(1, "12"), OPENED(1, "12")});
}

static void test_labels_in_another_order(void **state)
{
	(void)state;
	PLAY({"tcp_open_total{direction=\"outbound\",peer=\"dst\"} 5\n", ""},
	     {"tcp_open_total{peer=\"dst\",direction=\"outbound\"} 6\n",
	      "outbound_dst :: 0 plain / opened=1\n"});
}

/* Its series have no place; those that get one later may have been there all the time. */
static void test_full(void **state)
{
	struct reader reader = reader_of(2);

	(void)state;
	expect(&reader, OPEN(1, "1") OPEN(2, "1") OPEN(3, "50") OPEN(3, "50") OPEN(4, "60"), "");
	assert_int_equal(reader.facts.series, 2);
	assert_int_equal(reader.facts.skipped, 3);
	expect(&reader, OPEN(2, "2") OPEN(3, "51"), OPENED(2, "1"));
	assert_int_equal(reader.facts.skipped, 1);
	expect(&reader, OPEN(2, "2") OPEN(3, "52"), "");
	assert_int_equal(reader.facts.skipped, 0);
	expect(&reader, OPEN(3, "53"), OPENED(3, "1"));
	expect(&reader, OPEN(3, "53") OPEN(5, "7"), OPENED(5, "7"));
	reader_free(&reader);
}

/* Two pages share what is left. A place is given back with the series, whatever becomes of it. */
static void test_budget(void **state)
{
	uint32_t budget = 3;
	struct reader one = reader_within(&budget), other = reader_within(&budget);

	(void)state;
	expect(&one, OPEN(1, "1") OPEN(2, "1") START("2000"), OPENED(1, "1") OPENED(2, "1"));
	assert_int_equal(budget, 1);
	expect(&other, OPEN(1, "1") OPEN(2, "1") OPEN(2, "1") START("2000"), OPENED(1, "1"));
	assert_int_equal(budget, 0);
	assert_int_equal(other.facts.series, 1);
	assert_int_equal(other.facts.skipped, 2);
	expect(&one, OPEN(2, "2"), OPENED(2, "1")); /* settled without the first */
	assert_int_equal(budget, 1);
	expect(&other, OPEN(1, "1") OPEN(2, "7"), ""); /* it may have been there all the time */
	assert_int_equal(budget, 0);
	expect(&one, OPEN(2, "2"), "");
	expect(&other, OPEN(2, "8"), OPENED(2, "1"));
	feed(&one, OPEN(3, "1") OPEN(2, "2") OPEN(4, "1")); /* breaks off */
	assert_int_equal(budget, 0);
	jb_mesh_page_begin(one.page);
	assert_int_equal(budget, 1);
	feed(&one, OPEN(3, "1"));
	reader_free(&one);
	assert_int_equal(budget, 2);
	reader_free(&other);
	assert_int_equal(budget, 3);
}

/* As if it had not come: for what is counted, remembered and told. */
static void test_page_that_breaks_off(void **state)
{
	struct reader reader = reader_of(3);

	(void)state;
	feed(&reader, OPEN(1, "5") START("2000"));
	expect(&reader, OPEN(1, "6") OPEN(2, "6") START("999"), "");
	feed(&reader, OPEN(1, "100") OPEN(3, "100") OPEN(4, "100") OPEN(5, "1")
			      START("3000") "proxy_build_info{version=\"v1\"} 1\n");
	expect(&reader, OPEN(1, "7") OPEN(2, "6") OPEN(3, "2"), OPENED(1, "1") OPENED(3, "2"));
	assert_int_equal(reader.facts.series, 3);
	assert_int_equal(reader.facts.skipped, 0);
	assert_true(reader.facts.start_s == 0);
	assert_string_equal(reader.facts.version, "");
	feed(&reader, "");
	expect(&reader, OPEN(1, "7") OPEN(2, "7") OPEN(3, "2") START("999"), OPENED(2, "1"));
	feed(&reader, OPEN(1, "7")); /* and is freed */
	reader_free(&reader);
}

#define TO(n)                                                                                      \
	"tcp_open_total{direction=\"outbound\",peer=\"dst\",target_ip=\"10.0.0." #n                \
	"\",target_port=\"80\",tls=\"true\",dst_namespace=\"n\",dst_pod=\"p" #n "\"} "
#define NAMED(n, rest) "outbound_dst ::ffff:10.0.0." #n " 80 mutual n/p" #n rest "\n"

/* Nothing need be added for it; but not what an old proxy has known for long, maybe in vain. */
static void test_bare_names(void **state)
{
	(void)state;
	PLAY({TO(1) "0\n" START("2000"), NAMED(1, "")}, {TO(1) "0\n", ""});
	PLAY({TO(1) "7\n" TO(2) "8\n" START("500"), ""},
	     {TO(1) "7\n" TO(2) "9\n" TO(3) "0\n", NAMED(2, " opened=1") NAMED(3, "")},
	     {TO(1) "8\n" TO(2) "9\n" TO(3) "0\n", NAMED(1, " opened=1")},
	     {TO(1) "0\n" TO(4) "0\n" START("600"), NAMED(4, "")});
	PLAY_WITHIN(1, {TO(1) "0\n" TO(2) "0\n" START("2000"), NAMED(1, "")},
		    {TO(2) "0\n" START("2000"), ""}, {TO(2) "0\n" START("2000"), ""},
		    {TO(3) "0\n" START("2000"), ""}, {TO(3) "0\n" START("3000"), NAMED(3, "")});
}

static int refuse(void *ctx, const struct jb_mesh_news *news)
{
	(void)news;
	++*(int *)ctx;
	return -ENOSPC;
}

static void test_news_refused(void **state)
{
	struct reader reader = reader_of(SERIES);
	struct jb_mesh_facts facts = {.series = 77};
	int calls = 0;

	(void)state;
	feed(&reader, OPEN(1, "5") OPEN(2, "6") START("2000"));
	assert_int_equal(jb_mesh_page_commit(reader.page, refuse, &calls, &facts), -ENOSPC);
	assert_int_equal(calls, 1);
	assert_int_equal(facts.series, 77);
	expect(&reader, OPEN(1, "5") OPEN(2, "7") START("2000"), OPENED(2, "1"));
	reader_free(&reader);
}

#define REFRESHES(result, value)                                                                   \
	"control_identity_cert_refreshes_total{result=\"" result "\"} " value "\n"

static void test_facts(void **state)
{
	struct reader reader = reader_of(SERIES);

	(void)state;
	expect(&reader,
	       REFRESHES("ok", "3") REFRESHES(
		       "error",
		       "4") "control_identity_cert_refreshes_total 9\n"
			    "control_identity_cert_expiration_timestamp_seconds 1.5e9\n" START(
				    "500"),
	       "");
	assert_int_equal(reader.facts.certificate_refresh_errors, 0);
	assert_true(reader.facts.certificate_expiry_s == 1.5e9);
	assert_int_equal(reader.facts.series, 1);
	expect(&reader,
	       REFRESHES("ok", "4") REFRESHES("error", "6") REFRESHES(
		       "late", "1") "identity_cert_expiration_timestamp_seconds 1600000000\n"
				    "identity_cert_expiration_timestamp_seconds{a=\"b\"} 0\n"
				    "proxy_build_info{git_sha=\"abc\",version=\"v2.300.0\"} 1\n",
	       "");
	assert_int_equal(reader.facts.certificate_refresh_errors, 3);
	assert_true(reader.facts.certificate_expiry_s == 1.6e9);
	assert_string_equal(reader.facts.version, "v2.300.0");
	expect(&reader,
	       "identity_cert_expiration_timestamp_seconds NaN\n"
	       "proxy_build_info{version=\"123456789012345678901234567890\xc3\xa4\"} 1\n",
	       "");
	assert_true(reader.facts.certificate_expiry_s == 0);
	assert_string_equal(reader.facts.version, "123456789012345678901234567890");
	reader_free(&reader);
}

/* Enough for the tables to grow and to shrink, of one far end and of as many. */
static void test_many(void **state)
{
	enum { MANY = 3000 };
	struct reader reader = reader_of(2 * MANY);
	struct jb_buffer page = {0};

	(void)state;
	for (int round = 0; round < 4; round++) {
		int n = round == 2 ? MANY / 10 : MANY;

		jb_buffer_reset(&page);
		for (int i = 0; i < n; i++)
			jb_buffer_printf(&page,
					 "tcp_open_total{direction=\"outbound\",peer=\"dst\","
					 "dst_pod=\"%d\",authority=\"%d\"} 1\n",
					 round ? i : 0, i);
		feed(&reader, page.data);
		jb_buffer_reset(&reader.news);
		assert_int_equal(jb_mesh_page_commit(reader.page, put, &reader.news, &reader.facts),
				 0);
		assert_int_equal(reader.facts.series, n);
		assert_int_equal(reader.facts.skipped, 0);
	}
	jb_buffer_free(&page);
	reader_free(&reader);
}

/* Labels that differ little, and in their length: no two series are taken for one. */
static void test_alike(void **state)
{
	enum { LENGTHS = 20, NUMBERS = 120 };
	struct jb_buffer page = {0};

	(void)state;
	for (int i = 0; i < LENGTHS * NUMBERS; i++)
		jb_buffer_printf(&page,
				 "tcp_open_total{direction=\"outbound\",peer=\"dst\","
				 "a=\"%.*s%d\"} 1\n",
				 i % LENGTHS, "pppppppppppppppppppp", i / LENGTHS);
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct reader reader = reader_with(LENGTHS * NUMBERS, seed);

		expect(&reader, page.data, "");
		assert_int_equal(reader.facts.series, LENGTHS * NUMBERS);
		reader_free(&reader);
	}
	jb_buffer_free(&page);
}

static void test_sums_stay_integers(void **state)
{
	(void)state;
	PLAY({"tcp_open_total{direction=\"inbound\",peer=\"dst\",a=\"1\"} 9e15\n"
	      "tcp_open_total{direction=\"inbound\",peer=\"dst\",a=\"2\"} 9e15\n" START("2000"),
	      "inbound_dst :: 0 plain / opened=9007199254740992\n"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_first_page),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_evicted),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_no_counts),
		cmocka_unit_test(test_twice_on_a_page),
		cmocka_unit_test(test_labels_in_another_order),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_page_that_breaks_off),
		cmocka_unit_test(test_bare_names),
		cmocka_unit_test(test_news_refused),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_sums_stay_integers),
	};

	jb_mesh_page_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
