/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The measurement of one node: the kernel's programs, who owns the figures, the periodic pass, and
 * the documents made of them. The agent serves them; `jitterbug streams` and its like without an
 * agent make one for themselves.
 */
#ifndef JB_NODE_NODE_H
#define JB_NODE_NODE_H

#include "base/buffer.h"
#include "kernel/object.h"
#include "kubernetes/pods.h"
#include "mesh/fetch.h"
#include "streams/census.h"

struct jb_node;

/* What the agent measures with unless told otherwise. */
#define JB_NODE_MAX_STREAMS        65536
#define JB_NODE_MAX_WORKLOADS      1024
#define JB_NODE_MAX_SERIES         20000
#define JB_NODE_GRACE_MINUTES      5
#define JB_NODE_IMPAIRED_PERCENT   2 /* of packets lost */
#define JB_NODE_IMPAIRED_JITTER_MS 30

#define JB_NODE_LIMITS                                                                             \
	{                                                                                          \
		.loss_ppm = JB_NODE_IMPAIRED_PERCENT * 10000,                                      \
		.jitter_ns = JB_NODE_IMPAIRED_JITTER_MS * JB_MS_NS                                 \
	}

struct jb_node_options {
	struct jb_kernel_options kernel;
	const char *cgroup; /* attach here; NULL: the root of cgroup2, which is found */
	__u64 grace_ns;
	__u32 max_series;
	struct jb_impairment_limits limits;
	enum jb_pods_mode kubernetes;
	const char *node;        /* its name at Kubernetes; NULL: not known */
	const char *kubelet_url; /* as in struct jb_pods_options, but NULL: the default */
	const char *kubelet_ca;
	bool kubelet_insecure;
	bool peers_cluster; /* the pods and Services of the whole cluster are followed, too */
	bool policies;      /* NetworkPolicies are evaluated */
	const char *audit;  /* file of the audit stream, "-": standard output; NULL: none */
	struct {
		bool off;
		const struct jb_mesh_target *targets; /* beside those of this node's pods */
		size_t n_targets;
		uint64_t interval_ns;   /* 0: the default */
		const char *namespace_; /* of the control plane; NULL: the default */
	} linkerd;
};

enum { JB_NODE_ERROR = 1024 };

/* Loads and attaches. 0, or -errno with a line in `error` of JB_NODE_ERROR octets. */
int jb_node_open(struct jb_node **ret, const struct jb_node_options *options, char *error);

/* Returns how many records of --audit could not be written any more. NULL is fine. */
__u64 jb_node_close(struct jb_node *node);

/* Where the programs are attached. */
const char *jb_node_cgroup(const struct jb_node *node);

/* False once that cgroup has been removed: the kernel has detached the programs, for good. */
bool jb_node_is_measuring(const struct jb_node *node);

/*
 * Whether streams are measured on --uplink, as the latest pass found: 0, also where none was asked
 * for; -ENODEV: the interface is gone; or -errno of why the one of its name can't be attached to.
 */
int jb_node_uplink_error(const struct jb_node *node);

/* Kinds of series of workloads that were folded into ~other so far: beyond max_series. */
__u64 jb_node_folded(const struct jb_node *node);

/* The pass that is due every JB_CENSUS_INTERVAL_MS. 0, or -errno of the first part that failed. */
int jb_node_tick(struct jb_node *node);

/* Due every second: takes what the kernel has told of connections. 0 or -errno. */
int jb_node_second(struct jb_node *node);

/*
 * Readable when there is news of what --peers cluster and --policies follow; -1 without them. Then
 * jb_node_cluster_changed() tells how it stands.
 */
struct jb_node_cluster_status;
int jb_node_cluster_news_fd(const struct jb_node *node);
void jb_node_cluster_changed(struct jb_node *node, struct jb_node_cluster_status *ret);

/* A line about what of Linkerd can't be read as of the latest pass; "": nothing is wrong. */
const char *jb_node_linkerd_error(const struct jb_node *node);

/* How the audit stream is; false without one. */
struct jb_audit_status;
bool jb_node_audit(const struct jb_node *node, struct jb_audit_status *ret);

/* Readable when a workload has appeared; then jb_node_event() names it. */
int jb_node_event_fd(const struct jb_node *node);
int jb_node_event(struct jb_node *node);

/*
 * Readable when pods, or how they are found out, have changed; -1 where there are none. Then
 * jb_node_pods_changed() names who has waited for it and tells how it stands. 0 or -errno.
 */
int jb_node_pods_fd(const struct jb_node *node);
int jb_node_pods_changed(struct jb_node *node, struct jb_pods_status *ret);

/* Appends the page /metrics. 0 or -errno. */
int jb_node_metrics(struct jb_node *node, bool openmetrics, struct jb_buffer *out);

/* Appends {"streams":[...]}, as in /api/v1/streams. 0 or -errno. */
int jb_node_streams(struct jb_node *node, struct jb_buffer *out);

/* Likewise {"connections":[...]}, {"edges":[...]} and {"drops":[...]}. */
int jb_node_connections(struct jb_node *node, struct jb_buffer *out);
int jb_node_edges(struct jb_node *node, struct jb_buffer *out);
int jb_node_drops(struct jb_node *node, struct jb_buffer *out);

/* Likewise {"workloads":[...]}: whose figures are on the page /metrics. */
int jb_node_workloads(struct jb_node *node, struct jb_buffer *out);

/* What this node lets us measure. */
bool jb_node_has(const struct jb_node *node, enum jb_feature feature);

#endif
