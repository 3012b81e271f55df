/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a whole page to what is new on it. */
#include <math.h>
#include <string.h>
#include "mesh/page_private.h"

/* How a page's counters are to be taken. */
struct reading {
	bool restarted;     /* all count in full */
	bool new_are_known; /* a series that wasn't on the page before began after it */
};

/*
 * A series that isn't remembered may have been there before all the same: before the first page, or
 * among those that had no place.
 */
static struct reading reading_of(const struct jb_mesh_page *page)
{
	double start_s = page->facts.start_s;

	return (struct reading){
		.restarted = start_s > 0 && page->start_s > 0 && start_s != page->start_s,
		.new_are_known = page->begun_before ? page->all_had_place
						    : start_s > page->options.since_s,
	};
}

static double added(const struct reading *reading, const struct jb_mesh_series *series, bool is_new)
{
	if (isnan(series->staged))
		return 0;
	if (reading->restarted || (is_new && reading->new_are_known))
		return series->staged;
	if (isnan(series->value)) /* there is nothing to compare it with */
		return 0;
	return series->staged >= series->value ? series->staged - series->value : series->staged;
}

static void add(double *sum, double more)
{
	*sum = *sum + more < JB_MESH_MOST ? *sum + more : JB_MESH_MOST;
}

/* To the sums of the far ends. Returns that of the refresh errors. */
static double add_up(struct jb_mesh_page *page, const struct reading *reading)
{
	double errors = 0;

	for (size_t i = 0; i < page->table.n; i++) {
		const struct jb_mesh_series *series = &page->table.series[i];
		double more = added(reading, series, i >= page->table.n_before);

		add(series->end ? &series->end->by[series->figure] : &errors, more);
	}
	return errors;
}

/* Whom the proxy takes a target for is news by itself: no connection to it need ever stand. */
static bool is_named(const struct jb_mesh_far *far)
{
	return far->side == JB_MESH_OUTBOUND_DST && *far->workload &&
	       (far->target.half[0] || far->target.half[1]);
}

static bool has_grown(const double by[JB_MESH_FIGURE_MAX])
{
	for (int i = 0; i < JB_MESH_FIGURE_MAX; i++)
		if (by[i] > 0)
			return true;
	return false;
}

/* Names alone only if they are new to the proxy too: an old one has many that nobody uses. */
static int hand_on(struct jb_mesh_page *page, const struct reading *reading, jb_mesh_news_fn fn,
		   void *ctx)
{
	bool are_new = reading->restarted || reading->new_are_known;
	int err = 0;

	for (struct jb_mesh_end *end = page->table.ends; end; end = end->hh.next) {
		struct jb_mesh_news news;

		if (end->told && !has_grown(end->by))
			continue;
		memcpy(news.by, end->by, sizeof(news.by));
		memset(end->by, 0, sizeof(end->by));
		jb_mesh_end_far(end, &news.far);
		end->told = true;
		if (!err && (has_grown(news.by) || (are_new && is_named(&news.far))))
			err = fn(ctx, &news);
	}
	return err;
}

int jb_mesh_page_commit(struct jb_mesh_page *page, jb_mesh_news_fn fn, void *ctx,
			struct jb_mesh_facts *ret_facts)
{
	struct reading reading = reading_of(page);
	struct jb_mesh_facts facts = page->facts;
	int err;

	facts.certificate_refresh_errors = (__u64)add_up(page, &reading);
	jb_mesh_table_settle(&page->table);
	facts.series = (__u32)page->table.n;
	page->begun_before = true;
	page->all_had_place = !facts.skipped;
	if (facts.start_s > 0)
		page->start_s = facts.start_s;
	err = hand_on(page, &reading, fn, ctx);
	if (!err)
		*ret_facts = facts;
	return err;
}
