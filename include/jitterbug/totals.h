/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP totals of (workload, direction, media): what the counters on /metrics are made of. They are
 * added to where the packet passes and only grow; no per-stream state feeds a counter.
 */
#ifndef JITTERBUG_TOTALS_H
#define JITTERBUG_TOTALS_H

#include <jitterbug/clock.h>
#include <jitterbug/histogram.h>

enum jb_direction { JB_INGRESS, JB_EGRESS, JB_DIRECTION_MAX };

enum jb_rtp_counter {
	JB_RTP_PACKETS,   /* all: duplicates, late and padding included */
	JB_RTP_BYTES,     /* UDP payload */
	JB_RTP_EXPECTED,  /* sequence numbers that left the window */
	JB_RTP_LOST,      /* of these, unseen; at egress the sender itself skipped them */
	JB_RTP_GAP,       /* skipped by a packet that came in order; told at once */
	JB_RTP_RECOVERED, /* of these, arrived afterwards within the window */
	JB_RTP_DUPLICATES,
	JB_RTP_REORDERED, /* behind the highest, within JB_REORDER_NS of the latest gap */
	JB_RTP_LATE,      /* behind the highest, later than that, or behind the window */
	JB_RTP_PADDING,
	JB_RTP_RESTARTS,
	JB_RTP_FRAMES, /* new timestamps, in order */
	JB_RTP_FREEZES,
	JB_RTP_FREEZE_NS,
	JB_RTP_STARTED, /* streams */
	JB_RTP_COUNTER_MAX
};

/* One shard of one row. Every writer adds atomically. */
struct jb_rtp_totals {
	__u64 counter[JB_RTP_COUNTER_MAX];
	__u64 jitter_ns;                    /* sum of the samples in `jitter` */
	__u64 deviation_ns;                 /* sum of the samples in `deviation` */
	__u64 jitter[JB_JITTER_BUCKETS];    /* by user space, each stream every 5 s */
	__u64 deviation[JB_JITTER_BUCKETS]; /* by the kernel, with --metrics full */
};

/*
 * Adds to a counter of the totals. Atomic, for CPUs share a shard; at once and not by way of a
 * delta, for clearing and adding up a dozen zeros costs more than the one or two that are not.
 */
JB_INLINE void jb_count(struct jb_rtp_totals *totals, enum jb_rtp_counter counter, __u64 n)
{
	__sync_fetch_and_add(&totals->counter[counter], n);
}

/* One sample of |D|, of a new timestamp whose clock is known. */
JB_INLINE void jb_count_deviation(struct jb_rtp_totals *totals, __u64 ns)
{
	__sync_fetch_and_add(&totals->deviation[jb_jitter_bucket(ns) % JB_JITTER_BUCKETS], 1);
	__sync_fetch_and_add(&totals->deviation_ns, ns);
}

_Static_assert(sizeof(struct jb_rtp_totals) == 312, "within union jb_totals");

#endif
