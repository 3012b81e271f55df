/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/thread.h"
#include "mesh/fetch_private.h"

/* Without the kernel's the clock's has to do. */
static uint64_t random_number(void)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = jb_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
	return number;
}

static double unix_seconds(void)
{
	return (double)jb_unix_ns() / (double)JB_SECOND_NS;
}

void jb_mesh_fetch_options_default(struct jb_mesh_fetch_options *ret_options)
{
	*ret_options = (struct jb_mesh_fetch_options){
		.interval_ms = 10000,
		.connect_ms = 1000,
		.total_ms = 5000,
		.max_bytes = 64 << 20,
		.parallel = 8,
		.max_targets = JB_MESH_MAX_TARGETS,
		.page = {.max_series = 32768, .seed = random_number(), .since_s = unix_seconds()},
	};
}

/* --- entries */

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%.*s", (int)size - 1, from);
}

static struct jb_fetch_entry *new_entry(const struct jb_mesh_fetch *fetch,
					const struct jb_mesh_target *target)
{
	struct jb_fetch_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	copy(entry->target.namespace_, sizeof(entry->target.namespace_), target->namespace_);
	copy(entry->target.pod, sizeof(entry->target.pod), target->pod);
	copy(entry->target.url, sizeof(entry->target.url), target->url);
	entry->source.url = entry->target.url;
	entry->since_s = jb_fetch_past_since(&fetch->past, &entry->target,
					     fetch->options.page.since_s);
	jb_schedule_first(&entry->schedule, fetch->interval_ns, random_number(), jb_now_ns());
	return entry;
}

void jb_fetch_free_entry(struct jb_fetch_entry *entry)
{
	if (!entry)
		return;
	jb_attempt_clear(&entry->result);
	jb_mesh_page_free(entry->source.page);
	free(entry);
}

static void free_entries(struct jb_fetch_entry **entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		jb_fetch_free_entry(entries[i]);
	free(entries);
}

static int compare(const struct jb_fetch_entry *a, const struct jb_fetch_entry *b)
{
	return memcmp(&a->target, &b->target, sizeof(a->target));
}

static int compare_entries(const void *a, const void *b)
{
	return compare(*(struct jb_fetch_entry *const *)a, *(struct jb_fetch_entry *const *)b);
}

/* Of sorted ones; returns how many are left. */
static size_t drop_doubles(struct jb_fetch_entry **entries, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (left && !compare(entries[left - 1], entries[i]))
			jb_fetch_free_entry(entries[i]);
		else
			entries[left++] = entries[i];
	}
	return left;
}

static int make_entries(const struct jb_mesh_fetch *fetch, const struct jb_mesh_target *targets,
			size_t *n, struct jb_fetch_entry ***ret)
{
	struct jb_fetch_entry **entries = calloc(*n + 1, sizeof(struct jb_fetch_entry *));

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < *n; i++) {
		entries[i] = new_entry(fetch, &targets[i]);
		if (!entries[i]) {
			free_entries(entries, i);
			return -ENOMEM;
		}
	}
	qsort(entries, *n, sizeof(*entries), compare_entries);
	*n = drop_doubles(entries, *n);
	*ret = entries;
	return 0;
}

/* --- results */

bool jb_fetch_take_result(struct jb_mesh_fetch *fetch, struct jb_fetch_entry *entry,
			  struct jb_attempt *ret)
{
	if (!entry->waiting)
		return false;
	DL_DELETE(fetch->queue, entry);
	entry->waiting = false;
	*ret = entry->result;
	entry->result = (struct jb_attempt){};
	return true;
}

static bool take_first(struct jb_mesh_fetch *fetch, struct jb_mesh_target *ret_target,
		       struct jb_attempt *ret_attempt)
{
	struct jb_fetch_entry *entry;

	pthread_mutex_lock(&fetch->lock);
	entry = fetch->queue;
	if (entry) {
		*ret_target = entry->target;
		jb_fetch_take_result(fetch, entry, ret_attempt);
	}
	pthread_mutex_unlock(&fetch->lock);
	return entry;
}

static size_t count_waiting(struct jb_mesh_fetch *fetch)
{
	struct jb_fetch_entry *entry;
	size_t n;

	pthread_mutex_lock(&fetch->lock);
	DL_COUNT(fetch->queue, entry, n);
	pthread_mutex_unlock(&fetch->lock);
	return n;
}

static void hand_on(const struct jb_mesh_target *target, const struct jb_attempt *attempt,
		    void (*fn)(void *ctx, const struct jb_mesh_result *result), void *ctx)
{
	struct jb_mesh_result result = {
		.target = target,
		.failure = attempt->failure,
		.error = attempt->error,
		.bytes = attempt->bytes,
		.lines = attempt->lines,
		.malformed = attempt->malformed,
		.duration_ns = attempt->duration_ns,
		.facts = attempt->has_facts ? &attempt->facts : NULL,
		.news = attempt->news,
		.n_news = attempt->n_news,
	};

	memcpy(result.earlier, attempt->earlier, sizeof(result.earlier));
	fn(ctx, &result);
}

/* No more than wait at the beginning: it ends also if more come all the time. */
void jb_mesh_fetch_take(struct jb_mesh_fetch *fetch,
			void (*fn)(void *ctx, const struct jb_mesh_result *result), void *ctx)
{
	struct jb_mesh_target target;
	struct jb_attempt attempt;

	for (size_t n = count_waiting(fetch); n && take_first(fetch, &target, &attempt); n--) {
		hand_on(&target, &attempt, fn, ctx);
		jb_attempt_clear(&attempt);
	}
}

/* --- targets */

static void forget(struct jb_mesh_fetch *fetch, struct jb_fetch_entry *entry)
{
	struct jb_attempt result;

	if (jb_fetch_take_result(fetch, entry, &result))
		jb_attempt_clear(&result);
	if (entry->counted)
		jb_fetch_past_add(&fetch->past, &entry->target, unix_seconds());
	entry->forgotten = true;
	if (!entry->running)
		jb_fetch_free_entry(entry);
}

/* Of those that are in both, the old one stays. Both are sorted. */
static void replace(struct jb_mesh_fetch *fetch, struct jb_fetch_entry **entries, size_t n)
{
	size_t at = 0;
	int order;

	for (size_t i = 0; i < fetch->n; i++) {
		order = -1;
		while (at < n && (order = compare(fetch->entries[i], entries[at])) > 0)
			at++;
		if (at < n && !order) {
			jb_fetch_free_entry(entries[at]);
			entries[at++] = fetch->entries[i];
		} else {
			forget(fetch, fetch->entries[i]);
		}
	}
	free(fetch->entries);
	fetch->entries = entries;
	fetch->n = n;
}

int jb_mesh_fetch_targets(struct jb_mesh_fetch *fetch, const struct jb_mesh_target *targets,
			  size_t n)
{
	struct jb_fetch_entry **entries;
	int err;

	if (n > fetch->options.max_targets)
		n = fetch->options.max_targets;
	err = make_entries(fetch, targets, &n, &entries);
	if (err)
		return err;
	pthread_mutex_lock(&fetch->lock);
	replace(fetch, entries, n);
	pthread_mutex_unlock(&fetch->lock);
	jb_transfers_wake(fetch->transfers);
	return 0;
}

/* --- its life */

static bool are_valid(const struct jb_mesh_fetch_options *options)
{
	return options->interval_ms && options->connect_ms && options->total_ms &&
	       options->max_bytes && options->parallel && options->max_targets &&
	       options->page.max_series;
}

static int start(struct jb_mesh_fetch *fetch)
{
	const struct jb_mesh_fetch_options *options = &fetch->options;
	const struct jb_transfer_options transfers = {
		.interval_ms = options->interval_ms,
		.connect_ms = options->connect_ms,
		.total_ms = options->total_ms,
		.max_bytes = options->max_bytes,
		.parallel = options->parallel,
	};
	int err = jb_transfers_new(&fetch->transfers, &transfers);

	if (!err)
		err = jb_thread_start(&fetch->thread, jb_fetch_run, fetch);
	fetch->started = !err;
	return err;
}

int jb_mesh_fetch_start(struct jb_mesh_fetch **ret, const struct jb_mesh_fetch_options *options)
{
	struct jb_mesh_fetch *fetch;
	int err;

	if (!are_valid(options))
		return -EINVAL;
	fetch = calloc(1, sizeof(*fetch));
	if (!fetch)
		return -ENOMEM;
	fetch->options = *options;
	fetch->interval_ns = options->interval_ms * JB_FETCH_MS;
	fetch->series_left = JB_MESH_MAX_SERIES_ALL;
	if (!options->page.budget)
		fetch->options.page.budget = &fetch->series_left;
	fetch->past.seed = options->page.seed;
	pthread_mutex_init(&fetch->lock, NULL);
	err = start(fetch);
	if (err)
		jb_mesh_fetch_stop(fetch);
	else
		*ret = fetch;
	return err;
}

/* Those that were forgotten while they were read are only among the running ones. */
static void free_forgotten(struct jb_mesh_fetch *fetch)
{
	struct jb_fetch_entry *entry, *next;

	DL_FOREACH_SAFE2(fetch->running, entry, next, next_running)
	{
		if (entry->forgotten)
			jb_fetch_free_entry(entry);
	}
}

void jb_mesh_fetch_stop(struct jb_mesh_fetch *fetch)
{
	if (!fetch)
		return;
	if (fetch->started) {
		jb_transfers_stop(fetch->transfers);
		pthread_join(fetch->thread, NULL);
	}
	jb_transfers_free(fetch->transfers);
	free_forgotten(fetch);
	free_entries(fetch->entries, fetch->n);
	pthread_mutex_destroy(&fetch->lock);
	free(fetch);
}
