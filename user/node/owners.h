/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The figures of all owners: what they have counted, and what their streams are like now. */
#ifndef JB_NODE_OWNERS_H
#define JB_NODE_OWNERS_H

#include "workloads/registry.h"

struct jb_node;

/* After jb_registry_refresh(); to be freed by jb_owner_list_free(), also on failure. 0 or -errno.
 */
int jb_node_owners(struct jb_node *node, __u64 now_ns, struct jb_owner_list *ret);

#endif
