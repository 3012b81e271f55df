/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps that more than one BPF file uses. Each file declares them extern; maps.bpf.c holds
 * them. User space sets the sizes that options decide (max_entries 1 here) before it loads.
 */
#ifndef JB_MAPS_BPF_H
#define JB_MAPS_BPF_H

#include <jitterbug/candidate.h>
#include <jitterbug/config.h>
#include <jitterbug/rtx.h>
#include <jitterbug/stream.h>

/* Streams by jb_stream_hash(). Preallocated: an insertion never waits for memory. */
struct jb_streams_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct jb_stream);
};

struct jb_candidates_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, JB_CANDIDATE_PARTITIONS *JB_CANDIDATE_SETS);
	__type(key, __u32);
	__type(value, struct jb_candidate_set);
};

/* Totals: element row * shards + shard. Mapped by user space, which adds what it computes. */
struct jb_totals_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct jb_rtp_totals);
};

/* Which row of the totals belongs to whom. Rows are taken here and given back by user space. */
struct jb_rows_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct jb_row_key);
	__type(value, struct jb_row);
};

struct jb_free_rows_map {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__type(value, __u32);
};

/* Payload types known as video, by flow (jb_stream_hash() with SSRC 0). A hint: may be evicted. */
struct jb_video_types_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct jb_video_types);
};

struct jb_events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
};

extern const volatile struct jb_config jb_config;

#endif
