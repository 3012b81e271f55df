/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one pass adds to the quality totals of a stream's workload. Pure. */
#ifndef JB_STREAMS_QUALITY_H
#define JB_STREAMS_QUALITY_H

#include "streams/impairment.h"

/* Kept of a stream from one pass to the next; all 0 at first. */
struct jb_quality {
	struct jb_impairment_counts counts;
	__u64 impaired_since_s; /* Unix time at which the present impairment began; 0: none */
};

/* When a pass is made. */
struct jb_quality_time {
	__u64 now_ns;      /* CLOCK_MONOTONIC, as the receiver's times */
	__u64 interval_ns; /* since the pass before */
	__u64 unix_s;      /* now, by the time of day */
};

/*
 * Adds to *more, which the caller adds to the totals: stream seconds, impaired seconds, those of
 * each reason, and with `mos` a sample for audio. A silent interval changes nothing.
 */
void jb_quality_pass(struct jb_quality *quality, const struct jb_receiver *receiver,
		     enum jb_direction direction, const struct jb_quality_time *time,
		     const struct jb_impairment_limits *limits, bool mos,
		     struct jb_quality_totals *more);

#endif
