/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of pods for the registry. */
#ifndef JB_NODE_PODS_H
#define JB_NODE_PODS_H

#include "kubernetes/pods.h"
#include "workloads/registry.h"

struct jb_node_options;

/*
 * Begins to find out who the pods are; *ret is NULL where --kubernetes says off, or says auto and
 * nothing here speaks of Kubernetes. 0 or -errno.
 */
int jb_node_pods_start(struct jb_pods **ret, const struct jb_node_options *options);

/*
 * A jb_find_pod_fn; ctx is the struct jb_pods. Has the source look for a pod that it doesn't know,
 * and for the container of one that is meshed: who asks has to give up at some time.
 */
bool jb_node_pods_find(void *ctx, const char *uid, const char *container_id,
		       struct jb_pod_name *ret);

/* Copies of the pods that are there, for jb_node_pods_free_all(). */
struct jb_node_pod_list {
	struct jb_pod **pod;
	size_t count, room;
	bool failed; /* no memory for some */
};

void jb_node_pods_all(struct jb_pods *pods, struct jb_node_pod_list *ret);
void jb_node_pods_free_all(struct jb_node_pod_list *list);

#endif
