/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A containers.json of Podman's storage: the names of its containers, read when it has changed. */
#ifndef JB_WORKLOADS_CONTAINER_LIST_H
#define JB_WORKLOADS_CONTAINER_LIST_H

#include <stddef.h>
#include <sys/stat.h>

struct jb_listed_container;

/* All 0 at first. */
struct jb_container_list {
	struct jb_listed_container *container;
	size_t count;
	struct stat seen; /* the file that was read */
};

/*
 * The name of the container of that id, valid until the next call; NULL if the file at `path` tells
 * none. What isn't a name of Podman's is as none; beyond 4096 containers the others are not known.
 */
const char *jb_container_list_find(struct jb_container_list *list, const char *path,
				   const char *id);
void jb_container_list_free(struct jb_container_list *list);

#endif
