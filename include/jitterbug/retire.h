/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space hands to the retirement program: this header, then `count` stream hashes. */
#ifndef JITTERBUG_RETIRE_H
#define JITTERBUG_RETIRE_H

#include <jitterbug/types.h>

#define JB_RETIRE_BATCH 128

struct jb_retire {
	__u64 idle_ns; /* retire what has had no packet for so long */
	__u32 count;   /* of the hashes that follow, at most JB_RETIRE_BATCH */
	__u32 zero;
};

#endif
