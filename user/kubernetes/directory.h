/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has an address, of all pods, Services and nodes that it is told of. Filled from lists and
 * watches of the API server. Not for several threads at once.
 *
 * An address of a pod's own is that pod's; of several that claim it, that of the latest created
 * among those that aren't asked to end. A pod in its node's network, or one that has a port at its
 * node, is found by that port, if no other pod there claims it, or none but such as are asked to
 * end; else the address is the node's. An address that several Services claim is nobody's.
 */
#ifndef JB_KUBERNETES_DIRECTORY_H
#define JB_KUBERNETES_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <jitterbug/stream.h>

struct jb_directory;

enum jb_directory_kind {
	JB_DIRECTORY_POD,
	JB_DIRECTORY_SERVICE, /* its cluster, external and load balancer's addresses */
	JB_DIRECTORY_NODE,
};

/* What doesn't apply is "". Valid until the directory is changed. */
struct jb_directory_entry {
	enum jb_directory_kind kind;
	bool by_port; /* a pod that was found at its node's address */
	const char *namespace_;
	const char *pod;
	const char *workload; /* as in struct jb_pod; the Service's own name */
	const char *node;     /* the pod's; "" also for a node whose name isn't clear */
};

struct jb_directory_counts {
	size_t pods, services, nodes; /* that can be found */
	size_t bytes;                 /* kept, with what malloc takes */
};

/* Takes nothing more once `bytes_max` octets are kept. 0 or -ENOMEM. */
int jb_directory_new(struct jb_directory **ret, size_t bytes_max);
void jb_directory_free(struct jb_directory *directory); /* NULL is fine */

enum jb_directory_list { JB_DIRECTORY_PODS, JB_DIRECTORY_SERVICES, JB_DIRECTORY_LIST_MAX };

/* A complete list: begin, put each object, end, which forgets those that were not put. */
void jb_directory_begin(struct jb_directory *directory, enum jb_directory_list list);
void jb_directory_end(struct jb_directory *directory, enum jb_directory_list list);

/*
 * Puts an object in the place of what had its name. 0, -EBADMSG (it is no such object), -ENOSPC
 * (bytes_max) or -ENOMEM, with a line in `error` of JB_PODS_LINE octets; then it isn't found.
 */
int jb_directory_put(struct jb_directory *directory, enum jb_directory_list list,
		     const json_t *object, char *error);
void jb_directory_remove(struct jb_directory *directory, enum jb_directory_list list,
			 const json_t *object);

/* False: nobody's. `port` is in host order; 0 finds nobody by a port. */
bool jb_directory_find(const struct jb_directory *directory, const union jb_ip *address, __u16 port,
		       struct jb_directory_entry *ret);

struct jb_directory_counts jb_directory_counts(const struct jb_directory *directory);

#endif
