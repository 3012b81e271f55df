/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RTP framed in TCP (RFC 4571), at the cgroup hooks. */
#ifndef JB_FRAMING_BPF_H
#define JB_FRAMING_BPF_H

#include <jitterbug/framing.h>
#include "signals.bpf.h"
#include "socket.bpf.h"

extern struct jb_framed_map jb_framed SEC(".maps");

/* Of a socket that has a connection: is media framed in it? */
static __always_inline bool jb_framing_is_wanted(const struct bpf_sock *sk)
{
	return jb_config.ice_tcp &&
	       (jb_config_is_ice_tcp_port(&jb_config, sk->src_port) ||
		jb_config_is_ice_tcp_port(&jb_config, bpf_ntohs(sk->dst_port)));
}

static __always_inline void jb_framing_add(struct __sk_buff *skb, const struct jb_framing_count *n,
					   enum jb_direction direction, enum jb_tcp_path path)
{
	__u32 row = jb_workload_row(bpf_skb_cgroup_id(skb), JB_SLOT_TCP + path);
	union jb_totals *totals = jb_workload_totals(row);

	if (!totals)
		return;
	__sync_fetch_and_add(&totals->tcp.rtp_packets[direction], n->packets);
	__sync_fetch_and_add(&totals->tcp.rtp_bytes[direction], n->bytes);
}

/* `offset`: of the TCP header. */
static __noinline int jb_framing_packet(struct __sk_buff *skb, __u32 offset,
					enum jb_direction direction)
{
	struct bpf_sock *sk = skb->sk;
	struct jb_segment segment;
	enum jb_framing_result result;
	struct jb_framed *framed;
	struct tcphdr tcp;
	__u32 head;

	if (!sk || direction >= JB_DIRECTION_MAX ||
	    bpf_skb_load_bytes(skb, offset, &tcp, sizeof(tcp)))
		return 0;
	head = offset + tcp.doff * 4;
	if (head >= skb->len)
		return 0;
	framed = bpf_sk_storage_get(&jb_framed, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!framed) {
		jb_fault(JB_FAULT_SOCKET_STORAGE);
		return 0;
	}
	framed->count[direction] = (struct jb_framing_count){};
	segment = (struct jb_segment){.skb = skb, .offset = head};
	result = jb_framing_segment(&framed->framing[direction], bpf_ntohl(tcp.seq),
				    skb->len - head, jb_segment_load, &segment,
				    &framed->count[direction]);
	if (result == JB_FRAMING_TRUNCATED)
		jb_fault(JB_FAULT_FRAMES_TRUNCATED);
	if (framed->count[direction].packets)
		jb_framing_add(skb, &framed->count[direction], direction, jb_packet_path(sk));
	return 0;
}

#endif
