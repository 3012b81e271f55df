/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP sender. Flow: source (what a perfect sender would send at each slot) -> script (skips,
 * repeats, swaps of the sender itself) -> link (socket, single or GSO) and log.
 */
#ifndef JB_TESTS_NET_SENDER_H
#define JB_TESTS_NET_SENDER_H

#include "rtp_log.h"
#include "tool.h"

enum {
	JB_SENDER_EVENTS = 64,
	JB_SENDER_DATAGRAM = 65000,
	JB_SENDER_GSO_MAX = 64,
	JB_SENDER_THREADS_MAX = 8,
	JB_SENDER_PADDING = 200, /* payload of a padding-only packet */
};

enum jb_sender_mode {
	JB_SENDER_STREAM,
	JB_SENDER_FLOOD, /* every packet has a random SSRC, sequence number and timestamp */
	JB_SENDER_NOISE, /* random bytes */
};

enum jb_sender_marker {
	JB_SENDER_MARKER_NONE,
	JB_SENDER_MARKER_FRAME, /* last packet of a frame */
	JB_SENDER_MARKER_TALK,  /* first packet, and first after a pause */
	JB_SENDER_MARKER_AUTO,  /* FRAME for frames of several packets, else NONE */
};

enum jb_sender_event_kind {
	JB_SENDER_SKIP,    /* value: how many slots */
	JB_SENDER_RESTART, /* random far sequence number and timestamp */
	JB_SENDER_SSRC,    /* value: the new one; sequence and timestamp go on */
	JB_SENDER_PT,      /* value: the new one */
	JB_SENDER_PAUSE,   /* value: ms; the timestamp advances with the time */
};

struct jb_sender_event {
	enum jb_sender_event_kind kind;
	uint64_t index; /* slot, from 0 */
	uint64_t value;
};

struct jb_sender_options {
	struct sockaddr_storage to, from; /* from: family 0 when not given */
	socklen_t to_length, from_length;
	uint16_t from_port;
	enum jb_sender_mode mode;
	double pps; /* 0: as fast as possible */
	uint64_t count, seed;
	uint32_t size_min, size_max; /* RTP payload */
	struct jb_wire_rtp first;
	uint32_t ts_step, frame; /* a timestamp's advance; packets that share one */
	enum jb_sender_marker marker;
	uint32_t csrcs;
	int extension_words; /* -1: none */
	uint32_t padding_every;
	double skip, repeat, swap;
	struct jb_sender_event events[JB_SENDER_EVENTS];
	unsigned int event_count;
	uint32_t gso, gso_short; /* segments; by how much the last is shorter */
	uint32_t threads;
	bool shared_socket;
	const char *log;
};

/* Exits with 2 on bad usage. */
void jb_sender_options_parse(int argc, char **argv, struct jb_sender_options *ret);

struct jb_sender_slot {
	struct jb_wire_rtp rtp;
	uint32_t payload; /* RTP payload length */
	uint64_t due_ns;  /* from the start */
};

struct jb_sender_source {
	const struct jb_sender_options *options;
	struct jb_tool_rng rng;
	struct jb_wire_rtp rtp;
	uint64_t index, pause_ns, restarts;
	uint32_t in_frame;
	bool talk;
};

void jb_sender_source_init(struct jb_sender_source *source,
			   const struct jb_sender_options *options);
/* False after the last slot. */
bool jb_sender_source_next(struct jb_sender_source *source, struct jb_sender_slot *ret);
/* Slot `index` of a stream without events; the threads' way. */
void jb_sender_source_at(const struct jb_sender_options *options, uint64_t index,
			 struct jb_sender_slot *ret);

struct jb_sender_script {
	const struct jb_sender_options *options;
	struct jb_sender_source source;
	struct jb_tool_rng rng;
	struct jb_sender_slot waiting; /* to be sent next */
	bool has_waiting;
	uint64_t skipped, repeated, swapped;
};

void jb_sender_script_init(struct jb_sender_script *script,
			   const struct jb_sender_options *options);
/* What to send next, in order of sending; false at the end. */
bool jb_sender_script_next(struct jb_sender_script *script, struct jb_sender_slot *ret);

struct jb_sender_link {
	const struct jb_sender_options *options;
	int fd;
	uint64_t sent, errors;
	int first_error;
	uint8_t *buffer; /* JB_SENDER_DATAGRAM */
};

/* Exits when the socket can't be had; reuse_port lets several links have one source port. */
void jb_sender_link_open(struct jb_sender_link *link, const struct jb_sender_options *options,
			 bool reuse_port);
/* A link over another link's socket, with its own buffer. */
void jb_sender_link_share(struct jb_sender_link *link, const struct jb_sender_link *other);
void jb_sender_link_close(struct jb_sender_link *link);
/*
 * Sends `count` slots as one message, segmented by the kernel when there are several. Adds to sent
 * or errors; true when sent.
 */
bool jb_sender_link_send(struct jb_sender_link *link, const struct jb_sender_slot *slots,
			 uint32_t count);
/* Sends bytes as they are. */
bool jb_sender_link_send_raw(struct jb_sender_link *link, size_t length);

/* A row for the slot, unless log is NULL. */
void jb_sender_log_write(FILE *log, const struct jb_sender_options *options, uint64_t t_ns,
			 const struct jb_sender_slot *slot);

struct jb_sender_result {
	uint64_t sent, errors, skipped, repeated, swapped, restarts;
	int first_error;
};

void jb_sender_run_stream(const struct jb_sender_options *options, struct jb_sender_result *ret);
void jb_sender_run_random(const struct jb_sender_options *options, struct jb_sender_result *ret);
void jb_sender_run_threads(const struct jb_sender_options *options, struct jb_sender_result *ret);

#endif
