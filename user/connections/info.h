/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one TCP connection shows, and its columns: the one place that knows them. */
#ifndef JB_CONNECTIONS_INFO_H
#define JB_CONNECTIONS_INFO_H

#include <stdint.h>

#include <netinet/in.h>

#include "listing/record.h"

struct jb_connection_info {
	/* Never NULL. Borrowed: from an identity or a JSON value, or constants. */
	const char *namespace_;
	const char *pod;
	const char *container;
	const char *unit;
	const char *peer_namespace; /* whose the other end is, if that is on this node */
	const char *peer_pod;
	const char *peer_unit;
	const char *state; /* the kernel's name in lower case: established, syn_sent, close_wait */
	const char *role;  /* client, server, unknown */
	const char *leg;   /* direct, loopback, ... as in the metrics */
	char local_address[INET6_ADDRSTRLEN];
	char remote_address[INET6_ADDRSTRLEN];
	uint64_t local_port;
	uint64_t remote_port;
	uint64_t srtt_ns;     /* none until a round trip has been measured; likewise: */
	uint64_t rttvar_ns;   /* its mean deviation */
	uint64_t min_rtt_ns;  /* the kernel's windowed minimum */
	uint64_t cwnd;        /* segments */
	uint64_t retransmits; /* segments, of the whole connection */
	uint64_t bytes_sent;  /* payload */
	uint64_t bytes_received;
	uint64_t age_ns; /* none if it is older than the agent */
};

/* By workload (units come before pods), local and remote endpoint. */
extern const struct jb_record jb_connection_record;

/* Appends one JSON object. */
static inline void jb_connection_json(const struct jb_connection_info *info, struct jb_buffer *out)
{
	jb_record_json(&jb_connection_record, info, out);
}

#endif
