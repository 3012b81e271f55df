/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the cluster share. */
#ifndef JB_NODE_CLUSTER_PRIVATE_H
#define JB_NODE_CLUSTER_PRIVATE_H

#include <pthread.h>
#include "node/cluster.h"
#include "policies/evaluate.h"

enum jb_cluster_resource {
	JB_CLUSTER_PODS,
	JB_CLUSTER_SERVICES,
	JB_CLUSTER_NAMESPACES,
	JB_CLUSTER_POLICIES,
	JB_CLUSTER_MAX
};

/* The path of the pods is of all of the cluster that haven't ended. */
extern const struct jb_watch_resource jb_cluster_resources[JB_CLUSTER_MAX];

_Static_assert((int)JB_CLUSTER_MAX == (int)JB_NODE_CLUSTER_FOLLOWED, "a status for each");

struct jb_node_cluster {
	char *node; /* "": not known */
	bool peers_cluster;
	int fd;
	/* What a sink is given as its context. */
	struct jb_cluster_part {
		struct jb_node_cluster *cluster;
		enum jb_cluster_resource resource;
		struct jb_follow *follow; /* NULL: this one isn't followed */
	} parts[JB_CLUSTER_MAX];

	pthread_mutex_t lock; /* of all below */
	struct jb_directory *directory;
	struct jb_policies *policies; /* NULL: they aren't asked for */
	bool listed[JB_CLUSTER_MAX];  /* a whole list has come */
	uint64_t refused;
	char refused_why[JB_PODS_LINE];
};

/* Where the objects of a part go. */
struct jb_object_sink jb_cluster_sink(struct jb_cluster_part *part);

#endif
