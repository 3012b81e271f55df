/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A workload is the cgroup in which a socket was made; its totals are rows, taken at first use. */
#ifndef JB_WORKLOAD_BPF_H
#define JB_WORKLOAD_BPF_H

#include <jitterbug/event.h>
#include "fault.bpf.h"
#include "maps.bpf.h"

#define JB_EEXIST 17

extern struct jb_rows_map jb_rows SEC(".maps");
extern struct jb_free_rows_map jb_free_rows SEC(".maps");
extern struct jb_totals_map jb_totals SEC(".maps");
extern struct jb_events_map jb_events SEC(".maps");

static __always_inline void jb_workload_announce(const struct jb_row_key *key)
{
	struct jb_event_workload *event = bpf_ringbuf_reserve(&jb_events, sizeof(*event), 0);

	if (!event) {
		jb_fault(JB_FAULT_EVENTS_LOST);
		return;
	}
	event->cgroup_id = key->cgroup_id;
	event->slot = key->slot;
	event->zero = 0;
	bpf_ringbuf_submit(event, 0);
}

/* The row that the map has for the key; JB_NO_ROW if none. */
static __always_inline __u32 jb_workload_find(const struct jb_row_key *key)
{
	__u64 *value = bpf_map_lookup_elem(&jb_rows, key);
	struct jb_row row;

	if (!value)
		return JB_NO_ROW;
	*(__u64 *)&row = *(volatile __u64 *)value; /* at once */
	return row.check == jb_row_check(key) ? row.index : JB_NO_ROW;
}

static __always_inline __u32 jb_workload_new_row(const struct jb_row_key *key)
{
	struct jb_row row = {.check = jb_row_check(key)};
	__u32 other;
	int err; /* as in jb_streams_insert() */

	if (bpf_map_pop_elem(&jb_free_rows, &row.index)) {
		jb_fault(JB_FAULT_ROWS_FULL);
		return key->slot;
	}
	err = bpf_map_update_elem(&jb_rows, key, &row, BPF_NOEXIST);
	if (!err) {
		jb_workload_announce(key);
		return row.index;
	}
	/* Another CPU was first, or there is no room: the row goes back, unused. */
	bpf_map_push_elem(&jb_free_rows, &row.index, 0);
	other = err == -JB_EEXIST ? jb_workload_find(key) : JB_NO_ROW;
	if (other != JB_NO_ROW)
		return other;
	jb_fault(JB_FAULT_ROW_INSERT);
	return key->slot;
}

/* The workload's row for a slot; without a workload (0), or where there is no room, nobody's. */
static __noinline __u32 jb_workload_row(__u64 cgroup_id, __u32 slot)
{
	struct jb_row_key key = {.cgroup_id = cgroup_id, .slot = slot};
	__u32 row;

	if (cgroup_id == JB_EDGE_CGROUP)
		return JB_EDGE_ROW;
	if (!cgroup_id)
		return slot;
	row = jb_workload_find(&key);
	return row != JB_NO_ROW ? row : jb_workload_new_row(&key);
}

/* This CPU's shard of a row; NULL only if the row was never there. */
static __always_inline union jb_totals *jb_workload_totals(__u32 row)
{
	__u32 shard = bpf_get_smp_processor_id() & (jb_config.shards - 1);
	__u32 index = row * jb_config.shards + shard;
	union jb_totals *totals = bpf_map_lookup_elem(&jb_totals, &index);

	if (!totals)
		jb_fault(JB_FAULT_MAP_LOOKUP);
	return totals;
}

#endif
