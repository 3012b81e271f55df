/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the API server tells of the cluster beside the names of this node's pods: who has an address
 * (--peers cluster), and what NetworkPolicies say (--policies). Threads of its own follow the
 * resources; all functions here are for the main thread, and wait for none of them but for a lock.
 */
#ifndef JB_NODE_CLUSTER_H
#define JB_NODE_CLUSTER_H

#include "edges/edges.h"
#include "edges/who.h"
#include "kubernetes/directory.h"
#include "kubernetes/follow.h"

struct jb_node_cluster;

/* Texts are borrowed until jb_node_cluster_start() has returned. */
struct jb_node_cluster_options {
	bool peers_cluster; /* all pods and Services of the cluster */
	bool policies;      /* NetworkPolicies, namespaces, and pods: this node's or all */
	const char *node;   /* this node's name at Kubernetes; needed for policies */
	struct jb_follow_options api; /* how the server is asked */
};

void jb_node_cluster_options_default(struct jb_node_cluster_options *ret_options);

/* *ret is NULL where nothing is asked for. 0, -EINVAL (no node's name, see api) or -errno. */
int jb_node_cluster_start(struct jb_node_cluster **ret,
			  const struct jb_node_cluster_options *options);
void jb_node_cluster_stop(struct jb_node_cluster *cluster); /* within a second; NULL is fine */

/*
 * Who has an address: a pod; a Service, whose workload is its own name; a node, which is told as
 * JB_WHO_CLUSTER. False: nobody who is known, *ret is as it was.
 */
bool jb_node_cluster_who(struct jb_node_cluster *cluster, const union jb_ip *address, __u16 port,
			 struct jb_who *ret);

/* A jb_edge_judge_fn; ctx is the cluster, which was started with policies. */
enum jb_edge_verdict jb_node_cluster_judge(void *ctx, const struct jb_edge_case *edge,
					   char ret_policies[JB_EDGE_POLICIES]);

/* An eventfd that is readable once the status has news; the latter reads it empty. */
int jb_node_cluster_fd(const struct jb_node_cluster *cluster);
void jb_node_cluster_take_news(struct jb_node_cluster *cluster);

enum { JB_NODE_CLUSTER_FOLLOWED = 4 };

struct jb_node_cluster_status {
	struct jb_follow_status followed[JB_NODE_CLUSTER_FOLLOWED];
	size_t n_followed;
	struct jb_directory_counts directory;
	size_t policies_bytes;
	uint64_t refused; /* objects that aren't as Kubernetes has them, or found no room */
	char refused_why[JB_PODS_LINE]; /* the last one; "": none */
};

void jb_node_cluster_status(struct jb_node_cluster *cluster, struct jb_node_cluster_status *ret);

#endif
