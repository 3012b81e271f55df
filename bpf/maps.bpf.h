/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps that more than one BPF file uses. Each file declares them extern; maps.bpf.c holds
 * them. User space sets the sizes that options decide (max_entries 1 here) before it loads.
 */
#ifndef JB_MAPS_BPF_H
#define JB_MAPS_BPF_H

#include <jitterbug/candidate.h>
#include <jitterbug/config.h>
#include <jitterbug/contact.h>
#include <jitterbug/drop.h>
#include <jitterbug/framing.h>
#include <jitterbug/pair.h>
#include <jitterbug/queue.h>
#include <jitterbug/row.h>
#include <jitterbug/rtx.h>
#include <jitterbug/socket.h>
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
	__type(value, union jb_totals);
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

/* Not 0 for each row that a socket refers to; written by the iterators of bpf/sockets.bpf.c. */
struct jb_rows_used_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};

struct jb_udp_sockets_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct jb_udp_socket);
};

struct jb_tcp_sockets_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct jb_tcp_socket);
};

/* Of sockets that receive media; with --metrics full, of all that receive UDP. */
struct jb_queues_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct jb_queue);
};

struct jb_framed {
	struct jb_framing framing[JB_DIRECTION_MAX];
	/* Of the segment in turn. Not on the stack: there the verifier would follow each value. */
	struct jb_framing_count count[JB_DIRECTION_MAX];
};

/* Of connections at --ice-tcp-ports. */
struct jb_framed_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct jb_framed);
};

/* STUN requests without an answer yet. User space, which maps it, takes out those that time out. */
struct jb_stun_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, JB_PAIRS);
	__type(key, __u32);
	__type(value, struct jb_pair);
};

/* RTCP sender reports that may be answered, by sender and NTP time. */
struct jb_reports_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, JB_PAIRS);
	__type(key, __u32);
	__type(value, struct jb_pair);
};

/* DTLS handshakes under way, and done of late, by flow. */
struct jb_handshake {
	__u64 id;
	__u64 started_ns;
	__u64 finished; /* a bit for each direction; the upper half: of the hello's random */
};

#define JB_HANDSHAKES 1024

struct jb_handshakes_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, JB_HANDSHAKES);
	__type(key, __u32);
	__type(value, struct jb_handshake);
};

/* The latest cumulative loss that a report block told, by reporter and source. */
struct jb_reported_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, JB_PAIRS);
	__type(key, __u64);
	__type(value, __s32);
};

struct jb_drops_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct jb_drop_key);
	__type(value, __u64);
};

struct jb_events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
};

/* Connections by their initial sequence numbers. A hint: what is evicted is found by address. */
struct jb_meetings_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct jb_meeting);
};

#define JB_CONTACTS_BYTES (512 * 1024)

struct jb_contacts_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, JB_CONTACTS_BYTES);
};

extern const volatile struct jb_config jb_config;
/* Not 0: the census found no room for all contacts. */
extern __u64 jb_census_again;
/* Not 0 once BPF_SOCK_OPS_RTT_CB has carried a sample. */
extern __u64 jb_samples_seen;

#endif
