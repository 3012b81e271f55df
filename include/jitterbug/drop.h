/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets that the kernel dropped, by workload, protocol and the kernel's reason. */
#ifndef JITTERBUG_DROP_H
#define JITTERBUG_DROP_H

#include <jitterbug/types.h>

enum jb_drop_protocol {
	JB_DROP_OTHER,
	JB_DROP_TCP,
	JB_DROP_UDP,
	JB_DROP_ICMP,
	JB_DROP_PROTOCOL_MAX
};

/* In the map: packets (__u64) by this. */
struct jb_drop_key {
	__u64 cgroup_id; /* 0: no socket had to do with the packet */
	__u32 reason;    /* enum skb_drop_reason of the running kernel */
	__u32 protocol;  /* enum jb_drop_protocol */
};

_Static_assert(sizeof(struct jb_drop_key) == 16, "no hidden padding in a map key");

#endif
