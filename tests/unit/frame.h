/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames made by hand: octets are appended, lengths are those that the caller says. */
#ifndef JITTERBUG_TESTS_FRAME_H
#define JITTERBUG_TESTS_FRAME_H

#include <string.h>

#include "capture/frame.h"

struct maker {
	uint8_t data[2048];
	uint32_t length;
};

static inline void put8(struct maker *m, uint8_t value)
{
	m->data[m->length++] = value;
}

static inline void put16(struct maker *m, uint16_t value)
{
	put8(m, value >> 8);
	put8(m, value & 0xff);
}

static inline void put32(struct maker *m, uint32_t value)
{
	put16(m, value >> 16);
	put16(m, value & 0xffff);
}

static inline void put_zeros(struct maker *m, uint32_t count)
{
	memset(m->data + m->length, 0, count);
	m->length += count;
}

static inline void put_ethernet(struct maker *m, uint16_t type)
{
	put_zeros(m, 12);
	put16(m, type);
}

/* Without options; from 10.0.0.1 to 10.0.0.2. `length` is of what follows. */
static inline void put_ipv4_as(struct maker *m, uint8_t protocol, uint16_t fragment, uint8_t words,
			       uint32_t length)
{
	put8(m, 0x40 | words);
	put8(m, 0);
	put16(m, (uint16_t)(4 * words + length));
	put16(m, 4711);
	put16(m, fragment);
	put8(m, 64);
	put8(m, protocol);
	put16(m, 0);
	put32(m, 0x0a000001);
	put32(m, 0x0a000002);
	put_zeros(m, words > 5 ? 4 * (words - 5U) : 0);
}

static inline void put_ipv4(struct maker *m, uint32_t length)
{
	put_ipv4_as(m, 17, 0, 5, length);
}

/* From 2001:db8::1 to 2001:db8::2. */
static inline void put_ipv6(struct maker *m, uint8_t next, uint32_t length)
{
	put32(m, 0x60000000);
	put16(m, (uint16_t)length);
	put8(m, next);
	put8(m, 64);
	for (uint8_t host = 1; host <= 2; host++) {
		put32(m, 0x20010db8);
		put_zeros(m, 11);
		put8(m, host);
	}
}

static inline void put_udp(struct maker *m, uint16_t source, uint16_t destination, uint32_t payload)
{
	put16(m, source);
	put16(m, destination);
	put16(m, (uint16_t)(8 + payload));
	put16(m, 0);
}

static inline void put_rtp(struct maker *m, uint8_t payload_type, uint16_t sequence,
			   uint32_t timestamp, uint32_t ssrc)
{
	put8(m, 0x80);
	put8(m, payload_type);
	put16(m, sequence);
	put32(m, timestamp);
	put32(m, ssrc);
}

static inline struct jb_frame made(const struct maker *m)
{
	return (struct jb_frame){.data = m->data, .captured = m->length, .original = m->length};
}

#endif
