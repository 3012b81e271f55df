/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP on the wire, for the test tools only: written apart from include/jitterbug/rtp.h, so that a
 * mistake there can't hide in the truth that it is tested against.
 */
#ifndef JB_TESTS_NET_RTP_WIRE_H
#define JB_TESTS_NET_RTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JB_WIRE_RTP_HEADER 12

struct jb_wire_rtp {
	uint32_t ssrc;
	uint32_t ts;
	uint16_t seq;
	uint8_t pt;
	bool marker;
	bool padding_only;
};

/* False when it is no RTP: too short, first byte not 128..191, or RTCP (second byte 192..223). */
bool jb_wire_rtp_read(const uint8_t *packet, size_t length, struct jb_wire_rtp *ret);

/*
 * Writes the headers: fixed part, `csrcs` (0..15) CSRCs, and with extension_words >= 0 an extension
 * of profile 0xbede with that many zero words. Returns their length; `packet` has room for it.
 */
size_t jb_wire_rtp_write(const struct jb_wire_rtp *rtp, unsigned int csrcs, int extension_words,
			 uint8_t *packet);

/* The length that jb_wire_rtp_write() returns. */
size_t jb_wire_rtp_header_length(unsigned int csrcs, int extension_words);

#endif
