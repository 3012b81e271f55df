/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bridge.h"
#include "rtp_wire.h"

#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <string.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { IP4_HEADER = 20, IP6_HEADER = 40, UDP_HEADER = 8 };

static uint32_t be16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* Length of the IP header before UDP; 0: no UDP, a fragment, or IPv6 with extension headers. */
static size_t ip_header(uint32_t ethertype, const uint8_t *ip, size_t length)
{
	if (ethertype == ETH_P_IPV6 && length >= IP6_HEADER)
		return ip[6] == IPPROTO_UDP ? IP6_HEADER : 0;
	if (ethertype != ETH_P_IP || length < IP4_HEADER || ip[9] != IPPROTO_UDP)
		return 0;
	if (be16(ip + 6) & 0x3fff)
		return 0;
	return 4u * (ip[0] & 15);
}

static uint32_t gso_size(const uint8_t *frame)
{
	struct virtio_net_hdr header;

	memcpy(&header, frame, sizeof(header));
	return header.gso_type == VIRTIO_NET_HDR_GSO_UDP_L4 ? header.gso_size : 0;
}

void jb_bridge_frame_find(const uint8_t *frame, size_t length, struct jb_bridge_span *ret_span)
{
	const size_t ip_at = sizeof(struct virtio_net_hdr) + ETH_HLEN;
	struct jb_bridge_span span = {};
	struct jb_wire_rtp rtp;
	size_t header, udp;

	*ret_span = span;
	if (length < ip_at)
		return;
	header = ip_header(be16(frame + ip_at - 2), frame + ip_at, length - ip_at);
	if (!header || ip_at + header + UDP_HEADER > length)
		return;
	udp = be16(frame + ip_at + header + 4);
	if (udp < UDP_HEADER || ip_at + header + udp > length)
		return;

	span.offset = (uint32_t)(ip_at + header + UDP_HEADER);
	span.length = (uint32_t)udp - UDP_HEADER;
	span.segment = gso_size(frame);
	if (!span.segment || span.segment > span.length)
		span.segment = span.length;
	if (!jb_wire_rtp_read(frame + span.offset, span.segment, &rtp))
		return;
	span.segments = (span.length + span.segment - 1) / span.segment;
	*ret_span = span;
}
