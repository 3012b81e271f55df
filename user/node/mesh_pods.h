/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pods of this node: what the mesh needs to know of them. */
#ifndef JB_NODE_MESH_PODS_H
#define JB_NODE_MESH_PODS_H

#include "kubernetes/pods.h"
#include "kubernetes/port_list.h"
#include "mesh/fetch.h"

struct jb_mesh_pods;

struct jb_mesh_pod_facts {
	const char *namespace_;
	const char *pod;
	bool meshed;
	bool wants_proxy; /* but can't have one: it is in the node's network */
	char skip_outbound[JB_PORT_LIST_MAX + 1];
	char skip_inbound[JB_PORT_LIST_MAX + 1];
};

int jb_mesh_pods_new(struct jb_mesh_pods **ret, struct jb_pods *pods); /* NULL: there are none */
void jb_mesh_pods_free(struct jb_mesh_pods *pods);                     /* NULL is fine */

/* Reads them anew. 0 or -ENOMEM: then some may be missing. */
int jb_mesh_pods_refresh(struct jb_mesh_pods *pods);

/* NULL: there is no such pod. Valid until the next refresh. */
const struct jb_mesh_pod_facts *jb_mesh_pods_find(const struct jb_mesh_pods *pods,
						  const char *namespace_, const char *pod);

/* The proxies whose pages can be read: whose pod has an address. Valid until the next refresh. */
size_t jb_mesh_pods_targets(const struct jb_mesh_pods *pods, const struct jb_mesh_target **ret);

void jb_mesh_pods_each(const struct jb_mesh_pods *pods,
		       void (*fn)(void *ctx, const struct jb_mesh_pod_facts *facts), void *ctx);

#endif
