/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP at the cgroup hooks: round trips of connections that sockops tells nothing of, connections
 * that a listener has no room for, RTP framed in TCP.
 */
#ifndef JB_TCP_PACKET_BPF_H
#define JB_TCP_PACKET_BPF_H

#include "framing.bpf.h"
#include "kfuncs.bpf.h"
#include "tcp.bpf.h"

/*
 * What comes for a listener whose queue of accepted connections is full is dropped behind this
 * hook: a SYN, or the ACK that would end the handshake (sk_acceptq_is_full() in the kernel).
 */
static __noinline int jb_listener_packet(struct __sk_buff *skb, __u32 offset)
{
	const struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);
	struct sock *sk = kernel->sk;
	union jb_totals *totals;
	struct tcphdr tcp;

	if (!sk || sk->sk_ack_backlog <= sk->sk_max_ack_backlog ||
	    bpf_skb_load_bytes(skb, offset, &tcp, sizeof(tcp)) || tcp.rst || tcp.syn == tcp.ack)
		return 0;
	totals = jb_workload_totals(
		jb_workload_row(jb_socket_cgroup(sk), JB_SLOT_TCP + JB_PATH_DIRECT));
	if (totals)
		__sync_fetch_and_add(&totals->tcp.listen_overflows, 1);
	return 0;
}

/* Of a connection that is older than the agent. */
static __noinline struct jb_tcp_socket *jb_tcp_adopt_packet(struct __sk_buff *skb,
							    struct bpf_sock *sk)
{
	struct jb_tcp_socket fresh = {
		.cgroup_id = bpf_skb_cgroup_id(skb),
		.path = jb_path_over(jb_packet_path(sk), skb->ingress_ifindex),
		.role = JB_TCP_ROLE_MAX,
		.flags = JB_TCP_STOOD,
		.row = JB_NO_ROW,
	};
	__u32 state = sk->state;
	struct bpf_tcp_sock *tp = bpf_tcp_sock(sk);

	if (!tp)
		return NULL;
	/* As jb_tcp_sent() and jb_tcp_received() have it; this packet is still to come. */
	fresh.bytes[JB_EGRESS] = tp->bytes_acked + (__u32)(tp->snd_nxt - tp->snd_una);
	fresh.bytes[JB_INGRESS] = tp->bytes_received;
	/* A FIN that is queued need not have been sent yet. */
	if ((state == BPF_TCP_FIN_WAIT1 || state == BPF_TCP_FIN_WAIT2) && fresh.bytes[JB_EGRESS])
		fresh.bytes[JB_EGRESS]--;
	if (state == BPF_TCP_CLOSE_WAIT && fresh.bytes[JB_INGRESS])
		fresh.bytes[JB_INGRESS]--;
	fresh.retransmitted = tp->total_retrans;
	return bpf_sk_storage_get(&jb_tcp_sockets, sk, &fresh, BPF_SK_STORAGE_GET_F_CREATE);
}

/* The smoothed round trip, each time it has changed, of connections without samples. */
static __noinline int jb_tcp_sample_packet(struct __sk_buff *skb, struct jb_tcp_socket *s)
{
	struct bpf_sock *sk = skb->sk;
	struct bpf_tcp_sock *tp = sk ? bpf_tcp_sock(sk) : NULL;
	union jb_totals *totals;
	__u32 srtt;

	if (!tp)
		return 0;
	srtt = tp->srtt_us;
	if (!srtt || srtt == s->srtt)
		return 0;
	s->srtt = srtt;
	totals = jb_tcp_totals(s);
	if (totals)
		jb_rtt_observe(&totals->tcp.rtt, (srtt >> 3) * 1000ULL);
	return 0;
}

static __always_inline void jb_tcp_established_packet(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct jb_tcp_socket *s = bpf_sk_storage_get(&jb_tcp_sockets, sk, NULL, 0);

	if (!s)
		s = jb_tcp_adopt_packet(skb, sk);
	/* Which leg's it is may show only with an answer. */
	if (s && !(s->flags & JB_TCP_SAMPLED) && s->path != JB_PATH_ON_INBOUND)
		jb_tcp_sample_packet(skb, s);
}

static __always_inline void jb_tcp_take_path(struct jb_tcp_socket *s, enum jb_tcp_path path)
{
	s->path = path;
	s->row = JB_NO_ROW;
	if (s->flags & JB_TCP_UNCOUNTED)
		jb_tcp_count_opened(s);
	s->flags &= ~JB_TCP_UNCOUNTED;
}

/* A SYN. Where it leaves for shows whether it was led elsewhere; nothing has been counted yet. */
static __noinline int jb_tcp_syn_packet(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct jb_tcp_socket *s = sk ? bpf_sk_storage_get(&jb_tcp_sockets, sk, NULL, 0) : NULL;

	if (s && (s->path == JB_PATH_DIRECT || s->path == JB_PATH_TO_INBOUND) &&
	    skb->ifindex == JB_LOOPBACK_IFINDEX)
		jb_tcp_take_path(s, JB_PATH_REDIRECTED);
	return 0;
}

/*
 * Of the proxy to its client. NAT has put the port on it that the client wanted: another proxy
 * wants this one, and who knows of no proxy the app's.
 */
static __noinline int jb_tcp_inbound_packet(struct __sk_buff *skb, __u32 offset)
{
	struct bpf_sock *sk = skb->sk;
	struct jb_tcp_socket *s = sk ? bpf_sk_storage_get(&jb_tcp_sockets, sk, NULL, 0) : NULL;
	__be16 wire;
	__u16 port;

	if (!s || s->path != JB_PATH_ON_INBOUND ||
	    bpf_skb_load_bytes(skb, offset, &wire, sizeof(wire)))
		return 0;
	port = bpf_ntohs(wire);
	if (port == JB_PORT_INBOUND) {
		jb_tcp_take_path(s, JB_PATH_INBOUND_DIRECT);
		return 0;
	}
	s->port = port;
	jb_tcp_take_path(s, JB_PATH_INBOUND_REDIRECTED);
	return 0;
}

static __always_inline void jb_tcp_egress_packet(struct __sk_buff *skb, struct bpf_sock *sk,
						 __u32 offset)
{
	if (sk->state == BPF_TCP_SYN_SENT)
		jb_tcp_syn_packet(skb);
	else if (sk->src_port == JB_PORT_INBOUND)
		jb_tcp_inbound_packet(skb, offset);
}

/* `offset`: of the TCP header. */
static __always_inline void jb_tcp_packet(struct __sk_buff *skb, __u32 offset,
					  enum jb_direction direction)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return;
	if (direction == JB_EGRESS)
		jb_tcp_egress_packet(skb, sk, offset);
	else if (1U << sk->state & JB_TCP_STANDS)
		jb_tcp_established_packet(skb, sk);
	else if (jb_config.kfuncs && sk->state == BPF_TCP_LISTEN)
		jb_listener_packet(skb, offset);
	if (jb_framing_is_wanted(sk))
		jb_framing_packet(skb, offset, direction);
}

#endif
