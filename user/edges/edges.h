/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who talks to whom: what was noted of connections and media streams, summed up by the workloads
 * at their two ends. Pure: no clock, no kernel; names come from struct jb_whois.
 *
 * Notes of one contact (the same end, remote address, port, reporter and protocol) are put together
 * until jb_edges_settle() names both ends. Then they are added to an edge: of an owner (the end
 * whose it is, as the metrics call it) to a peer (the other end's namespace and workload). Counts
 * only grow while their owner lives.
 *
 * Everything is bounded, and first come is first kept: what no place is left for is told of the
 * peer `~other`, or of the owner pod="~other". Nothing ever comes back from there.
 */
#ifndef JB_EDGES_EDGES_H
#define JB_EDGES_EDGES_H

#include "edges/who.h"
#include "workloads/identity.h"

/* Which end of the connection saw it. */
enum jb_reporter {
	JB_REPORTER_SOURCE,      /* that which opened it, or sends the stream */
	JB_REPORTER_DESTINATION, /* that which accepted it, or receives the stream */
	JB_REPORTER_UNKNOWN,     /* it is older than the agent */
	JB_REPORTER_MAX
};

enum jb_edge_protocol { JB_EDGE_TCP, JB_EDGE_RTP, JB_EDGE_PROTOCOL_MAX };

/* What NetworkPolicies say of it. */
enum jb_edge_verdict {
	JB_VERDICT_NONE, /* nobody was asked: "" */
	JB_VERDICT_ALLOWED,
	JB_VERDICT_DENIED,
	JB_VERDICT_NO_POLICY,
	JB_VERDICT_UNKNOWN,
	JB_VERDICT_MAX
};

extern const char *const jb_reporter_names[JB_REPORTER_MAX];
extern const char *const jb_edge_protocol_names[JB_EDGE_PROTOCOL_MAX];
extern const char *const jb_verdict_names[JB_VERDICT_MAX];

#define JB_EDGES_OTHER "~other" /* a peer's workload, an owner's pod: all beyond a bound */

struct jb_edge_counts {
	__u64 connections; /* opened; of RTP streams started */
	__u64 failures;    /* attempts that failed */
	__u64 bytes_sent;  /* payload, as this end sees it */
	__u64 bytes_received;
};

struct jb_edge_note {
	struct jb_ends ends;
	enum jb_reporter reporter;
	enum jb_edge_protocol protocol;
	__u16 port; /* the server's; 0: not known, or not to be told */
	__u8 path;  /* of TCP: enum jb_tcp_path */
	struct jb_edge_counts counts;
};

/* A TCP connection to be judged. */
struct jb_edge_case {
	const struct jb_ends *ends;
	const struct jb_who *self;
	const struct jb_who *peer;
	enum jb_reporter reporter; /* known */
	__u16 port;
};

enum { JB_EDGE_POLICIES = 512 };

/* May write the names of the policies that isolate the ends; what isn't written is "". */
typedef enum jb_edge_verdict (*jb_edge_judge_fn)(void *ctx, const struct jb_edge_case *edge,
						 char ret_policies[JB_EDGE_POLICIES]);

/* What the agent has room for; all are at least 1. */
enum {
	JB_EDGES_DESTINATIONS = 16,
	JB_EDGES_DESTINATIONS_FULL = 64, /* --metrics full */
	JB_EDGES_MAX_OWNERS = 1024,
	JB_EDGES_MAX = 16384,
	JB_EDGES_MAX_WAITING = 8192,
};
#define JB_EDGES_WAIT_NS (30 * JB_SECOND_NS)

struct jb_edges_options {
	struct jb_whois whois;
	jb_edge_judge_fn judge; /* NULL: policies are not asked */
	void *judge_ctx;
	/*
	 * Peers of an owner that have series of their own, by reporter: source and destination
	 * share these places, `unknown` has as many of its own, so that connections older than the
	 * agent leave room for new ones. Details are four times as many.
	 */
	__u32 destinations;
	__u32 max_owners;
	__u32 max_edges; /* of all owners: peers, and likewise details; without `~other` */
	__u32 max_waiting;
	__u64 wait_ns; /* for the peer's name; twice as long for its own */
	__u64 seed;    /* random: nobody outside can choose addresses that are slow to find */
};

struct jb_edges;

int jb_edges_new(struct jb_edges **ret, const struct jb_edges_options *options); /* 0 or -errno */
void jb_edges_free(struct jb_edges *edges);                                      /* NULL is fine */

/* What can't be kept is counted as lost. A contact that finds no room is named at once. */
void jb_edges_note(struct jb_edges *edges, const struct jb_edge_note *note, __u64 now_ns);

/*
 * Names what was noted. An end that will be named later is waited for; one outside of what is to be
 * told of ends the matter. So does what a pod or unit says to itself, which is no edge.
 */
void jb_edges_settle(struct jb_edges *edges, __u64 now_ns);

/* Forgets the owners that are gone. The identity is valid during the call. */
void jb_edges_sweep(struct jb_edges *edges,
		    bool (*alive)(void *ctx, const struct jb_identity *owner), void *ctx);

/* A row of the metrics: all ports, all verdicts. */
struct jb_edge_series {
	const struct jb_identity *owner;
	enum jb_reporter reporter;
	enum jb_edge_protocol protocol;
	const char *peer_namespace;
	const char *peer_workload;
	const struct jb_edge_counts *counts;
};

/* A row of the listing. */
struct jb_edge {
	const struct jb_identity *owner;
	enum jb_reporter reporter;
	enum jb_edge_protocol protocol;
	enum jb_edge_verdict verdict;
	enum jb_tcp_leg leg; /* of TCP; JB_LEG_MAX: several */
	__u16 port;          /* 0: not known, or several */
	const char *peer_namespace;
	const char *peer_workload;
	const char *peer_pod; /* "" unless it always was the same */
	const char *policies; /* of the latest judgement; "": none */
	const struct jb_edge_counts *counts;
	__u64 first_ns; /* when it was noted first, and last */
	__u64 last_ns;
};

/*
 * In the order in which they came, owner by owner; what is handed out is valid until the next call
 * that isn't const. Of an owner's verdicts that are none nothing is counted.
 */
void jb_edges_each_series(const struct jb_edges *edges,
			  void (*fn)(void *ctx, const struct jb_edge_series *series), void *ctx);
void jb_edges_each_owner(const struct jb_edges *edges,
			 void (*fn)(void *ctx, const struct jb_identity *owner,
				    const __u64 connections[JB_VERDICT_MAX]),
			 void *ctx);
void jb_edges_each(const struct jb_edges *edges, void (*fn)(void *ctx, const struct jb_edge *edge),
		   void *ctx);

/* Of one owner. */
void jb_edges_each_of(const struct jb_edges *edges, const struct jb_identity *owner,
		      void (*fn)(void *ctx, const struct jb_edge *edge), void *ctx);

struct jb_edges_stats {
	__u32 owners;
	__u32 edges;   /* rows of the listing */
	__u32 waiting; /* contacts that are not named yet */
	__u64 folded;  /* contacts told of ~other, in the metrics or in the listing */
	__u64 lost;    /* contacts without memory, or whose own end never got a name */
};

struct jb_edges_stats jb_edges_stats(const struct jb_edges *edges);

#endif
