/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP of all namespaces: connects, ends, retransmissions and round trips. The workload of a socket
 * is kept with it by the tracepoint of its state, so sockops, which could not read it, finds it.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "contact.bpf.h"

#define JB_SOCKOPS_OK 1

/* errno values (asm-generic/errno.h; the same on all that BPF runs on but for none here). */
#define JB_EPIPE        32
#define JB_ECONNABORTED 103
#define JB_ECONNRESET   104
#define JB_ETIMEDOUT    110
#define JB_ECONNREFUSED 111

/* What an sk_buff of the error queue has in its cb. */
struct sock_extended_err {
	__u32 ee_errno;
} __attribute__((preserve_access_index));

struct sock_exterr_skb {
	struct sock_extended_err ee;
} __attribute__((preserve_access_index));

/* In tcp_skb_cb (include/net/tcp.h): behind seq and end_seq. */
#define JB_CB_SEGMENTS 8

/* A connection of our own begins. */
static __always_inline void jb_tcp_connecting(struct sock *sk)
{
	struct jb_tcp_socket *s;

	/* A socket may connect again, to someone else. */
	bpf_sk_storage_delete(&jb_tcp_sockets, sk);
	s = jb_tcp_new(sk, 0);
	if (!s)
		return;
	s->role = JB_TCP_CLIENT;
	/* Its state is not yet that of a connecting one, its sequence numbers are of a former life.
	 */
	s->flags = 0;
	s->bytes[JB_EGRESS] = 1;
	s->bytes[JB_INGRESS] = 0;
	s->started_ns = bpf_ktime_get_ns();
}

static __always_inline void jb_tcp_count_connect(struct jb_tcp_socket *s, __u64 ns)
{
	union jb_totals *totals = jb_tcp_totals(s);

	if (totals)
		jb_rtt_observe(&totals->tcp.connect, ns);
}

static __always_inline void jb_tcp_established(struct sock *sk)
{
	struct jb_tcp_socket *s = jb_tcp_find(sk);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 now_ns = bpf_ktime_get_ns();

	if (!s) {
		s = jb_tcp_new(sk, 0);
		if (!s)
			return;
		s->role = JB_TCP_SERVER;
		/* What came with the SYN (RFC 7413) is of this connection, too. */
		s->bytes[JB_EGRESS] = 0;
		s->bytes[JB_INGRESS] = 0;
	}
	if (s->role == JB_TCP_CLIENT)
		jb_tcp_count_connect(s, now_ns - s->started_ns);
	if (s->path == JB_PATH_ON_INBOUND)
		s->flags |= JB_TCP_UNCOUNTED;
	else
		jb_tcp_count_opened(s);
	s->started_ns = now_ns;
	if (tp)
		jb_contact_meet(s, tp);
	s->flags |= JB_TCP_STOOD; /* from now on the census tells of it */
}

/*
 * Why it failed. The error may be gone: an ICMP that comes while connect() still has the socket is
 * kept as a soft error, which getsockopt(SO_ERROR) clears (an application that polls does that);
 * but what the ICMP said stays in the error queue, for those who read it by MSG_ERRQUEUE.
 */
static __always_inline int jb_tcp_error(const struct sock *sk)
{
	const struct sk_buff *said;
	__u32 at = bpf_core_field_offset(struct sock_exterr_skb, ee.ee_errno);

	if (sk->sk_err)
		return sk->sk_err;
	if (sk->sk_err_soft || !sk->sk_error_queue.qlen)
		return sk->sk_err_soft;
	said = sk->sk_error_queue.next;
	return *(const int *)((const void *)said->cb + at);
}

static __always_inline enum jb_tcp_failure jb_tcp_failure(const struct sock *sk,
							  const struct tcp_sock *tp)
{
	if (!tp->segs_out)
		return JB_TCP_NOT_BEGUN;
	switch (jb_tcp_error(sk)) {
	case JB_ECONNREFUSED:
		return JB_TCP_REFUSED;
	case JB_ECONNRESET:
	case JB_EPIPE:
	case JB_ECONNABORTED:
		return JB_TCP_RESET;
	case JB_ETIMEDOUT:
	case 0: /* the application has given up */
		return JB_TCP_NO_ANSWER;
	default: /* ENETUNREACH, EHOSTUNREACH, EPROTO, EACCES: an ICMP error, or no route */
		return JB_TCP_UNREACHABLE;
	}
}

static __always_inline enum jb_tcp_end jb_tcp_end(int error, int state)
{
	switch (error) {
	case JB_ETIMEDOUT:
		return JB_TCP_TIMED_OUT;
	case JB_ECONNRESET:
	case JB_EPIPE:
	case JB_ECONNREFUSED:
		return JB_TCP_RESET_REMOTE;
	case JB_ECONNABORTED:
		return JB_TCP_RESET_LOCAL;
	}
	/* Both sides are done; else whoever closes has data unread, or has asked for a reset. */
	if (state == TCP_LAST_ACK || state == TCP_FIN_WAIT2 || state == TCP_CLOSING ||
	    state == TCP_FIN_WAIT1 || state == TCP_TIME_WAIT)
		return error ? JB_TCP_TIMED_OUT : JB_TCP_ORDERLY;
	return error ? JB_TCP_TIMED_OUT : JB_TCP_RESET_LOCAL;
}

/* A socket that was never established and never tried to be has had no contact. */
static __always_inline void jb_tcp_tell_end(struct sock *sk, struct jb_tcp_socket *s,
					    const struct tcp_sock *tp, struct jb_contact *c)
{
	jb_contact_fill(c, s, sk, tp);
	jb_contact_leave(s, c->at_ns);
	c->what = JB_CONTACT_FAILED;
	if (s->flags & JB_TCP_STOOD) {
		c->what = JB_CONTACT_CLOSED | jb_contact_opened(s);
		c->total[JB_EGRESS] = jb_tcp_payload_sent(s, tp);
		c->total[JB_INGRESS] = jb_tcp_received(tp);
	}
	jb_contact_tell(c);
}

/* The end of a connection, or of the attempt at one. */
static __always_inline void jb_tcp_closed(struct sock *sk, int state)
{
	struct jb_tcp_socket *s = jb_tcp_find(sk);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct jb_contact c = {};
	union jb_totals *totals;
	int error = sk->sk_err;

	/* A listener that is destroyed by the administrator closes twice. */
	if (state == TCP_LISTEN || state == TCP_CLOSE || !tp)
		return;
	if (!s && state != TCP_SYN_RECV)
		s = jb_tcp_new(sk, 0);
	if (!s)
		return;
	if (s->flags & JB_TCP_UNCOUNTED)
		jb_tcp_count_opened(s);
	totals = jb_tcp_totals(s);
	if (!totals)
		return;
	/* Data may go with a SYN that fails (RFC 7413). */
	jb_tcp_account(s, tp, &totals->tcp, &c);
	if (s->flags & JB_TCP_STOOD) {
		c.reason = jb_tcp_end(error, state) % JB_TCP_END_MAX;
		__sync_fetch_and_add(&totals->tcp.closed[c.reason % JB_TCP_END_MAX], 1);
	} else if (s->role == JB_TCP_CLIENT) {
		c.reason = jb_tcp_failure(sk, tp) % JB_TCP_FAILURE_MAX;
		__sync_fetch_and_add(&totals->tcp.failed[c.reason % JB_TCP_FAILURE_MAX], 1);
	}
	if (s->flags & JB_TCP_STOOD || s->role == JB_TCP_CLIENT)
		jb_tcp_tell_end(sk, s, tp, &c);
	bpf_sk_storage_delete(&jb_tcp_sockets, sk);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(jb_tcp_state, struct sock *sk, int old, int new)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (new == TCP_SYN_SENT)
		jb_tcp_connecting(sk);
	else if (old == TCP_SYN_RECV ? new != TCP_CLOSE
				     : old == TCP_SYN_SENT &&new == TCP_ESTABLISHED)
		jb_tcp_established(sk); /* or, after TCP Fast Open, closed by the server at once */
	else if (new == TCP_CLOSE)
		jb_tcp_closed(sk, old);
	return 0;
}

/* The census counts them; of a connection older than the agent it is to begin with this one. */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(jb_tcp_retransmit, struct sock *sk, const struct sk_buff *skb)
{
	if (!jb_tcp_find(sk))
		jb_tcp_new(sk, *(const __u16 *)&skb->cb[JB_CB_SEGMENTS]);
	return 0;
}

/* A SYN-ACK: there is no socket yet but the listener's. */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(jb_tcp_retransmit_synack, const struct sock *sk, const struct request_sock *req)
{
	enum jb_tcp_path path = jb_socket_path(&req->__req_common);
	__u32 row = jb_workload_row(jb_socket_cgroup(sk), JB_SLOT_TCP + path);
	union jb_totals *totals = jb_workload_totals(row);

	if (totals)
		__sync_fetch_and_add(&totals->tcp.retransmitted, 1);
	return 0;
}

/* Round trips as they are measured, of the connections made since the agent started. */
SEC("sockops")
int jb_tcp_sockops(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;
	struct jb_tcp_socket *s;
	union jb_totals *totals;

	switch (ops->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		bpf_sock_ops_cb_flags_set(ops,
					  ops->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_RTT_CB_FLAG);
		break;
	case BPF_SOCK_OPS_RTT_CB:
		s = sk ? bpf_sk_storage_get(&jb_tcp_sockets, sk, NULL, 0) : NULL;
		if (!s || !ops->args[0])
			break;
		s->flags |= JB_TCP_SAMPLED;
		if (!jb_samples_seen)
			jb_samples_seen = 1;
		totals = jb_tcp_totals(s);
		if (totals)
			jb_rtt_observe(&totals->tcp.rtt, ops->args[0] * 1000ULL);
		break;
	}
	return JB_SOCKOPS_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
