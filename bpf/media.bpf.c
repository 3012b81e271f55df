/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets as sockets see them: cgroup_skb at the root of cgroup2, both ways. Whatever happens here,
 * the packet passes (1).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <jitterbug/channel_data.h>
#include <jitterbug/quic.h>
#include "signals.bpf.h"
#include "streams.bpf.h"
#include "tcp_packet.bpf.h"

#define JB_PASS 1

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

static __always_inline void jb_media_rtp(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	struct jb_segment segment = {.skb = skb, .offset = offset};
	enum jb_rtp_result result = jb_rtp_parse(&p->rtp, jb_segment_read, &segment, p->bytes);

	if (result != JB_RTP_OK) {
		jb_media_fault(result);
		return;
	}
	jb_now(p);
	p->key.ssrc = p->rtp.ssrc;
	if (jb_streams_packet(p))
		p->flags |= JB_UDP_MEDIA;
}

/* A short header says nothing: it is QUIC where a connection has begun with a long one. */
static __always_inline void jb_media_quic(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	__u8 b[JB_QUIC_HEADER_LEN] __attribute__((aligned(4)));

	if (p->bytes >= sizeof(b) && !bpf_skb_load_bytes(skb, offset, b, sizeof(b)) &&
	    jb_quic_is_long(b, p->bytes))
		p->flags |= JB_UDP_QUIC_SEEN;
	if (p->flags & JB_UDP_QUIC_SEEN)
		jb_udp_count_other(p, JB_UDP_QUIC);
}

/* What a relay's channel carries is measured as if it came without: its kind. */
__noinline int jb_media_unwrap(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	__u8 b[JB_CHANNEL_DATA_HEADER_LEN + 2] __attribute__((aligned(4)));
	__u32 inner;

	if (!p || p->direction >= JB_DIRECTION_MAX || p->bytes < sizeof(b) ||
	    bpf_skb_load_bytes(skb, offset, b, sizeof(b)))
		return JB_PACKET_OTHER;
	inner = jb_channel_data_length(b, p->bytes);
	if (inner < 2)
		return JB_PACKET_OTHER;
	jb_udp_count_other(p, JB_UDP_CHANNEL_DATA);
	p->bytes = inner;
	return jb_packet_kind(b[4], b[5]);
}

/* Everything but RTP. Global: verified once, however often it is called. */
__noinline int jb_media_other(struct __sk_buff *skb, struct jb_packet *p, __u32 offset, int kind)
{
	if (!p || p->direction >= JB_DIRECTION_MAX)
		return 0;
	if (!p->signal_row && (kind == JB_PACKET_RTCP || kind == JB_PACKET_STUN))
		p->signal_row = jb_workload_row(p->key.cgroup_id, JB_SLOT_SIGNAL + p->direction);
	switch (kind) {
	case JB_PACKET_RTCP:
		jb_signals_rtcp(skb, p, offset);
		break;
	case JB_PACKET_STUN:
		jb_signals_stun(skb, p, offset);
		break;
	case JB_PACKET_DTLS:
		if (jb_config.full)
			jb_signals_dtls(skb, p, offset);
		break;
	case JB_PACKET_QUIC:
		jb_media_quic(skb, p, offset);
		break;
	}
	return 0;
}

/* Measures the datagram of `p->bytes` at `offset`. Global, too. */
__noinline int jb_media_datagram(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	__u8 first[2] __attribute__((aligned(4)));
	int kind;

	if (!p || p->direction >= JB_DIRECTION_MAX || p->bytes < sizeof(first))
		return 0;
	if (jb_packet_read(skb, offset, first, sizeof(first))) {
		jb_fault(JB_FAULT_PACKET_UNREADABLE);
		return 0;
	}
	kind = jb_packet_kind(first[0], first[1]);
	if (kind == JB_PACKET_CHANNEL_DATA) {
		kind = jb_media_unwrap(skb, p, offset);
		offset += JB_CHANNEL_DATA_HEADER_LEN;
	}
	if (kind == JB_PACKET_RTP)
		jb_media_rtp(skb, p, offset);
	else if (kind != JB_PACKET_OTHER)
		jb_media_other(skb, p, offset, kind);
	return 0;
}

/* Each datagram of a merged packet. Global, too. */
__noinline int jb_media_segments(struct __sk_buff *skb, struct jb_packet *p)
{
	if (!p)
		return 0;
	if (jb_segments(skb, p, jb_media_datagram))
		jb_fault(JB_FAULT_SEGMENTS_TRUNCATED);
	return 0;
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

/* What is known of the packet's socket, and by whom it is counted. */
static __always_inline struct jb_udp_socket *
jb_media_socket(struct __sk_buff *skb, struct jb_packet *p, enum jb_direction direction)
{
	struct jb_udp_socket *s = jb_udp_socket(skb);

	if (s) {
		p->key.cgroup_id = s->cgroup_id;
		p->udp_row = s->row;
		p->signal_row = s->signal_row[direction];
		p->flags = s->flags;
		return s;
	}
	jb_fault(JB_FAULT_SOCKET_STORAGE);
	p->key.cgroup_id = bpf_skb_cgroup_id(skb);
	p->udp_row = jb_workload_row(p->key.cgroup_id, JB_SLOT_UDP);
	p->signal_row = 0;
	p->flags = 0;
	return NULL;
}

/* The direction is an argument, for of what is in *p the verifier knows nothing after a call. */
static __always_inline void jb_media_udp(struct __sk_buff *skb, struct jb_packet *p,
					 enum jb_direction direction)
{
	struct jb_udp_socket *s = jb_media_socket(skb, p, direction);

	jb_udp_count(p);
	p->bytes = p->length;
	if (p->length <= p->segment)
		jb_media_datagram(skb, p, p->offset);
	else
		jb_media_segments(skb, p);
	if (!s)
		return;
	/* What another CPU has found out meanwhile stays. */
	if (p->flags & ~s->flags)
		__sync_fetch_and_or(&s->flags, p->flags);
	if (s->signal_row[direction] != p->signal_row)
		s->signal_row[direction] = p->signal_row;
	if (direction == JB_INGRESS && jb_config.queues &&
	    (p->flags & JB_UDP_MEDIA || jb_config.full))
		jb_udp_arrive(skb, jb_now(p));
}

static __always_inline int jb_media(struct __sk_buff *skb, enum jb_direction direction)
{
	struct jb_packet p;
	__u8 protocol = jb_packet_ip(skb, &p, 0);

	if (protocol == JB_IP_TCP)
		jb_tcp_packet(skb, p.offset, direction);
	if (protocol != JB_IP_UDP || !jb_packet_udp(skb, &p))
		return JB_PASS;
	if (direction == JB_INGRESS && jb_media_is_copy(skb, &p))
		return JB_PASS;
	p.direction = direction;
	p.now_ns = 0;
	jb_media_udp(skb, &p, direction);
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
