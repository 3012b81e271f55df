/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is at the ends of a connection or a stream, and how that is found out. */
#ifndef JB_EDGES_WHO_H
#define JB_EDGES_WHO_H

#include <jitterbug/stream.h>
#include "workloads/leg.h"

/* What isn't known or doesn't apply is "". */
struct jb_who {
	char namespace_[64]; /* of a pod, or a Service */
	char pod[254];
	char unit[256]; /* on this node, of what is no pod */
	/* What people call it: the Deployment, ...; the unit; or one of those below. */
	char workload[256];
	bool contained;         /* the unit is in a container: its network need not be the node's */
	enum jb_mesh_role role; /* of its own end only */
};

/* Workloads of peers that are nobody in particular. */
#define JB_WHO_CLUSTER  "cluster"  /* a private address, of this cluster for all that is known */
#define JB_WHO_EXTERNAL "external" /* an address of the internet; without Kubernetes any other */
#define JB_WHO_UNKNOWN  "unknown"  /* on this node, but whose it is can't be told */

struct jb_ends {
	__u64 cgroup_id;      /* whose end it is */
	__u64 peer_cgroup_id; /* whose the other is, if it is known to be on this node; else 0 */
	union jb_ip local;
	union jb_ip remote;
	__u16 local_port; /* host order, both */
	__u16 remote_port;
	bool loopback;
	bool remote_serves; /* remote_port is of a server, not one by chance */
};

enum jb_who_answer {
	JB_WHO_KNOWN,
	JB_WHO_LATER,     /* its name may still come: ask again */
	JB_WHO_NOT_ASKED, /* outside --cgroup: not to be told of */
};

struct jb_whois {
	enum jb_who_answer (*self)(void *ctx, const struct jb_ends *ends, struct jb_who *ret);
	/* `last`: it was asked for long enough; the answer is not `later`. */
	enum jb_who_answer (*peer)(void *ctx, const struct jb_ends *ends, bool last,
				   struct jb_who *ret);
	void *ctx;
};

#endif
