/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "mesh/page.h"
#include "pages.h"
#include "proxy_page.h"
#include "report.h"
#include "run.h"

#define ROUNDS       31
#define DESTINATIONS 1300 /* some 25 MB */
#define SMALL        110  /* some 2 MB */
#define SMALL_TIMES  27   /* some 57 MB */
#define MAX_SERIES   16384
#define LINES        (DESTINATIONS * JB_PROXY_PAGE_LINES + JB_PROXY_PAGE_COMMENTS + 1)
#define ENOUGH       (1ULL << 30)
#define PIECE        16384 /* as libcurl hands them on */
#define MB           1e6
#define BUDGET_MB_S  300

static struct jb_buffer text;
static struct jb_scrape *none, *wanted; /* parsers: of nothing on the page, of what is read */
static struct jb_mesh_page *page;
static __u64 found; /* on the page that is being read */

static int count_sample(void *ctx, const struct jb_scrape_sample *sample)
{
	(void)ctx;
	(void)sample;
	found++;
	return 0;
}

static int ignore_news(void *ctx, const struct jb_mesh_news *news)
{
	(void)ctx;
	(void)news;
	return 0;
}

static int find_line_feeds(void)
{
	const char *at = text.data, *end = at + text.len;

	for (found = 0; at && at < end; found++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return 0;
}

static int scrape(struct jb_scrape *parser, jb_scrape_fn fn, void *ctx)
{
	int err = 0;

	found = 0;
	jb_scrape_begin(parser, JB_SCRAPE_DETECT, ENOUGH, fn, ctx);
	for (size_t at = 0; at < text.len && !err; at += PIECE) {
		size_t left = text.len - at;

		err = jb_scrape_feed(parser, text.data + at, left < PIECE ? left : PIECE);
	}
	return err ?: jb_scrape_end(parser);
}

static int scrape_nothing(void)
{
	return scrape(none, count_sample, NULL);
}

static int scrape_wanted(void)
{
	return scrape(wanted, count_sample, NULL);
}

static int read_page(void)
{
	struct jb_mesh_facts facts;
	int err;

	jb_mesh_page_begin(page);
	err = scrape(wanted, jb_mesh_page_sample, page);
	if (!err)
		err = jb_mesh_page_commit(page, ignore_news, NULL, &facts);
	if (!err && (facts.skipped || facts.series != DESTINATIONS * JB_PROXY_PAGE_WANTED))
		err = -EBADMSG;
	return err;
}

enum way { MEMCHR, NOTHING, WANTED, PAGE, WAYS };

static struct {
	const char *name;
	int (*run)(void);
	__u64 finds;   /* line feeds, or samples that are not jb_mesh_page's */
	double budget; /* MB/s */
	double ns[ROUNDS];
} ways[WAYS] = {
	[MEMCHR] = {"memchr() for the line feeds", find_line_feeds, .finds = LINES},
	[NOTHING] = {"jb_scrape, nothing wanted", scrape_nothing},
	[WANTED] = {"jb_scrape, as for a proxy", scrape_wanted,
		    .finds = DESTINATIONS * JB_PROXY_PAGE_WANTED, .budget = BUDGET_MB_S},
	[PAGE] = {"jb_scrape and jb_mesh_page", read_page},
};

/* Time on the CPU: what others do beside it doesn't count. */
static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int run_rounds(void)
{
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < WAYS; i++) {
			double begin = cpu_ns();
			int err = ways[i].run();

			if (err)
				return err;
			ways[i].ns[round] = cpu_ns() - begin;
			if (found != ways[i].finds)
				return -EBADMSG;
		}
	return 0;
}

/* Median of what each round took longer, for one of the samples. */
static double each_sample(enum way way, enum way base)
{
	double above[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		above[i] = ways[way].ns[i] - ways[base].ns[i];
	return jb_bench_median(above, ROUNDS) / ways[WANTED].finds;
}

static double ratio(enum way way)
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		ratios[i] = ways[way].ns[i] / ways[MEMCHR].ns[i];
	return jb_bench_median(ratios, ROUNDS);
}

/* Of a rate, which is to be high. */
static const char *verdict(double rate, double budget)
{
	return jb_bench_verdict(1 / rate, budget > 0 ? 1 / budget : 0);
}

static void print_rates(void)
{
	printf("\n| a proxy's page: %.1f MB, %llu lines, %llu wanted | MB/s | time / memchr's | ns "
	       "a "
	       "wanted sample | budget, MB/s | verdict |\n|---|---:|---:|---:|---:|---|\n",
	       text.len / MB, ways[MEMCHR].finds, ways[WANTED].finds);
	for (int i = 0; i < WAYS; i++) {
		double rate = text.len / MB / (jb_bench_median(ways[i].ns, ROUNDS) / 1e9);

		printf("| %s | %.0f | %.1f | ", ways[i].name, rate, ratio(i));
		if (i >= WANTED)
			printf("%.0f", each_sample(i, i - 1));
		printf(" | ");
		if (ways[i].budget > 0)
			printf("%.0f", ways[i].budget);
		printf(" | %s |\n", verdict(rate, ways[i].budget));
	}
}

/* What is allocated. */
static size_t heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* What a parser takes at most, by the heap after each piece, of a page that is so many times the
 * text. */
static int measure_parser(int times, size_t *ret_peak)
{
	size_t before = heap(), peak = 0, now;
	struct jb_scrape *parser;
	int err = jb_scrape_new(jb_mesh_families, jb_mesh_n_families, &parser);

	if (err)
		return err;
	jb_scrape_begin(parser, JB_SCRAPE_DETECT, ENOUGH, count_sample, NULL);
	for (int i = 0; i < times; i++)
		for (size_t at = 0; at < text.len && !err; at += PIECE) {
			size_t left = text.len - at;

			err = jb_scrape_feed(parser, text.data + at, left < PIECE ? left : PIECE);
			now = heap() - before;
			peak = now > peak ? now : peak;
		}
	err = err ?: jb_scrape_end(parser);
	jb_scrape_free(parser);
	*ret_peak = peak;
	return err;
}

static int report_memory(size_t series_heap)
{
	const int times[] = {1, SMALL_TIMES};
	size_t peak;

	jb_buffer_reset(&text);
	jb_proxy_page_put(&text, SMALL);
	if (text.error)
		return text.error;
	printf("\n| memory | octets at most |\n|---|---:|\n");
	for (int i = 0; i < 2; i++) {
		int err = measure_parser(times[i], &peak);

		if (err)
			return err;
		printf("| the parser, on a page of %.1f MB | %zu |\n", times[i] * text.len / MB,
		       peak);
	}
	printf("| what is remembered of each wanted series | %zu |\n",
	       series_heap / (DESTINATIONS * JB_PROXY_PAGE_WANTED));
	return 0;
}

static int prepare(void)
{
	static const struct jb_scrape_family nothing = {"none", JB_SCRAPE_BIT(PLAIN)};
	const struct jb_mesh_page_options options = {.max_series = MAX_SERIES, .seed = 1};

	jb_proxy_page_put(&text, DESTINATIONS);
	jb_buffer_puts(&text, "# EOF\n");
	return text.error
		       ?: jb_scrape_new(&nothing, 1, &none)
		       ?: jb_scrape_new(jb_mesh_families, jb_mesh_n_families, &wanted)
		       ?: jb_mesh_page_new(&page, &options);
}

int jb_pages_report(void)
{
	size_t before;
	int err = prepare();

	if (!err) {
		before = heap();
		err = read_page();
		before = heap() - before;
	}
	if (!err)
		err = run_rounds();
	if (!err) {
		print_rates();
		err = report_memory(before);
	}
	jb_mesh_page_free(page);
	jb_scrape_free(wanted);
	jb_scrape_free(none);
	jb_buffer_free(&text);
	return err;
}
