/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The series that are remembered, and their far ends. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "mesh/page_private.h"

enum { FIRST_ROOM = 64 }; /* a power of 2, as all that follow */

_Static_assert(sizeof(struct jb_mesh_far) == 344, "no hidden padding in what is compared");

/* Of labels in whatever order: that costs nothing, for their chains run side by side. */
__u64 jb_mesh_series_hash(const struct jb_mesh_table *table, const struct jb_scrape_sample *sample)
{
	__u64 sum = table->seed;

	for (size_t i = 0; i < sample->n_labels; i++) {
		const struct jb_scrape_label *label = &sample->labels[i];
		__u64 lengths = (__u64)label->name_len << 32 | label->value_len;
		__u64 h = jb_hash_octets(jb_mix(table->seed, lengths), label->name,
					 label->name_len);

		sum += jb_hash_octets(h, label->value, label->value_len);
	}
	return jb_mix(sum, sample->family << 8 | sample->suffix);
}

/* --- far ends */

struct key {
	char text[sizeof(struct jb_mesh_far)];
	size_t len;
};

static struct key key_of(const struct jb_mesh_far *far)
{
	struct key key;
	char *at = mempcpy(key.text, far, offsetof(struct jb_mesh_far, namespace_));

	at = stpcpy(at, far->namespace_) + 1;
	at = stpcpy(at, far->workload) + 1;
	key.len = (size_t)(at - key.text);
	return key;
}

void jb_mesh_end_far(const struct jb_mesh_end *end, struct jb_mesh_far *ret_far)
{
	const char *namespace_ = end->key + offsetof(struct jb_mesh_far, namespace_);

	memset(ret_far, 0, sizeof(*ret_far));
	memcpy(ret_far, end->key, offsetof(struct jb_mesh_far, namespace_));
	stpcpy(ret_far->namespace_, namespace_);
	stpcpy(ret_far->workload, namespace_ + strlen(namespace_) + 1);
}

/* Finds or makes it. NULL: no memory. */
static struct jb_mesh_end *end_get(struct jb_mesh_table *table, const struct jb_mesh_far *far)
{
	struct key key = key_of(far);
	unsigned int hash = (unsigned int)jb_hash_octets(table->seed + key.len, key.text, key.len);
	struct jb_mesh_end *end;

	HASH_FIND_BYHASHVALUE(hh, table->ends, key.text, key.len, hash, end);
	if (end)
		return end;
	end = calloc(1, sizeof(*end) + key.len);
	if (!end)
		return NULL;
	memcpy(end->key, key.text, key.len);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, table->ends, end->key, key.len, hash, end);
	if (end->hh.tbl)
		return end;
	free(end);
	return NULL;
}

static void end_release(struct jb_mesh_table *table, struct jb_mesh_end *end)
{
	if (!end || --end->n_series)
		return;
	/* NOLINTNEXTLINE(clang-analyzer-*): it doesn't see that it is unlinked */
	HASH_DEL(table->ends, end);
	free(end);
}

/* --- series */

static __u32 *slot_of(__u32 *slots, size_t room, const struct jb_mesh_series *series, __u64 hash)
{
	size_t mask = 2 * room - 1;
	size_t at = hash & mask;

	while (slots[at] && series[slots[at] - 1].hash != hash)
		at = (at + 1) & mask;
	return &slots[at];
}

struct jb_mesh_series *jb_mesh_series_find(const struct jb_mesh_table *table, __u64 hash)
{
	__u32 found;

	if (!table->room)
		return NULL;
	found = *slot_of(table->slots, table->room, table->series, hash);
	return found ? &table->series[found - 1] : NULL;
}

static void index_all(struct jb_mesh_table *table)
{
	memset(table->slots, 0, 2 * table->room * sizeof(*table->slots));
	for (size_t i = 0; i < table->n; i++)
		*slot_of(table->slots, table->room, table->series,
			 table->series[i].hash) = (__u32)(i + 1);
}

static bool make_room(struct jb_mesh_table *table)
{
	size_t room = table->room ? 2 * table->room : FIRST_ROOM;
	struct jb_mesh_series *series;
	__u32 *slots;

	if (table->n < table->room)
		return true;
	series = reallocarray(table->series, room, sizeof(*series));
	if (!series)
		return false;
	table->series = series;
	slots = reallocarray(table->slots, 2 * room, sizeof(*slots));
	if (!slots)
		return false;
	table->slots = slots;
	table->room = room;
	index_all(table);
	return true;
}

/* What is held is bounded by `n`, not by what it once was. Smaller may be refused: no harm. */
static void give_room_back(struct jb_mesh_table *table)
{
	size_t room = table->room;
	void *series, *slots;

	while (room > FIRST_ROOM && table->n <= room / 4)
		room /= 2;
	if (room == table->room)
		return;
	table->room = room;
	series = reallocarray(table->series, room, sizeof(*table->series));
	if (series)
		table->series = series;
	slots = reallocarray(table->slots, 2 * room, sizeof(*table->slots));
	if (slots)
		table->slots = slots;
}

static bool budget_take(__u32 *budget)
{
	__u32 left;

	if (!budget)
		return true;
	left = __atomic_load_n(budget, __ATOMIC_RELAXED);
	while (left && !__atomic_compare_exchange_n(budget, &left, left - 1, true, __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED)) {
	}
	return left;
}

static void budget_give_back(__u32 *budget, size_t n)
{
	if (budget)
		__atomic_fetch_add(budget, (__u32)n, __ATOMIC_RELAXED);
}

/* Keeps the first `n`; the far ends of the others are released already. */
static void cut(struct jb_mesh_table *table, size_t n)
{
	if (n == table->n)
		return;
	budget_give_back(table->budget, table->n - n);
	table->n = n;
	give_room_back(table);
	index_all(table);
}

/* NULL: no memory. */
static struct jb_mesh_series *add(struct jb_mesh_table *table, __u64 hash, int figure,
				  const struct jb_mesh_far *far)
{
	struct jb_mesh_end *end = NULL;
	struct jb_mesh_series *series;

	if (!make_room(table))
		return NULL;
	if (far) {
		end = end_get(table, far);
		if (!end)
			return NULL;
		end->n_series++;
	}
	series = &table->series[table->n++];
	*series = (struct jb_mesh_series){hash, NAN, NAN, end, (__u8)figure, false};
	*slot_of(table->slots, table->room, table->series, hash) = (__u32)table->n;
	return series;
}

int jb_mesh_series_add(struct jb_mesh_table *table, __u64 hash, int figure,
		       const struct jb_mesh_far *far, struct jb_mesh_series **ret)
{
	struct jb_mesh_series *series;

	if (!budget_take(table->budget))
		return -ENOSPC;
	series = add(table, hash, figure, far);
	if (!series) {
		budget_give_back(table->budget, 1);
		return -ENOMEM;
	}
	*ret = series;
	return 0;
}

void jb_mesh_table_begin(struct jb_mesh_table *table)
{
	for (size_t i = table->n_before; i < table->n; i++)
		end_release(table, table->series[i].end);
	cut(table, table->n_before);
	for (size_t i = 0; i < table->n; i++) {
		table->series[i].staged = NAN;
		table->series[i].seen = false;
	}
}

static void settle(struct jb_mesh_series *series)
{
	if (!isnan(series->staged))
		series->value = series->staged;
}

void jb_mesh_table_settle(struct jb_mesh_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->n; i++) {
		struct jb_mesh_series *series = &table->series[i];

		settle(series);
		if (series->seen)
			table->series[kept++] = *series;
		else
			end_release(table, series->end);
	}
	cut(table, kept);
	table->n_before = kept;
}

void jb_mesh_table_free(struct jb_mesh_table *table)
{
	struct jb_mesh_end *end = table->ends, *next;

	HASH_CLEAR(hh, table->ends);
	for (; end; end = next) {
		next = end->hh.next;
		free(end);
	}
	budget_give_back(table->budget, table->n);
	free(table->series);
	free(table->slots);
}
