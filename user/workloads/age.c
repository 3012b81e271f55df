/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end of workloads and of their rows. */
#include <stdlib.h>
#include "kernel/drops.h"
#include "workloads/private.h"

/* Between unlinking and recycling: many times what a packet takes from finding a row to using it.
 */
#define JB_LIMBO_NS (4 * JB_SECOND_NS)

static void workload_free(struct jb_registry *reg, struct jb_workload *w)
{
	if (w->owner)
		jb_owner_put(reg, w->owner);
	HASH_DEL(reg->workloads, w);
	free(w->path);
	free(w);
}

/* Keeps what the row has counted and gives it back to the kernel. */
static int row_recycle(struct jb_registry *reg, struct jb_owned_row *row)
{
	struct jb_owner *owner = row->workload->owner ? row->workload->owner : reg->unknown;
	__u32 slot = jb_slot_told(row->workload->role, row->key.slot % JB_SLOT_MAX);
	int err;

	if (!owner->hidden) {
		owner = jb_owner_of_slot(reg, owner, slot);
		jb_kernel_add_totals(reg->kernel, row->row, &owner->base[slot]);
		owner->has_base[slot] = true;
	}
	err = jb_kernel_recycle_row(reg->kernel, row->row);
	row->workload->rows--;
	HASH_DEL(reg->rows, row);
	free(row);
	return err;
}

/* Keys of one workload's drops, as many as are taken at a time. */
struct burial {
	__u64 cgroup_id;
	struct jb_drop_key key[64];
	__u32 count;
};

static void find_drop(void *ctx, const struct jb_drop_key *key, __u64 packets)
{
	struct burial *burial = ctx;

	(void)packets;
	if (key->cgroup_id == burial->cgroup_id &&
	    burial->count < sizeof(burial->key) / sizeof(*burial->key))
		burial->key[burial->count++] = *key;
}

/* Keeps what of the workload's packets was dropped; whether nothing is left in the kernel. */
static bool bury_drops(struct jb_registry *reg, struct jb_workload *w)
{
	struct jb_owner *owner = w->owner ? w->owner : reg->unknown;
	struct burial burial = {.cgroup_id = w->cgroup_id};
	__u64 nobodys = 0;

	if (!w->has_drops)
		return true;
	if (jb_kernel_each_drop(reg->kernel, find_drop, &burial))
		return false;
	for (__u32 i = 0; i < burial.count; i++) {
		const struct jb_drop_key *key = &burial.key[i];

		jb_kernel_take_drop(reg->kernel, key,
				    owner->hidden ? &nobodys
						  : &jb_owner_drop(reg, owner, key)->base);
	}
	w->has_drops = burial.count;
	return !w->has_drops;
}

static bool is_gone(const struct jb_registry *reg, const struct jb_workload *w)
{
	return w->walk < reg->complete_walk;
}

/* Has gone, and the grace is over. Not as long as its name may still come. */
static bool is_past(const struct jb_registry *reg, const struct jb_workload *w, __u64 now_ns)
{
	return is_gone(reg, w) && !w->path && now_ns - w->alive_ns >= reg->grace_ns;
}

/* One step of the row's end, if it has come to that. */
static int row_age(struct jb_registry *reg, struct jb_owned_row *row, bool in_use, __u64 now_ns)
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

int jb_registry_age(struct jb_registry *reg, const __u8 *row_in_use, __u64 now_ns)
{
	struct jb_workload *w, *wtmp;
	struct jb_owned_row *row, *rtmp;
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
		if (!w->rows && is_past(reg, w, now_ns) && bury_drops(reg, w))
			workload_free(reg, w);
	return err;
}
