/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtp_wire.h"

#include <string.h>

/* Longest padding that one octet counts, and the longest SRTP tag after it. */
#define PADDING_MAX (255 + 16)

static uint16_t read_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t read_be32(const uint8_t *at)
{
	return (uint32_t)read_be16(at) << 16 | read_be16(at + 2);
}

static void write_be16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void write_be32(uint8_t *at, uint32_t value)
{
	write_be16(at, (uint16_t)(value >> 16));
	write_be16(at + 2, (uint16_t)value);
}

/*
 * Under P, the payload is plain padding after media when its last octet counts fewer octets than
 * there are and all of those are zero. Else it is padding alone, as SRTP hides the count.
 */
static bool padding_only(const uint8_t *payload, size_t length)
{
	size_t count = length ? payload[length - 1] : 0;
	size_t zeros = 0;

	if (!length)
		return false;
	if (count == length)
		return true;
	while (count && count < length && zeros + 1 < count && !payload[length - 2 - zeros])
		zeros++;
	if (count && count < length && zeros + 1 == count)
		return false;
	return length <= PADDING_MAX;
}

static size_t header_length(const uint8_t *packet, size_t length)
{
	size_t header = JB_WIRE_RTP_HEADER + 4u * (packet[0] & 15);

	if (packet[0] & 0x10) {
		if (header + 4 > length)
			return length;
		header += 4 + 4u * read_be16(packet + header + 2);
	}
	return header < length ? header : length;
}

bool jb_wire_rtp_read(const uint8_t *packet, size_t length, struct jb_wire_rtp *ret)
{
	size_t header;

	if (length < JB_WIRE_RTP_HEADER || packet[0] < 128 || packet[0] > 191)
		return false;
	if (packet[1] >= 192 && packet[1] <= 223)
		return false;
	header = header_length(packet, length);
	*ret = (struct jb_wire_rtp){
		.ssrc = read_be32(packet + 8),
		.ts = read_be32(packet + 4),
		.seq = read_be16(packet + 2),
		.pt = packet[1] & 127,
		.marker = packet[1] >> 7,
		.padding_only = (packet[0] & 0x20) &&
				padding_only(packet + header, length - header),
	};
	return true;
}

size_t jb_wire_rtp_header_length(unsigned int csrcs, int extension_words)
{
	size_t extension = extension_words < 0 ? 0 : 4 + 4u * (unsigned int)extension_words;

	return JB_WIRE_RTP_HEADER + 4u * csrcs + extension;
}

size_t jb_wire_rtp_write(const struct jb_wire_rtp *rtp, unsigned int csrcs, int extension_words,
			 uint8_t *packet)
{
	size_t length = jb_wire_rtp_header_length(csrcs, extension_words);
	uint8_t *extension = packet + JB_WIRE_RTP_HEADER + 4u * csrcs;

	memset(packet, 0, length);
	packet[0] = (uint8_t)(0x80 | (rtp->padding_only ? 0x20 : 0) | csrcs);
	packet[1] = (uint8_t)(rtp->pt | (rtp->marker ? 0x80 : 0));
	write_be16(packet + 2, rtp->seq);
	write_be32(packet + 4, rtp->ts);
	write_be32(packet + 8, rtp->ssrc);
	for (unsigned int i = 0; i < csrcs; i++)
		write_be32(packet + JB_WIRE_RTP_HEADER + 4u * i, 0xc5c50000u + i);
	if (extension_words >= 0) {
		packet[0] |= 0x10;
		write_be16(extension, 0xbede);
		write_be16(extension + 2, (uint16_t)extension_words);
	}
	return length;
}
