/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's view and the proxy's view of the same traffic, joined: what the metrics mesh_* and
 * the mesh columns of edges are made of. Pure: rows in, rows out, the time an argument. All counts
 * only grow while their pod lives.
 *
 * An edge is between a pod with a proxy and a workload: reporter `source` is the client's proxy
 * (outbound), `destination` the server's (inbound). The kernel tells of each connection of a proxy
 * by contacts; the proxy of its requests by pages. The join key is the pod and the far end's
 * address: of a meshed one the IP alone (all of its ports are one connection to 4143), else IP and
 * port. Inbound, where pages tell no address, it is the pod and the client's workload: by contacts
 * the one that asked.who names, by pages the one that asked.client does; both must name a workload
 * identically.
 *
 * Network time of requests is their number times the smallest round trip that the kernel has seen
 * on the connections of this far end (tcp_sock's rtt_min: of the last 5 minutes, or since the
 * connection stands). The smoothed one would have in it how long the far end takes to answer, for
 * an acknowledgement waits up to 40 ms for data to go with it. Requests for which there is no round
 * trip yet wait for one (wait_ns), then are left out of network_requests.
 *
 * Inbound news whose client isn't known yet wait for that (wait_ns), then are told of `unknown`.
 * Once it is known they are joined as if they had come then. To the means they count as news of the
 * last page that they came with: where the edge has had a newer one, they only add to its sums.
 */
#ifndef JB_MESH_JOIN_H
#define JB_MESH_JOIN_H

#include <jitterbug/contact.h>
#include "edges/who.h"
#include "mesh/fetch.h"
#include "workloads/leg.h"

enum jb_mesh_reporter { JB_MESH_SOURCE, JB_MESH_DESTINATION, JB_MESH_REPORTER_MAX };

enum jb_mesh_bypass {
	JB_BYPASS_SKIPPED_PORT, /* the pod's rules work, and leave this port (or subnet) out */
	JB_BYPASS_NO_RULES,     /* no connection of this pod was ever led to its proxy */
	JB_BYPASS_PROXY_UID,    /* the app runs as the proxy's user */
	JB_BYPASS_HOST_NETWORK, /* it asks for a proxy, but pods in the node's network get none */
	JB_BYPASS_MAX
};

extern const char *const jb_mesh_bypass_names[JB_BYPASS_MAX]; /* "skipped_port", ... */

/* A contact of a pod that is meshed, or would like to be. */
struct jb_mesh_contact {
	const char *namespace_; /* the pod whose end it is */
	const char *pod;
	enum jb_mesh_role role;
	enum jb_tcp_leg leg;
	bool host_network;
	bool skipped;              /* by its own settings the pod has this port go past the proxy */
	const struct jb_who *peer; /* the other end; of a proxy at legs that are not local */
	const struct jb_contact *contact;
};

enum jb_mesh_client {
	JB_CLIENT_KNOWN,
	JB_CLIENT_SEVERAL, /* any of them could be meant */
	JB_CLIENT_NONE,    /* nobody was heard of yet: ask again */
};

struct jb_mesh_asked {
	/* Who is at that address (port 0: not told), best effort and at once. */
	void (*who)(void *ctx, const union jb_ip *address, __u16 port, struct jb_who *ret);
	/*
	 * The one workload that has been a client of this pod over such a leg (mesh_in or
	 * plain_in), of that namespace unless "", at that port of the app's unless 0. *ret counts
	 * if it is known.
	 */
	enum jb_mesh_client (*client)(void *ctx, const char *namespace_, const char *pod,
				      enum jb_tcp_leg leg, const char *client_namespace, __u16 port,
				      struct jb_who *ret);
	void *ctx;
};

/* What the agent has room for; all are at least 1. */
enum {
	JB_MESH_MAX_PODS = 512,
	JB_MESH_MAX_REMOTES = 256, /* far ends of a pod; the one idle for longest gives way */
	/* Of a pod, that wait to be known; beyond: told of `unknown` at once. No option. */
	JB_MESH_MAX_UNNAMED = 64,
};
#define JB_MESH_WAIT_NS (30 * JB_SECOND_NS)

struct jb_mesh_join_options {
	struct jb_mesh_asked asked;
	__u32 max_pods;     /* beyond: told of pod="~other", namespace="" */
	__u32 destinations; /* edges of a pod by reporter; beyond: told of workload `~other` */
	__u32 max_remotes;
	__u64 wait_ns; /* for a round trip, and before that for the client to be known */
	__u64 seed;    /* random */
};

struct jb_mesh_join;

int jb_mesh_join_new(struct jb_mesh_join **ret, const struct jb_mesh_join_options *options);
void jb_mesh_join_free(struct jb_mesh_join *join); /* NULL is fine */

/* A pod has a proxy: it is told of from now on, also if nothing was ever heard of it. */
void jb_mesh_join_pod(struct jb_mesh_join *join, const char *namespace_, const char *pod);

/* Of a connection, as it came; failures of memory are counted (jb_mesh_join_stats). */
void jb_mesh_join_contact(struct jb_mesh_join *join, const struct jb_mesh_contact *contact);

/* A contact that never came to be known as a pod's: counted as lost. */
void jb_mesh_join_lost(struct jb_mesh_join *join);

/* What a proxy's page has told, or why it hasn't. */
void jb_mesh_join_result(struct jb_mesh_join *join, const struct jb_mesh_result *result,
			 __u64 now_ns);

/* Every second or so: what waits for its client to be known, or for a round trip. */
void jb_mesh_join_settle(struct jb_mesh_join *join, __u64 now_ns);

/* Forgets the pods that are gone, with all that was counted of them or waits there. */
void jb_mesh_join_sweep(struct jb_mesh_join *join,
			bool (*alive)(void *ctx, const char *namespace_, const char *pod),
			void *ctx);

/* The kernel's and the proxy's octets are those of the proxy's own sockets. */
struct jb_mesh_pod {
	const char *namespace_; /* "" for ~other */
	const char *pod;
	bool has_proxy;     /* one was told of, or read; else it would like to have one */
	bool asked;         /* its page was asked for, once at least */
	bool success;       /* the latest attempt was fine */
	const char *error;  /* of the latest attempt; "" */
	__u64 scrape_bytes; /* of the latest page that was fine */
	__u64 scrape_ns;    /* how long the latest attempt took */
	__u64 failures[JB_MESH_FAILURE_MAX]; /* attempts; [JB_MESH_FINE] counts the fine ones */
	double certificate_expiry_s;         /* Unix time; 0: not told */
	bool certificate_told;               /* refresh_errors are known */
	__u64 certificate_refresh_errors;
	const char *version;   /* of the proxy; "" */
	bool legs[JB_LEG_MAX]; /* of which there are octets of one or the other below */
	__u64 kernel_bytes[JB_LEG_MAX][JB_DIRECTION_MAX];
	__u64 proxy_bytes[JB_LEG_MAX][JB_DIRECTION_MAX]; /* opaque TLS at the plain legs */
	/* Not encrypted for all that is known: plain_out, plain_in (as the proxy's page has it,
	 * without opaque) and bypass (as the kernel has it); both directions. */
	__u64 plaintext_bytes[JB_LEG_MAX];
	__u64 bypass[JB_BYPASS_MAX][JB_TCP_ROLE_MAX]; /* connections opened, by the pod's role */
};

/* How the requests were answered. */
enum jb_mesh_class { JB_MESH_CLASS_SUCCESS, JB_MESH_CLASS_FAILURE, JB_MESH_CLASS_MAX };

struct jb_mesh_edge {
	const char *namespace_; /* the pod whose proxy it is; "" for ~other */
	const char *pod;
	enum jb_mesh_reporter reporter;
	const char *peer_namespace; /* "" if it isn't known, or has none */
	const char *peer_workload;  /* `unknown`, `external`, `~other`, ... as of edges */
	__u64 requests[JB_MESH_TLS_MAX][JB_MESH_CLASS_MAX];
	bool tls_seen[JB_MESH_TLS_MAX]; /* of which there were requests */
	__u64 request_ns;               /* by the proxy: response_latency_ms_sum */
	__u64 network_ns;
	__u64 network_requests; /* for which the network's time is known: in network_ns */
	__u64 retransmitted;    /* segments on the proxy's connections with it */
	__u64 failures[JB_TCP_FAILURE_MAX]; /* of connects; source only */
	/* Of the latest page on which there were requests; NAN: none, or not known. */
	double latency_s; /* mean */
	double network_s; /* mean; the smallest round trip */
	__u64 mtls_bytes; /* as the proxy's page has them, both directions */
	__u64 other_bytes;
};

/* In the order in which they came; valid until the next call that isn't const. */
void jb_mesh_join_each_pod(const struct jb_mesh_join *join,
			   void (*fn)(void *ctx, const struct jb_mesh_pod *pod), void *ctx);
void jb_mesh_join_each_edge(const struct jb_mesh_join *join,
			    void (*fn)(void *ctx, const struct jb_mesh_edge *edge), void *ctx);

/* One edge; false if there is none of these. */
bool jb_mesh_join_find(const struct jb_mesh_join *join, const char *namespace_, const char *pod,
		       enum jb_mesh_reporter reporter, const char *peer_namespace,
		       const char *peer_workload, struct jb_mesh_edge *ret);

struct jb_mesh_join_stats {
	__u32 pods;
	__u32 edges;
	__u32 remotes;
	__u32 unnamed;          /* far ends that wait to be known */
	__u64 unnamed_requests; /* theirs, that are told of no edge yet */
	__u64 folded;           /* news and contacts told of ~other */
	__u64 lost;             /* for want of memory, and by jb_mesh_join_lost() */
	__u64 skipped;          /* samples of pages for which there was no place */
};

struct jb_mesh_join_stats jb_mesh_join_stats(const struct jb_mesh_join *join);

#endif
