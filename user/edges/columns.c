/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "edges/info.h"

#include <stddef.h>
#include <string.h>

#include "listing/text.h"

static void text_workload(const void *edge, struct jb_buffer *out)
{
	const struct jb_edge_info *info = edge;

	jb_text_workload(info->namespace_, info->pod, info->unit, out);
}

static void text_peer(const void *edge, struct jb_buffer *out)
{
	const struct jb_edge_info *info = edge;

	if (*info->peer_namespace)
		jb_buffer_printf(out, "%s/%s", info->peer_namespace, info->peer_workload);
	else
		jb_buffer_puts(out, *info->peer_workload ? info->peer_workload : "-");
}

#define LEFT      JB_RECORD_LEFT
#define RIGHT     JB_RECORD_RIGHT
#define AT(field) .offset = offsetof(struct jb_edge_info, field)

static const struct jb_record_column columns[] = {
	{"reporter", LEFT("REPORTER"), JB_RECORD_TEXT, AT(reporter)},
	{"namespace", LEFT("NAMESPACE"), JB_RECORD_TEXT, AT(namespace_)},
	{"pod", LEFT("POD"), JB_RECORD_TEXT, AT(pod)},
	{"unit", LEFT("UNIT"), JB_RECORD_TEXT, AT(unit)},
	{"peer_namespace", LEFT("PEER NAMESPACE"), JB_RECORD_TEXT, AT(peer_namespace)},
	{"peer_workload", LEFT("PEER WORKLOAD"), JB_RECORD_TEXT, AT(peer_workload)},
	{"peer_pod", LEFT("PEER POD"), JB_RECORD_TEXT, AT(peer_pod)},
	{"protocol", LEFT("PROTO"), JB_RECORD_TEXT, AT(protocol)},
	{"port", RIGHT("PORT"), JB_RECORD_NUMBER, AT(port)},
	{"connections", RIGHT("CONNS"), JB_RECORD_NUMBER, AT(connections)},
	{"failures", RIGHT("FAILED"), JB_RECORD_NUMBER, AT(failures)},
	{"bytes_sent", RIGHT("SENT kB"), JB_RECORD_NUMBER, AT(bytes_sent),
	 .number = jb_text_thousandth_1},
	{"bytes_received", RIGHT("RECV kB"), JB_RECORD_NUMBER, AT(bytes_received),
	 .number = jb_text_thousandth_1},
	{"leg", LEFT("LEG"), JB_RECORD_TEXT, AT(leg)},
	{"mesh_requests", RIGHT("REQUESTS"), JB_RECORD_NUMBER, AT(mesh_requests)},
	{"mesh_failures", RIGHT("REQ FAILED"), JB_RECORD_NUMBER, AT(mesh_failures)},
	{"mesh_latency_seconds", RIGHT("LAT ms"), JB_RECORD_NANO, AT(mesh_latency_ns),
	 .number = jb_text_milliseconds},
	{"mesh_network_seconds", RIGHT("NET ms"), JB_RECORD_NANO, AT(mesh_network_ns),
	 .number = jb_text_milliseconds},
	{"mesh_residence_seconds", RIGHT("RES ms"), JB_RECORD_NANO, AT(mesh_residence_ns),
	 .number = jb_text_milliseconds},
	{"mesh_retransmits", RIGHT("MESH RETR"), JB_RECORD_NUMBER, AT(mesh_retransmits)},
	{"verdict", LEFT("VERDICT"), JB_RECORD_TEXT, AT(verdict)},
	{"policies", LEFT("POLICIES"), JB_RECORD_TEXT, AT(policies)},
	{"idle_seconds", RIGHT("IDLE"), JB_RECORD_NANO, AT(idle_ns), .number = jb_text_duration},
	{"age_seconds", RIGHT("AGE"), JB_RECORD_NANO, AT(age_ns), .number = jb_text_duration},
	{"workload", LEFT("WORKLOAD"), JB_RECORD_MADE, .text = text_workload},
	{"peer", LEFT("PEER"), JB_RECORD_MADE, .text = text_peer},
};

int jb_edge_compare(const void *info, const void *other)
{
	const struct jb_edge_info *a = info, *b = other;

	return strcmp(a->namespace_, b->namespace_) ?: strcmp(a->pod, b->pod) ?:
	       strcmp(a->unit, b->unit) ?: strcmp(a->peer_namespace, b->peer_namespace) ?:
	       strcmp(a->peer_workload, b->peer_workload) ?: strcmp(a->reporter, b->reporter) ?:
	       strcmp(a->protocol, b->protocol) ?: jb_record_compare_numbers(a->port, b->port) ?:
	       strcmp(a->leg, b->leg) ?: strcmp(a->verdict, b->verdict);
}

#define COUNTS 7
static const size_t counts[COUNTS] = {
	offsetof(struct jb_edge_info, connections),
	offsetof(struct jb_edge_info, failures),
	offsetof(struct jb_edge_info, bytes_sent),
	offsetof(struct jb_edge_info, bytes_received),
	offsetof(struct jb_edge_info, mesh_requests),
	offsetof(struct jb_edge_info, mesh_failures),
	offsetof(struct jb_edge_info, mesh_retransmits),
};

/* One that isn't known is 0: what an agent of another version doesn't tell. */
static uint64_t count_of(const void *info, int i)
{
	uint64_t count = *(const uint64_t *)((const char *)info + counts[i]);

	return count == JB_RECORD_NONE ? 0 : count;
}

static bool is_told(const void *info, int i)
{
	return *(const uint64_t *)((const char *)info + counts[i]) != JB_RECORD_NONE;
}

static bool began_anew(const void *info, const void *before)
{
	for (int i = 0; i < COUNTS; i++)
		if (is_told(info, i) && count_of(info, i) < count_of(before, i))
			return true;
	return false;
}

bool jb_edge_since(void *info, const void *before)
{
	bool all = !before || began_anew(info, before);
	uint64_t any = 0;

	for (int i = 0; i < COUNTS; i++) {
		uint64_t *count = (uint64_t *)((char *)info + counts[i]);

		if (!is_told(info, i))
			continue;
		*count -= all ? 0 : count_of(before, i);
		any |= *count;
	}
	return any;
}

const struct jb_record jb_edge_record = {
	.name = "edge",
	JB_RECORD_OF(struct jb_edge_info, columns),
	.shown = "reporter,workload,peer,leg,port,connections,failures,bytes_sent,"
		 "bytes_received,mesh_latency_seconds,verdict",
	.compare = jb_edge_compare,
};
