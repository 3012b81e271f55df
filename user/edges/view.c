/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "edges/view.h"

/* What was noted after the clock was read was noted now. */
static uint64_t since(__u64 then_ns, __u64 now_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

void jb_edge_view(const struct jb_edge *edge, __u64 now_ns, struct jb_edge_info *ret_info)
{
	*ret_info = (struct jb_edge_info){
		.reporter = jb_reporter_names[edge->reporter],
		.namespace_ = edge->owner->namespace_,
		.pod = edge->owner->pod,
		.unit = edge->owner->unit,
		.peer_namespace = edge->peer_namespace,
		.peer_workload = edge->peer_workload,
		.peer_pod = edge->peer_pod,
		.protocol = jb_edge_protocol_names[edge->protocol],
		.verdict = jb_verdict_names[edge->verdict],
		.policies = edge->policies,
		.leg = edge->leg < JB_LEG_MAX ? jb_tcp_leg_names[edge->leg] : "",
		.port = edge->port ? edge->port : JB_RECORD_NONE,
		.connections = edge->counts->connections,
		.failures = edge->counts->failures,
		.bytes_sent = edge->counts->bytes_sent,
		.bytes_received = edge->counts->bytes_received,
		.idle_ns = since(edge->last_ns, now_ns),
		.age_ns = since(edge->first_ns, now_ns),
		.mesh_requests = JB_RECORD_NONE,
		.mesh_failures = JB_RECORD_NONE,
		.mesh_latency_ns = JB_RECORD_NONE,
		.mesh_network_ns = JB_RECORD_NONE,
		.mesh_residence_ns = JB_RECORD_NONE,
		.mesh_retransmits = JB_RECORD_NONE,
	};
}
