/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds the root of the node's cgroup2 hierarchy, wherever it is mounted. */
#ifndef JB_KERNEL_CGROUP_H
#define JB_KERNEL_CGROUP_H

#include <stddef.h>

/*
 * Writes the mount point of cgroup2 (/proc/self/mountinfo) to `ret`. Its root has inode 1 of its
 * filesystem; in a private cgroup namespace the visible root is only one's own cgroup, and to
 * measure that alone would be a lie. On failure -errno (-ENOENT: no cgroup2 mounted; -EXDEV: a
 * private namespace) and a line in `error` that names the path.
 */
int jb_cgroup_find_root(char *ret, size_t ret_size, char *error, size_t error_size);

/* The mount point of the cgroup2 filesystem at `index` of a text in mountinfo's format. Pure. */
int jb_cgroup_parse_mountinfo(const char *text, int index, char *ret, size_t ret_size);

/* That `path` is a directory of a cgroup2 filesystem; for --cgroup. */
int jb_cgroup_check(const char *path, char *error, size_t error_size);

#endif
