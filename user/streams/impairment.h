/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a stream was impaired between two passes, and why. Pure: two snapshots of what its
 * receiver counted go in.
 *
 * An interval counts if a packet came in it, whatever it was. A silent one is neither good nor
 * impaired: from outside a muted sender, a paused layer and a dead path look alike. The first
 * packet after it tells, by the gap in its numbers or as the end of a freeze, and then that
 * interval is impaired. So an outage counts for the interval in which it ends, not for those that
 * it filled.
 */
#ifndef JB_STREAMS_IMPAIRMENT_H
#define JB_STREAMS_IMPAIRMENT_H

#include <jitterbug/receiver.h>
#include <jitterbug/traffic.h>

/*
 * A stream is impaired at a limit, not only beyond it. A limit of 0 means any at all: no loss and
 * no jitter are never an impairment.
 */
struct jb_impairment_limits {
	__u32 loss_ppm; /* of loss and of the source gap; 0..1000000 */
	__u64 jitter_ns;
};

/*
 * Below so many packets due, a share of them says nothing: of the 3 of a stream that has just
 * begun or is about to end, one lost is a third. From 10 on (200 ms of audio, or 4 s of Opus' 2.5 a
 * second while nobody speaks) one is 10%, which exceeds any limit in use.
 */
#define JB_IMPAIRMENT_MIN_PACKETS 10

#define JB_IMPAIRMENT_NO_JITTER   (~0ULL)

/*
 * A snapshot of one stream. All zero: it had not begun, so that all it has counted is new. A stream
 * that is older than the agent (pinned maps) has no interval before its second snapshot.
 */
struct jb_impairment_counts {
	__u64 started_ns; /* another value is another stream, which counts from 0 */
	__u64 last_ns;    /* its latest packet */
	__u64 packets;
	__u64 unique; /* falls at a restart; nothing else does */
	__u32 duplicates;
	__u32 gap;
	__u32 recovered;
	__u32 restarts;
	__u32 freezes; /* only whether it differs matters: it may wrap at any width */
};

void jb_impairment_read(const struct jb_receiver *receiver,
			struct jb_impairment_counts *ret_counts);

/* J, or JB_IMPAIRMENT_NO_JITTER where it means nothing: no clock, RTX, unknown media. */
__u64 jb_impairment_jitter(const struct jb_receiver *receiver);

/*
 * How much time the interval adds to the stream's seconds, and to those of each reason that
 * holds: from the latest packet before to the latest in it, at most `interval_ns`, the time between
 * the passes. 0 if no packet came. Over a stream without pauses this adds up to its exact length.
 */
__u64 jb_impairment_span_ns(const struct jb_impairment_counts *previous,
			    const struct jb_impairment_counts *current, __u64 interval_ns);

/*
 * The share of packets missing, rounded down: (gap - recovered) / (gap - recovered + newly
 * unique). False, and nothing set, below JB_IMPAIRMENT_MIN_PACKETS due.
 *
 * What is on its way out of order at the moment of a pass is missing before it, and is
 * taken off what is missing after it, never below 0. A restart hides how many were unique before
 * it; packets less duplicates stand in for them.
 */
bool jb_impairment_loss(const struct jb_impairment_counts *previous,
			const struct jb_impairment_counts *current, __u32 *ret_ppm);

/* The set of reasons (bit 1U << enum jb_impairment) that hold; 0 if no packet came. */
__u32 jb_impairment_judge(const struct jb_impairment_counts *previous,
			  const struct jb_impairment_counts *current, __u64 jitter_ns,
			  enum jb_direction direction, const struct jb_impairment_limits *limits);

#endif
