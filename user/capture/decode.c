/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/decode.h"

#include <string.h>

#include <jitterbug/rtp.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
	VLAN_TAGS_MAX = 4,

	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AH = 51,
	PROTOCOL_DESTINATION = 60,
	PROTOCOL_MOBILITY = 135,

	IPV4_HEADER = 20,
	IPV4_FRAGMENT = 0x3fff, /* more fragments, or an offset */
	IPV6_HEADER = 40,
	IPV6_FRAGMENT = 0xfff9,
	IPV6_HEADERS_MAX = 8, /* as many as the kernel side follows */
	UDP_HEADER = 8,
};

const char *const jb_decode_names[JB_DECODE_MAX] = {
#define JB_DECODE_NAME(id, name) name,
	JB_DECODES(JB_DECODE_NAME)
#undef JB_DECODE_NAME
};

/* What is still to be read; both lengths shrink from the front, and to what a length field says. */
struct cursor {
	const __u8 *data;
	__u32 captured;
	__u32 original; /* >= captured */
	__u32 packet;   /* length of the IP packet */
	__u32 mtu;
};

/* Why `size` octets can't be read at the cursor: they never were there, or they were cut off. */
static enum jb_decode missing(const struct cursor *c, __u32 size, enum jb_decode malformed)
{
	return c->original < size ? malformed : JB_DECODE_UNREADABLE;
}

/* The next `size` octets, or NULL and the cursor stays. */
static const __u8 *take(struct cursor *c, __u32 size)
{
	const __u8 *data = c->data;

	if (size > c->captured)
		return NULL;
	c->data += size;
	c->captured -= size;
	c->original -= size;
	return data;
}

static void limit(struct cursor *c, __u32 length)
{
	if (c->original > length)
		c->original = length;
	if (c->captured > length)
		c->captured = length;
}

/* At the UDP header. */
static enum jb_decode decode_udp(struct cursor *c, struct jb_datagram *ret)
{
	const __u8 *udp;
	__u32 length;

	/* First: a merged packet's UDP length may be that of one segment, of all, or 0. */
	if (c->packet > c->mtu)
		return JB_DECODE_MERGED;
	udp = take(c, UDP_HEADER);
	if (!udp)
		return missing(c, UDP_HEADER, JB_DECODE_UDP_LENGTH);
	length = jb_be16(udp + 4);
	if (length < UDP_HEADER || length - UDP_HEADER > c->original)
		return JB_DECODE_UDP_LENGTH;
	limit(c, length - UDP_HEADER);
	ret->source_port = jb_be16(udp);
	ret->destination_port = jb_be16(udp + 2);
	ret->payload = c->data;
	ret->captured = c->captured;
	ret->original = c->original;
	return JB_DECODE_UDP;
}

static void map_ipv4(union jb_ip *ret, const __u8 *address)
{
	memset(ret, 0, sizeof(*ret));
	ret->octet[10] = ret->octet[11] = 0xff;
	memcpy(ret->octet + 12, address, 4);
}

static enum jb_decode decode_ipv4(struct cursor *c, struct jb_datagram *ret)
{
	const __u8 *ip = take(c, IPV4_HEADER);
	__u32 header;

	if (!ip)
		return missing(c, IPV4_HEADER, JB_DECODE_IP_HEADER);
	if (ip[0] >> 4 != 4)
		return JB_DECODE_IP_HEADER;
	if (ip[9] != PROTOCOL_UDP)
		return JB_DECODE_NOT_UDP;
	header = (ip[0] & 0x0f) * 4;
	/* 0 where the segments of a large packet are still to be cut. */
	c->packet = jb_be16(ip + 2) ? jb_be16(ip + 2) : IPV4_HEADER + c->original;
	if (header < IPV4_HEADER || c->packet < header || c->packet - IPV4_HEADER > c->original)
		return JB_DECODE_IP_HEADER;
	limit(c, c->packet - IPV4_HEADER);
	if (jb_be16(ip + 6) & IPV4_FRAGMENT)
		return JB_DECODE_FRAGMENT;
	if (!take(c, header - IPV4_HEADER))
		return JB_DECODE_UNREADABLE;
	map_ipv4(&ret->source, ip + 12);
	map_ipv4(&ret->destination, ip + 16);
	return decode_udp(c, ret);
}

static bool is_extension(__u8 protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
	       protocol == PROTOCOL_DESTINATION || protocol == PROTOCOL_FRAGMENT ||
	       protocol == PROTOCOL_AH || protocol == PROTOCOL_MOBILITY;
}

/* The whole length of the extension header that begins with `head`. */
static __u32 extension_length(__u8 protocol, const __u8 *head)
{
	if (protocol == PROTOCOL_FRAGMENT)
		return 8;
	if (protocol == PROTOCOL_AH)
		return (head[1] + 2) * 4;
	return (head[1] + 1) * 8;
}

/* Steps over extension headers (RFC 8200 4) from `next` on; JB_DECODE_UDP at the UDP header. */
static enum jb_decode skip_extensions(struct cursor *c, __u8 next)
{
	for (int i = 0; i < IPV6_HEADERS_MAX; i++) {
		const __u8 *head = c->data;
		__u32 length;

		if (next == PROTOCOL_UDP)
			return JB_DECODE_UDP;
		if (!is_extension(next))
			return JB_DECODE_NOT_UDP;
		if (c->captured < 4)
			return missing(c, 4, JB_DECODE_IP_HEADER);
		if (next == PROTOCOL_FRAGMENT && jb_be16(head + 2) & IPV6_FRAGMENT)
			return JB_DECODE_FRAGMENT;
		length = extension_length(next, head);
		if (!take(c, length))
			return missing(c, length, JB_DECODE_IP_HEADER);
		next = head[0];
	}
	return JB_DECODE_IPV6_EXTENSIONS;
}

static enum jb_decode decode_ipv6(struct cursor *c, struct jb_datagram *ret)
{
	const __u8 *ip = take(c, IPV6_HEADER);
	enum jb_decode decode;
	__u32 payload;

	if (!ip)
		return missing(c, IPV6_HEADER, JB_DECODE_IP_HEADER);
	if (ip[0] >> 4 != 6)
		return JB_DECODE_IP_HEADER;
	/* 0 is a jumbogram (RFC 2675), or large and still to be cut. */
	payload = jb_be16(ip + 4) ? jb_be16(ip + 4) : c->original;
	if (payload > c->original)
		return JB_DECODE_IP_HEADER;
	c->packet = IPV6_HEADER + payload;
	limit(c, payload);
	memcpy(&ret->source, ip + 8, sizeof(ret->source));
	memcpy(&ret->destination, ip + 24, sizeof(ret->destination));
	decode = skip_extensions(c, ip[6]);
	return decode == JB_DECODE_UDP ? decode_udp(c, ret) : decode;
}

static enum jb_decode decode_raw(struct cursor *c, struct jb_datagram *ret)
{
	if (!c->captured)
		return missing(c, 1, JB_DECODE_LINK_HEADER);
	switch (c->data[0] >> 4) {
	case 4:
		return decode_ipv4(c, ret);
	case 6:
		return decode_ipv6(c, ret);
	default:
		return JB_DECODE_NOT_IP;
	}
}

/* What follows an ethertype: VLAN tags, then IP. */
static enum jb_decode decode_ethertype(struct cursor *c, __u16 type, struct jb_datagram *ret)
{
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		const __u8 *tag;

		if (type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ && type != ETHERTYPE_QINQ_OLD)
			break;
		tag = take(c, 4);
		if (!tag)
			return missing(c, 4, JB_DECODE_LINK_HEADER);
		type = jb_be16(tag + 2);
	}
	if (type == ETHERTYPE_IPV4)
		return decode_ipv4(c, ret);
	if (type == ETHERTYPE_IPV6)
		return decode_ipv6(c, ret);
	return JB_DECODE_NOT_IP;
}

/* A link header of `size` octets with an ethertype at `at`. */
static enum jb_decode decode_link(struct cursor *c, __u32 size, __u32 at, struct jb_datagram *ret)
{
	const __u8 *header = take(c, size);

	if (!header)
		return missing(c, size, JB_DECODE_LINK_HEADER);
	return decode_ethertype(c, jb_be16(header + at), ret);
}

/* AF_INET is 2 everywhere; AF_INET6 is 10 (Linux), 24 (NetBSD), 28 (FreeBSD) or 30 (macOS). */
static enum jb_decode decode_null(struct cursor *c, struct jb_datagram *ret)
{
	const __u8 *header = take(c, 4);
	__u32 family;

	if (!header)
		return missing(c, 4, JB_DECODE_LINK_HEADER);
	family = jb_be32(header);
	if (family > 0xffff) /* the other byte order */
		family = __builtin_bswap32(family);
	if (family != 2 && family != 10 && family != 24 && family != 28 && family != 30)
		return JB_DECODE_NOT_IP;
	return decode_raw(c, ret);
}

enum jb_decode jb_decode_frame(enum jb_link link, const struct jb_frame *frame, __u32 mtu,
			       struct jb_datagram *ret_datagram)
{
	struct cursor c = {.data = frame->data,
			   .captured = frame->captured,
			   .original = frame->original,
			   .mtu = mtu};

	switch (link) {
	case JB_LINK_ETHERNET:
		return decode_link(&c, 14, 12, ret_datagram);
	case JB_LINK_LINUX_SLL:
		return decode_link(&c, 16, 14, ret_datagram);
	case JB_LINK_LINUX_SLL2:
		return decode_link(&c, 20, 0, ret_datagram);
	case JB_LINK_RAW:
		return decode_raw(&c, ret_datagram);
	case JB_LINK_NULL:
		return decode_null(&c, ret_datagram);
	default:
		return JB_DECODE_NOT_IP;
	}
}
