/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that wait for their answers, in a direct-mapped table: an entry's place is its id's low
 * bits, so a later request may take the place of an earlier one.
 */
#ifndef JITTERBUG_PAIR_H
#define JITTERBUG_PAIR_H

#include <jitterbug/types.h>

#define JB_PAIRS 8192 /* of the whole node; a power of two */
/* In `row`: it has been sent again, so that nobody knows which of them the answer belongs to. */
#define JB_PAIR_AGAIN (1U << 31)
/* In `id`. Without it: it has timed out, and is kept so that a repeat is no new request. */
#define JB_PAIR_WAITING 1ULL
/* Until when, since it was sent first: RFC 8489 6.2.1 gives up after 39.5 s. */
#define JB_PAIR_KEPT_NS (40 * JB_SECOND_NS)

struct jb_pair {
	__u64 id;  /* 0: empty. Whoever swaps it has what he swapped it from */
	__u32 row; /* of totals, | JB_PAIR_AGAIN */
	__u32 at;  /* 1024 ns, modulo 2^32 */
};

JB_INLINE __u32 jb_pair_time(__u64 ns)
{
	return (__u32)(ns >> 10);
}

JB_INLINE __u64 jb_pair_age_ns(const struct jb_pair *pair, __u64 now_ns)
{
	return (__u64)(__u32)(jb_pair_time(now_ns) - pair->at) << 10;
}

_Static_assert(sizeof(struct jb_pair) == 16, "no hidden padding");

#endif
