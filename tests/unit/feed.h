/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Feeds one jb_receiver packet by packet and checks after each what must always hold: the
 * invariant of receiver.h, and that the deltas add up to the stream's own counters.
 */
#ifndef JITTERBUG_TESTS_FEED_H
#define JITTERBUG_TESTS_FEED_H

#include <jitterbug/receiver.h>

#define MS    1000000ULL
#define BYTES 172

/* What one packet or several have added to the totals. */
struct jb_added {
	__u64 counter[JB_RTP_COUNTER_MAX];
	__u64 deviation_ns;
	bool has_deviation;
};

struct jb_feed {
	struct jb_receiver receiver;
	struct jb_rtp rtp; /* the next packet: set what differs from the one before */
	__u64 now_ns;      /* its arrival */
	struct jb_rtp_totals totals;
	struct jb_added delta;  /* by the latest packet */
	struct jb_added stream; /* since the stream started (again), but for what that flushed */
	__u64 lost;             /* since the latest restart */
};

/* A stream whose first packet that passed probation alone is `sequence`. */
void jb_feed_start(struct jb_feed *feed, __u16 sequence, __u32 timestamp, __u8 payload_type);

/* Takes feed->rtp at feed->now_ns. */
enum jb_verdict jb_feed_packet(struct jb_feed *feed);

/* Takes the packet with these two fields at feed->now_ns. */
enum jb_verdict jb_feed_next(struct jb_feed *feed, __u16 sequence, __u32 timestamp);

/* `count` packets in order, the first of them the successor of the latest feed->rtp. */
void jb_feed_in_order(struct jb_feed *feed, __u32 count, __u32 ticks, __u64 interval_ns);

/* Retires the stream. */
void jb_feed_flush(struct jb_feed *feed);

/* What of `counter` all packets so far have added. */
__u64 jb_feed_sum(const struct jb_feed *feed, enum jb_rtp_counter counter);

#endif
