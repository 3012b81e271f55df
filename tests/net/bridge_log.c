/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bridge.h"
#include "rtp_wire.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const action_names[JB_BRIDGE_ACTION_MAX] = {
	[JB_BRIDGE_FWD] = "fwd",   [JB_BRIDGE_DUP] = "dup",   [JB_BRIDGE_REORDER] = "reorder",
	[JB_BRIDGE_DROP] = "drop", [JB_BRIDGE_HOLD] = "hold",
};

FILE *jb_bridge_log_open(const char *path)
{
	FILE *log;

	if (!path)
		return NULL;
	log = fopen(path, "we");
	if (!log)
		jb_tool_fail(1, "%s: %s", path, strerror(errno));
	setvbuf(log, NULL, _IOFBF, 1 << 20);
	fputs("id,t_in_ns,ssrc,seq,ts,pt,marker,size,action,due_ns,t_out_ns,padding_only,dir\n",
	      log);
	return log;
}

void jb_bridge_log_write(FILE *log, const struct jb_bridge_packet *packet, uint64_t out_ns)
{
	const struct jb_bridge_span *span = &packet->rtp;
	uint64_t due_ns = packet->action == JB_BRIDGE_DROP ? 0 : packet->due_ns;
	struct jb_wire_rtp rtp;

	for (uint32_t at = 0; log && span->segments && at < span->length; at += span->segment) {
		uint32_t size = span->length - at;

		if (size > span->segment)
			size = span->segment;
		if (!jb_wire_rtp_read(packet->data + span->offset + at, size, &rtp))
			continue;
		fprintf(log,
			"%" PRIu64 ",%" PRIu64 ",%u,%u,%u,%u,%u,%u,%s,%" PRIu64 ",%" PRIu64
			",%u,%s\n",
			packet->id, packet->in_ns, rtp.ssrc, rtp.seq, rtp.ts, rtp.pt, rtp.marker,
			size, action_names[packet->action], due_ns, out_ns, rtp.padding_only,
			packet->from ? "ba" : "ab");
	}
}
