/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the join share. */
#ifndef JB_MESH_JOIN_PRIVATE_H
#define JB_MESH_JOIN_PRIVATE_H

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "mesh/join.h"

#define JB_JOIN_OTHER     "~other"
#define JB_JOIN_PROXY_UID 2102 /* unless the proxy's sockets have told another */

/* Pages count in floating point: of each counter the part that makes no whole yet. */
struct jb_join_edge_rest {
	double requests[JB_MESH_TLS_MAX][JB_MESH_CLASS_MAX];
	double request_ns;
	double network_ns;
	double network_requests;
	double mtls_bytes;
	double other_bytes;
};

/* What the means of the latest page are made of. */
struct jb_join_edge_page {
	__u64 number; /* of jb_mesh_join's pages; 0: none */
	double responses;
	double response_ms;
	double network_requests;
	double network_ns;
};

struct jb_join_edge {
	UT_hash_handle hh;
	struct jb_mesh_edge told;
	struct jb_join_edge_rest rest;
	struct jb_join_edge_page page;
	char key[]; /* reporter, namespace, NUL, workload, NUL */
};

/*
 * A far end. A client is its workload: its page knows no addresses, and its many pods, or the many
 * addresses of the internet, are one.
 */
struct jb_join_remote_key {
	union jb_ip far; /* outbound: the address; inbound: a hash of the client's name */
	__u16 port;      /* host order; 0 unless the leg is plain_out */
	__u8 leg;        /* enum jb_tcp_leg */
	__u8 zero[5];
};
_Static_assert(sizeof(struct jb_join_remote_key) == 24, "no hidden padding in what is compared");

/* Requests without a round trip. */
struct jb_join_waiting {
	struct jb_join_edge *edge; /* NULL: none wait */
	double requests;
	__u64 since_ns; /* the first of them */
	__u64 page;     /* the last of them */
};

struct jb_join_remote {
	UT_hash_handle hh;
	struct jb_join_remote *prev, *next; /* the one idle for longest comes first */
	struct jb_join_remote_key key;
	__u64 rtt_us; /* sum, and their number, since requests were joined last */
	__u64 rtts;
	double mean_us;            /* then; 0: none yet */
	struct jb_join_edge *edge; /* outbound: as pages name it; NULL: they haven't */
	struct jb_join_waiting waiting;
};

struct jb_join_pod {
	UT_hash_handle hh;
	struct jb_mesh_pod told;
	double proxy_rest[JB_LEG_MAX][JB_DIRECTION_MAX];
	double plaintext_rest[JB_LEG_MAX];
	struct jb_join_edge *edges;
	struct jb_join_remote *remotes;  /* the table */
	struct jb_join_remote *idlest;   /* the list */
	struct jb_join_unnamed *unnamed; /* far ends that wait to be known */
	__u32 n_unnamed;
	__u32 places[JB_MESH_REPORTER_MAX]; /* edges beside ~other */
	__u32 waiting;                      /* remotes with requests that wait */
	__u32 proxy_uid;
	bool redirected[JB_TCP_ROLE_MAX]; /* a connection was seen to be led to the proxy */
	char error[JB_MESH_ERROR_SIZE];
	char version[sizeof(((struct jb_mesh_facts *)0)->version)];
	char key[]; /* namespace, NUL, pod, NUL */
};

struct jb_mesh_join {
	struct jb_mesh_join_options options;
	struct jb_join_pod *pods;
	struct jb_join_pod *other; /* of all beyond the bound; not in the table */
	__u64 pages;
	__u64 folded;
	__u64 lost;
	__u64 skipped;
};

/* News that are being told: of a page, or such as have waited since one. */
struct jb_join_reading {
	struct jb_mesh_join *join;
	struct jb_join_pod *pod;
	const char *namespace_; /* whose page it is, also if the pod is ~other */
	const char *name;
	__u64 page; /* its number */
	__u64 now_ns;
};

/* --- join_pods.c; NULL: not there, or no memory (counted as lost) */

struct jb_join_pod *jb_join_pod_find(const struct jb_mesh_join *join, const char *namespace_,
				     const char *pod);
struct jb_join_pod *jb_join_pod_get(struct jb_mesh_join *join, const char *namespace_,
				    const char *pod);
void jb_join_pod_free(struct jb_join_pod *pod); /* NULL is fine */

/* ~other comes last. NULL: begins; the last one's: NULL. */
struct jb_join_pod *jb_join_pod_next(const struct jb_mesh_join *join,
				     const struct jb_join_pod *pod);

/* --- join_edges.c; NULL: as above */

struct jb_join_edge *jb_join_edge_find(const struct jb_join_pod *pod,
				       enum jb_mesh_reporter reporter, const char *namespace_,
				       const char *workload);
struct jb_join_edge *jb_join_edge_get(struct jb_mesh_join *join, struct jb_join_pod *pod,
				      enum jb_mesh_reporter reporter, const struct jb_who *peer);
void jb_join_edges_free(struct jb_join_pod *pod);

/* Counts what was told of the pod or, unless NULL, of the edge, if that is ~other. */
void jb_join_count_folded(struct jb_mesh_join *join, const struct jb_join_pod *pod,
			  const struct jb_join_edge *edge);

/* Whose address it is; the workload is never "". */
void jb_join_who(const struct jb_mesh_join *join, const union jb_ip *address, __u16 port,
		 struct jb_who *ret);

/* Adds to a counter; what makes no whole is carried over. It stays at its greatest value. */
void jb_join_add(__u64 *counter, double *rest, double more);

/* --- join_remotes.c; NULL: as above */

struct jb_join_remote_key jb_join_key_address(enum jb_tcp_leg leg, const union jb_ip *address,
					      __u16 port);
struct jb_join_remote_key jb_join_key_client(const struct jb_mesh_join *join, enum jb_tcp_leg leg,
					     const struct jb_who *client);

struct jb_join_remote *jb_join_remote_find(const struct jb_mesh_join *join,
					   const struct jb_join_pod *pod,
					   const struct jb_join_remote_key *key);
/* What is got is no longer idle. */
struct jb_join_remote *jb_join_remote_get(struct jb_mesh_join *join, struct jb_join_pod *pod,
					  const struct jb_join_remote_key *key);
void jb_join_remotes_free(struct jb_join_pod *pod);

/* They get their round trip, or wait for it. */
void jb_join_remote_requests(const struct jb_join_reading *r, struct jb_join_remote *remote,
			     struct jb_join_edge *edge, double requests);
void jb_join_remotes_settle(const struct jb_mesh_join *join, struct jb_join_pod *pod, __u64 now_ns);

/* --- join_pages.c */

/* 0 if it is none. */
double jb_join_figure(const struct jb_mesh_news *news, enum jb_mesh_figure which);

/* Requests whose time is known, the proxy's and the network's. */
bool jb_join_has_responses(const struct jb_mesh_news *news);

enum jb_tcp_leg jb_join_leg_of(const struct jb_mesh_far *far);
void jb_join_name(struct jb_who *ret, const char *namespace_, const char *workload);

/* Remote: NULL unless the round trips to it are the requests'. */
void jb_join_add_news(const struct jb_join_reading *r, const struct jb_mesh_news *news,
		      struct jb_join_edge *edge, struct jb_join_remote *remote);

/* --- join_unnamed.c */

/* Of a client, with requests or octets: told, or kept. NULL: as above, or they wait. */
struct jb_join_edge *jb_join_of_client(const struct jb_join_reading *r,
				       const struct jb_mesh_news *news);

void jb_join_unnamed_settle(struct jb_mesh_join *join, struct jb_join_pod *pod, __u64 now_ns);
void jb_join_unnamed_count(const struct jb_join_pod *pod, struct jb_mesh_join_stats *stats);
void jb_join_unnamed_free(struct jb_join_pod *pod);

#endif
