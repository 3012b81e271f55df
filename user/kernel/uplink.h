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
	int link[2];      /* descriptors of tcx links, by direction */
	bool clsact;      /* filters instead */
	__u32 program[2]; /* ids of what the filters run, by direction */
};

/* 0, or -errno: -ENODEV, or -EAFNOSUPPORT for a link layer whose header is not known. */
int jb_uplink_find(struct jb_uplink *uplink, const char *name);

/*
 * First of all on the interface. By clsact, `replace` takes the place of a filter of ours that was
 * left behind; without it that is -EEXIST. 0 or -errno; then nothing is attached.
 */
int jb_uplink_attach(struct jb_uplink *uplink, int ingress, int egress, bool replace);

/*
 * Asks the kernel whether what was attached still is, to an interface of this network namespace:
 * links and filters go with their interface, filters also with their qdisc.
 */
bool jb_uplink_holds(const struct jb_uplink *uplink);

/* Of one that isn't attached, or all 0: nothing. A filter that runs another's program stays. */
void jb_uplink_detach(struct jb_uplink *uplink);

#endif
