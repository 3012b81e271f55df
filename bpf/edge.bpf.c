/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP once more where it enters or leaves the node (--uplink), so that what is lost between there
 * and the socket can be told. Attached by tcx or clsact; whatever happens, the next one decides.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "streams.bpf.h"

/* TCX_NEXT, and TC_ACT_UNSPEC for clsact. */
#define JB_NEXT (-1)
/* As in media.bpf.c. */
#define JB_SEGMENTS_MAX 512

struct jb_edge_datagram {
	struct __sk_buff *skb;
	__u32 offset;
};

static __always_inline long jb_edge_read(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct jb_edge_datagram *d = packet;

	return jb_packet_read(d->skb, d->offset + offset, ret, size);
}

/* Measures the datagram of `p->bytes` at `offset`, if it is RTP. What is malformed is a fault where
 * the socket gets it. */
__noinline int jb_edge_measure(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	struct jb_edge_datagram datagram = {.skb = skb, .offset = offset};
	__u8 first[2] __attribute__((aligned(4)));

	if (!p || p->direction >= JB_DIRECTION_MAX || p->bytes < sizeof(first) ||
	    jb_packet_read(skb, offset, first, sizeof(first)) ||
	    jb_packet_kind(first[0], first[1]) != JB_PACKET_RTP ||
	    jb_rtp_parse(&p->rtp, jb_edge_read, &datagram, p->bytes) != JB_RTP_OK)
		return 0;
	if (!p->now_ns)
		p->now_ns = bpf_ktime_get_ns();
	p->key.ssrc = p->rtp.ssrc;
	jb_streams_packet(p);
	return 0;
}

/* Each datagram of a packet. Global: verified once. */
__noinline int jb_edge_segments(struct __sk_buff *skb, struct jb_packet *p)
{
	__u32 left, offset;

	if (!p)
		return 0;
	left = p->length;
	offset = p->offset;
	for (int i = 0; i < JB_SEGMENTS_MAX && left; i++) {
		__u32 bytes = left < p->segment ? left : p->segment;

		p->bytes = bytes;
		jb_edge_measure(skb, p, offset);
		offset += bytes;
		left -= bytes;
	}
	return 0;
}

static __always_inline int jb_edge(struct __sk_buff *skb, enum jb_direction direction)
{
	struct jb_packet p;

	if (jb_packet_ip(skb, &p, jb_config.uplink_header) != JB_IP_UDP || !jb_packet_udp(skb, &p))
		return JB_NEXT;
	p.key.cgroup_id = JB_EDGE_CGROUP;
	p.direction = direction;
	p.now_ns = 0;
	jb_edge_segments(skb, &p);
	return JB_NEXT;
}

SEC("tc")
int jb_edge_ingress(struct __sk_buff *skb)
{
	return jb_edge(skb, JB_INGRESS);
}

SEC("tc")
int jb_edge_egress(struct __sk_buff *skb)
{
	return jb_edge(skb, JB_EGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
