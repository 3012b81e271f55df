/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows of totals. A workload has a row for each slot that it uses: a kind of traffic with the
 * labels by which it is split. All rows are of one size, 64-bit counters and nothing else.
 */
#ifndef JITTERBUG_ROW_H
#define JITTERBUG_ROW_H

#include <jitterbug/traffic.h>

enum jb_slot {
	JB_SLOT_RTP, /* + direction * JB_MEDIA_MAX + media */
	JB_SLOT_SIGNAL = JB_SLOT_RTP + JB_DIRECTION_MAX * JB_MEDIA_MAX, /* + direction */
	JB_SLOT_QUALITY = JB_SLOT_SIGNAL + JB_DIRECTION_MAX,            /* + direction */
	JB_SLOT_UDP = JB_SLOT_QUALITY + JB_DIRECTION_MAX,
	JB_SLOT_TCP, /* + path; of sums by labels + leg, of which there are as many at most */
	JB_SLOT_MAX = JB_SLOT_TCP + JB_PATH_MAX
};

JB_INLINE __u32 jb_slot_rtp(__u8 direction, __u8 media)
{
	return JB_SLOT_RTP + direction * JB_MEDIA_MAX + media;
}

/* One shard of one row. Every writer adds atomically. */
union jb_totals {
	struct jb_rtp_totals rtp;
	struct jb_signal_totals signal;
	struct jb_quality_totals quality;
	struct jb_udp_totals udp;
	struct jb_tcp_totals tcp;
	__u64 word[47];
};

#define JB_SHARDS_MAX 8

/*
 * Rows 0..JB_SLOT_MAX-1 belong to no workload: what could not be given a row of its own. Behind
 * them is that of streams on the uplink, which nobody reads: it would be counted twice.
 */
#define JB_EDGE_ROW     JB_SLOT_MAX
#define JB_UNKNOWN_ROWS (JB_SLOT_MAX + 1)

/* In place of a row: none yet, or none at all. */
#define JB_NO_ROW 0xffffffffU

struct jb_row_key {
	__u64 cgroup_id;
	__u32 slot; /* enum jb_slot */
	__u32 zero;
};

/* A map element may be taken over by another key while it is read: hence the check. */
struct jb_row {
	__u32 index;
	__u32 check; /* jb_row_check() of its key */
};

JB_INLINE __u32 jb_row_check(const struct jb_row_key *key)
{
	return (__u32)(key->cgroup_id * 0x9e3779b97f4a7c15ULL >> 32) ^ key->slot;
}

_Static_assert(sizeof(struct jb_row) == 8, "read and written at once");
_Static_assert(sizeof(struct jb_row_key) == 16, "no hidden padding in a map key");
_Static_assert(sizeof(union jb_totals) == 376, "the totals map's memory is budgeted");

#endif
