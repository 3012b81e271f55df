/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a packet at a cgroup hook to the UDP payload in it. */
#ifndef JB_PACKET_BPF_H
#define JB_PACKET_BPF_H

#include <bpf/bpf_endian.h>
#include <jitterbug/rtp.h>
#include <jitterbug/stream.h>
#include "fault.bpf.h"

/* IP protocol numbers and ethertypes (IANA); in UAPI headers they are macros, or BTF lacks them. */
enum jb_protocol {
	JB_ETH_IPV4 = 0x0800,
	JB_ETH_IPV6 = 0x86dd,
	JB_IP_HOP_BY_HOP = 0,
	JB_IP_ICMP = 1,
	JB_IP_TCP = 6,
	JB_IP_UDP = 17,
	JB_IP_ROUTING = 43,
	JB_IP_FRAGMENT = 44,
	JB_IP_AH = 51,
	JB_IP_ICMPV6 = 58,
	JB_IP_DESTINATION = 60,
	JB_IP_MOBILITY = 135,
	JB_IP_NONE = 255, /* reserved: what is not followed */
};

#define JB_IPV4_FRAGMENT    0x3fff /* more fragments, or an offset */
#define JB_IPV6_FRAGMENT    0xfff9
#define JB_IPV6_HEADERS_MAX 8
#define JB_OFFSET_MAX       0x7fff /* what the verifier allows is 0xffff, size included */
#define JB_SEGMENTS_MAX     512    /* G.711 at 20 ms fills 64 KiB with 381 datagrams */

/* The packet at hand: where its UDP payload is, and what is known of the datagram in turn. */
struct jb_packet {
	struct jb_stream_key key; /* of the stream, its SSRC that of the datagram in turn */
	__u64 now_ns;             /* 0 until it is asked for */
	struct jb_rtp rtp;
	__u32 offset;     /* of the UDP payload; of the TCP header */
	__u32 length;     /* of the UDP payload, all segments */
	__u32 segment;    /* length of each segment; the last may be shorter */
	__u32 bytes;      /* of the datagram in turn */
	__u32 udp_row;    /* of the socket, as struct jb_udp_socket has them */
	__u32 signal_row; /* in this direction */
	__u32 flags;      /* enum jb_udp_flag */
	__u32 reporter;   /* of the RTCP sub-packet in turn: whose report blocks follow, */
	__u32 reports;    /* how many (0 if they can't be read), */
	__u32 reports_at; /* and where */
	__u8 direction;   /* enum jb_direction */
};

static __always_inline __u64 jb_now(struct jb_packet *p)
{
	if (!p->now_ns)
		p->now_ns = bpf_ktime_get_ns();
	return p->now_ns;
}

/*
 * Reads `size` (constant) octets at `offset` to `ret`, which is aligned to 4. The linear area may
 * hold no more than the IP and UDP headers (GSO), so what is not there is fetched by helper.
 */
static __always_inline long jb_packet_read(struct __sk_buff *skb, __u32 offset, void *ret,
					   __u32 size)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (offset <= JB_OFFSET_MAX && data + offset + size <= end) {
		/* Of unaligned memory clang would copy octet by octet. */
		__builtin_memcpy(__builtin_assume_aligned(ret, 4),
				 __builtin_assume_aligned(data + offset, 4), size);
		return 0;
	}
	return bpf_skb_load_bytes(skb, offset, ret, size);
}

/*
 * As above without a copy: where the octets are, in the packet or else in `buffer`; NULL if not at
 * all. For headers whose fields go on into struct jb_packet: a stack buffer that is now filled from
 * the packet, now by the helper, makes the verifier of Linux 6.18 lose its way ("verifier bug:
 * stack slot"), for it takes precision back to slots that the helper has written.
 */
static __always_inline const void *jb_packet_at(struct __sk_buff *skb, __u32 offset, void *buffer,
						__u32 size)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (offset <= JB_OFFSET_MAX && data + offset + size <= end)
		return data + offset;
	return bpf_skb_load_bytes(skb, offset, buffer, size) ? NULL : buffer;
}

/*
 * Steps over IPv6 extension headers (RFC 8200 4) from *offset on; returns what follows them.
 * Global, so that it is verified once, not for each of its ends what comes after; weak, for each
 * object has it, and the linker keeps one.
 */
__weak __noinline int jb_packet_ipv6_chain(struct __sk_buff *skb, __u8 next, __u32 *offset)
{
	__u8 head[4];

	if (!offset)
		return JB_IP_NONE;
	/* Before 10e14e9652bf a loop may not end in its own beginning, as clang would have it. */
	_Pragma("clang loop unroll(full)") for (int i = 0; i <= JB_IPV6_HEADERS_MAX; i++)
	{
		if (next != JB_IP_HOP_BY_HOP && next != JB_IP_ROUTING &&
		    next != JB_IP_DESTINATION && next != JB_IP_FRAGMENT && next != JB_IP_AH &&
		    next != JB_IP_MOBILITY)
			return next;
		if (i == JB_IPV6_HEADERS_MAX)
			break;
		if (jb_packet_read(skb, *offset, head, sizeof(head))) {
			jb_fault(JB_FAULT_IP_HEADER);
			return JB_IP_NONE;
		}
		if (next == JB_IP_FRAGMENT) {
			if ((head[2] << 8 | head[3]) & JB_IPV6_FRAGMENT) {
				jb_fault(JB_FAULT_FRAGMENT);
				return JB_IP_NONE;
			}
			*offset += 8;
		} else if (next == JB_IP_AH) {
			*offset += (head[1] + 2) * 4;
		} else {
			*offset += (head[1] + 1) * 8;
		}
		next = head[0];
	}
	jb_fault(JB_FAULT_IPV6_EXTENSIONS);
	return JB_IP_NONE;
}

static __always_inline __u8 jb_packet_ipv4(struct __sk_buff *skb, struct jb_packet *p, __u32 base)
{
	struct iphdr buffer;
	const struct iphdr *ip = jb_packet_at(skb, base, &buffer, sizeof(buffer));

	if (!ip) {
		jb_fault(JB_FAULT_IP_HEADER);
		return JB_IP_NONE;
	}
	if (ip->protocol != JB_IP_UDP) {
		p->offset = base + ip->ihl * 4;
		return ip->protocol;
	}
	if (ip->ihl < 5 || ip->version != 4) {
		jb_fault(JB_FAULT_IP_HEADER);
		return JB_IP_NONE;
	}
	if (ip->frag_off & bpf_htons(JB_IPV4_FRAGMENT)) {
		jb_fault(JB_FAULT_FRAGMENT);
		return JB_IP_NONE;
	}
	p->key.source.half[0] = 0;
	p->key.source.word[2] = bpf_htonl(0xffff);
	p->key.source.word[3] = ip->saddr;
	p->key.destination.half[0] = 0;
	p->key.destination.word[2] = bpf_htonl(0xffff);
	p->key.destination.word[3] = ip->daddr;
	p->offset = base + ip->ihl * 4;
	return JB_IP_UDP;
}

static __always_inline __u8 jb_packet_ipv6(struct __sk_buff *skb, struct jb_packet *p, __u32 base)
{
	struct ipv6hdr buffer;
	const struct ipv6hdr *ip = jb_packet_at(skb, base, &buffer, sizeof(buffer));
	__u8 next;

	if (!ip) {
		jb_fault(JB_FAULT_IP_HEADER);
		return JB_IP_NONE;
	}
	p->offset = base + sizeof(*ip);
	next = ip->nexthdr;
	if (next != JB_IP_UDP && next != JB_IP_TCP)
		next = jb_packet_ipv6_chain(skb, next, &p->offset);
	if (next == JB_IP_UDP) {
		__builtin_memcpy(&p->key.source, &ip->saddr, sizeof(p->key.source));
		__builtin_memcpy(&p->key.destination, &ip->daddr, sizeof(p->key.destination));
	}
	return next;
}

/* The protocol in the IP packet at `base`, and where it begins; for UDP the addresses, too. */
static __always_inline __u8 jb_packet_ip(struct __sk_buff *skb, struct jb_packet *p, __u32 base)
{
	if (skb->protocol == bpf_htons(JB_ETH_IPV4))
		return jb_packet_ipv4(skb, p, base);
	if (skb->protocol == bpf_htons(JB_ETH_IPV6))
		return jb_packet_ipv6(skb, p, base);
	return JB_IP_NONE;
}

/* From the UDP header, at p->offset, to its payload; whether it is there. */
static __always_inline bool jb_packet_udp(struct __sk_buff *skb, struct jb_packet *p)
{
	struct udphdr udp;
	__u32 gso_size;

	if (jb_packet_read(skb, p->offset, &udp, sizeof(udp))) {
		jb_fault(JB_FAULT_UDP_LENGTH);
		return false;
	}
	gso_size = skb->gso_size;
	p->key.source_port = bpf_ntohs(udp.source);
	p->key.destination_port = bpf_ntohs(udp.dest);
	p->offset += sizeof(udp);
	/* A merged packet's UDP length may be that of one segment (tun), of all, or 0. */
	p->length = gso_size ? skb->len - p->offset : bpf_ntohs(udp.len) - sizeof(udp);
	p->segment = gso_size ? gso_size : p->length;
	if (p->offset > skb->len || p->length > skb->len - p->offset) {
		jb_fault(JB_FAULT_UDP_LENGTH);
		return false;
	}
	return true;
}

/* One datagram in a packet. */
struct jb_segment {
	struct __sk_buff *skb;
	__u32 offset;
};

static __always_inline long jb_segment_read(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct jb_segment *segment = packet;

	return jb_packet_read(segment->skb, segment->offset + offset, ret, size);
}

/* Measures the datagram of `p->bytes` at `offset`: a global function, verified once. */
typedef int (*jb_segment_measure)(struct __sk_buff *skb, struct jb_packet *p, __u32 offset);

/*
 * Each datagram of a packet, which may be a merged one (UDP_SEGMENT, UDP_GRO, virtio). Returns how
 * many octets are left after as many as may be.
 */
static __always_inline __u32 jb_segments(struct __sk_buff *skb, struct jb_packet *p,
					 jb_segment_measure measure)
{
	__u32 left = p->length;
	__u32 offset = p->offset;

	for (int i = 0; i < JB_SEGMENTS_MAX && left; i++) {
		__u32 bytes = left < p->segment ? left : p->segment;

		p->bytes = bytes;
		measure(skb, p, offset);
		offset += bytes;
		left -= bytes;
	}
	return left;
}

#endif
