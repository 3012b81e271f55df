/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the edges share. */
#ifndef JB_EDGES_PRIVATE_H
#define JB_EDGES_PRIVATE_H

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "edges/edges.h"

/* A row of the listing. */
struct jb_edge_row {
	struct jb_edge_row *next;
	struct jb_edge_counts counts;
	__u64 first_ns;
	__u64 last_ns;
	char *peer_pod; /* NULL: none, or several; likewise: */
	char *policies;
	__u16 port;
	__u8 protocol;
	__u8 verdict;
	__u8 leg;   /* enum jb_tcp_leg; ~other's and that of RTP: JB_LEG_MAX */
	bool other; /* of ~other */
};

/* Of an owner: a namespace and workload, by reporter. */
struct jb_edge_peer {
	UT_hash_handle hh;
	struct jb_edge_row *rows; /* the one judged latest comes first */
	/* In the metrics, unless it is told there as ~other. */
	struct jb_edge_counts series[JB_EDGE_PROTOCOL_MAX];
	bool has_series[JB_EDGE_PROTOCOL_MAX];
	bool shown; /* of ~other it doesn't matter */
	const char *namespace_;
	const char *workload;
	char key[]; /* reporter, namespace, NUL, workload, NUL */
};

struct jb_edge_owner {
	UT_hash_handle hh;
	struct jb_edge_peer *peers;
	struct jb_identity identity;
	__u64 verdicts[JB_VERDICT_MAX]; /* connections and attempts */
	__u32 places[2]; /* taken in the metrics, beside ~other; the second: of unknown reporters */
	__u32 rows;      /* beside ~other's */
	char key[];      /* namespace, NUL, pod, NUL, unit, NUL */
};

struct jb_edge_contact;

struct jb_edges {
	struct jb_edges_options options;
	struct jb_edge_contact *contacts;
	struct jb_edge_owner *owners;
	struct jb_edge_owner *other; /* of all owners beyond the bound; not in the table */
	__u32 waiting;               /* contacts */
	__u32 fresh;                 /* of these, that came after all were asked for */
	__u32 peers;                 /* of all owners, beside ~other */
	__u32 rows;                  /* likewise */
	__u64 folded;
	__u64 lost;
};

/* --- owners.c */

/* NULL: there is none of these labels. */
struct jb_edge_owner *jb_edge_owner_find(const struct jb_edges *edges,
					 const struct jb_identity *identity);

/* Finds or makes it; the one for all others beyond the bound. NULL: no memory. */
struct jb_edge_owner *jb_edge_owner_get(struct jb_edges *edges, const struct jb_who *who);
void jb_edge_owner_free(struct jb_edges *edges, struct jb_edge_owner *owner); /* NULL is fine */

/* Finds or makes it; ~other where there is no room. NULL: no memory. */
struct jb_edge_peer *jb_edge_peer_get(struct jb_edges *edges, struct jb_edge_owner *owner,
				      enum jb_reporter reporter, const struct jb_who *who);
struct jb_edge_peer *jb_edge_peer_other(struct jb_edge_owner *owner, enum jb_reporter reporter);

bool jb_edge_peer_is_other(const struct jb_edge_peer *peer);

static inline enum jb_reporter jb_edge_peer_reporter(const struct jb_edge_peer *peer)
{
	return (enum jb_reporter)peer->key[0];
}

/* Whether the owner may have one more row, beside ~other's. */
bool jb_edge_owner_has_room(const struct jb_edges *edges, const struct jb_edge_owner *owner);

/* --- add.c */

/* Adds what was noted between these two, from first_ns to last_ns. */
void jb_edges_add(struct jb_edges *edges, const struct jb_edge_note *note,
		  const struct jb_who *self, const struct jb_who *peer, __u64 first_ns,
		  __u64 last_ns);

/* --- contacts.c */

void jb_edge_contacts_free(struct jb_edges *edges);

/* --- everywhere */

static inline void jb_edge_counts_add(struct jb_edge_counts *sum, const struct jb_edge_counts *more)
{
	sum->connections += more->connections;
	sum->failures += more->failures;
	sum->bytes_sent += more->bytes_sent;
	sum->bytes_received += more->bytes_received;
}

#endif
