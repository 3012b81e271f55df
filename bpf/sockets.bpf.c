/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Walks over all sockets that something is kept with, of all namespaces; run by user space. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "contact.bpf.h"

extern struct jb_rows_used_map jb_rows_used SEC(".maps");

static __always_inline void jb_rows_use(__u32 row)
{
	__u64 *used = bpf_map_lookup_elem(&jb_rows_used, &row);

	if (used)
		*used = 1;
}

/*
 * Every 5 s: whose rows are in use, and what TCP has counted since, as a contact of each connection
 * that has moved. Nothing is written to the iterator's own file: for each time that fills up, the
 * kernel would look for its place anew, which over many sockets takes quadratic time.
 */
SEC("iter/bpf_sk_storage_map")
int jb_tcp_census(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct sock *sk = ctx->sk;
	struct jb_tcp_socket *s = sk ? jb_tcp_find(sk) : NULL;
	struct tcp_sock *tp = sk ? bpf_skc_to_tcp_sock(sk) : NULL;
	struct jb_contact c = {};
	union jb_totals *totals;
	bool moved;

	if (!s || !tp)
		return 0;
	jb_rows_use(s->row);
	/*
	 * So young, it may not have met the other end; it waits for the next pass. So does one that
	 * nothing has come for yet.
	 */
	if (bpf_ktime_get_ns() - s->started_ns < JB_MEETING_NS || s->path == JB_PATH_ON_INBOUND)
		return 0;
	/* User space empties the ring and comes again. */
	if (jb_contacts_waiting() > JB_CONTACTS_BYTES / 4 * 3) {
		jb_census_again = 1;
		return 0;
	}
	totals = jb_tcp_totals(s);
	if (!totals)
		return 0;
	moved = jb_tcp_account(s, tp, &totals->tcp, &c);
	if (s->flags & JB_TCP_STOOD)
		c.what = jb_contact_opened(s);
	if (!c.what && !moved)
		return 0;
	jb_contact_fill(&c, s, sk, tp);
	jb_contact_tell(&c);
	return 0;
}

SEC("iter/bpf_sk_storage_map")
int jb_udp_census(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct jb_udp_socket *s = ctx->value;

	if (!ctx->sk || !s)
		return 0;
	jb_rows_use(s->row);
	jb_rows_use(s->signal_row[JB_INGRESS]);
	jb_rows_use(s->signal_row[JB_EGRESS]);
	return 0;
}

/* Writes a struct jb_connection for each. */
SEC("iter/bpf_sk_storage_map")
int jb_tcp_list(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct jb_tcp_socket *s = ctx->value;
	struct sock *sk = ctx->sk;
	struct jb_connection c = {};
	struct tcp_sock *tp;

	if (!sk || !s)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	jb_socket_local(&c.local, &sk->__sk_common);
	jb_socket_remote(&c.remote, &sk->__sk_common);
	c.socket = *s;
	c.peer_cgroup_id = jb_contact_peer(s);
	c.bytes[JB_EGRESS] = jb_tcp_payload_sent(s, tp);
	c.bytes[JB_INGRESS] = jb_tcp_received(tp);
	c.srtt_us = tp->srtt_us >> 3;
	c.rttvar_us = tp->rttvar_us >> 2;
	c.min_rtt_us = tp->rtt_min.s[0].v;
	c.cwnd = tp->snd_cwnd;
	c.retransmitted = tp->total_retrans;
	c.local_port = sk->__sk_common.skc_num;
	c.remote_port = bpf_ntohs(sk->__sk_common.skc_dport);
	c.state = sk->__sk_common.skc_state;
	bpf_seq_write(ctx->meta->seq, &c, sizeof(c));
	return 0;
}

/* At the start: the connections there are already, of the agent's own network namespace. */
SEC("iter/tcp")
int jb_tcp_adopt(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct tcp_sock *tp;

	if (!skc || !(1U << skc->skc_state & JB_TCP_STANDS))
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);
	if (tp && !jb_tcp_find((struct sock *)tp))
		jb_tcp_new((struct sock *)tp, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
