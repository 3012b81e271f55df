/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clock of bpf_ktime_get_ns(). */
#ifndef JB_BASE_CLOCK_H
#define JB_BASE_CLOCK_H

#include <time.h>
#include <jitterbug/types.h>

static inline __u64 jb_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * JB_SECOND_NS + t.tv_nsec;
}

/* The time of day. */
static inline __u64 jb_unix_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * JB_SECOND_NS + t.tv_nsec;
}

static inline __u64 jb_unix_s(void)
{
	return time(NULL);
}

#endif
