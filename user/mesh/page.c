/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mesh/page_private.h"

enum family {
	RESPONSE,
	LATENCY,
	OPEN,
	READ,
	WRITE,
	REFRESHES,
	EXPIRY,
	EXPIRY_BEFORE_2024,
	START,
	BUILD,
	FAMILIES
};

const struct jb_scrape_family jb_mesh_families[] = {
	[RESPONSE] = {"response", JB_SCRAPE_BIT(TOTAL)},
	[LATENCY] = {"response_latency_ms", JB_SCRAPE_BIT(SUM) | JB_SCRAPE_BIT(COUNT)},
	[OPEN] = {"tcp_open", JB_SCRAPE_BIT(TOTAL)},
	[READ] = {"tcp_read_bytes", JB_SCRAPE_BIT(TOTAL)},
	[WRITE] = {"tcp_write_bytes", JB_SCRAPE_BIT(TOTAL)},
	[REFRESHES] = {"control_identity_cert_refreshes", JB_SCRAPE_BIT(TOTAL)},
	[EXPIRY] = {"control_identity_cert_expiration_timestamp_seconds", JB_SCRAPE_BIT(PLAIN)},
	[EXPIRY_BEFORE_2024] = {"identity_cert_expiration_timestamp_seconds", JB_SCRAPE_BIT(PLAIN)},
	[START] = {"process_start_time_seconds", JB_SCRAPE_BIT(PLAIN)},
	[BUILD] = {"proxy_build_info", JB_SCRAPE_BIT(PLAIN)},
};

const size_t jb_mesh_n_families = FAMILIES;

int jb_mesh_page_new(struct jb_mesh_page **ret, const struct jb_mesh_page_options *options)
{
	struct jb_mesh_page *page = calloc(1, sizeof(*page));

	if (!page)
		return -ENOMEM;
	page->options = *options;
	page->table.seed = options->seed;
	page->table.budget = options->budget;
	*ret = page;
	return 0;
}

void jb_mesh_page_free(struct jb_mesh_page *page)
{
	if (!page)
		return;
	jb_mesh_table_free(&page->table);
	free(page);
}

void jb_mesh_page_begin(struct jb_mesh_page *page)
{
	jb_mesh_table_begin(&page->table);
	page->facts = (struct jb_mesh_facts){};
}

/* Which neither NaN is. */
static bool is_count(double value)
{
	return value >= 0 && value <= JB_MESH_MOST;
}

static void take_time(double value, double *ret_s)
{
	if (isfinite(value) && value > 0)
		*ret_s = value;
}

/* Whether the sample is a fact that isn't counted. */
static bool take_fact(struct jb_mesh_page *page, const struct jb_scrape_sample *sample)
{
	struct jb_mesh_facts *facts = &page->facts;
	const char *version;

	switch (sample->family) {
	case EXPIRY:
	case EXPIRY_BEFORE_2024:
		take_time(sample->value, &facts->certificate_expiry_s);
		return true;
	case START:
		take_time(sample->value, &facts->start_s);
		return true;
	case BUILD:
		version = jb_mesh_label(sample, "version");
		jb_mesh_copy(facts->version, sizeof(facts->version), version, strlen(version));
		return true;
	default:
		return false;
	}
}

/* -1: none. */
static int classification_of(const struct jb_scrape_sample *sample)
{
	const char *word = jb_mesh_label(sample, "classification");

	if (!strcmp(word, "success"))
		return JB_MESH_SUCCESSES;
	return !strcmp(word, "failure") ? JB_MESH_FAILURES : -1;
}

/* -1: none. */
static int refresh_of(const struct jb_scrape_sample *sample)
{
	const char *result = jb_mesh_label(sample, "result");

	return *result && strcmp(result, "ok") != 0 ? JB_MESH_REFRESH_ERRORS : -1;
}

/* What the sample is added to; -1: nothing. */
static int figure_of(const struct jb_scrape_sample *sample)
{
	switch (sample->family) {
	case RESPONSE:
		return classification_of(sample);
	case LATENCY:
		return sample->suffix == JB_SCRAPE_SUM ? JB_MESH_RESPONSE_MS : JB_MESH_RESPONSES;
	case OPEN:
		return JB_MESH_OPENED;
	case READ:
		return JB_MESH_READ;
	case WRITE:
		return JB_MESH_WRITTEN;
	case REFRESHES:
		return refresh_of(sample);
	default:
		return -1;
	}
}

static bool has_peer(int figure)
{
	return figure == JB_MESH_OPENED || figure == JB_MESH_READ || figure == JB_MESH_WRITTEN;
}

/* Of several with the same labels the largest, in whatever order they come. */
static void stage(struct jb_mesh_series *series, double value)
{
	series->seen = true;
	if (is_count(value) && !(series->staged >= value))
		series->staged = value;
}

/* A series that isn't remembered, if it is to be. */
static int take_new(struct jb_mesh_page *page, const struct jb_scrape_sample *sample, __u64 hash)
{
	int figure = figure_of(sample);
	bool is_proxys_own = figure == JB_MESH_REFRESH_ERRORS;
	struct jb_mesh_series *series;
	struct jb_mesh_far far;
	int err = -ENOSPC;

	if (figure < 0)
		return 0;
	if (!is_proxys_own && !jb_mesh_far_read(sample, has_peer(figure), &far))
		return 0;
	if (page->table.n < page->options.max_series)
		err = jb_mesh_series_add(&page->table, hash, figure, is_proxys_own ? NULL : &far,
					 &series);
	if (!err)
		stage(series, sample->value);
	page->facts.skipped += err == -ENOSPC;
	return err == -ENOSPC ? 0 : err;
}

int jb_mesh_page_sample(void *ctx, const struct jb_scrape_sample *sample)
{
	struct jb_mesh_page *page = ctx;
	struct jb_mesh_series *series;
	__u64 hash;

	if (take_fact(page, sample))
		return 0;
	hash = jb_mesh_series_hash(&page->table, sample);
	series = jb_mesh_series_find(&page->table, hash);
	if (!series)
		return take_new(page, sample, hash);
	stage(series, sample->value);
	return 0;
}
