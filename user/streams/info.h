/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one stream shows, and its columns: the one place that knows them. An info is filled from
 * the kernel's state (view.h) or from an agent's JSON; JSON objects and text tables come from it.
 */
#ifndef JB_STREAMS_INFO_H
#define JB_STREAMS_INFO_H

#include <stdint.h>

#include <netinet/in.h>

#include "listing/record.h"

struct jb_stream_info {
	/* Never NULL. Borrowed: from an identity or a JSON value, or constants. */
	const char *direction; /* ingress, egress */
	const char *media;     /* audio, video, rtx, unknown */
	const char *namespace_;
	const char *pod;
	const char *container;
	const char *unit;
	char source_address[INET6_ADDRSTRLEN];
	char destination_address[INET6_ADDRSTRLEN];
	uint64_t source_port;
	uint64_t destination_port;
	uint64_t ssrc;
	uint64_t payload_type;
	uint64_t clock_rate;       /* Hz; none until it is known */
	uint64_t base_sequence;    /* as in packets, 16 bits */
	uint64_t highest_sequence; /* likewise */
	uint64_t packets;          /* all of them, of the whole stream */
	uint64_t bytes;            /* UDP payload */
	uint64_t unique;           /* first arrivals within the window, since the latest restart */
	uint64_t unseen;           /* in the window, not arrived: lost unless they still come */
	uint64_t lost;             /* ingress, since the latest restart; none at egress */
	uint64_t source_gap;       /* egress, likewise; none at ingress */
	uint64_t uplink_lost;      /* missing on --uplink; none if it was not seen there */
	uint64_t node_lost;        /* missing between there and the socket; likewise */
	uint64_t gap;
	uint64_t recovered;
	uint64_t reordered;
	uint64_t late;
	uint64_t duplicates;
	uint64_t restarts;
	uint64_t frames;
	uint64_t jitter_ns;  /* none until the clock is known, and of RTX */
	uint64_t bitrate;    /* bit/s */
	uint64_t frame_rate; /* frames in 1000 s */
	uint64_t age_ns;
	uint64_t idle_ns;
};

/* By workload (units come before pods), what comes in before what goes out, source and SSRC. */
extern const struct jb_record jb_stream_record;

/* Appends one JSON object. */
static inline void jb_stream_json(const struct jb_stream_info *info, struct jb_buffer *out)
{
	jb_record_json(&jb_stream_record, info, out);
}

#endif
