/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs do with packets, done with the frames of a capture: the same parsers,
 * probation, receiver and RTX rule, over tables of user space. All streams are ingress.
 */
#ifndef JB_CAPTURE_ENGINE_H
#define JB_CAPTURE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include <jitterbug/stream.h>

#include "capture/decode.h"

struct jb_engine;

struct jb_engine_config {
	uint32_t mtu;                /* IP packets above it are merged ones, and not measured */
	uint32_t max_streams;        /* also the most finished ones kept, and flows */
	uint64_t seed;               /* of the hashes */
	const uint64_t *media_ports; /* 65536 bits, or NULL; must outlive the engine */
};

struct jb_engine_stats {
	__u64 frames;
	__u64 decodes[JB_DECODE_MAX];    /* of the frames */
	__u64 kinds[JB_PACKET_KIND_MAX]; /* of the UDP datagrams that could be read */
	__u64 unreadable;                /* cut by the snapshot length before or in an RTP header */
	__u64 truncated;                 /* RTP malformed: see enum jb_rtp_result */
	__u64 bounds;
	__u64 padding;
	__u64 not_rtp;          /* reserved payload type or SSRC 0 */
	__u64 probation_failed; /* packets like RTP that made no stream */
	__u64 streams_full;     /* streams that found no room */
	__u64 ended_dropped;    /* finished streams that found no room to be told of */
	__u64 backwards;        /* frames with a time before the latest: taken as of the latest */
	__u64 set_back_ns;      /* by how much the capture's clock was set back, in all */
	__u64 first_ns;
	__u64 now_ns; /* the latest time */
};

/* One stream as it stands, or as it was when it had been idle for 30 s (then flushed). */
struct jb_engine_stream {
	struct jb_stream_key key;
	struct jb_receiver receiver;
	__u8 row_media;    /* enum jb_media: which totals its packets are added to */
	__u64 first_bytes; /* what it began with at started_ns: the packets of its probation */
	__u32 first_frames;
};

/* 0, -EINVAL for a max_streams of 0, or -ENOMEM. */
int jb_engine_new(const struct jb_engine_config *config, struct jb_engine **ret_engine);
void jb_engine_free(struct jb_engine *engine); /* NULL is allowed */

/* Measures one frame; 0 or -ENOMEM. */
int jb_engine_frame(struct jb_engine *engine, enum jb_link link, const struct jb_frame *frame);

/* All that is returned by reference is the engine's, and changes with the next frame. */
const struct jb_engine_stats *jb_engine_stats(const struct jb_engine *engine);

/* The stream of an index from 0, in the order of their beginning; NULL behind the last. */
const struct jb_engine_stream *jb_engine_stream(const struct jb_engine *engine, size_t index);
/* Likewise those that ended: idle for 30 s, before the same key began anew. */
const struct jb_engine_stream *jb_engine_ended(const struct jb_engine *engine, size_t index);

/* RTP packets of candidates: not counted, because too few have come. */
__u64 jb_engine_on_probation(const struct jb_engine *engine);

/* What the agent would have counted, were all streams retired at the end; by enum jb_media. */
void jb_engine_totals(const struct jb_engine *engine, struct jb_rtp_totals ret[JB_MEDIA_MAX]);

#endif
