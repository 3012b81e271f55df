/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each owner has counted: its base and what its rows hold now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/drops.h"
#include "workloads/private.h"

static void count_drop(void *ctx, const struct jb_drop_key *key, __u64 packets)
{
	struct jb_registry *reg = ctx;
	struct jb_owner *owner = reg->unknown;
	struct jb_workload *w;

	if (key->cgroup_id) {
		HASH_FIND(hh, reg->workloads, &key->cgroup_id, sizeof(key->cgroup_id), w);
		owner = w ? w->owner : NULL;
	}
	if (owner && !owner->hidden)
		jb_owner_drop(reg, owner, key)->now += packets;
}

static __u32 slot_of(const struct jb_owned_row *row)
{
	return jb_slot_told(row->workload->role, row->key.slot % JB_SLOT_MAX);
}

/* Under a leg that isn't known yet nothing is told: it would be missing there afterwards. */
static bool is_told(const struct jb_owned_row *row)
{
	const struct jb_workload *w = row->workload;

	return w->owner && !w->owner->hidden &&
	       (w->role != JB_ROLE_PENDING || row->key.slot < JB_SLOT_TCP);
}

static bool is_empty(const union jb_totals *totals)
{
	for (size_t i = 0; i < sizeof(totals->word) / sizeof(*totals->word); i++)
		if (totals->word[i])
			return false;
	return true;
}

/* The rows of no workload are told once there is something in them. */
static void settle_unknown(struct jb_registry *reg)
{
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++) {
		union jb_totals totals = {};
		__u32 told;

		jb_kernel_add_totals(reg->kernel, slot, &totals);
		if (is_empty(&totals))
			continue;
		told = jb_slot_told(JB_ROLE_UNMESHED, slot);
		jb_owner_of_slot(reg, reg->unknown, told);
		reg->unknown->has_base[told] = true;
	}
}

int jb_registry_settle(struct jb_registry *reg)
{
	settle_unknown(reg);
	for (struct jb_owned_row *row = reg->rows; row; row = row->hh.next)
		if (is_told(row))
			jb_owner_of_slot(reg, row->workload->owner, slot_of(row));
	for (struct jb_owner *owner = reg->owners; owner; owner = owner->hh.next)
		for (__u32 i = 0; i <= JB_OWNER_DROPS; i++)
			owner->drops[i].now = 0;
	return jb_kernel_each_drop(reg->kernel, count_drop, reg);
}

static void add_row(const struct jb_registry *reg, struct jb_owner_totals *to, __u32 row,
		    __u32 told)
{
	jb_kernel_add_totals(reg->kernel, row, &to->totals[told]);
	to->seen[told] = true;
}

/* What is known of an owner beside its rows. */
static void add_owner(struct jb_owner_totals *to, struct jb_owner_drop *drops,
		      struct jb_owner *owner, int place)
{
	owner->place = place;
	to->identity = &owner->identity;
	memcpy(to->totals, owner->base, sizeof(to->totals));
	memcpy(to->seen, owner->has_base, sizeof(to->seen));
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
		to->folded[slot] = owner->fate[slot] == JB_FOLDED;
	to->drops_folded = owner->others == JB_FOLDED;
	to->drops = drops;
	for (__u32 i = 0; i <= JB_OWNER_DROPS; i++) {
		const struct jb_drop_sum *drop = &owner->drops[i];
		bool others = i == JB_OWNER_DROPS;

		if (drop->base + drop->now)
			drops[to->n_drops++] = (struct jb_owner_drop){
				drop->protocol, others ? JB_OTHER_REASONS : drop->reason,
				drop->base + drop->now};
	}
}

/* The rows of no workload; settled is which of them are told. */
static void add_unknown(const struct jb_registry *reg, struct jb_owner_totals *to)
{
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++) {
		__u32 told = jb_slot_told(JB_ROLE_UNMESHED, slot);

		if (reg->unknown->has_base[told])
			add_row(reg, to, slot, told);
	}
}

static const struct jb_owner *teller(const struct jb_registry *reg, const struct jb_owned_row *row)
{
	const struct jb_owner *owner = row->workload->owner;

	return owner && owner->fate[jb_slot_group(slot_of(row))] == JB_FOLDED ? reg->other : owner;
}

static void count_cgroups(const struct jb_registry *reg, struct jb_owner_list *list)
{
	for (const struct jb_workload *w = reg->workloads; w; w = w->hh.next)
		if (w->owner && !w->owner->hidden && w->walk >= reg->complete_walk)
			list->owner[w->owner->place].cgroups++;
}

static void add_all(const struct jb_registry *reg, struct jb_owner_list *list, int *ret_place)
{
	int place = 0;

	for (struct jb_owner *owner = reg->owners; owner; owner = owner->hh.next, place++)
		add_owner(&list->owner[place], &list->drops[(size_t)place * (JB_OWNER_DROPS + 1)],
			  owner, place);
	for (__u32 i = 0; i < jb_kernel_rows(reg->kernel); i++)
		ret_place[i] = i < JB_SLOT_MAX ? reg->unknown->place : -1;
	add_unknown(reg, &list->owner[reg->unknown->place]);
	count_cgroups(reg, list);
	for (const struct jb_owned_row *row = reg->rows; row; row = row->hh.next) {
		const struct jb_owner *owner;

		if (!is_told(row))
			continue;
		owner = teller(reg, row);
		ret_place[row->row] = owner->place;
		add_row(reg, &list->owner[owner->place], row->row, slot_of(row));
	}
}

int jb_registry_totals(const struct jb_registry *reg, struct jb_owner_list *ret, int *ret_place)
{
	size_t count = HASH_COUNT(reg->owners);
	struct jb_owner_list list = {
		.owner = calloc(count, sizeof(*list.owner)),
		.count = count,
		.drops = calloc(count * (JB_OWNER_DROPS + 1), sizeof(*list.drops)),
	};

	if (!list.owner || !list.drops) {
		jb_owner_list_free(&list);
		return -ENOMEM;
	}
	add_all(reg, &list, ret_place);
	*ret = list;
	return 0;
}

void jb_owner_list_free(struct jb_owner_list *list)
{
	free(list->owner);
	free(list->drops);
	*list = (struct jb_owner_list){};
}
