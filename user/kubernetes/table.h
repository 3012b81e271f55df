/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pods of this node by UID, with all container ids that each has had. What a pod was called
 * stays known for a grace after it has gone, so that its last counters have an owner. Not for
 * several threads at once; `now_ns` is of any clock that doesn't go back.
 */
#ifndef JB_KUBERNETES_TABLE_H
#define JB_KUBERNETES_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "kubernetes/pod.h"

struct jb_pod_table;

/* The names of a container: labels of a metric. */
struct jb_pod_names {
	char namespace_[JB_NAMESPACE_MAX + 1];
	char pod[JB_POD_NAME_MAX + 1];
	char workload[JB_POD_NAME_MAX + 1];        /* what people call it; "" if it isn't known */
	char container[JB_CONTAINER_NAME_MAX + 1]; /* "" if it isn't known or wasn't asked for */
	bool meshed;                               /* the pod has a linkerd-proxy */
	bool names_only; /* no more than names is known: then a proxy may show only later */
};

enum jb_pod_lookup {
	JB_POD_FOUND,             /* all that was asked for */
	JB_POD_CONTAINER_NOT_YET, /* the pod, but not this container: it is starting, or a sandbox
				   */
	JB_POD_UNKNOWN,           /* no such pod: not yet, or never */
};

struct jb_pod_counts {
	size_t present, gone; /* pods that are there, or have gone within the grace */
	uint64_t refused;     /* there was no room for them */
	uint64_t forgotten;   /* before the grace was over, for want of room */
	uint64_t changes;     /* of what a lookup can tell */
};

/* `max` pods that are there, and twice as many that have gone. 0 or -ENOMEM. */
int jb_pod_table_new(struct jb_pod_table **ret_table, size_t max, uint64_t grace_ns);
void jb_pod_table_free(struct jb_pod_table *table); /* NULL is fine */

/*
 * Puts a new or changed pod in. To one that is known already a pod with names_only adds just its
 * container ids and, where no more than names are known, that it is meshed. One whose containers
 * have ended for good counts as gone. 0, -ENOSPC or -ENOMEM (both are counted as refused).
 */
int jb_pod_table_put(struct jb_pod_table *table, const struct jb_pod *pod, uint64_t now_ns);

void jb_pod_table_remove(struct jb_pod_table *table, const char *uid, uint64_t now_ns);

/* What wasn't put between begin and end has gone. A begin without an end changes nothing. */
void jb_pod_table_list_begin(struct jb_pod_table *table);
void jb_pod_table_list_end(struct jb_pod_table *table, uint64_t now_ns);

/* Forgets what has been gone for the grace; the changes above do so, too. */
void jb_pod_table_expire(struct jb_pod_table *table, uint64_t now_ns);

/*
 * `uid` is a UID or a static pod's hash, as in the cgroup's path; `container_id` NULL or "" asks
 * for the pod alone. ret_names is written unless the pod is unknown. A hash that two pods claim is
 * nobody's.
 */
enum jb_pod_lookup jb_pod_table_lookup(const struct jb_pod_table *table, const char *uid,
				       const char *container_id, struct jb_pod_names *ret_names);

/* Likewise the pod itself, or NULL; valid until the next change. */
const struct jb_pod *jb_pod_table_get(const struct jb_pod_table *table, const char *uid);

/* Each pod that is there. The callback must not change the table. */
void jb_pod_table_each(const struct jb_pod_table *table,
		       void (*fn)(void *ctx, const struct jb_pod *pod), void *ctx);

struct jb_pod_counts jb_pod_table_counts(const struct jb_pod_table *table);

#endif
