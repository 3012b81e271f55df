/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "connections/view.h"

#include "kernel/names.h"
#include "listing/address.h"

/* By the kernel's number (include/net/tcp_states.h). */
static const char *const states[] = {
	"unknown", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2",    "time_wait",
	"close",   "close_wait",  "last_ack", "listen",   "closing",   "new_syn_recv",
};
#define STATES        (sizeof(states) / sizeof(*states))
#define NO_RTT_SAMPLE 0xffffffffU

static uint64_t from_us(__u32 us)
{
	return us && us != NO_RTT_SAMPLE ? us * 1000ULL : JB_RECORD_NONE;
}

static const struct jb_identity nobody = {"", "", "", ""};

static void set_identity(struct jb_connection_info *info, const struct jb_identity *identity)
{
	info->namespace_ = identity->namespace_;
	info->pod = identity->pod;
	info->container = identity->container;
	info->unit = identity->unit;
}

static void set_peer(struct jb_connection_info *info, const struct jb_identity *peer)
{
	info->peer_namespace = peer->namespace_;
	info->peer_pod = peer->pod;
	info->peer_unit = peer->unit;
}

void jb_connection_view(const struct jb_connection *c, const struct jb_identity *identity,
			enum jb_mesh_role role, const struct jb_identity *peer, __u64 now_ns,
			struct jb_connection_info *ret_info)
{
	const struct jb_tcp_socket *s = &c->socket;
	bool young = s->started_ns && s->started_ns <= now_ns;

	set_identity(ret_info, identity ? identity : &nobody);
	set_peer(ret_info, peer ? peer : &nobody);
	ret_info->state = states[c->state < STATES ? c->state : 0];
	ret_info->role = jb_tcp_role_names[s->role <= JB_TCP_ROLE_MAX ? s->role : JB_TCP_ROLE_MAX];
	ret_info->leg = jb_tcp_leg_names[jb_tcp_leg_of(role, s->path)];
	jb_ip_text(&c->local, ret_info->local_address);
	jb_ip_text(&c->remote, ret_info->remote_address);
	ret_info->local_port = c->local_port;
	ret_info->remote_port = c->remote_port;
	ret_info->srtt_ns = from_us(c->srtt_us);
	ret_info->rttvar_ns = c->srtt_us ? from_us(c->rttvar_us) : JB_RECORD_NONE;
	ret_info->min_rtt_ns = from_us(c->min_rtt_us);
	ret_info->cwnd = c->cwnd;
	ret_info->retransmits = c->retransmitted;
	ret_info->bytes_sent = c->bytes[JB_EGRESS];
	ret_info->bytes_received = c->bytes[JB_INGRESS];
	ret_info->age_ns = young ? now_ns - s->started_ns : JB_RECORD_NONE;
}
