/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one edge shows, and its columns: the one place that knows them. */
#ifndef JB_EDGES_INFO_H
#define JB_EDGES_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "listing/record.h"

struct jb_edge_info {
	/* Never NULL. Borrowed: from the edges or a JSON value, or constants. */
	const char *reporter; /* source, destination, unknown: whose end the workload is */
	const char *namespace_;
	const char *pod;
	const char *unit;
	const char *peer_namespace;
	const char *peer_workload;
	const char *peer_pod; /* "" unless it always was the same */
	const char *protocol; /* tcp, rtp */
	const char *verdict;  /* allowed, denied, no_policy, unknown; "": policies aren't asked */
	const char *policies; /* that isolate an end */
	const char *leg;      /* of TCP, as in the metrics; "" if there are several */
	uint64_t port;        /* the server's; none if it isn't known, or of several */
	uint64_t connections; /* of RTP streams started */
	uint64_t failures;    /* attempts that failed */
	uint64_t bytes_sent;  /* payload */
	uint64_t bytes_received;
	uint64_t idle_ns; /* since it was seen to move */
	uint64_t age_ns;  /* since it was seen first */
	/* What the proxy of the one end or the other tells; none: there is none, or it tells none.
	 */
	uint64_t mesh_requests;
	uint64_t mesh_failures; /* of these */
	/* Means of the latest page of the proxy on which there were requests; in ns. */
	uint64_t mesh_latency_ns;
	uint64_t mesh_network_ns;
	uint64_t mesh_residence_ns; /* latency without network: in proxies and apps */
	uint64_t mesh_retransmits;  /* segments on the proxy's connections */
};

/* By workload (units come before pods), peer, reporter, protocol, port, leg and verdict. */
extern const struct jb_record jb_edge_record;

/* Appends one JSON object. */
static inline void jb_edge_json(const struct jb_edge_info *info, struct jb_buffer *out)
{
	jb_record_json(&jb_edge_record, info, out);
}

/* In that order: 0 for the same edge, read at two times. */
int jb_edge_compare(const void *info, const void *other);

/*
 * Leaves in an info what was added since `before` was read of the same edge (NULL: it wasn't
 * there). If a count is lower now, all began anew. Whether anything was added.
 */
bool jb_edge_since(void *info, const void *before);

#endif
