/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The second measuring point, on a network interface. By tcx the programs go with the process,
 * however it ends. Before Linux 6.6 there is only clsact: a filter stays behind if the process is
 * killed, and is replaced when it starts again; the qdisc stays, for others may use it by then.
 */
#ifndef JB_KERNEL_UPLINK_H
#define JB_KERNEL_UPLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <linux/types.h>

struct jb_uplink {
	char name[IFNAMSIZ];
	unsigned int index; /* 0: none */
	__u32 header;       /* octets of the link layer's header */
	bool attached;
	int link[2]; /* descriptors of tcx links, by direction */
	bool clsact; /* filters instead */
};

/* 0, or -errno: -ENODEV, or -EAFNOSUPPORT for a link layer whose header is not known. */
int jb_uplink_find(struct jb_uplink *uplink, const char *name);

/* First of all on the interface. 0 or -errno; then nothing is attached. */
int jb_uplink_attach(struct jb_uplink *uplink, int ingress, int egress);

/* Of one that isn't attached, or all 0: nothing. */
void jb_uplink_detach(struct jb_uplink *uplink);

#endif
