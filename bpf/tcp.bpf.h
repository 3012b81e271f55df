/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is kept with each TCP socket, and how its kernel counters go into the totals. */
#ifndef JB_TCP_BPF_H
#define JB_TCP_BPF_H

#include <jitterbug/contact.h>
#include "socket.bpf.h"
#include "workload.bpf.h"

/* enum sock_flags: a FIN has come. */
#define JB_SOCK_DONE 1

extern struct jb_tcp_sockets_map jb_tcp_sockets SEC(".maps");

/* Neither connecting (again, for all that the socket has kept of a former life) nor accepting. */
#define JB_TCP_STOOD_STATES (~(1U << TCP_SYN_SENT | 1U << TCP_SYN_RECV | 1U << TCP_CLOSE))

/* States in which a FIN has been queued, at least. */
#define JB_TCP_FIN_QUEUED                                                                          \
	(1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSING | 1U << TCP_LAST_ACK |      \
	 1U << TCP_TIME_WAIT)

/*
 * Payload sent, each octet once, and the SYN of a client. By sequence numbers: bytes_sent counts
 * again what the node itself has refused, as a full queueing discipline does.
 */
static __always_inline __u64 jb_tcp_sent(const struct tcp_sock *tp)
{
	const struct sock_common *skc = &tp->inet_conn.icsk_inet.sk.__sk_common;
	__u64 sent = tp->bytes_acked + (__u32)(tp->snd_nxt - tp->snd_una);
	bool fin = 1U << skc->skc_state & JB_TCP_FIN_QUEUED && tp->snd_nxt == tp->write_seq;

	return sent && fin ? sent - 1 : sent;
}

/* As above without the SYN. */
static __always_inline __u64 jb_tcp_payload_sent(const struct jb_tcp_socket *s,
						 const struct tcp_sock *tp)
{
	__u64 sent = jb_tcp_sent(tp);

	return sent && s->role == JB_TCP_CLIENT ? sent - 1 : sent;
}

/* Payload received; the kernel counts a FIN as an octet. */
static __always_inline __u64 jb_tcp_received(const struct tcp_sock *tp)
{
	__u64 received = tp->bytes_received;
	bool fin = tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> JB_SOCK_DONE & 1;

	return received && fin ? received - 1 : received;
}

/*
 * Those of its workload and path. The row is taken only now: a path may change before there is
 * anything to count, and each row costs memory and series.
 */
static __always_inline union jb_totals *jb_tcp_totals(struct jb_tcp_socket *s)
{
	if (s->row == JB_NO_ROW)
		s->row = jb_workload_row(s->cgroup_id, JB_SLOT_TCP + s->path);
	return jb_workload_totals(s->row);
}

static __always_inline void jb_tcp_count_opened(struct jb_tcp_socket *s)
{
	union jb_totals *totals = jb_tcp_totals(s);

	if (totals)
		__sync_fetch_and_add(&totals->tcp.opened[s->role == JB_TCP_SERVER], 1);
}

static __always_inline struct jb_tcp_socket *jb_tcp_find(struct sock *sk)
{
	return bpf_sk_storage_get(&jb_tcp_sockets, sk, NULL, 0);
}

/* Begins to keep something with a socket: what it has counted until now is not the totals'. */
static __noinline __attribute__((unused)) struct jb_tcp_socket *jb_tcp_new(struct sock *sk,
									   __u32 retransmitting)
{
	struct jb_tcp_socket fresh = {.role = JB_TCP_ROLE_MAX};
	struct jb_tcp_socket *s;
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (!tp)
		return NULL;
	fresh.cgroup_id = jb_socket_cgroup(sk);
	fresh.path = jb_socket_path(&sk->__sk_common);
	if (1U << sk->__sk_common.skc_state & JB_TCP_STOOD_STATES) {
		fresh.flags = JB_TCP_STOOD;
		fresh.path = jb_path_over(fresh.path, sk->sk_rx_dst_ifindex);
	}
	fresh.bytes[JB_EGRESS] = jb_tcp_sent(tp);
	fresh.bytes[JB_INGRESS] = jb_tcp_received(tp);
	fresh.retransmitted = tp->total_retrans - retransmitting;
	fresh.row = JB_NO_ROW;
	s = bpf_sk_storage_get(&jb_tcp_sockets, sk, &fresh, BPF_SK_STORAGE_GET_F_CREATE);
	if (!s)
		jb_fault(JB_FAULT_SOCKET_STORAGE);
	return s;
}

/* Who is overtaken tries again: at the end of a connection nobody else would tell the rest. */
#define JB_CATCH_UPS 3

/*
 * Adds what `now` is ahead of *told, and returns it. Of two CPUs at once, one does; counters never
 * fall.
 */
static __always_inline __u64 jb_tcp_catch_up(__u64 *total, __u64 *told, __u64 now)
{
#pragma unroll
	for (int i = 0; i < JB_CATCH_UPS; i++) {
		__u64 was = *(volatile __u64 *)told;

		if (now <= was)
			return 0;
		if (__sync_val_compare_and_swap(told, was, now) != was)
			continue;
		__sync_fetch_and_add(total, now - was);
		return now - was;
	}
	return 0;
}

static __always_inline __u32 jb_tcp_catch_up32(__u64 *total, __u32 *told, __u32 now)
{
	__u32 was = *(volatile __u32 *)told;

	if ((__s32)(now - was) <= 0 || __sync_val_compare_and_swap(told, was, now) != was)
		return 0;
	__sync_fetch_and_add(total, now - was);
	return now - was;
}

/*
 * Brings the totals up to what the socket has counted, and notes in the contact by how much.
 * Returns whether that is anything.
 */
static __always_inline bool jb_tcp_account(struct jb_tcp_socket *s, const struct tcp_sock *tp,
					   struct jb_tcp_totals *totals, struct jb_contact *c)
{
	c->bytes[JB_EGRESS] = jb_tcp_catch_up(&totals->bytes[JB_EGRESS], &s->bytes[JB_EGRESS],
					      jb_tcp_sent(tp));
	c->bytes[JB_INGRESS] = jb_tcp_catch_up(&totals->bytes[JB_INGRESS], &s->bytes[JB_INGRESS],
					       jb_tcp_received(tp));
	c->retransmitted_since = jb_tcp_catch_up32(&totals->retransmitted, &s->retransmitted,
						   tp->total_retrans);
	return c->bytes[JB_EGRESS] || c->bytes[JB_INGRESS] || c->retransmitted_since;
}

#endif
