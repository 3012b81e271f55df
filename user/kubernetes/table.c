/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

/* A pod's containers and those that were before them: one that crashes all the time has a new id
   every few seconds to minutes. */
enum { IDS_MAX = JB_POD_CONTAINERS_MAX + 32 };

struct known_id {
	char id[JB_CONTAINER_ID_LEN + 1];
	char name[JB_CONTAINER_NAME_MAX + 1];
};

struct entry {
	UT_hash_handle hh; /* by uid */
	struct entry *prev, *next;
	struct jb_pod *pod;
	struct known_id *ids; /* the oldest first */
	size_t n_ids;
	uint64_t list; /* the last that had it, or during which it came */
	uint64_t gone_ns;
	bool gone;
	char uid[];
};

struct jb_pod_table {
	struct entry *entries;
	struct entry *gone; /* who went first is first */
	size_t max;
	uint64_t grace_ns;
	uint64_t list;
	struct jb_pod_counts counts;
};

int jb_pod_table_new(struct jb_pod_table **ret_table, size_t max, uint64_t grace_ns)
{
	struct jb_pod_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->max = max;
	table->grace_ns = grace_ns;
	*ret_table = table;
	return 0;
}

static void free_entry(struct entry *entry)
{
	free(entry->pod);
	free(entry->ids);
	free(entry);
}

void jb_pod_table_free(struct jb_pod_table *table)
{
	struct entry *entry, *next;

	if (!table)
		return;
	entry = table->entries;
	HASH_CLEAR(hh, table->entries);
	for (; entry; entry = next) {
		next = entry->hh.next;
		free_entry(entry);
	}
	free(table);
}

static void forget(struct jb_pod_table *table, struct entry *entry)
{
	DL_DELETE(table->gone, entry);
	/* NOLINTNEXTLINE(clang-analyzer-*): it doesn't see that what is freed was unlinked */
	HASH_DEL(table->entries, entry);
	free_entry(entry);
	table->counts.gone--;
}

static void set_gone(struct jb_pod_table *table, struct entry *entry, uint64_t now_ns)
{
	if (entry->gone)
		return;
	entry->gone = true;
	entry->gone_ns = now_ns;
	DL_APPEND(table->gone, entry);
	table->counts.present--;
	table->counts.gone++;
	table->counts.changes++;
}

/* 0, or -ENOSPC for one that was gone and finds its place taken. */
static int set_present(struct jb_pod_table *table, struct entry *entry)
{
	if (!entry->gone)
		return 0;
	if (table->counts.present >= table->max)
		return -ENOSPC;
	entry->gone = false;
	DL_DELETE(table->gone, entry);
	table->counts.gone--;
	table->counts.present++;
	table->counts.changes++;
	return 0;
}

void jb_pod_table_expire(struct jb_pod_table *table, uint64_t now_ns)
{
	while (table->gone && now_ns - table->gone->gone_ns >= table->grace_ns)
		forget(table, table->gone);
	while (table->counts.gone > 2 * table->max) {
		forget(table, table->gone);
		table->counts.forgotten++;
	}
}

static const struct known_id *find_id(const struct entry *entry, const char *id)
{
	for (size_t i = 0; i < entry->n_ids; i++) {
		if (!strcmp(entry->ids[i].id, id))
			return &entry->ids[i];
	}
	return NULL;
}

static bool is_current(const struct jb_pod *pod, const char *id)
{
	for (size_t i = 0; i < pod->n_containers; i++) {
		if (!strcmp(pod->containers[i].id, id))
			return true;
	}
	return false;
}

/* Takes the oldest id out that isn't the pod's any more; there is one, see IDS_MAX. */
static void drop_oldest(struct entry *entry)
{
	size_t i = 0;

	while (i < entry->n_ids - 1 && is_current(entry->pod, entry->ids[i].id))
		i++;
	memmove(&entry->ids[i], &entry->ids[i + 1], (entry->n_ids - i - 1) * sizeof(*entry->ids));
	entry->n_ids--;
}

static int learn(struct jb_pod_table *table, struct entry *entry,
		 const struct jb_pod_container *container)
{
	struct known_id *ids;

	if (!*container->id || find_id(entry, container->id))
		return 0;
	if (entry->n_ids == IDS_MAX)
		drop_oldest(entry);
	ids = reallocarray(entry->ids, entry->n_ids + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	entry->ids = ids;
	ids += entry->n_ids++;
	memcpy(ids->id, container->id, sizeof(ids->id));
	strncpy(ids->name, container->name, sizeof(ids->name) - 1);
	ids->name[sizeof(ids->name) - 1] = '\0';
	table->counts.changes++;
	return 0;
}

static int learn_all(struct jb_pod_table *table, struct entry *entry, const struct jb_pod *pod)
{
	int err = 0;

	for (size_t i = 0; !err && i < pod->n_containers; i++)
		err = learn(table, entry, &pod->containers[i]);
	return err;
}

/* Names show a proxy from its start on, and never that there will be none. */
static void learn_proxy(struct jb_pod_table *table, struct entry *entry, const struct jb_pod *pod)
{
	if (!pod->meshed || entry->pod->meshed || !entry->pod->names_only)
		return;
	entry->pod->meshed = true;
	table->counts.changes++;
}

/* The pod of an entry stays as it is if the new one is the same or only has names. */
static int update(struct jb_pod_table *table, struct entry *entry, const struct jb_pod *pod)
{
	struct jb_pod *copy;

	if (pod->names_only) {
		learn_proxy(table, entry, pod);
		return 0;
	}
	if (jb_pod_equal(entry->pod, pod))
		return 0;
	if (jb_pod_copy(pod, &copy))
		return -ENOMEM;
	free(entry->pod);
	entry->pod = copy;
	table->counts.changes++;
	return 0;
}

static struct entry *add(struct jb_pod_table *table, const struct jb_pod *pod)
{
	size_t len = strlen(pod->uid);
	struct entry *entry = calloc(1, sizeof(*entry) + len + 1);

	if (!entry)
		return NULL;
	memcpy(entry->uid, pod->uid, len);
	if (!jb_pod_copy(pod, &entry->pod))
		HASH_ADD_STR(table->entries, uid, entry);
	if (!entry->hh.tbl) {
		free_entry(entry);
		return NULL;
	}
	table->counts.present++;
	table->counts.changes++;
	return entry;
}

static struct entry *find(const struct jb_pod_table *table, const char *uid)
{
	struct entry *entry;

	HASH_FIND_STR(table->entries, uid, entry);
	return entry;
}

static int put(struct jb_pod_table *table, const struct jb_pod *pod, uint64_t now_ns)
{
	struct entry *entry = find(table, pod->uid);
	bool ended = jb_pod_has_ended(pod);
	int err = 0;

	if (!entry && table->counts.present >= table->max)
		return -ENOSPC;
	if (!entry)
		entry = add(table, pod);
	else
		err = ended ? 0 : set_present(table, entry);
	if (!entry)
		return -ENOMEM;
	if (!err)
		err = update(table, entry, pod);
	if (!err)
		err = learn_all(table, entry, pod);
	entry->list = table->list;
	if (ended)
		set_gone(table, entry, now_ns);
	return err;
}

int jb_pod_table_put(struct jb_pod_table *table, const struct jb_pod *pod, uint64_t now_ns)
{
	int err = put(table, pod, now_ns);

	if (err)
		table->counts.refused++;
	jb_pod_table_expire(table, now_ns);
	return err;
}

void jb_pod_table_remove(struct jb_pod_table *table, const char *uid, uint64_t now_ns)
{
	struct entry *entry = find(table, uid);

	if (entry)
		set_gone(table, entry, now_ns);
	jb_pod_table_expire(table, now_ns);
}

void jb_pod_table_list_begin(struct jb_pod_table *table)
{
	table->list++;
}

void jb_pod_table_list_end(struct jb_pod_table *table, uint64_t now_ns)
{
	for (struct entry *entry = table->entries; entry; entry = entry->hh.next) {
		if (entry->list != table->list)
			set_gone(table, entry, now_ns);
	}
	jb_pod_table_expire(table, now_ns);
}

/* The pod of a static pod's hash: of those that are there, else of those that have gone. */
static const struct entry *find_static(const struct jb_pod_table *table, const char *hash)
{
	const struct entry *found = NULL, *entry;

	for (entry = table->entries; entry; entry = entry->hh.next) {
		if (entry->gone || strcmp(entry->pod->static_hash, hash) != 0)
			continue;
		if (found)
			return NULL;
		found = entry;
	}
	DL_FOREACH(table->gone, entry)
	{
		if (!found && !strcmp(entry->pod->static_hash, hash))
			found = entry;
	}
	return found;
}

static const struct entry *find_any(const struct jb_pod_table *table, const char *uid)
{
	const struct entry *entry = find(table, uid);

	return entry || !*uid ? entry : find_static(table, uid);
}

enum jb_pod_lookup jb_pod_table_lookup(const struct jb_pod_table *table, const char *uid,
				       const char *container_id, struct jb_pod_names *ret_names)
{
	const struct entry *entry = find_any(table, uid);
	const struct known_id *known;

	if (!entry)
		return JB_POD_UNKNOWN;
	*ret_names = (struct jb_pod_names){};
	strncpy(ret_names->namespace_, entry->pod->namespace_, JB_NAMESPACE_MAX);
	strncpy(ret_names->pod, entry->pod->name, JB_POD_NAME_MAX);
	strncpy(ret_names->workload, entry->pod->workload, JB_POD_NAME_MAX);
	ret_names->meshed = entry->pod->meshed;
	ret_names->names_only = entry->pod->names_only;
	if (!container_id || !*container_id)
		return JB_POD_FOUND;
	known = find_id(entry, container_id);
	if (!known)
		return JB_POD_CONTAINER_NOT_YET;
	memcpy(ret_names->container, known->name, sizeof(known->name));
	return JB_POD_FOUND;
}

const struct jb_pod *jb_pod_table_get(const struct jb_pod_table *table, const char *uid)
{
	const struct entry *entry = find_any(table, uid);

	return entry ? entry->pod : NULL;
}

void jb_pod_table_each(const struct jb_pod_table *table,
		       void (*fn)(void *ctx, const struct jb_pod *pod), void *ctx)
{
	for (const struct entry *entry = table->entries; entry; entry = entry->hh.next) {
		if (!entry->gone)
			fn(ctx, entry->pod);
	}
}

struct jb_pod_counts jb_pod_table_counts(const struct jb_pod_table *table)
{
	return table->counts;
}
