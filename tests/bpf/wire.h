/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Builds payloads as they stand on the wire: STUN, RTCP. */
#ifndef JB_TEST_WIRE_H
#define JB_TEST_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct jb_wire {
	size_t len;
	uint8_t data[3072];
};

void jb_wire_octets(struct jb_wire *w, const void *data, size_t len);
void jb_wire_fill(struct jb_wire *w, uint8_t octet, size_t len);
void jb_wire_u8(struct jb_wire *w, uint8_t v);
void jb_wire_u16(struct jb_wire *w, uint16_t v);
void jb_wire_u32(struct jb_wire *w, uint32_t v);

/* Message types of STUN. */
enum jb_wire_stun_type {
	STUN_REQUEST = 0x0001, /* Binding */
	STUN_INDICATION = 0x0011,
	STUN_SUCCESS = 0x0101,
	STUN_ERROR = 0x0111,
	STUN_ALLOCATE_REQUEST = 0x0003,
	STUN_ALLOCATE_ERROR = 0x0113
};

/* A whole message with so many octets of attributes. */
void jb_wire_stun(struct jb_wire *w, uint16_t type, uint32_t transaction, uint16_t attributes);

/* A sub-packet of RTCP with `words` (32 bits each, behind the sender's SSRC) of zeros. */
void jb_wire_rtcp(struct jb_wire *w, uint8_t type, uint8_t count, uint32_t ssrc, uint16_t words);

/* The head of an SR or RR with so many report blocks, which the caller appends. */
void jb_wire_sr(struct jb_wire *w, uint32_t ssrc, uint64_t ntp, uint8_t reports);
void jb_wire_rr(struct jb_wire *w, uint32_t ssrc, uint8_t reports);
void jb_wire_report(struct jb_wire *w, uint32_t ssrc, int32_t lost, uint32_t lsr, uint32_t dlsr);

#endif
