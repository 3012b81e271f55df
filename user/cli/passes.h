/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent's passes come to, logged when it changes. */
#ifndef JB_CLI_PASSES_H
#define JB_CLI_PASSES_H

#include <stdint.h>
#include "node/cluster.h"
#include "node/node.h"

#define JB_PASSES_CGROUP_GONE "the cgroup %s is gone: no packet is measured"

/* What is not an option is all 0 at first. */
struct jb_passes {
	const char *uplink; /* of --uplink */
	const char *audit;  /* of --audit */
	uint32_t max_series;
	bool failing;     /* the last pass failed */
	bool cgroup_gone; /* for good */
	bool folding;     /* a workload was folded into ~other */
	int uplink_error; /* jb_node_uplink_error() */
	char pods_refused[JB_PODS_LINE];
	char linkerd_error[JB_PODS_LINE];
	char cluster_error[JB_NODE_CLUSTER_FOLLOWED][JB_PODS_LINE];
	char cluster_refused[JB_PODS_LINE];
	int second_error; /* of the latest jb_node_second() */
	int audit_error;  /* of the audit stream */
	int source;       /* enum jb_pods_source of the names of pods, + 1 */
	char pods_error[sizeof(((struct jb_pods_status *)0)->error)];
};

/* After each jb_node_tick(), with its result. */
void jb_passes_tell(struct jb_passes *passes, const struct jb_node *node, int err);

/* After each jb_node_second(), with its result. */
void jb_passes_tell_second(struct jb_passes *passes, const struct jb_node *node, int err);

/* After each jb_node_cluster_changed(). */
void jb_passes_tell_cluster(struct jb_passes *passes, const struct jb_node_cluster_status *status);

/* After each jb_node_pods_changed(). */
void jb_passes_tell_pods(struct jb_passes *passes, const struct jb_pods_status *status);

#endif
