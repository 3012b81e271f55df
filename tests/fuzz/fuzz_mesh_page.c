/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pages of a proxy, one after another, divided by form feeds. The first octet tells how many series
 * there is place for and whether each page is read twice: the second time nothing is new on it.
 * Pages that break off change nothing, what is handed on is well made, and each place that was
 * taken of the budget comes back.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "checked.h"
#include "mesh/page.h"

enum { FARS = 64, SINCE = 1000, BUDGET = 96 };

struct reading {
	struct jb_mesh_page *page;
	struct jb_mesh_far fars[FARS]; /* of this page */
	size_t n;
	uint64_t digest;
};

static void add(uint64_t *digest, const void *data, size_t len)
{
	const unsigned char *octets = data;

	for (size_t i = 0; i < len; i++)
		*digest = (*digest ^ octets[i]) * UINT64_C(0x100000001b3);
}

/* Of whole characters, and nothing behind its end. */
static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size), octets;

	jb_assert(len < size);
	for (size_t at = 0; at < len; at += octets) {
		octets = jb_utf8_length(text + at);
		jb_assert(octets);
	}
	for (; len < size; len++)
		jb_assert(!text[len]);
}

static void check_far(const struct reading *reading, const struct jb_mesh_far *far)
{
	bool is_inbound = far->side == JB_MESH_INBOUND_SRC || far->side == JB_MESH_INBOUND_DST;

	jb_assert(far->side < JB_MESH_SIDE_MAX && far->tls < JB_MESH_TLS_MAX);
	jb_assert(!is_inbound || (far->target_port != 4190 && far->target_port != 4191));
	check_text(far->namespace_, sizeof(far->namespace_));
	check_text(far->workload, sizeof(far->workload));
	for (size_t i = 0; i < reading->n && i < FARS; i++)
		jb_assert(memcmp(&reading->fars[i], far, sizeof(*far)) != 0);
}

static bool is_named(const struct jb_mesh_far *far)
{
	return far->side == JB_MESH_OUTBOUND_DST && *far->workload &&
	       (far->target.half[0] || far->target.half[1]);
}

static int take(void *ctx, const struct jb_mesh_news *news)
{
	struct reading *reading = ctx;
	double most = 0;

	check_far(reading, &news->far);
	for (int i = 0; i < JB_MESH_FIGURE_MAX; i++) {
		jb_assert(news->by[i] >= 0 && news->by[i] <= 9007199254740992.0);
		most = news->by[i] > most ? news->by[i] : most;
	}
	jb_assert(most > 0 || is_named(&news->far));
	if (reading->n < FARS)
		reading->fars[reading->n] = news->far;
	reading->n++;
	add(&reading->digest, news, sizeof(*news));
	return 0;
}

/* False: the page has broken off. */
static bool feed(struct reading *reading, const char *text, size_t len)
{
	static struct jb_scrape *scrape;

	if (!scrape)
		jb_assert(!jb_scrape_new(jb_mesh_families, jb_mesh_n_families, &scrape));
	jb_mesh_page_begin(reading->page);
	jb_scrape_begin(scrape, JB_SCRAPE_DETECT, 1 << 20, jb_mesh_page_sample, reading->page);
	jb_scrape_feed(scrape, text, len);
	return !jb_scrape_end(scrape);
}

static void commit(struct reading *reading, uint32_t max_series, bool is_again)
{
	struct jb_mesh_facts facts;

	memset(&facts, 0, sizeof(facts));
	reading->n = 0;
	jb_assert(!jb_mesh_page_commit(reading->page, take, reading, &facts));
	jb_assert(facts.series <= max_series);
	jb_assert(facts.start_s >= 0 && facts.certificate_expiry_s >= 0);
	check_text(facts.version, sizeof(facts.version));
	jb_assert(!is_again || (!reading->n && !facts.certificate_refresh_errors));
	add(&reading->digest, &facts, sizeof(facts));
}

static void read_page(struct reading *all, struct reading *whole, const char *text, size_t len,
		      uint8_t head)
{
	if (!feed(all, text, len))
		return;
	for (int turn = 0; turn < 1 + (head & 1); turn++) {
		jb_assert(!turn || feed(all, text, len));
		jb_assert(feed(whole, text, len));
		commit(all, 1 + head / 2, turn);
		commit(whole, 1 + head / 2, turn);
		jb_assert(all->digest == whole->digest);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jb_mesh_page_options options = {.seed = 0x1234567890abcdef, .since_s = SINCE};
	uint32_t budgets[] = {BUDGET, BUDGET};
	struct reading all = {}, whole = {};
	const char *at = (const char *)data + 1, *end = (const char *)data + size;

	if (!size)
		return 0;
	options.max_series = 1 + data[0] / 2;
	options.budget = &budgets[0];
	jb_assert(!jb_mesh_page_new(&all.page, &options));
	options.budget = &budgets[1];
	jb_assert(!jb_mesh_page_new(&whole.page, &options));
	while (at < end) {
		const char *feed_at = memchr(at, '\f', (size_t)(end - at));
		size_t len = (size_t)((feed_at ? feed_at : end) - at);

		read_page(&all, &whole, at, len, data[0]);
		at += len + 1;
	}
	jb_mesh_page_free(all.page);
	jb_mesh_page_free(whole.page);
	jb_assert(budgets[0] == BUDGET && budgets[1] == BUDGET);
	return 0;
}
