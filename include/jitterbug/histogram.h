/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Histogram bounds in nanoseconds, right-inclusive as Prometheus' `le`; the last bucket is +Inf. */
#ifndef JITTERBUG_HISTOGRAM_H
#define JITTERBUG_HISTOGRAM_H

#include <jitterbug/types.h>

#define JB_MS_NS          1000000ULL

#define JB_JITTER_BOUNDS  10
#define JB_JITTER_BUCKETS (JB_JITTER_BOUNDS + 1)

/* rtp_jitter_seconds and rtp_deviation_seconds: 1, 2, 5, 10, 20, 30, 50, 100, 300, 1000 ms. */
JB_INLINE __u32 jb_jitter_bucket(__u64 ns)
{
	/* Compared by hand: a table in memory costs a BPF program a map look-up. */
	if (ns <= 10 * JB_MS_NS)
		return ns <= JB_MS_NS ? 0 : ns <= 2 * JB_MS_NS ? 1 : ns <= 5 * JB_MS_NS ? 2 : 3;
	if (ns <= 50 * JB_MS_NS)
		return ns <= 20 * JB_MS_NS ? 4 : ns <= 30 * JB_MS_NS ? 5 : 6;
	return ns <= 100 * JB_MS_NS ? 7 : ns <= 300 * JB_MS_NS ? 8 : ns <= 1000 * JB_MS_NS ? 9 : 10;
}

#ifndef __bpf__
static const __u64 jb_jitter_bounds_ns[JB_JITTER_BOUNDS] __attribute__((unused)) = {
	1 * JB_MS_NS,  2 * JB_MS_NS,  5 * JB_MS_NS,   10 * JB_MS_NS,  20 * JB_MS_NS,
	30 * JB_MS_NS, 50 * JB_MS_NS, 100 * JB_MS_NS, 300 * JB_MS_NS, 1000 * JB_MS_NS};
#endif

#endif
