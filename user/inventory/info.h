/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one workload (a pod, or a unit) shows, and its columns: the one place that knows them. */
#ifndef JB_INVENTORY_INFO_H
#define JB_INVENTORY_INFO_H

#include <stdint.h>

#include "listing/record.h"

struct jb_workload_info {
	/* Never NULL. Borrowed: from an identity, a pod or a JSON value, or constants. */
	const char *namespace_;
	const char *pod;
	const char *container; /* "": figures are of all */
	const char *unit;
	/* Of pods, as far as is known. */
	const char *owner; /* what people call it: the Deployment, ... */
	const char *created_by_kind;
	const char *node;
	const char *pod_ip;
	const char *host_network; /* "yes" or "no"; likewise: */
	const char *meshed;
	const char *phase;
	uint64_t cgroups; /* that are there and have been measured */
	/* None where it isn't measured on this node, or is told by ~other. */
	uint64_t streams_in; /* RTP streams now */
	uint64_t streams_out;
	uint64_t streams_impaired; /* of both */
	uint64_t rtp_packets_in;   /* from here on: counted so far */
	uint64_t rtp_packets_out;
	uint64_t rtp_lost; /* at ingress */
	uint64_t udp_bytes_in;
	uint64_t udp_bytes_out;
	uint64_t tcp_opened; /* connections, of either role */
	uint64_t tcp_retransmits;
	uint64_t dropped_packets;
};

/* By namespace and pod, or unit: units come before pods. */
extern const struct jb_record jb_workload_record;

/* Appends one JSON object. */
static inline void jb_workload_json(const struct jb_workload_info *info, struct jb_buffer *out)
{
	jb_record_json(&jb_workload_record, info, out);
}

#endif
