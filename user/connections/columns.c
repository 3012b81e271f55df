/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "connections/info.h"

#include <stddef.h>
#include <string.h>

#include "listing/text.h"

static void text_workload(const void *connection, struct jb_buffer *out)
{
	const struct jb_connection_info *info = connection;

	jb_text_workload(info->namespace_, info->pod, info->unit, out);
}

static void text_peer(const void *connection, struct jb_buffer *out)
{
	const struct jb_connection_info *info = connection;

	jb_text_workload(info->peer_namespace, info->peer_pod, info->peer_unit, out);
}

static void text_local(const void *connection, struct jb_buffer *out)
{
	const struct jb_connection_info *info = connection;

	jb_text_endpoint(info->local_address, info->local_port, out);
}

static void text_remote(const void *connection, struct jb_buffer *out)
{
	const struct jb_connection_info *info = connection;

	jb_text_endpoint(info->remote_address, info->remote_port, out);
}

#define LEFT      JB_RECORD_LEFT
#define RIGHT     JB_RECORD_RIGHT
#define AT(field) .offset = offsetof(struct jb_connection_info, field)

static const struct jb_record_column columns[] = {
	{"namespace", LEFT("NAMESPACE"), JB_RECORD_TEXT, AT(namespace_)},
	{"pod", LEFT("POD"), JB_RECORD_TEXT, AT(pod)},
	{"container", LEFT("CONTAINER"), JB_RECORD_TEXT, AT(container)},
	{"unit", LEFT("UNIT"), JB_RECORD_TEXT, AT(unit)},
	{"peer_namespace", LEFT("PEER NAMESPACE"), JB_RECORD_TEXT, AT(peer_namespace)},
	{"peer_pod", LEFT("PEER POD"), JB_RECORD_TEXT, AT(peer_pod)},
	{"peer_unit", LEFT("PEER UNIT"), JB_RECORD_TEXT, AT(peer_unit)},
	{"local_address", LEFT("LOCAL ADDRESS"), JB_RECORD_ADDRESS, AT(local_address)},
	{"local_port", RIGHT("LPORT"), JB_RECORD_NUMBER, AT(local_port)},
	{"remote_address", LEFT("REMOTE ADDRESS"), JB_RECORD_ADDRESS, AT(remote_address)},
	{"remote_port", RIGHT("RPORT"), JB_RECORD_NUMBER, AT(remote_port)},
	{"state", LEFT("STATE"), JB_RECORD_TEXT, AT(state)},
	{"role", LEFT("ROLE"), JB_RECORD_TEXT, AT(role)},
	{"leg", LEFT("LEG"), JB_RECORD_TEXT, AT(leg)},
	{"srtt_seconds", RIGHT("SRTT ms"), JB_RECORD_NANO, AT(srtt_ns),
	 .number = jb_text_milliseconds},
	{"rttvar_seconds", RIGHT("VAR ms"), JB_RECORD_NANO, AT(rttvar_ns),
	 .number = jb_text_milliseconds},
	{"min_rtt_seconds", RIGHT("MIN ms"), JB_RECORD_NANO, AT(min_rtt_ns),
	 .number = jb_text_milliseconds},
	{"cwnd", RIGHT("CWND"), JB_RECORD_NUMBER, AT(cwnd)},
	{"retransmits", RIGHT("RETRANS"), JB_RECORD_NUMBER, AT(retransmits)},
	{"bytes_sent", RIGHT("SENT kB"), JB_RECORD_NUMBER, AT(bytes_sent),
	 .number = jb_text_thousandth_1},
	{"bytes_received", RIGHT("RECV kB"), JB_RECORD_NUMBER, AT(bytes_received),
	 .number = jb_text_thousandth_1},
	{"age_seconds", RIGHT("AGE"), JB_RECORD_NANO, AT(age_ns), .number = jb_text_duration},
	{"workload", LEFT("WORKLOAD"), JB_RECORD_MADE, .text = text_workload},
	{"peer", LEFT("PEER"), JB_RECORD_MADE, .text = text_peer},
	{"local", LEFT("LOCAL"), JB_RECORD_MADE, .text = text_local},
	{"remote", LEFT("REMOTE"), JB_RECORD_MADE, .text = text_remote},
};

static int compare(const void *left, const void *right)
{
	const struct jb_connection_info *a = left, *b = right;

	return strcmp(a->namespace_, b->namespace_) ?: strcmp(a->pod, b->pod) ?:
	       strcmp(a->unit, b->unit) ?: strcmp(a->local_address, b->local_address) ?:
	       jb_record_compare_numbers(a->local_port, b->local_port) ?:
	       strcmp(a->remote_address, b->remote_address) ?:
	       jb_record_compare_numbers(a->remote_port, b->remote_port);
}

const struct jb_record jb_connection_record = {
	.name = "connection",
	JB_RECORD_OF(struct jb_connection_info, columns),
	.shown = "workload,local,remote,state,role,leg,srtt_seconds,cwnd,retransmits,bytes_sent,"
		 "bytes_received,age_seconds",
	.compare = compare,
};
