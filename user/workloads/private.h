/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the registry share. */
#ifndef JB_WORKLOADS_PRIVATE_H
#define JB_WORKLOADS_PRIVATE_H

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "workloads/container_names.h"
#include "workloads/registry.h"

/* What becomes of an owner's slot: decided when it is seen first, and for good. */
enum jb_fate { JB_UNDECIDED, JB_SHOWN, JB_FOLDED };

/* Packets dropped for one reason: of workloads that have gone, and of those that are there. */
struct jb_drop_sum {
	__u32 protocol;
	__u32 reason;
	__u64 base;
	__u64 now;
};

struct jb_owner {
	UT_hash_handle hh;
	struct jb_identity identity;
	union jb_totals base[JB_SLOT_MAX];
	bool has_base[JB_SLOT_MAX];
	__u8 fate[JB_SLOT_MAX];
	bool tcp_shown;                               /* some leg is */
	struct jb_drop_sum drops[JB_OWNER_DROPS + 1]; /* the last: all others */
	__u32 n_drops;
	__u8 others; /* enum jb_fate: once it is decided no further reason is told by itself */
	__u32 workloads;
	bool permanent;      /* unknown, ~other, and who is outside */
	bool hidden;         /* of workloads that are not asked for */
	int place;           /* in the array being made */
	char namespace_[64]; /* a pod's; likewise: */
	char workload[254];
	char name[];
};

struct jb_workload {
	UT_hash_handle hh;
	__u64 cgroup_id;
	struct jb_owner *owner; /* NULL until it is named */
	char *path;             /* of one that waits for its pod's or container's name; else NULL */
	__u64 wait_ns;          /* since when */
	__u64 alive_ns;         /* when it last was there, or may have been */
	__u32 attempts;
	__u32 rows;
	__u64 walk; /* the last that found it, or after which it came */
	bool has_drops;
	bool contained; /* as soon as its path is known */
	enum jb_mesh_role role;
};

struct jb_owned_row {
	UT_hash_handle hh;
	__u32 row;
	struct jb_row_key key;
	struct jb_workload *workload;
	__u64 unlinked_ns; /* 0: linked */
};

struct jb_registry {
	struct jb_kernel *kernel;
	const char *root;
	__u64 grace_ns;
	struct jb_container_names *container_names; /* NULL: not asked */
	jb_find_pod_fn find_pod;
	void *find_ctx;
	const char *inside;
	__u32 max_series;
	__u32 series; /* of all that is shown */
	const __u32 *slot_series;
	struct jb_owner *owners; /* by name */
	struct jb_owner *unknown, *other;
	struct jb_owner *outside;      /* of all that is not asked for; not in the table */
	struct jb_workload *workloads; /* by cgroup id */
	struct jb_owned_row *rows;     /* by row */
	__u64 walk;                    /* the last */
	__u64 complete_walk;           /* the last that was complete */
	__u64 folded;
	int error; /* of the callbacks */
};

/* NULL: no memory. A new one is in no table yet. */
struct jb_owner *jb_owner_new(const char *name);
struct jb_owner *jb_owner_add(struct jb_registry *reg, const char *name);
struct jb_owner *jb_owner_get(struct jb_registry *reg, const char *name);

/* The owner of all workloads of a pod. NULL: no memory. */
struct jb_owner *jb_owner_get_pod(struct jb_registry *reg, const struct jb_pod_name *pod);

/* NULL: not yet. Its path is given up unless the role is pending. */
void jb_workload_own(struct jb_workload *w, struct jb_owner *owner, enum jb_mesh_role role);

/*
 * Finds a name for the cgroup at that path and gives the workload to its owner; or lets it wait, if
 * it is a pod's that is not known yet.
 */
void jb_workload_name(struct jb_registry *reg, struct jb_workload *w, const char *path,
		      __u64 now_ns);

/* One of its workloads has ended, and with the last of them the owner, unless it is permanent. */
void jb_owner_put(struct jb_registry *reg, struct jb_owner *owner);

/* Takes what its pod's container may have come to be known as. */
void jb_workload_find_role(struct jb_registry *reg, struct jb_workload *w, __u64 now_ns);

/* Where the kernel's slot of a workload is added to: of TCP by leg. */
__u32 jb_slot_told(enum jb_mesh_role role, __u32 slot);

/* What is shown or folded together: all media of a direction are on the page if one is. */
__u32 jb_slot_group(__u32 slot);

/* Who tells the owner's figures of a slot: itself, or ~other. */
struct jb_owner *jb_owner_of_slot(struct jb_registry *reg, struct jb_owner *owner, __u32 slot);

/*
 * The count for a reason: the owner's, that of all its others beyond JB_OWNER_DROPS, or ~other's
 * where there is no room for one more. The same for all the owner's life.
 */
struct jb_drop_sum *jb_owner_drop(struct jb_registry *reg, struct jb_owner *owner,
				  const struct jb_drop_key *key);

/* Takes back what belongs to workloads that have gone; after a walk. 0 or -errno. */
int jb_registry_age(struct jb_registry *reg, const __u8 *row_in_use, __u64 now_ns);

/* Decides what is shown, and reads what is to be known before sums are made. 0 or -errno. */
int jb_registry_settle(struct jb_registry *reg);

#endif
