/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/drops.h"
#include "workloads/cgroups.h"
#include "workloads/private.h"

/* A cgroup that two walks have not found is not going to be. */
#define JB_NAMING_ATTEMPTS 2

static struct jb_workload *workload_get(struct jb_registry *reg, __u64 cgroup_id, __u64 now_ns)
{
	struct jb_workload *w;

	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	if (w)
		return w;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->cgroup_id = cgroup_id;
	w->alive_ns = now_ns;
	w->walk = reg->walk;
	HASH_ADD(hh, reg->workloads, cgroup_id, sizeof(w->cgroup_id), w);
	if (w->hh.tbl)
		return w;
	free(w);
	return NULL;
}

struct sync {
	struct jb_registry *reg;
	__u64 now_ns;
};

static void sync_row(void *ctx, const struct jb_row_key *key, __u32 index)
{
	struct sync *sync = ctx;
	struct jb_owned_row *row;

	HASH_FIND(hh, sync->reg->rows, &index, sizeof(index), row);
	if (row)
		return;
	row = calloc(1, sizeof(*row));
	if (row)
		row->workload = workload_get(sync->reg, key->cgroup_id, sync->now_ns);
	if (!row || !row->workload) {
		free(row);
		sync->reg->error = -ENOMEM;
		return;
	}
	row->row = index;
	row->key = *key;
	HASH_ADD(hh, sync->reg->rows, row, sizeof(row->row), row);
	if (row->hh.tbl) {
		row->workload->rows++;
	} else {
		free(row);
		sync->reg->error = -ENOMEM;
	}
}

static void on_cgroup(void *ctx, __u64 id, const char *path)
{
	struct sync *sync = ctx;
	struct jb_registry *reg = sync->reg;
	struct jb_workload *w;

	HASH_FIND(hh, reg->workloads, &id, sizeof(id), w);
	if (!w)
		return;
	w->walk = reg->walk;
	w->alive_ns = sync->now_ns;
	if (!w->owner && !w->path)
		jb_workload_name(reg, w, path, sync->now_ns);
}

/* A workload that an incomplete walk did not see may find its name in another. */
static void give_up_naming(struct jb_registry *reg)
{
	bool complete = reg->complete_walk == reg->walk;
	struct jb_workload *w, *tmp;

	HASH_ITER (hh, reg->workloads, w, tmp) {
		if (w->owner || w->path || (!complete && w->walk != reg->walk))
			continue;
		if (++w->attempts >= JB_NAMING_ATTEMPTS)
			jb_workload_own(w, reg->unknown, JB_ROLE_UNMESHED);
	}
}

static bool any_nameless(const struct jb_registry *reg)
{
	for (const struct jb_workload *w = reg->workloads; w; w = w->hh.next)
		if (!w->owner && !w->path)
			return true;
	return false;
}

/* Who waits may have a name by now, or has waited enough. */
static void name_waiting(struct jb_registry *reg, __u64 now_ns)
{
	for (struct jb_workload *w = reg->workloads; w; w = w->hh.next)
		if (w->path && w->owner)
			jb_workload_find_role(reg, w, now_ns);
		else if (w->path)
			jb_workload_name(reg, w, w->path, now_ns);
}

static int walk(struct jb_registry *reg, struct sync *sync)
{
	int incomplete;

	reg->walk++;
	incomplete = jb_cgroups_walk(reg->root, on_cgroup, sync);
	if (incomplete < 0)
		return incomplete;
	if (!incomplete)
		reg->complete_walk = reg->walk;
	give_up_naming(reg);
	return 0;
}

/* A workload may have nothing but drops. */
static void sync_drop(void *ctx, const struct jb_drop_key *key, __u64 packets)
{
	struct sync *sync = ctx;
	struct jb_workload *w;

	(void)packets;
	if (!key->cgroup_id)
		return;
	w = workload_get(sync->reg, key->cgroup_id, sync->now_ns);
	if (w)
		w->has_drops = true;
	else
		sync->reg->error = -ENOMEM;
}

static int sync_rows(struct jb_registry *reg, struct sync *sync)
{
	int err, e;

	reg->error = 0;
	err = jb_kernel_each_row(reg->kernel, sync_row, sync);
	e = jb_kernel_each_drop(reg->kernel, sync_drop, sync);
	return err ? err : e ? e : reg->error;
}

int jb_registry_refresh(struct jb_registry *reg, __u64 now_ns)
{
	struct sync sync = {reg, now_ns};
	int err = sync_rows(reg, &sync);

	name_waiting(reg, now_ns);
	if (!err && any_nameless(reg))
		walk(reg, &sync); /* a failure is told by the periodic pass */
	return err ? err : jb_registry_settle(reg);
}

int jb_registry_tick(struct jb_registry *reg, const __u8 *row_in_use, __u64 now_ns)
{
	struct sync sync = {reg, now_ns};
	int err = sync_rows(reg, &sync);
	int walked = walk(reg, &sync);

	name_waiting(reg, now_ns);
	/* A walk that failed says nothing about who has gone. */
	if (!walked)
		walked = jb_registry_age(reg, row_in_use, now_ns);
	err = err ? err : walked;
	walked = jb_registry_settle(reg);
	return err ? err : walked;
}

const struct jb_identity *jb_registry_identity(const struct jb_registry *reg, __u32 row)
{
	struct jb_owned_row *found;

	if (row < JB_SLOT_MAX)
		return &reg->unknown->identity;
	HASH_FIND(hh, reg->rows, &row, sizeof(row), found);
	return found && found->workload->owner ? &found->workload->owner->identity : NULL;
}

const struct jb_identity *jb_registry_cgroup(const struct jb_registry *reg, __u64 cgroup_id)
{
	struct jb_workload *w;

	if (!cgroup_id)
		return &reg->unknown->identity;
	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	return w && w->owner ? &w->owner->identity : NULL;
}

const char *jb_registry_workload(const struct jb_registry *reg, __u64 cgroup_id)
{
	struct jb_workload *w;

	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	return w && w->owner ? w->owner->workload : "";
}

enum jb_mesh_role jb_registry_role(const struct jb_registry *reg, __u64 cgroup_id)
{
	struct jb_workload *w;

	if (!cgroup_id)
		return JB_ROLE_UNMESHED;
	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	return w ? w->role : JB_ROLE_PENDING;
}

bool jb_registry_is_contained(const struct jb_registry *reg, __u64 cgroup_id)
{
	struct jb_workload *w;

	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	return w && w->contained;
}

bool jb_registry_knows(const struct jb_registry *reg, __u64 cgroup_id)
{
	struct jb_workload *w;

	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	return w;
}

enum jb_naming jb_registry_naming(const struct jb_registry *reg, __u64 cgroup_id,
				  const struct jb_identity **ret_identity)
{
	struct jb_workload *w;
	const struct jb_owner *owner = reg->unknown;

	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	if (w)
		owner = w->owner;
	if (!owner)
		return JB_NAMING;
	if (owner == reg->outside)
		return JB_NOT_ASKED;
	*ret_identity = &owner->identity;
	return JB_NAMED;
}

bool jb_registry_is_inside(const struct jb_registry *reg, __u64 cgroup_id)
{
	struct jb_workload *w;

	HASH_FIND(hh, reg->workloads, &cgroup_id, sizeof(cgroup_id), w);
	return !w || w->owner != reg->outside;
}

__u64 jb_registry_folded(const struct jb_registry *reg)
{
	return reg->folded;
}

int jb_registry_new(struct jb_registry **ret, struct jb_kernel *kernel,
		    const struct jb_registry_options *options)
{
	struct jb_registry *reg = calloc(1, sizeof(*reg));

	if (!reg)
		return -ENOMEM;
	reg->kernel = kernel;
	reg->root = options->cgroup_root;
	reg->grace_ns = options->grace_ns;
	reg->inside = options->inside;
	reg->find_pod = options->find_pod;
	reg->find_ctx = options->find_ctx;
	reg->max_series = options->max_series;
	reg->slot_series = options->slot_series;
	if (options->host_root &&
	    jb_container_names_new(&reg->container_names, options->host_root)) {
		free(reg);
		return -ENOMEM;
	}
	reg->unknown = jb_owner_add(reg, "unknown");
	reg->other = jb_owner_add(reg, "~other");
	reg->outside = jb_owner_new("");
	if (!reg->unknown || !reg->other || !reg->outside) {
		jb_registry_free(reg);
		return -ENOMEM;
	}
	reg->unknown->permanent = reg->other->permanent = reg->outside->permanent = true;
	reg->outside->hidden = true;
	reg->other->identity = (struct jb_identity){"", "~other", "", ""};
	*ret = reg;
	return 0;
}

/* The elements of a table that has been cleared; each kind has its handle first. */
static void free_elements(void *element)
{
	while (element) {
		void *next = ((UT_hash_handle *)element)->next;

		free(element);
		element = next;
	}
}

void jb_registry_free(struct jb_registry *reg)
{
	struct jb_registry was;

	if (!reg)
		return;
	was = *reg;
	HASH_CLEAR(hh, reg->rows);
	for (struct jb_workload *w = reg->workloads; w; w = w->hh.next)
		free(w->path);
	HASH_CLEAR(hh, reg->workloads);
	HASH_CLEAR(hh, reg->owners);
	free_elements(was.rows);
	free_elements(was.workloads);
	free_elements(was.owners);
	jb_container_names_free(was.container_names);
	free(was.outside);
	free(reg);
}
