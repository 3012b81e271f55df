/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When something is done that is done once per interval, at a time of its own within it, so that
 * many such are spread. Pure.
 */
#ifndef JB_MESH_SCHEDULE_H
#define JB_MESH_SCHEDULE_H

#include <stdint.h>

#define JB_SCHEDULE_FIRST_NS UINT64_C(500000000)

struct jb_schedule {
	uint64_t offset_ns; /* within the interval */
	uint64_t due_ns;
};

/* The first time is soon: within JB_SCHEDULE_FIRST_NS, and the interval. */
static inline void jb_schedule_first(struct jb_schedule *schedule, uint64_t interval_ns,
				     uint64_t random, uint64_t now_ns)
{
	uint64_t soon_ns = interval_ns < JB_SCHEDULE_FIRST_NS ? interval_ns : JB_SCHEDULE_FIRST_NS;

	schedule->offset_ns = random % interval_ns;
	schedule->due_ns = now_ns + (random >> 32) % soon_ns;
}

/* It is done now: the next time is the first of its own that is half an interval away. */
static inline void jb_schedule_next(struct jb_schedule *schedule, uint64_t interval_ns,
				    uint64_t now_ns)
{
	uint64_t from_ns = now_ns + interval_ns / 2;

	schedule->due_ns = from_ns + (interval_ns + schedule->offset_ns - from_ns % interval_ns) %
					     interval_ns;
}

#endif
