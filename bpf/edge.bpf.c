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

/* Measures the datagram of `p->bytes` at `offset`, if it is RTP. What is malformed is a fault where
 * the socket gets it. */
__noinline int jb_edge_measure(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	struct jb_segment segment = {.skb = skb, .offset = offset};
	__u8 first[2] __attribute__((aligned(4)));

	if (!p || p->direction >= JB_DIRECTION_MAX || p->bytes < sizeof(first) ||
	    jb_packet_read(skb, offset, first, sizeof(first)) ||
	    jb_packet_kind(first[0], first[1]) != JB_PACKET_RTP ||
	    jb_rtp_parse(&p->rtp, jb_segment_read, &segment, p->bytes) != JB_RTP_OK)
		return 0;
	jb_now(p);
	p->key.ssrc = p->rtp.ssrc;
	jb_streams_packet(p);
	return 0;
}

/* Each datagram of a packet. Global: verified once. */
__noinline int jb_edge_segments(struct __sk_buff *skb, struct jb_packet *p)
{
	if (p)
		jb_segments(skb, p, jb_edge_measure);
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
