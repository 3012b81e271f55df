/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walks the cgroup2 hierarchy: which cgroup ids exist, and under which path. */
#ifndef JB_WORKLOADS_CGROUPS_H
#define JB_WORKLOADS_CGROUPS_H

#include <linux/types.h>

/* What is walked at most; a node has some hundred. */
#define JB_CGROUPS_MAX       65536
#define JB_CGROUPS_DEPTH_MAX 32

/* `path` begins with '/' and is from the mount point on; it is valid during the call only. */
typedef void (*jb_cgroup_fn)(void *ctx, __u64 id, const char *path);

/*
 * Calls fn for each cgroup below the mount point `root`, itself included. A cgroup's id is its
 * directory's inode number (kernfs, 64 bits). Cgroups that come or go meanwhile may be missed.
 * 0, -E2BIG if there are more than the bounds above, or another -errno if the root can't be read.
 */
int jb_cgroups_walk(const char *root, jb_cgroup_fn fn, void *ctx);

#endif
