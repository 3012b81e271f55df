/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The streams of one pass, to find out which of them are the same, sent by one workload of this
 * node and received by another: same addresses, ports and SSRC. NAT between them hides it.
 */
#ifndef JB_NODE_FLOWS_H
#define JB_NODE_FLOWS_H

#include <stddef.h>
#include "streams/census.h"

struct jb_flow {
	struct jb_stream_key key;
	__u64 peer_cgroup_id; /* 0: not found on this node */
	__u64 bytes;          /* since the pass before */
	/* Of one that has started or ended, as it is or last was, if that is asked for; else NULL.
	 */
	struct jb_receiver *receiver;
	__u8 direction;
	bool started, ended;
};

struct jb_flows {
	bool receivers; /* are asked for */
	struct jb_flow *flow;
	size_t count, room;
	bool failed; /* no memory for some since it was cleared */
};

/* All zero but `receivers` is empty. */
void jb_flows_add(struct jb_flows *flows, const struct jb_stream_news *news);

/* Finds the other ends; changes the order. */
void jb_flows_match(struct jb_flows *flows);

void jb_flows_clear(struct jb_flows *flows);
void jb_flows_free(struct jb_flows *flows);

#endif
