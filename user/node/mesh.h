/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Linkerd's proxies of this node: which pods have one, what their pages tell, and the kernel's
 * contacts of these pods, all handed to the join.
 */
#ifndef JB_NODE_MESH_H
#define JB_NODE_MESH_H

#include "edges/edges.h"
#include "edges/info.h"
#include "kubernetes/follow.h"
#include "mesh/join.h"
#include "mesh/trust.h"
#include "node/node.h"

struct jb_node_mesh;

/* Borrows the node, which has its registry, pods and edges. 0, or -errno with a line in `error`. */
int jb_node_mesh_new(struct jb_node_mesh **ret, struct jb_node *node,
		     const struct jb_node_options *options, char *error);
void jb_node_mesh_free(struct jb_node_mesh *mesh); /* NULL is fine */

/* What the kernel tells of a connection. */
void jb_node_mesh_contact(struct jb_node_mesh *mesh, const struct jb_contact *contact,
			  __u64 now_ns);

/* Every second, with the registry refreshed: brings pods, contacts and pages together. 0 or -errno.
 */
int jb_node_mesh_turn(struct jb_node_mesh *mesh, __u64 now_ns);

/* After each pass: forgets the pods that have gone. */
void jb_node_mesh_sweep(struct jb_node_mesh *mesh);

/* A line about the first proxy that can't be read, or the trust anchors; "": nothing is wrong. */
const char *jb_node_mesh_error(const struct jb_node_mesh *mesh);

/* How the trust anchors are followed; false: they aren't. */
bool jb_node_mesh_followed(const struct jb_node_mesh *mesh, struct jb_follow_status *ret);

/* As they were at the latest turn. */
size_t jb_node_mesh_anchors(const struct jb_node_mesh *mesh, const struct jb_trust_anchor **ret);

const struct jb_mesh_join *jb_node_mesh_joined(const struct jb_node_mesh *mesh);

/* Adds to an edge's info what the proxy at one of its ends tells. */
void jb_node_mesh_show(const struct jb_node_mesh *mesh, const struct jb_edge *edge,
		       struct jb_edge_info *info);

#endif
