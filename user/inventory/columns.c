/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "inventory/info.h"

#include <stddef.h>
#include <string.h>

#include "listing/text.h"

static void text_workload(const void *workload, struct jb_buffer *out)
{
	const struct jb_workload_info *info = workload;

	jb_text_workload(info->namespace_, info->pod, info->unit, out);
}

#define LEFT      JB_RECORD_LEFT
#define RIGHT     JB_RECORD_RIGHT
#define AT(field) .offset = offsetof(struct jb_workload_info, field)

static const struct jb_record_column columns[] = {
	{"namespace", LEFT("NAMESPACE"), JB_RECORD_TEXT, AT(namespace_)},
	{"pod", LEFT("POD"), JB_RECORD_TEXT, AT(pod)},
	{"container", LEFT("CONTAINER"), JB_RECORD_TEXT, AT(container)},
	{"unit", LEFT("UNIT"), JB_RECORD_TEXT, AT(unit)},
	{"owner", LEFT("OWNER"), JB_RECORD_TEXT, AT(owner)},
	{"created_by_kind", LEFT("KIND"), JB_RECORD_TEXT, AT(created_by_kind)},
	{"node", LEFT("NODE"), JB_RECORD_TEXT, AT(node)},
	{"pod_ip", LEFT("POD IP"), JB_RECORD_TEXT, AT(pod_ip)},
	{"host_network", LEFT("HOST NETWORK"), JB_RECORD_TEXT, AT(host_network)},
	{"meshed", LEFT("MESHED"), JB_RECORD_TEXT, AT(meshed)},
	{"phase", LEFT("PHASE"), JB_RECORD_TEXT, AT(phase)},
	{"cgroups", RIGHT("CGROUPS"), JB_RECORD_NUMBER, AT(cgroups)},
	{"streams_in", RIGHT("IN"), JB_RECORD_NUMBER, AT(streams_in)},
	{"streams_out", RIGHT("OUT"), JB_RECORD_NUMBER, AT(streams_out)},
	{"streams_impaired", RIGHT("IMPAIRED"), JB_RECORD_NUMBER, AT(streams_impaired)},
	{"rtp_packets_in", RIGHT("RTP IN"), JB_RECORD_NUMBER, AT(rtp_packets_in)},
	{"rtp_packets_out", RIGHT("RTP OUT"), JB_RECORD_NUMBER, AT(rtp_packets_out)},
	{"rtp_lost", RIGHT("LOST"), JB_RECORD_NUMBER, AT(rtp_lost)},
	{"udp_bytes_in", RIGHT("UDP IN kB"), JB_RECORD_NUMBER, AT(udp_bytes_in),
	 .number = jb_text_thousandth_1},
	{"udp_bytes_out", RIGHT("UDP OUT kB"), JB_RECORD_NUMBER, AT(udp_bytes_out),
	 .number = jb_text_thousandth_1},
	{"tcp_opened", RIGHT("TCP"), JB_RECORD_NUMBER, AT(tcp_opened)},
	{"tcp_retransmits", RIGHT("RETRANS"), JB_RECORD_NUMBER, AT(tcp_retransmits)},
	{"dropped_packets", RIGHT("DROPPED"), JB_RECORD_NUMBER, AT(dropped_packets)},
	{"workload", LEFT("WORKLOAD"), JB_RECORD_MADE, .text = text_workload},
};

static int compare(const void *left, const void *right)
{
	const struct jb_workload_info *a = left, *b = right;

	return strcmp(a->namespace_, b->namespace_) ?: strcmp(a->pod, b->pod) ?:
	       strcmp(a->unit, b->unit);
}

const struct jb_record jb_workload_record = {
	.name = "workload",
	JB_RECORD_OF(struct jb_workload_info, columns),
	.shown = "workload,pod_ip,streams_in,streams_out,streams_impaired,rtp_packets_in,"
		 "rtp_packets_out,rtp_lost,udp_bytes_in,udp_bytes_out,tcp_opened,tcp_retransmits,"
		 "dropped_packets",
	.compare = compare,
};
