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

#define JB_RTT_BOUNDS  12
#define JB_RTT_BUCKETS (JB_RTT_BOUNDS + 1)

/* Round trips and connects: 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000 ms. */
JB_INLINE __u32 jb_rtt_bucket(__u64 ns)
{
	if (ns <= 2500000)
		return ns <= 100000    ? 0
		       : ns <= 250000  ? 1
		       : ns <= 500000  ? 2
		       : ns <= 1000000 ? 3
				       : 4;
	if (ns <= 50 * JB_MS_NS)
		return ns <= 5 * JB_MS_NS    ? 5
		       : ns <= 10 * JB_MS_NS ? 6
		       : ns <= 25 * JB_MS_NS ? 7
					     : 8;
	return ns <= 100 * JB_MS_NS    ? 9
	       : ns <= 250 * JB_MS_NS  ? 10
	       : ns <= 1000 * JB_MS_NS ? 11
				       : 12;
}

#define JB_QUEUE_BOUNDS  9
#define JB_QUEUE_BUCKETS (JB_QUEUE_BOUNDS + 1)

/* Receive queues: 0.1, 0.5, 1, 5, 10, 20, 50, 100, 500 ms. */
JB_INLINE __u32 jb_queue_bucket(__u64 ns)
{
	if (ns <= 5 * JB_MS_NS)
		return ns <= 100000 ? 0 : ns <= 500000 ? 1 : ns <= JB_MS_NS ? 2 : 3;
	if (ns <= 50 * JB_MS_NS)
		return ns <= 10 * JB_MS_NS ? 4 : ns <= 20 * JB_MS_NS ? 5 : 6;
	return ns <= 100 * JB_MS_NS ? 7 : ns <= 500 * JB_MS_NS ? 8 : 9;
}

#define JB_DTLS_BOUNDS  (JB_RTT_BOUNDS + 2)
#define JB_DTLS_BUCKETS (JB_DTLS_BOUNDS + 1)

/* DTLS handshakes: as round trips, and 2.5 and 5 s. */
JB_INLINE __u32 jb_dtls_bucket(__u64 ns)
{
	if (ns <= 1000 * JB_MS_NS)
		return jb_rtt_bucket(ns);
	return ns <= 2500 * JB_MS_NS ? 12 : ns <= 5000 * JB_MS_NS ? 13 : 14;
}

#ifndef __bpf__
static const __u64 jb_jitter_bounds_ns[JB_JITTER_BOUNDS] __attribute__((unused)) = {
	1 * JB_MS_NS,  2 * JB_MS_NS,  5 * JB_MS_NS,   10 * JB_MS_NS,  20 * JB_MS_NS,
	30 * JB_MS_NS, 50 * JB_MS_NS, 100 * JB_MS_NS, 300 * JB_MS_NS, 1000 * JB_MS_NS};

/* The first JB_RTT_BOUNDS are those of round trips, all those of DTLS handshakes. */
static const __u64 jb_rtt_bounds_ns[JB_DTLS_BOUNDS] __attribute__((unused)) = {
	100000,         250000,          500000,          1 * JB_MS_NS,   2500000,
	5 * JB_MS_NS,   10 * JB_MS_NS,   25 * JB_MS_NS,   50 * JB_MS_NS,  100 * JB_MS_NS,
	250 * JB_MS_NS, 1000 * JB_MS_NS, 2500 * JB_MS_NS, 5000 * JB_MS_NS};

static const __u64 jb_queue_bounds_ns[JB_QUEUE_BOUNDS] __attribute__((unused)) = {
	100000,        500000,        1 * JB_MS_NS,   5 * JB_MS_NS,  10 * JB_MS_NS,
	20 * JB_MS_NS, 50 * JB_MS_NS, 100 * JB_MS_NS, 500 * JB_MS_NS};
#endif

#endif
