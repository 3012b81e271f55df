/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two-port bridge that impairs RTP on its way from port A (0) to port B (1), or all that passes,
 * and writes down what it did with every RTP packet. Flow: port -> frame -> plan -> queue -> port
 * and log.
 */
#ifndef JB_TESTS_NET_BRIDGE_H
#define JB_TESTS_NET_BRIDGE_H

#include "tool.h"

#include <stdio.h>

enum {
	JB_BRIDGE_EVENTS = 256,
	JB_BRIDGE_QUEUE = 1 << 18, /* packets; beyond it they are dropped and counted */
	JB_BRIDGE_FRAME = 66000,   /* a GSO datagram with its headers */
};

enum jb_bridge_action {
	JB_BRIDGE_FWD,
	JB_BRIDGE_DUP,
	JB_BRIDGE_REORDER,
	JB_BRIDGE_DROP,
	JB_BRIDGE_HOLD,
	JB_BRIDGE_ACTION_MAX
};

/* Where the UDP payload of an RTP frame stands. A GSO frame holds several packets of `segment`. */
struct jb_bridge_span {
	uint32_t offset;
	uint32_t length;
	uint32_t segment;
	uint32_t segments; /* 0: the frame is no RTP */
};

struct jb_bridge_packet {
	uint64_t id;    /* order of arrival among all frames; a duplicate has its original's */
	uint64_t order; /* breaks ties of due_ns */
	uint64_t in_ns;
	uint64_t due_ns;
	struct jb_bridge_span rtp;
	enum jb_bridge_action action;
	uint32_t length;
	uint8_t from; /* port of arrival */
	uint8_t *data;
};

/* Scripted by index: RTP packets from A to B (of the chosen SSRC), counted from 0. */
struct jb_bridge_event {
	uint64_t index;
	uint64_t value; /* drop: how many packets; hold: released after how many further packets */
};

struct jb_bridge_plan {
	double loss, dup, reorder;
	uint64_t delay_ns, jitter_ns, gap_ns, dup_after_ns;
	uint32_t ssrc;   /* impair this one only; 0: all */
	bool all_frames; /* also what is no RTP; such a frame counts as one packet */
	bool both_ways;  /* also what goes from B to A */
	struct jb_bridge_event drops[JB_BRIDGE_EVENTS], holds[JB_BRIDGE_EVENTS];
	unsigned int drop_count, hold_count;
	struct jb_tool_rng rng;
	uint64_t index;
};

struct jb_bridge_options {
	const char *interfaces[2];
	const char *log;
	uint64_t seed, spin_us;
	bool realtime;
};

struct jb_bridge_verdict {
	enum jb_bridge_action action;
	bool duplicate;
	uint64_t steady_ns; /* due without a reordering gap */
	uint64_t due_ns;
	uint64_t hold_until; /* index; with JB_BRIDGE_HOLD */
};

/* Overwrites what argv names and leaves the rest; exits with 2 on bad usage. */
void jb_bridge_options_parse(int argc, char **argv, struct jb_bridge_options *ret,
			     struct jb_bridge_plan *plan);

/* Fills ret_span from a frame that begins with a virtio_net_hdr; segments 0 when it is no RTP. */
void jb_bridge_frame_find(const uint8_t *frame, size_t length, struct jb_bridge_span *ret_span);

/* Decides about `count` RTP packets of one frame and advances the index. */
void jb_bridge_plan_decide(struct jb_bridge_plan *plan, uint64_t in_ns, uint32_t count,
			   struct jb_bridge_verdict *ret);

struct jb_bridge_queue;

struct jb_bridge_queue *jb_bridge_queue_new(void);
void jb_bridge_queue_free(struct jb_bridge_queue *queue);
/* Takes over the packet's data unless it returns false (full). */
bool jb_bridge_queue_push(struct jb_bridge_queue *queue, const struct jb_bridge_packet *packet);
/* The packet due first, or NULL. */
const struct jb_bridge_packet *jb_bridge_queue_first(const struct jb_bridge_queue *queue);
/* Only on a queue that has a first; the caller frees the data. */
struct jb_bridge_packet jb_bridge_queue_pop(struct jb_bridge_queue *queue);

/* Opens a raw socket that sees what enters the interface; exits on failure. */
int jb_bridge_port_open(const char *interface);
/* One frame, or a negative errno (-EAGAIN: none waits). */
int jb_bridge_port_receive(int port, uint8_t *buffer, uint64_t *ret_in_ns);
/* 0 or a negative errno. */
int jb_bridge_port_send(int port, const uint8_t *frame, size_t length);
/* Frames that the kernel dropped before the bridge read them; reading resets it. */
uint32_t jb_bridge_port_drops(int port);

/* NULL stands for no log in both. Exits when the file can't be opened. */
FILE *jb_bridge_log_open(const char *path);
/* One row for each RTP packet in the frame; out_ns 0 when it was never released. */
void jb_bridge_log_write(FILE *log, const struct jb_bridge_packet *packet, uint64_t out_ns);

#endif
