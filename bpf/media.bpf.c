/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP as sockets see it: cgroup_skb at the root of cgroup2, both ways. Whatever happens here, the
 * packet passes (1).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "streams.bpf.h"

#define JB_PASS 1
/* G.711 at 20 ms fills 64 KiB with 381 datagrams. */
#define JB_SEGMENTS_MAX 512

struct jb_segment {
	struct __sk_buff *skb;
	__u32 offset;
};

static __always_inline long jb_segment_read(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct jb_segment *segment = packet;

	return jb_packet_read(segment->skb, segment->offset + offset, ret, size);
}

static __always_inline void jb_media_fault(enum jb_rtp_result result)
{
	switch (result) {
	case JB_RTP_TRUNCATED:
		jb_fault(JB_FAULT_RTP_TRUNCATED);
		break;
	case JB_RTP_BOUNDS:
		jb_fault(JB_FAULT_RTP_BOUNDS);
		break;
	case JB_RTP_BAD_PADDING:
		jb_fault(JB_FAULT_RTP_PADDING);
		break;
	case JB_RTP_UNREADABLE:
		jb_fault(JB_FAULT_PACKET_UNREADABLE);
		break;
	default:
		break;
	}
}

/* What is asked once a packet, and only if there is RTP in it. */
static __always_inline void jb_media_once(struct __sk_buff *skb, struct jb_packet *p)
{
	if (p->now_ns)
		return;
	p->now_ns = bpf_ktime_get_ns();
	p->key.cgroup_id = bpf_skb_cgroup_id(skb);
}

/* Measures the datagram of `p->bytes` at `offset`, if it is RTP. */
static __always_inline int jb_media_datagram(struct __sk_buff *skb, struct jb_packet *p,
					     __u32 offset)
{
	struct jb_segment segment = {.skb = skb, .offset = offset};
	__u8 first[2] __attribute__((aligned(4)));
	enum jb_rtp_result result;

	if (p->bytes < sizeof(first))
		return 0;
	if (jb_packet_read(skb, offset, first, sizeof(first))) {
		jb_fault(JB_FAULT_PACKET_UNREADABLE);
		return 0;
	}
	if (jb_packet_kind(first[0], first[1]) != JB_PACKET_RTP)
		return 0;
	result = jb_rtp_parse(&p->rtp, jb_segment_read, &segment, p->bytes);
	if (result != JB_RTP_OK) {
		jb_media_fault(result);
		return 0;
	}
	jb_media_once(skb, p);
	p->key.ssrc = p->rtp.ssrc;
	jb_streams_packet(p);
	return 0;
}

/* As above, for one of several. Global: verified once, however often it is called. */
__noinline int jb_media_segment(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	return p ? jb_media_datagram(skb, p, offset) : 0;
}

/* Each datagram of a merged packet (UDP_SEGMENT, UDP_GRO, virtio). */
static __always_inline void jb_media_segments(struct __sk_buff *skb, struct jb_packet *p)
{
	__u32 left = p->length;
	__u32 offset = p->offset;

	for (int i = 0; i < JB_SEGMENTS_MAX && left; i++) {
		p->bytes = left < p->segment ? left : p->segment;
		jb_media_segment(skb, p, offset);
		offset += p->bytes;
		left -= p->bytes;
	}
	if (left)
		jb_fault(JB_FAULT_SEGMENTS_TRUNCATED);
}

/*
 * A raw socket for UDP gets a copy of what a UDP socket gets, and has the protocol for a port:
 * counted there, not here. (Its type would take a helper to read.)
 */
static __always_inline bool jb_media_is_copy(struct __sk_buff *skb, const struct jb_packet *p)
{
	struct bpf_sock *sk = skb->sk;

	return sk && sk->src_port == JB_IP_UDP && p->key.destination_port != JB_IP_UDP;
}

static __always_inline int jb_media(struct __sk_buff *skb, enum jb_direction direction)
{
	struct jb_packet p;

	if (!jb_packet_udp(skb, &p))
		return JB_PASS;
	if (direction == JB_INGRESS && jb_media_is_copy(skb, &p))
		return JB_PASS;
	p.direction = direction;
	p.now_ns = 0;
	p.bytes = p.length;
	if (p.length <= p.segment)
		jb_media_datagram(skb, &p, p.offset);
	else
		jb_media_segments(skb, &p);
	return JB_PASS;
}

SEC("cgroup_skb/ingress")
int jb_media_ingress(struct __sk_buff *skb)
{
	return jb_media(skb, JB_INGRESS);
}

SEC("cgroup_skb/egress")
int jb_media_egress(struct __sk_buff *skb)
{
	return jb_media(skb, JB_EGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
