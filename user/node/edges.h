/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From what the kernel tells of connections and streams to edges and the audit stream. */
#ifndef JB_NODE_EDGES_H
#define JB_NODE_EDGES_H

#include "audit/audit.h"
#include "edges/edges.h"
#include "node/node.h"
#include "streams/census.h"

struct jb_node_edges;

/* Borrows the node, which has its kernel and registry. 0, or -errno with a line in `error`. */
int jb_node_edges_new(struct jb_node_edges **ret, struct jb_node *node,
		      const struct jb_node_options *options, char *error);

/* Returns how many records of the audit stream could not be written any more. NULL is fine. */
__u64 jb_node_edges_free(struct jb_node_edges *edges);

/* A jb_contact_fn and the census' on_stream; ctx is the struct jb_node_edges. */
void jb_node_edges_contact(void *ctx, const struct jb_contact *contact);
void jb_node_edges_stream(void *ctx, const struct jb_stream_news *news);

/* After each pass, with the registry refreshed. 0 or -errno. */
int jb_node_edges_settle(struct jb_node_edges *edges, __u64 now_ns);

/* Every second or so: what waits for the audit stream is written. 0 or -errno. */
int jb_node_edges_turn(struct jb_node_edges *edges, __u64 now_ns);

/* Whose an address is; valid as long as the edges. */
struct jb_whois jb_node_edges_whois(const struct jb_node_edges *edges);

const struct jb_edges *jb_node_edges_known(const struct jb_node_edges *edges);
bool jb_node_edges_are_judged(const struct jb_node_edges *edges); /* by NetworkPolicies */

/* False without --audit. */
bool jb_node_edges_audit(const struct jb_node_edges *edges, struct jb_audit_status *ret);

#endif
