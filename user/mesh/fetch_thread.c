/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the thread does: begins what is due, and hands over what has come. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <utlist.h>

#include "base/clock.h"
#include "mesh/fetch_private.h"

enum { WAIT_MS = 1000 };

/* Who has waited for longest comes first: so nobody waits for ever when too many are due. */
static struct jb_fetch_entry *find_next(const struct jb_mesh_fetch *fetch)
{
	struct jb_fetch_entry *entry, *first = NULL;

	for (size_t i = 0; i < fetch->n; i++) {
		entry = fetch->entries[i];
		if (!entry->running && (!first || entry->schedule.due_ns < first->schedule.due_ns))
			first = entry;
	}
	return first;
}

/* One that is due, and now running; NULL: none, and how long to wait for one. */
static struct jb_fetch_entry *pick(struct jb_mesh_fetch *fetch, int *ret_wait_ms)
{
	struct jb_fetch_entry *entry;
	uint64_t now_ns = jb_now_ns(), wait_ms;

	pthread_mutex_lock(&fetch->lock);
	jb_transfers_keep(fetch->transfers, fetch->n);
	entry = find_next(fetch);
	if (entry && entry->schedule.due_ns > now_ns) {
		wait_ms = (entry->schedule.due_ns - now_ns) / JB_FETCH_MS + 1;
		*ret_wait_ms = wait_ms < WAIT_MS ? (int)wait_ms : WAIT_MS;
		entry = NULL;
	}
	if (entry) {
		entry->running = true;
		jb_schedule_next(&entry->schedule, fetch->interval_ns, now_ns);
	}
	pthread_mutex_unlock(&fetch->lock);
	return entry;
}

/* Whether it has been forgotten meanwhile. */
static bool put_result(struct jb_mesh_fetch *fetch, struct jb_fetch_entry *entry,
		       struct jb_attempt *attempt)
{
	bool forgotten;

	pthread_mutex_lock(&fetch->lock);
	forgotten = entry->forgotten;
	entry->running = false;
	if (!forgotten) {
		entry->counted |= attempt->has_facts;
		entry->result = *attempt;
		*attempt = (struct jb_attempt){};
		entry->waiting = true;
		DL_APPEND(fetch->queue, entry);
	}
	pthread_mutex_unlock(&fetch->lock);
	return forgotten;
}

/* News may be many: they are added up while nobody waits for the lock. */
static void end(struct jb_mesh_fetch *fetch, struct jb_fetch_entry *entry,
		struct jb_attempt *attempt)
{
	struct jb_attempt before;
	bool was_waiting;

	DL_DELETE2(fetch->running, entry, prev_running, next_running);
	pthread_mutex_lock(&fetch->lock);
	was_waiting = jb_fetch_take_result(fetch, entry, &before);
	pthread_mutex_unlock(&fetch->lock);
	if (was_waiting)
		jb_attempt_merge(attempt, &before, fetch->options.page.max_series);
	if (put_result(fetch, entry, attempt))
		jb_fetch_free_entry(entry);
}

static void take_attempt(void *ctx, struct jb_transfer_source *source, struct jb_attempt *attempt)
{
	end(ctx,
	    (struct jb_fetch_entry *)((char *)source - offsetof(struct jb_fetch_entry, source)),
	    attempt);
}

static int make_page(const struct jb_mesh_fetch *fetch, struct jb_fetch_entry *entry)
{
	struct jb_mesh_page_options options = fetch->options.page;

	options.since_s = entry->since_s;
	return jb_mesh_page_new(&entry->source.page, &options);
}

static void begin(struct jb_mesh_fetch *fetch, struct jb_fetch_entry *entry)
{
	struct jb_attempt attempt = {};
	int err = 0;

	DL_APPEND2(fetch->running, entry, prev_running, next_running);
	if (!entry->source.page)
		err = make_page(fetch, entry);
	if (!err)
		err = jb_transfers_begin(fetch->transfers, &entry->source);
	if (err) {
		jb_attempt_fail(&attempt, JB_MESH_NO_MEMORY, "%s", strerror(-err));
		end(fetch, entry, &attempt);
	}
}

/* Until when nothing is to be begun. */
static int begin_due(struct jb_mesh_fetch *fetch)
{
	struct jb_fetch_entry *entry;
	int wait_ms = WAIT_MS;

	while (!jb_transfers_are_stopped(fetch->transfers) &&
	       jb_transfers_have_room(fetch->transfers)) {
		entry = pick(fetch, &wait_ms);
		if (!entry)
			break;
		begin(fetch, entry);
	}
	return wait_ms;
}

static void cancel_forgotten(struct jb_mesh_fetch *fetch)
{
	struct jb_fetch_entry *entry, *next;
	bool forgotten;

	DL_FOREACH_SAFE2(fetch->running, entry, next, next_running)
	{
		pthread_mutex_lock(&fetch->lock);
		forgotten = entry->forgotten;
		pthread_mutex_unlock(&fetch->lock);
		if (!forgotten)
			continue;
		DL_DELETE2(fetch->running, entry, prev_running, next_running);
		jb_transfers_cancel(fetch->transfers, &entry->source);
		jb_fetch_free_entry(entry);
	}
}

void *jb_fetch_run(void *arg)
{
	struct jb_mesh_fetch *fetch = arg;
	int wait_ms;

	while (!jb_transfers_are_stopped(fetch->transfers)) {
		cancel_forgotten(fetch);
		wait_ms = begin_due(fetch);
		jb_transfers_turn(fetch->transfers, wait_ms, take_attempt, fetch);
	}
	return NULL;
}
