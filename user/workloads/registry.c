/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "workloads/cgroups.h"
#include "workloads/registry.h"
#include "workloads/unit.h"

/* A cgroup that two walks have not found is not going to be. */
#define JB_NAMING_ATTEMPTS 2
/* Between unlinking and recycling: many times what a packet takes from finding a row to using it.
 */
#define JB_LIMBO_NS (4 * JB_SECOND_NS)

struct owner {
	UT_hash_handle hh;
	struct jb_identity identity;
	struct jb_rtp_totals base[JB_DIRECTION_MAX][JB_MEDIA_MAX];
	bool has_base[JB_DIRECTION_MAX][JB_MEDIA_MAX];
	__u32 workloads;
	bool permanent; /* unknown, ~other */
	int place;      /* in the array being made */
	char name[];
};

struct workload {
	UT_hash_handle hh;
	__u64 cgroup_id;
	struct owner *owner; /* NULL until it is named */
	__u64 alive_ns;      /* when it last was there, or may have been */
	__u32 attempts;
	__u32 rows;
	__u64 walk; /* the last that found it, or after which it came */
};

struct row {
	UT_hash_handle hh;
	__u32 row;
	struct jb_row_key key;
	struct workload *workload;
	__u64 unlinked_ns; /* 0: linked */
};

struct jb_registry {
	struct jb_kernel *kernel;
	const char *root;
	__u64 grace_ns;
	__u32 max_owners;
	struct owner *owners; /* by name */
	struct owner *unknown, *other;
	struct workload *workloads; /* by cgroup id */
	struct row *rows;           /* by row */
	__u64 walk;                 /* the last */
	__u64 complete_walk;        /* the last that was complete */
	__u64 folded;
	int error; /* of the callbacks */
};

static struct owner *owner_add(struct jb_registry *reg, const char *name)
{
	size_t len = strlen(name);
	struct owner *owner = calloc(1, sizeof(*owner) + len + 1);

	if (!owner)
		return NULL;
	memcpy(owner->name, name, len);
	owner->identity = (struct jb_identity){"", "", "", owner->name};
	HASH_ADD_STR(reg->owners, name, owner);
	if (owner->hh.tbl)
		return owner;
	free(owner);
	return NULL;
}

static struct owner *owner_get(struct jb_registry *reg, const char *name)
{
	struct owner *owner;

	HASH_FIND_STR(reg->owners, name, owner);
	if (owner)
		return owner;
	if (HASH_COUNT(reg->owners) >= reg->max_owners) {
		reg->folded++;
		return reg->other;
	}
	return owner_add(reg, name);
}

static void owner_put(struct jb_registry *reg, struct owner *owner)
{
	if (--owner->workloads || owner->permanent)
		return;
	HASH_DEL(reg->owners, owner);
	free(owner);
}

static void workload_own(struct workload *w, struct owner *owner)
{
	w->owner = owner;
	if (owner)
		owner->workloads++;
}

static struct workload *workload_get(struct jb_registry *reg, __u64 cgroup_id, __u64 now_ns)
{
	struct workload *w;

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

static void workload_free(struct jb_registry *reg, struct workload *w)
{
	if (w->owner)
		owner_put(reg, w->owner);
	HASH_DEL(reg->workloads, w);
	free(w);
}

struct sync {
	struct jb_registry *reg;
	__u64 now_ns;
};

static void sync_row(void *ctx, const struct jb_row_key *key, __u32 index)
{
	struct sync *sync = ctx;
	struct row *row;

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
	char name[PATH_MAX];
	struct workload *w;

	HASH_FIND(hh, reg->workloads, &id, sizeof(id), w);
	if (!w)
		return;
	w->walk = reg->walk;
	w->alive_ns = sync->now_ns;
	if (!w->owner && !jb_unit_name(path, name, sizeof(name)))
		workload_own(w, owner_get(reg, name));
}

/* A workload that an incomplete walk did not see may find its name in another. */
static void give_up_naming(struct jb_registry *reg)
{
	bool complete = reg->complete_walk == reg->walk;
	struct workload *w, *tmp;

	HASH_ITER (hh, reg->workloads, w, tmp) {
		if (w->owner || (!complete && w->walk != reg->walk))
			continue;
		if (++w->attempts >= JB_NAMING_ATTEMPTS)
			workload_own(w, reg->unknown);
	}
}

static bool any_nameless(const struct jb_registry *reg)
{
	for (const struct workload *w = reg->workloads; w; w = w->hh.next)
		if (!w->owner)
			return true;
	return false;
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

static int sync_rows(struct jb_registry *reg, struct sync *sync)
{
	int err;

	reg->error = 0;
	err = jb_kernel_each_row(reg->kernel, sync_row, sync);
	return err ? err : reg->error;
}

int jb_registry_refresh(struct jb_registry *reg, __u64 now_ns)
{
	struct sync sync = {reg, now_ns};
	int err = sync_rows(reg, &sync);

	if (!err && any_nameless(reg))
		walk(reg, &sync); /* a failure is told by the periodic pass */
	return err;
}

/* Keeps what the row has counted and gives it back to the kernel. */
static int row_recycle(struct jb_registry *reg, struct row *row)
{
	struct owner *owner = row->workload->owner ? row->workload->owner : reg->unknown;
	__u8 direction = row->key.direction % JB_DIRECTION_MAX;
	__u8 media = row->key.media % JB_MEDIA_MAX;
	int err;

	jb_kernel_add_totals(reg->kernel, row->row, &owner->base[direction][media]);
	owner->has_base[direction][media] = true;
	err = jb_kernel_recycle_row(reg->kernel, row->row);
	row->workload->rows--;
	HASH_DEL(reg->rows, row);
	free(row);
	return err;
}

static bool is_gone(const struct jb_registry *reg, const struct workload *w)
{
	return w->walk < reg->complete_walk;
}

/* Has gone, and the grace is over. */
static bool is_past(const struct jb_registry *reg, const struct workload *w, __u64 now_ns)
{
	return is_gone(reg, w) && now_ns - w->alive_ns >= reg->grace_ns;
}

/* One step of the row's end, if it has come to that. */
static int row_age(struct jb_registry *reg, struct row *row, bool in_use, __u64 now_ns)
{
	int err;

	if (in_use) {
		if (row->unlinked_ns)
			row->unlinked_ns = now_ns;
		return 0;
	}
	if (row->unlinked_ns)
		return now_ns - row->unlinked_ns < JB_LIMBO_NS ? 0 : row_recycle(reg, row);
	if (!is_past(reg, row->workload, now_ns))
		return 0;
	err = jb_kernel_unlink_row(reg->kernel, &row->key);
	if (!err)
		row->unlinked_ns = now_ns;
	return err;
}

static int age(struct jb_registry *reg, const __u8 *row_in_use, __u64 now_ns)
{
	struct workload *w, *wtmp;
	struct row *row, *rtmp;
	int err = 0;

	/* The grace begins when a complete walk misses a workload, not with the pruned ones. */
	for (w = reg->workloads; w; w = w->hh.next)
		if (!is_gone(reg, w))
			w->alive_ns = now_ns;
	/* A socket outlives its cgroup; so does what is told of it. */
	for (row = reg->rows; row; row = row->hh.next)
		if (row_in_use[row->row])
			row->workload->alive_ns = now_ns;
	HASH_ITER (hh, reg->rows, row, rtmp) {
		int e = row_age(reg, row, row_in_use[row->row], now_ns);

		err = err ? err : e;
	}
	HASH_ITER (hh, reg->workloads, w, wtmp)
		if (!w->rows && is_past(reg, w, now_ns))
			workload_free(reg, w);
	return err;
}

int jb_registry_tick(struct jb_registry *reg, const __u8 *row_in_use, __u64 now_ns)
{
	struct sync sync = {reg, now_ns};
	int err = sync_rows(reg, &sync);
	int walked = walk(reg, &sync);

	/* A walk that failed says nothing about who has gone. */
	if (!walked)
		walked = age(reg, row_in_use, now_ns);
	return err ? err : walked;
}

const struct jb_identity *jb_registry_identity(const struct jb_registry *reg, __u32 row)
{
	struct row *found;

	if (row < JB_UNKNOWN_ROWS)
		return &reg->unknown->identity;
	HASH_FIND(hh, reg->rows, &row, sizeof(row), found);
	return found && found->workload->owner ? &found->workload->owner->identity : NULL;
}

static void add_row(const struct jb_registry *reg, struct jb_owner_totals *to, __u32 row,
		    __u8 direction, __u8 media)
{
	jb_kernel_add_totals(reg->kernel, row, &to->rtp[direction][media]);
	to->seen[direction][media] = true;
}

static void add_base(struct jb_owner_totals *to, struct owner *owner, int place)
{
	owner->place = place;
	to->identity = &owner->identity;
	memcpy(to->rtp, owner->base, sizeof(to->rtp));
	memcpy(to->seen, owner->has_base, sizeof(to->seen));
}

/* The rows of no workload are told once there is something in them. */
static void add_unknown(const struct jb_registry *reg, struct jb_owner_totals *to)
{
	for (int d = 0; d < JB_DIRECTION_MAX; d++)
		for (int m = 0; m < JB_MEDIA_MAX; m++) {
			struct jb_rtp_totals totals = {};

			jb_kernel_add_totals(reg->kernel, jb_unknown_row(d, m), &totals);
			if (totals.counter[JB_RTP_PACKETS])
				add_row(reg, to, jb_unknown_row(d, m), d, m);
		}
}

int jb_registry_totals(const struct jb_registry *reg, struct jb_owner_totals **ret,
		       size_t *ret_count, int *ret_place)
{
	size_t count = HASH_COUNT(reg->owners);
	struct jb_owner_totals *all = calloc(count, sizeof(*all));
	int place = 0;

	if (!all)
		return -ENOMEM;
	for (struct owner *owner = reg->owners; owner; owner = owner->hh.next, place++)
		add_base(&all[place], owner, place);
	for (__u32 i = 0; i < jb_kernel_rows(reg->kernel); i++)
		ret_place[i] = i < JB_UNKNOWN_ROWS ? reg->unknown->place : -1;
	add_unknown(reg, &all[reg->unknown->place]);
	for (const struct row *row = reg->rows; row; row = row->hh.next) {
		if (!row->workload->owner)
			continue;
		ret_place[row->row] = row->workload->owner->place;
		add_row(reg, &all[row->workload->owner->place], row->row,
			row->key.direction % JB_DIRECTION_MAX, row->key.media % JB_MEDIA_MAX);
	}
	*ret = all;
	*ret_count = count;
	return 0;
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
	reg->max_owners = options->max_owners;
	reg->unknown = owner_add(reg, "unknown");
	reg->other = owner_add(reg, "~other");
	if (!reg->unknown || !reg->other) {
		jb_registry_free(reg);
		return -ENOMEM;
	}
	reg->unknown->permanent = reg->other->permanent = true;
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
	HASH_CLEAR(hh, reg->workloads);
	HASH_CLEAR(hh, reg->owners);
	free_elements(was.rows);
	free_elements(was.workloads);
	free_elements(was.owners);
	free(reg);
}
