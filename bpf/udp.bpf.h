/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* UDP per workload: the socket's storage, packets and bytes, arrivals in the receive queue. */
#ifndef JB_UDP_BPF_H
#define JB_UDP_BPF_H

#include "packet.bpf.h"
#include "workload.bpf.h"

extern struct jb_udp_sockets_map jb_udp_sockets SEC(".maps");
extern struct jb_queues_map jb_queues SEC(".maps");

static __noinline struct jb_udp_socket *jb_udp_socket_new(struct __sk_buff *skb,
							  struct bpf_sock *sk)
{
	struct jb_udp_socket fresh = {.cgroup_id = bpf_skb_cgroup_id(skb)};

	fresh.row = jb_workload_row(fresh.cgroup_id, JB_SLOT_UDP);
	return bpf_sk_storage_get(&jb_udp_sockets, sk, &fresh, BPF_SK_STORAGE_GET_F_CREATE);
}

/* What is kept with the packet's socket; NULL if there is none, or no memory. */
static __always_inline struct jb_udp_socket *jb_udp_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct jb_udp_socket *s;

	if (!sk)
		return NULL;
	s = bpf_sk_storage_get(&jb_udp_sockets, sk, NULL, 0);
	return s ? s : jb_udp_socket_new(skb, sk);
}

static __always_inline void jb_udp_count(const struct jb_packet *p)
{
	union jb_totals *totals = jb_workload_totals(p->udp_row);
	__u32 packets = p->length > p->segment ? (p->length + p->segment - 1) / p->segment : 1;

	if (!totals)
		return;
	__sync_fetch_and_add(&totals->udp.packets[p->direction % JB_DIRECTION_MAX], packets);
	__sync_fetch_and_add(&totals->udp.bytes[p->direction % JB_DIRECTION_MAX], p->length);
}

static __always_inline void jb_udp_count_other(const struct jb_packet *p, enum jb_udp_other kind)
{
	union jb_totals *totals = jb_workload_totals(p->udp_row);

	if (totals)
		__sync_fetch_and_add(&totals->udp.other[p->direction % JB_DIRECTION_MAX][kind], 1);
}

/* The packet is about to be queued for the application. */
static __always_inline void jb_udp_arrive(struct __sk_buff *skb, __u64 now_ns)
{
	struct bpf_sock *sk = skb->sk;
	struct jb_queue *queue;

	if (!sk)
		return;
	queue = bpf_sk_storage_get(&jb_queues, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (queue)
		jb_queue_arrive(queue, now_ns);
	else
		jb_fault(JB_FAULT_SOCKET_STORAGE);
}

#endif
