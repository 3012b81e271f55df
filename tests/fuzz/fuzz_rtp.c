/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parser alone: the first octet tells which of its reads fails, the rest is the packet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jitterbug/rtp.h>

struct packet {
	const uint8_t *octets;
	uint32_t length;
	int *left; /* reads until one fails */
};

static long read_packet(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct packet *p = packet;

	if (offset > p->length || size > p->length - offset)
		abort();
	if ((*p->left)-- == 0)
		return -14;
	memcpy(ret, p->octets + offset, size);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int left = size ? data[0] % 8 : 0;
	struct packet packet = {size ? data + 1 : data, size ? size - 1 : 0, &left};
	struct jb_rtp rtp;
	enum jb_rtp_result result = jb_rtp_parse(&rtp, read_packet, &packet, packet.length);

	if ((result == JB_RTP_UNREADABLE) != (left < 0))
		abort();
	if (result != JB_RTP_OK)
		return 0;
	if (jb_packet_kind(packet.octets[0], packet.octets[1]) != JB_PACKET_RTP)
		abort();
	if (rtp.header_len < JB_RTP_HEADER_LEN || rtp.header_len > packet.length || !rtp.ssrc)
		abort();
	if (rtp.padding_only && (!(packet.octets[0] & 0x20) || rtp.header_len == packet.length))
		abort();
	return 0;
}
