/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who a connection is with, and what user space is told of it. */
#ifndef JB_CONTACT_BPF_H
#define JB_CONTACT_BPF_H

#include "tcp.bpf.h"

extern struct jb_meetings_map jb_meetings SEC(".maps");
extern struct jb_contacts_map jb_contacts SEC(".maps");

/*
 * A connection stands at this end. The client's end stands first, and leaves word; the server's
 * answers it. Data that came with the SYN (RFC 7413) moves the numbers: then they don't meet.
 */
static __always_inline void jb_contact_meet(struct jb_tcp_socket *s, const struct tcp_sock *tp)
{
	bool client = s->role == JB_TCP_CLIENT;
	__u64 high = client ? tp->snd_una : tp->rcv_nxt;
	__u64 low = client ? tp->rcv_nxt : tp->snd_una;
	__u64 numbers = (high << 32 | low) & JB_OTHER_BITS;
	struct jb_meeting fresh = {.client_cgroup = s->cgroup_id};
	struct jb_meeting *met;

	s->other = JB_OTHER_NEW | (client ? numbers : 0);
	if (client) {
		bpf_map_update_elem(&jb_meetings, &numbers, &fresh, BPF_ANY);
		return;
	}
	met = bpf_map_lookup_elem(&jb_meetings, &numbers);
	if (!met)
		return;
	met->server_cgroup = s->cgroup_id;
	s->other = JB_OTHER_NEW | JB_OTHER_FOUND | met->client_cgroup;
}

/* Whose the other end is; 0: not known. */
static __always_inline __u64 jb_contact_peer(struct jb_tcp_socket *s)
{
	__u64 was = *(volatile __u64 *)&s->other;
	__u64 numbers = was & JB_OTHER_BITS;
	struct jb_meeting *met;
	__u64 peer;

	if (was & JB_OTHER_FOUND || !numbers)
		return numbers;
	met = bpf_map_lookup_elem(&jb_meetings, &numbers);
	peer = met ? met->server_cgroup : 0;
	if (peer && __sync_val_compare_and_swap(
			    &s->other, was, JB_OTHER_FOUND | (was & JB_OTHER_NEW) | peer) == was)
		bpf_map_delete_elem(&jb_meetings, &numbers); /* to leave room for the next */
	return peer;
}

/* How long a server of this node may take to stand after its client. */
#define JB_MEETING_NS JB_SECOND_NS

/* Nobody of this node has answered, so nobody will. */
static __always_inline void jb_contact_leave(const struct jb_tcp_socket *s, __u64 now_ns)
{
	__u64 numbers = s->other & JB_OTHER_BITS;

	if (s->role == JB_TCP_CLIENT && !(s->other & JB_OTHER_FOUND) && numbers &&
	    now_ns - s->started_ns > JB_MEETING_NS)
		bpf_map_delete_elem(&jb_meetings, &numbers);
}

/* No sample was taken yet. */
#define JB_NO_RTT 0xffffffffU

/* Fills in all but `what`, `reason` and what jb_tcp_account() notes. */
static __noinline void jb_contact_fill(struct jb_contact *c, struct jb_tcp_socket *s,
				       struct sock *sk, const struct tcp_sock *tp)
{
	c->cgroup_id = s->cgroup_id;
	c->peer_cgroup_id = jb_contact_peer(s);
	jb_socket_local(&c->local, &sk->__sk_common);
	jb_socket_remote(&c->remote, &sk->__sk_common);
	c->started_ns = s->started_ns;
	c->at_ns = bpf_ktime_get_ns();
	c->srtt_us = tp->srtt_us >> 3;
	c->rtt_min_us = tp->rtt_min.s[0].v == JB_NO_RTT ? 0 : tp->rtt_min.s[0].v;
	c->retransmitted = tp->total_retrans;
	/* Not skc_num: that is given back before the end is told. */
	c->local_port = s->port ? s->port : bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
	c->remote_port = bpf_ntohs(sk->__sk_common.skc_dport);
	c->role = s->role;
	c->path = s->path;
	c->uid = sk->sk_uid.val;
}

/* Whether it is for the caller to tell that it was opened. */
static __always_inline __u8 jb_contact_opened(struct jb_tcp_socket *s)
{
	return __sync_fetch_and_and(&s->other, ~JB_OTHER_NEW) & JB_OTHER_NEW ? JB_CONTACT_OPENED
									     : 0;
}

static __always_inline __u64 jb_contacts_waiting(void)
{
	return bpf_ringbuf_query(&jb_contacts, BPF_RB_AVAIL_DATA);
}

/*
 * Into the ring. User space empties it at its own pace, and is woken only where it falls behind:
 * not each connection is worth a switch to another process.
 */
static __always_inline void jb_contact_tell(const struct jb_contact *c)
{
	bool much = jb_contacts_waiting() > JB_CONTACTS_BYTES / 4;

	if (bpf_ringbuf_output(&jb_contacts, (void *)c, sizeof(*c),
			       much ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP))
		jb_fault(JB_FAULT_CONTACTS_LOST);
}

#endif
