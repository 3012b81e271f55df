/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* So many a second, and so many at once: a token bucket. */
#ifndef JB_AUDIT_BUCKET_H
#define JB_AUDIT_BUCKET_H

#include <jitterbug/types.h>

struct jb_bucket {
	__u64 each_ns; /* one more token after this time */
	__u64 full_ns;
	__u64 credit_ns;
	__u64 last_ns;
};

/* rate: 1 to 1,000,000. It is full at first. */
static inline void jb_bucket_init(struct jb_bucket *bucket, __u32 rate, __u32 burst)
{
	bucket->each_ns = JB_SECOND_NS / rate;
	bucket->full_ns = bucket->each_ns * burst;
	bucket->credit_ns = bucket->full_ns;
	bucket->last_ns = 0;
}

static inline bool jb_bucket_take(struct jb_bucket *bucket, __u64 now_ns)
{
	__u64 passed = now_ns > bucket->last_ns ? now_ns - bucket->last_ns : 0;

	bucket->last_ns += passed;
	if (passed > bucket->full_ns - bucket->credit_ns)
		bucket->credit_ns = bucket->full_ns;
	else
		bucket->credit_ns += passed;
	if (bucket->credit_ns < bucket->each_ns)
		return false;
	bucket->credit_ns -= bucket->each_ns;
	return true;
}

#endif
