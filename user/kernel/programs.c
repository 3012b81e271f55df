/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/programs.h"

#include <stddef.h>
#include <string.h>

static const struct jb_program programs[] = {
	{"jb_media_ingress", JB_PROGRAM_CGROUP, JB_FEATURE_MEDIA},
	{"jb_media_egress", JB_PROGRAM_CGROUP, JB_FEATURE_MEDIA},
	{"jb_retire", JB_PROGRAM_RUN, JB_FEATURE_MEDIA},
	{"jb_tcp_state", JB_PROGRAM_TRACEPOINT, JB_FEATURE_TCP},
	{"jb_tcp_retransmit", JB_PROGRAM_TRACEPOINT, JB_FEATURE_TCP},
	{"jb_tcp_retransmit_synack", JB_PROGRAM_TRACEPOINT, JB_FEATURE_TCP},
	{"jb_tcp_sockops", JB_PROGRAM_CGROUP, JB_FEATURE_TCP_SAMPLES},
	{"jb_tcp_census", JB_PROGRAM_ITERATOR, JB_FEATURE_TCP},
	{"jb_udp_census", JB_PROGRAM_ITERATOR, JB_FEATURE_MEDIA},
	{"jb_tcp_list", JB_PROGRAM_ITERATOR, JB_FEATURE_CONNECTIONS},
	{"jb_tcp_adopt", JB_PROGRAM_ITERATOR, JB_FEATURE_TCP},
	{"jb_udp_fail", JB_PROGRAM_TRACEPOINT, JB_FEATURE_RECEIVE_BUFFER},
	{"jb_queue_received", JB_PROGRAM_TRACEPOINT, JB_FEATURE_RECEIVE_QUEUE},
	{"jb_edge_ingress", JB_PROGRAM_UPLINK, JB_FEATURE_UPLINK},
	{"jb_edge_egress", JB_PROGRAM_UPLINK, JB_FEATURE_UPLINK},
	{"jb_drop", JB_PROGRAM_TRACEPOINT, JB_FEATURE_DROPS},
};

const struct jb_program *jb_program_find(const char *name)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (!strcmp(programs[i].name, name))
			return &programs[i];
	return NULL;
}

bool jb_program_is_possible(const struct jb_program *program, const struct jb_kernel_types *types)
{
	switch (program->feature) {
	case JB_FEATURE_RECEIVE_BUFFER:
		return types->udp_fail;
	case JB_FEATURE_RECEIVE_QUEUE:
		return types->sock_recv_length && types->kfuncs && types->udp_fail;
	case JB_FEATURE_DROPS:
		return types->drop_reason;
	default:
		return types->retransmit_synack ||
		       strcmp(program->name, "jb_tcp_retransmit_synack") != 0;
	}
}
