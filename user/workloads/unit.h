/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The name under which a cgroup that belongs to no pod is told. */
#ifndef JB_WORKLOADS_UNIT_H
#define JB_WORKLOADS_UNIT_H

#include <stddef.h>

/*
 * Writes the unit of the cgroup at `path` (from the root, "/" is the root itself): the outermost
 * systemd service or scope (systemd.unit(5)), with nothing but slices above it; below a user's
 * manager, user@UID.service/UNIT, again with nothing but slices between; any other cgroup by its
 * whole path. So a container's own systemd takes no name of the host's units.
 *
 * The name is valid UTF-8 without control characters: each byte that is neither is written as
 * \xHH, and so is the backslash of what would look like that. Different names stay different.
 * 0, or -ENAMETOOLONG.
 */
int jb_unit_name(const char *path, char *ret, size_t ret_size);

#endif
