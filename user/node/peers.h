/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is at the ends of connections and streams, by all that this node knows. */
#ifndef JB_NODE_PEERS_H
#define JB_NODE_PEERS_H

#include "edges/who.h"
#include "kubernetes/pods.h"
#include "workloads/registry.h"

struct jb_peers;
struct jb_node_cluster;

struct jb_peers_options {
	const struct jb_registry *registry;
	struct jb_pods *pods;            /* NULL: there is no Kubernetes */
	struct jb_node_cluster *cluster; /* NULL: only this node's pods are known */
};

/* Borrows all of the options. 0 or -ENOMEM. */
int jb_peers_new(struct jb_peers **ret, const struct jb_peers_options *options);
void jb_peers_free(struct jb_peers *peers); /* NULL is fine */

/* Learns who has which address by now. 0 or -ENOMEM. */
int jb_peers_refresh(struct jb_peers *peers, __u64 now_ns);

/* How to ask; the registry is to be refreshed before. */
struct jb_whois jb_peers_whois(struct jb_peers *peers);

#endif
