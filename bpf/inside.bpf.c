/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside this node: packets that the kernel drops, and why; how long datagrams wait for the
 * application. One file, for bpftool 7.1 does not link two that call the same kernel function.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "kfuncs.bpf.h"
#include "socket.bpf.h"
#include "udp.bpf.h"

#define JB_ENOMEM 12
/* recvmsg(2) */
#define JB_MSG_PEEK     0x2
#define JB_MSG_ERRQUEUE 0x2000
/* In sk_buff.network_header: not set. */
#define JB_NO_HEADER 0xffff

extern struct jb_drops_map jb_drops SEC(".maps");

static __always_inline enum jb_drop_protocol jb_drop_ip_protocol(__u16 protocol)
{
	switch (protocol) {
	case JB_IP_TCP:
		return JB_DROP_TCP;
	case JB_IP_UDP:
		return JB_DROP_UDP;
	case JB_IP_ICMP:
	case JB_IP_ICMPV6:
		return JB_DROP_ICMP;
	default:
		return JB_DROP_OTHER;
	}
}

/* From the packet where it may be read, else from its socket. */
static __always_inline enum jb_drop_protocol jb_drop_protocol(struct sk_buff *skb, struct sock *sk)
{
	const unsigned char *at = skb->head + skb->network_header;

	if (jb_config.kfuncs && skb->network_header != JB_NO_HEADER) {
		if (skb->protocol == bpf_htons(JB_ETH_IPV4)) {
			const struct iphdr *ip =
				bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct iphdr));

			return jb_drop_ip_protocol(ip->protocol);
		} else {
			const struct ipv6hdr *ip =
				bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct ipv6hdr));

			return jb_drop_ip_protocol(ip->nexthdr);
		}
	}
	return sk ? jb_drop_ip_protocol(sk->sk_protocol) : JB_DROP_OTHER;
}

static __noinline void jb_drop_count(const struct jb_drop_key *key)
{
	__u64 one = 1;
	__u64 *count = bpf_map_lookup_elem(&jb_drops, key);

	if (!count) {
		if (!bpf_map_update_elem(&jb_drops, key, &one, BPF_NOEXIST))
			return;
		count = bpf_map_lookup_elem(&jb_drops, key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		jb_fault(JB_FAULT_DROPS_FULL);
}

/* What a socket's own filter drops has been counted as arriving by the hook before it. */
static __always_inline void jb_drop_unqueue(struct sock *receiver, __u32 reason)
{
	struct jb_queue *queue;

	if (reason != bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_SOCKET_FILTER))
		return;
	queue = bpf_sk_storage_get(&jb_queues, receiver, NULL, 0);
	if (queue)
		jb_queue_drop(queue);
}

SEC("tp_btf/kfree_skb")
int jb_drop(__u64 *ctx)
{
	struct sk_buff *skb = (void *)ctx[0];
	struct sock *receiver = jb_config.drop_receiver ? (void *)ctx[3] : NULL;
	struct sock *sk = receiver ? receiver : skb->sk;
	struct jb_drop_key key = {.reason = ctx[2]};

	/* Messages of UNIX sockets, netlink and so on are freed in the same way. */
	if (skb->protocol != bpf_htons(JB_ETH_IPV4) && skb->protocol != bpf_htons(JB_ETH_IPV6))
		return 0;
	key.protocol = jb_drop_protocol(skb, sk);
	if (sk)
		key.cgroup_id = jb_socket_cgroup(sk);
	if (receiver)
		jb_drop_unqueue(receiver, key.reason);
	jb_drop_count(&key);
	return 0;
}

/* A datagram that the hooks have seen, and the socket did not take. */
SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(jb_udp_fail, int rc, struct sock *sk)
{
	struct jb_udp_socket *s = bpf_sk_storage_get(&jb_udp_sockets, sk, NULL, 0);
	struct jb_queue *queue = bpf_sk_storage_get(&jb_queues, sk, NULL, 0);
	union jb_totals *totals;
	__u32 row;

	if (queue)
		jb_queue_drop(queue);
	if (rc != -JB_ENOMEM)
		return 0;
	row = s ? s->row : jb_workload_row(jb_socket_cgroup(sk), JB_SLOT_UDP);
	totals = jb_workload_totals(row);
	if (totals)
		__sync_fetch_and_add(&totals->udp.buffer_drops, 1);
	return 0;
}

static __always_inline void jb_queue_observe(__u32 row, __u64 ns, __u32 weight)
{
	union jb_totals *totals = jb_workload_totals(row);

	if (!totals)
		return;
	__sync_fetch_and_add(&totals->udp.queue[jb_queue_bucket(ns) % JB_QUEUE_BUCKETS], weight);
	__sync_fetch_and_add(&totals->udp.queue_ns, ns * weight);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(jb_queue_received, struct sock *sk, int ret, int flags)
{
	const struct udp_sock *udp;
	struct jb_udp_socket *s;
	struct jb_queue *queue;
	__u32 waiting, weight = 0;
	__u64 ns = 0;

	/* 0: an empty datagram, or none at all from a socket that was shut down. */
	if (ret <= 0 || flags & (JB_MSG_PEEK | JB_MSG_ERRQUEUE) || sk->sk_protocol != IPPROTO_UDP)
		return 0;
	queue = bpf_sk_storage_get(&jb_queues, sk, NULL, 0);
	s = queue ? bpf_sk_storage_get(&jb_udp_sockets, sk, NULL, 0) : NULL;
	if (!s)
		return 0;
	udp = bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct udp_sock));
	waiting = udp->reader_queue.qlen + sk->sk_receive_queue.qlen;
	switch (jb_queue_read(queue, waiting, bpf_ktime_get_ns(), &ns, &weight)) {
	case JB_QUEUE_SAMPLE:
		jb_queue_observe(s->row, ns, weight);
		break;
	case JB_QUEUE_TOO_DEEP:
		jb_fault(JB_FAULT_QUEUE_TOO_DEEP);
		break;
	case JB_QUEUE_SKIPPED:
		break;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
