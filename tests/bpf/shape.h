/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One shape of packet as data: what it consists of, and what must be counted of it. */
#ifndef JB_TEST_SHAPE_H
#define JB_TEST_SHAPE_H

#include <netinet/in.h>
#include "harness.h"

/* Each shape is sent so often, with the sequence number moving if it has one. */
#define ROUNDS    JB_PROBATION
#define CHAIN_MAX 10
#define NO_FAULT  JB_FAULT_MAX

struct extension {
	__u8 type;
	__u8 units;        /* of 8 octets, beyond the first */
	__u8 length_field; /* if it doesn't count units */
	__u16 fragment;    /* offset and flags of a fragment header */
};

struct shape {
	const char *name;
	int version; /* of IP */
	int options; /* of IPv4, words */
	__u8 protocol;
	__u8 first_octet; /* of the IP header; 0: the right one */
	__u16 fragment;   /* IPv4's flags and offset */
	int udp_length;   /* added to what the UDP header says */
	int chain_len;
	struct extension chain[CHAIN_MAX]; /* IPv6 extension headers */
	const char *payload;               /* NULL: rtp */
	size_t payload_len;
	struct jb_test_rtp rtp;
	/* expected after ROUNDS packets */
	__u32 streams;
	__u32 packets;
	enum jb_fault fault;
	__u32 faults;
};

#define V4                      .version = 4
#define V6                      .version = 6
#define PLAIN_RTP               .rtp = {.extension = -1, .size = 160}
#define RTP(words, octets, ...) .rtp = {.extension = words, .size = octets, __VA_ARGS__}
#define BYTES(s)                .payload = s, .payload_len = sizeof(s) - 1
#define CHAIN(n)                .chain_len = n, .chain
#define MEASURED                .streams = 1, .packets = ROUNDS, .fault = NO_FAULT
#define NOTHING                 .fault = NO_FAULT
#define FAULT(id)               .fault = JB_FAULT_##id, .faults = ROUNDS

/*
 * Sends ROUNDS of the shape and retires what stream they made. Asserts that what began a stream is
 * counted and nothing else, that no fault but the expected one is told, and that all packets pass.
 * A shape without an SSRC is given one of its own.
 */
void jb_shape_check(struct jb_harness *h, struct shape *s, enum jb_direction direction);

#endif
