/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The name under which a cgroup that belongs to no pod is told. */
#ifndef JB_WORKLOADS_UNIT_H
#define JB_WORKLOADS_UNIT_H

#include <stddef.h>

/*
 * Writes the unit of the cgroup at `path` (from the root, "/" is the root itself): the outermost
 * systemd service or scope (systemd.unit(5)); below a user's manager, user@UID.service/UNIT; any
 * other cgroup by its path. 0, or -ENAMETOOLONG.
 */
int jb_unit_name(const char *path, char *ret, size_t ret_size);

#endif
