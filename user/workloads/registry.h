/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who owns the kernel's rows. A workload is a cgroup; an owner is a set of labels, to which all
 * workloads of that name add. An owner lives from its first row until all its workloads have been
 * gone for the grace; what a freed row had counted stays in its owner's base, so no sum falls.
 */
#ifndef JB_WORKLOADS_REGISTRY_H
#define JB_WORKLOADS_REGISTRY_H

#include <stddef.h>
#include <jitterbug/drop.h>
#include <jitterbug/row.h>
#include "kernel/snapshot.h"
#include "workloads/identity.h"
#include "workloads/leg.h"

/* Behind the slots: what is told of all of an owner's TCP. */
#define JB_PRICE_OF_TCP JB_SLOT_MAX
#define JB_SLOTS_PRICED (JB_SLOT_MAX + 1)

/* All functions that are told the time are to be told one that doesn't go back. */
struct jb_registry;

/* The labels of a pod. */
struct jb_pod_name {
	char namespace_[64];
	char pod[254];
	char workload[254]; /* what people call it: its Deployment, ...; "" if it isn't known */
	char container[64]; /* the name of the container; "" if it isn't known yet */
	bool meshed;        /* it has a proxy */
	bool names_only;    /* whether it has one may show only with its containers */
};

/*
 * Who the pod of that UID is (as in the cgroup's path: a static pod's is a hash), if it is known,
 * and its container of that id ("": none is asked for).
 */
typedef bool (*jb_find_pod_fn)(void *ctx, const char *uid, const char *container_id,
			       struct jb_pod_name *ret);

/* A pod whose name has not come by then is told as a unit for the rest of its cgroup's life. */
#define JB_POD_NAME_WAIT_NS (30 * JB_SECOND_NS)

/*
 * What a cgroup is in the mesh is decided once, for its legs' counters are not to fall. Of a pod
 * with a proxy that waits for the container's name, as long as for a pod's, and until then nothing
 * of its TCP by leg is told.
 */

struct jb_registry_options {
	const char *cgroup_root; /* mount point of cgroup2 */
	const char *inside;      /* from there on: only workloads below it are told; "": all */
	__u64 grace_ns;
	/* Below it are the files of Docker and Podman; "": where they should be; NULL: containers
	   are not told by their names. */
	const char *host_root;
	jb_find_pod_fn find_pod; /* NULL: there are no pods */
	void *find_ctx;
	__u32 max_series; /* beyond, what is new is folded into ~other */
	/* JB_SLOTS_PRICED: what a slot takes on the page; of RTP the first of each direction, for
	   all its media; of TCP by leg, and what all legs take together. */
	const __u32 *slot_series;
};

/* Borrows the kernel and the root's path. 0 or -errno. */
int jb_registry_new(struct jb_registry **ret, struct jb_kernel *kernel,
		    const struct jb_registry_options *options);
void jb_registry_free(struct jb_registry *reg); /* NULL is fine */

/*
 * Names the workloads that have taken a row since, and those that wait for their pod's name: by
 * event, so that short-lived ones get it.
 */
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

/* Beyond JB_OWNER_DROPS reasons the others of an owner are one. */
enum { JB_OWNER_DROPS = 16 };
#define JB_OTHER_REASONS 0xffffffffU

struct jb_owner_drop {
	__u32 protocol; /* enum jb_drop_protocol */
	__u32 reason;   /* of the kernel, or JB_OTHER_REASONS */
	__u64 packets;
};

/* One owner's figures, of TCP by JB_SLOT_TCP + leg. seen[] is false where there never was a row. */
struct jb_owner_totals {
	union jb_totals totals[JB_SLOT_MAX];
	bool seen[JB_SLOT_MAX];
	bool folded[JB_SLOT_MAX]; /* ~other tells them; of RTP the first of each direction */
	bool drops_folded;        /* some of them */
	__u32 cgroups;            /* that are there, as far as is known */
	__u64 streams[JB_DIRECTION_MAX][JB_MEDIA_MAX]; /* filled in by the caller; likewise */
	__u64 impaired[JB_DIRECTION_MAX];              /* of them, impaired now */
	__u64 impaired_since_s[JB_DIRECTION_MAX];      /* Unix time; 0: nothing is impaired */
	const struct jb_owner_drop *drops;             /* by protocol and reason, each once */
	size_t n_drops;
	const struct jb_identity *identity;
};

struct jb_owner_list {
	struct jb_owner_totals *owner; /* `count` of them */
	size_t count;
	struct jb_owner_drop *drops; /* of all */
};

/*
 * Sums up all owners; to be freed by jb_owner_list_free(), valid until the next call of refresh or
 * tick. ret_place, of as many entries as rows, tells each row's owner by index, or -1.
 */
int jb_registry_totals(const struct jb_registry *reg, struct jb_owner_list *ret, int *ret_place);
void jb_owner_list_free(struct jb_owner_list *list);

/* The labels of a cgroup's owner; NULL while it has none. */
const struct jb_identity *jb_registry_cgroup(const struct jb_registry *reg, __u64 cgroup_id);

enum jb_naming {
	JB_NAMED,
	JB_NAMING,    /* its name is still to come */
	JB_NOT_ASKED, /* outside the part that is asked for */
};

/* What people call the cgroup's pod; "" if it is none, or that isn't known. */
const char *jb_registry_workload(const struct jb_registry *reg, __u64 cgroup_id);

/* As above, of an owner's labels. Valid until the next refresh or tick. */
const char *jb_registry_owner_workload(const struct jb_registry *reg,
				       const struct jb_identity *identity);

/* Whether it is in a container or a virtual machine, of a pod or not, by its cgroup's path. */
bool jb_registry_is_contained(const struct jb_registry *reg, __u64 cgroup_id);

/* What the cgroup is in the mesh; JB_ROLE_PENDING if that isn't known yet, or nothing of it is. */
enum jb_mesh_role jb_registry_role(const struct jb_registry *reg, __u64 cgroup_id);

/* Whether the cgroup had a row at the latest refresh. */
bool jb_registry_knows(const struct jb_registry *reg, __u64 cgroup_id);

/* How the naming of a cgroup stands. Whom no row belongs to is named `unknown`. */
enum jb_naming jb_registry_naming(const struct jb_registry *reg, __u64 cgroup_id,
				  const struct jb_identity **ret_identity);

/* Whether there still is an owner of these labels, in its grace or not. */
bool jb_registry_has_owner(const struct jb_registry *reg, const struct jb_identity *identity);

/* Whether the cgroup's workload is asked for, as far as is known. */
bool jb_registry_is_inside(const struct jb_registry *reg, __u64 cgroup_id);

/* Slots of workloads that were folded into ~other so far. */
__u64 jb_registry_folded(const struct jb_registry *reg);

#endif
