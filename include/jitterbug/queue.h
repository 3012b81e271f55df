/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When the datagrams in one socket's receive queue arrived. Arrivals are numbered; how many still
 * wait behind the one just read is known from the socket itself, so its number is, too, and nothing
 * can get out of step: neither by reads that take no datagram (MSG_PEEK, MSG_ERRQUEUE) nor by
 * datagrams that vanish unread (bad checksums).
 *
 * Level n keeps one of each 4^n of the latest 128 * 4^n arrivals: the middle one, which waits as
 * long as they do on average. A read takes its sample from the first level that reaches back far
 * enough, with the weight of the datagrams it stands for: those read before it that no sample
 * stands for, and those of its group that follow. Where a queue gets longer or shorter, and another
 * level begins in the middle of a group, that keeps the weights' sum at the number of reads.
 */
#ifndef JITTERBUG_QUEUE_H
#define JITTERBUG_QUEUE_H

#include <jitterbug/types.h>

#define JB_QUEUE_SLOTS  128
#define JB_QUEUE_LEVELS 5 /* up to 32,768 datagrams: 25 MB of small ones */
/* Arrivals of other CPUs that are numbered but not queued yet, at most. */
#define JB_QUEUE_SLACK 8

/* Reads that a sample may yet stand for, at most: those around one group of the last level. */
#define JB_QUEUE_OWED (2 << 2 * (JB_QUEUE_LEVELS - 1))

struct jb_queue {
	__u32 arrived; /* datagrams, modulo 2^32 */
	__s32 owed;    /* reads no sample stands for; below 0: reads to come that one does */
	__u32 at[JB_QUEUE_LEVELS][JB_QUEUE_SLOTS]; /* 1024 ns, modulo 2^32 */
};

JB_INLINE __u32 jb_queue_time(__u64 ns)
{
	return (__u32)(ns >> 10);
}

/* Whether that level keeps arrival `n`; no other does then, but for level 0, which keeps all. */
JB_INLINE bool jb_queue_is_kept(__u32 n, int level)
{
	__u32 group = 1U << 2 * level;

	return (n & (group - 1)) == group >> 1;
}

JB_INLINE void jb_queue_arrive(struct jb_queue *q, __u64 now_ns)
{
	__u32 n = __sync_fetch_and_add(&q->arrived, 1);
	__u32 now = jb_queue_time(now_ns);

	q->at[0][n % JB_QUEUE_SLOTS] = now;
	if (n % 2)
		return;
	for (int level = 1; level < JB_QUEUE_LEVELS; level++) {
		if (!jb_queue_is_kept(n, level))
			continue;
		q->at[level][(n >> 2 * level) % JB_QUEUE_SLOTS] = now;
		return;
	}
}

/* The latest arrival was dropped after all. */
JB_INLINE void jb_queue_drop(struct jb_queue *q)
{
	__sync_fetch_and_add(&q->arrived, -1U);
}

enum jb_queue_read {
	JB_QUEUE_SAMPLE,
	JB_QUEUE_SKIPPED, /* another datagram stands for this one */
	JB_QUEUE_TOO_DEEP
};

/*
 * What arrival `n`, just read, weighs as a sample of that level; 0 if another stands for it.
 * Readers on several CPUs may both pay the same debt: then the next reads are skipped instead.
 */
JB_INLINE __u32 jb_queue_weight(struct jb_queue *q, __u32 n, int level)
{
	__u32 group = 1U << 2 * level;
	__s32 owed = *(const volatile __s32 *)&q->owed;
	__s32 weight = jb_queue_is_kept(n, level) ? owed + (__s32)(group - (group >> 1)) : 0;

	if (weight < 0)
		weight = 0;
	if (weight > 1 || (!weight && owed < JB_QUEUE_OWED))
		__sync_fetch_and_add(&q->owed, 1 - weight);
	return weight;
}

/* One datagram has been read, `waiting` are behind it. *ret_ns and *ret_weight for a sample only.
 */
JB_INLINE enum jb_queue_read jb_queue_read(struct jb_queue *q, __u32 waiting, __u64 now_ns,
					   __u64 *ret_ns, __u32 *ret_weight)
{
	__u32 arrived = *(const volatile __u32 *)&q->arrived;
	__u32 depth = waiting + 1;
	__u32 n = arrived - depth;
	__u32 weight;

	if (waiting >= JB_QUEUE_SLOTS << 2 * (JB_QUEUE_LEVELS - 1))
		return JB_QUEUE_TOO_DEEP;
	/* It came before this was kept. */
	if (depth > arrived)
		return JB_QUEUE_SKIPPED;
	for (int level = 0; level < JB_QUEUE_LEVELS; level++) {
		__u32 shift = 2 * level;

		if (depth + JB_QUEUE_SLACK > (__u32)JB_QUEUE_SLOTS << shift)
			continue;
		weight = jb_queue_weight(q, n, level);
		if (!weight)
			return JB_QUEUE_SKIPPED;
		*ret_ns = (__u64)(__u32)(jb_queue_time(now_ns) -
					 q->at[level][n >> shift & (JB_QUEUE_SLOTS - 1)])
			  << 10;
		*ret_weight = weight;
		return JB_QUEUE_SAMPLE;
	}
	return JB_QUEUE_TOO_DEEP;
}

#endif
