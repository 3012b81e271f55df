/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel tells user space through the ring buffer: rare things only, never a packet. */
#ifndef JITTERBUG_EVENT_H
#define JITTERBUG_EVENT_H

#include <jitterbug/types.h>

/* A workload has got a row: its cgroup's name is worth reading now, it may not live for long. */
struct jb_event_workload {
	__u64 cgroup_id;
	__u32 slot; /* enum jb_slot */
	__u32 zero;
};

#endif
