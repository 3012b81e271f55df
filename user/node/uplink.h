/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The streams as they are on --uplink, to be set beside the same streams at their sockets. */
#ifndef JB_NODE_UPLINK_H
#define JB_NODE_UPLINK_H

#include "kernel/snapshot.h"

/* Sorted; all 0 at first. `stream` is to be freed. */
struct jb_node_uplink {
	struct jb_stream *stream;
	size_t count, capacity;
	int error;
};

/* Nothing is read, and that is no error, where nothing is measured on an uplink. 0 or -errno. */
int jb_node_uplink_read(struct jb_node_uplink *uplink, struct jb_kernel *kernel);

/* The same addresses, ports, SSRC and direction; NULL if it was not seen there. */
const struct jb_receiver *jb_node_uplink_find(const struct jb_node_uplink *uplink,
					      const struct jb_stream *stream);

#endif
