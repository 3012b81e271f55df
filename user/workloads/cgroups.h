/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walks the cgroup2 hierarchy: which cgroup ids exist, and under which path. */
#ifndef JB_WORKLOADS_CGROUPS_H
#define JB_WORKLOADS_CGROUPS_H

#include <linux/types.h>

/* What is walked at most; a node has some hundred. The depth is counted in levels below the root.
 */
#define JB_CGROUPS_MAX       65536
#define JB_CGROUPS_DEPTH_MAX 32

/* `path` begins with '/' and is from the mount point on; it is valid during the call only. */
typedef void (*jb_cgroup_fn)(void *ctx, __u64 id, const char *path);

/*
 * Calls fn for each cgroup below the mount point `root`, itself included. A cgroup's id is its
 * directory's inode number (kernfs, 64 bits). Cgroups that come or go meanwhile may be missed.
 *
 * What is too deep or has a path beyond PATH_MAX is never visited, and the walk goes on beside it:
 * who has a subtree of his own hides nobody else. A branch that can't be read is left out this
 * time, and JB_CGROUPS_MAX ends the walk. 0: complete; 1: something was left out that another walk
 * may find; -errno: the root can't be read.
 */
int jb_cgroups_walk(const char *root, jb_cgroup_fn fn, void *ctx);

#endif
