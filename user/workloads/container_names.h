/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of containers that are in no pod, as the files of Docker and Podman tell them. */
#ifndef JB_WORKLOADS_CONTAINER_NAMES_H
#define JB_WORKLOADS_CONTAINER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "workloads/container.h"

struct jb_container_names;

enum {
	JB_CONTAINER_NAME_SIZE = 129, /* longer ones are not told; NUL included */
	JB_CONTAINER_UNIT_SIZE = JB_CONTAINER_NAME_SIZE + 8,
};

/* The host's files are below `root`, "" for its own; it is borrowed. 0 or -ENOMEM. */
int jb_container_names_new(struct jb_container_names **ret, const char *root);
void jb_container_names_free(struct jb_container_names *names); /* NULL is fine */

/*
 * Writes docker:NAME or podman:NAME of root's containers; neither a path, a systemd unit nor a pod
 * is called so. Looked for are Docker's config.v2.json (by daemon.json where data-root is another)
 * and the lists of Podman's storage. 0, or -ENOENT: the name is not told.
 */
int jb_container_names_find(struct jb_container_names *names, const struct jb_container *container,
			    char ret[JB_CONTAINER_UNIT_SIZE]);

/*
 * Whether both would take it as a name, it is no longer than is told, and doesn't end as a systemd
 * unit does: docker:NAME.service might be one.
 */
bool jb_container_name_is_valid(const char *name);

#endif
