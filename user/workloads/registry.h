/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who owns the kernel's rows. A workload is a cgroup; an owner is a set of labels, to which all
 * workloads of that name add. An owner lives from its first row until all its workloads have been
 * gone for the grace; what a freed row had counted stays in its owner's base, so no sum falls.
 */
#ifndef JB_WORKLOADS_REGISTRY_H
#define JB_WORKLOADS_REGISTRY_H

#include <stddef.h>
#include <jitterbug/totals.h>
#include "kernel/snapshot.h"
#include "workloads/identity.h"

struct jb_registry;

struct jb_registry_options {
	const char *cgroup_root; /* mount point of cgroup2 */
	__u64 grace_ns;
	__u32 max_owners; /* beyond, workloads are folded into ~other */
};

/* Borrows the kernel and the root's path. 0 or -errno. */
int jb_registry_new(struct jb_registry **ret, struct jb_kernel *kernel,
		    const struct jb_registry_options *options);
void jb_registry_free(struct jb_registry *reg); /* NULL is fine */

/* Names the workloads that have taken a row since: by event, so that short-lived ones get it. */
int jb_registry_refresh(struct jb_registry *reg, __u64 now_ns);

/*
 * The periodic pass: as above, and finds who has gone, and takes back their rows. row_in_use has
 * a non-zero octet for each row to which a stream refers, from a complete scan. Gone is whom the
 * last complete walk of the cgroups did not see; one that had to prune (workloads/cgroups.h) names
 * what it saw, buries nobody and is no error. 0 or -errno.
 */
int jb_registry_tick(struct jb_registry *reg, const __u8 *row_in_use, __u64 now_ns);

/* The labels of a row's owner; NULL while it has none. */
const struct jb_identity *jb_registry_identity(const struct jb_registry *reg, __u32 row);

/* One owner's figures by direction and media; seen[][] is false where there never was a row. */
struct jb_owner_totals {
	struct jb_rtp_totals rtp[JB_DIRECTION_MAX][JB_MEDIA_MAX];
	bool seen[JB_DIRECTION_MAX][JB_MEDIA_MAX];
	__u64 streams[JB_DIRECTION_MAX][JB_MEDIA_MAX]; /* filled in by the caller */
	const struct jb_identity *identity;
};

/*
 * Sums up all owners. *ret is an array of *ret_count, to be freed by free(); valid until the next
 * call of refresh or tick. ret_place, of as many entries as rows, tells each row's owner by index
 * in the array, or -1.
 */
int jb_registry_totals(const struct jb_registry *reg, struct jb_owner_totals **ret,
		       size_t *ret_count, int *ret_place);

/* Workloads that were folded into ~other so far. */
__u64 jb_registry_folded(const struct jb_registry *reg);

#endif
