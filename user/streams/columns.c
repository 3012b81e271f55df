/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/info.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "listing/text.h"

static void text_direction(const void *stream, struct jb_buffer *out)
{
	const struct jb_stream_info *info = stream;
	bool known = !strcmp(info->direction, "ingress") || !strcmp(info->direction, "egress");

	if (known)
		jb_buffer_puts(out, *info->direction == 'i' ? "in" : "out");
	else
		jb_buffer_puts(out, info->direction);
}

/* As in SDP tools and Wireshark: hexadecimal. */
static void text_ssrc(uint64_t ssrc, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%08" PRIx64, ssrc);
}

static void text_workload(const void *stream, struct jb_buffer *out)
{
	const struct jb_stream_info *info = stream;

	jb_text_workload(info->namespace_, info->pod, info->unit, out);
}

static void text_source(const void *stream, struct jb_buffer *out)
{
	const struct jb_stream_info *info = stream;

	jb_text_endpoint(info->source_address, info->source_port, out);
}

static void text_destination(const void *stream, struct jb_buffer *out)
{
	const struct jb_stream_info *info = stream;

	jb_text_endpoint(info->destination_address, info->destination_port, out);
}

/* Of what was sent, as far as it has been decided. At egress nothing has been lost yet. */
static void text_loss(const void *stream, struct jb_buffer *out)
{
	const struct jb_stream_info *info = stream;
	uint64_t lost = info->lost;

	if (lost == JB_RECORD_NONE || info->unique == JB_RECORD_NONE || !(lost + info->unique))
		jb_buffer_puts(out, "-");
	else
		jb_buffer_printf(out, "%.2f",
				 100.0 * (double)lost / ((double)lost + (double)info->unique));
}

#define LEFT      JB_RECORD_LEFT
#define RIGHT     JB_RECORD_RIGHT
#define AT(field) .offset = offsetof(struct jb_stream_info, field)

static const struct jb_record_column columns[] = {
	{"direction", LEFT("DIR"), JB_RECORD_TEXT, AT(direction), .text = text_direction},
	{"namespace", LEFT("NAMESPACE"), JB_RECORD_TEXT, AT(namespace_)},
	{"pod", LEFT("POD"), JB_RECORD_TEXT, AT(pod)},
	{"container", LEFT("CONTAINER"), JB_RECORD_TEXT, AT(container)},
	{"unit", LEFT("UNIT"), JB_RECORD_TEXT, AT(unit)},
	{"source_address", LEFT("SRC ADDRESS"), JB_RECORD_ADDRESS, AT(source_address)},
	{"source_port", RIGHT("SPORT"), JB_RECORD_NUMBER, AT(source_port)},
	{"destination_address", LEFT("DST ADDRESS"), JB_RECORD_ADDRESS, AT(destination_address)},
	{"destination_port", RIGHT("DPORT"), JB_RECORD_NUMBER, AT(destination_port)},
	{"ssrc", LEFT("SSRC"), JB_RECORD_NUMBER, AT(ssrc), .number = text_ssrc},
	{"payload_type", RIGHT("PT"), JB_RECORD_NUMBER, AT(payload_type)},
	{"media", LEFT("MEDIA"), JB_RECORD_TEXT, AT(media)},
	{"clock_rate", RIGHT("CLOCK"), JB_RECORD_NUMBER, AT(clock_rate)},
	{"base_sequence", RIGHT("BASE"), JB_RECORD_NUMBER, AT(base_sequence)},
	{"highest_sequence", RIGHT("HIGHEST"), JB_RECORD_NUMBER, AT(highest_sequence)},
	{"packets", RIGHT("PACKETS"), JB_RECORD_NUMBER, AT(packets)},
	{"bytes", RIGHT("BYTES"), JB_RECORD_NUMBER, AT(bytes)},
	{"unique", RIGHT("UNIQUE"), JB_RECORD_NUMBER, AT(unique)},
	{"unseen", RIGHT("UNSEEN"), JB_RECORD_NUMBER, AT(unseen)},
	{"lost", RIGHT("LOST"), JB_RECORD_NUMBER, AT(lost)},
	{"source_gap", RIGHT("SRCGAP"), JB_RECORD_NUMBER, AT(source_gap)},
	{"uplink_lost", RIGHT("UPLOST"), JB_RECORD_NUMBER, AT(uplink_lost)},
	{"node_lost", RIGHT("NODELOST"), JB_RECORD_NUMBER, AT(node_lost)},
	{"gap", RIGHT("GAP"), JB_RECORD_NUMBER, AT(gap)},
	{"recovered", RIGHT("RECOV"), JB_RECORD_NUMBER, AT(recovered)},
	{"reordered", RIGHT("REORD"), JB_RECORD_NUMBER, AT(reordered)},
	{"late", RIGHT("LATE"), JB_RECORD_NUMBER, AT(late)},
	{"duplicates", RIGHT("DUP"), JB_RECORD_NUMBER, AT(duplicates)},
	{"restarts", RIGHT("RESTARTS"), JB_RECORD_NUMBER, AT(restarts)},
	{"frames", RIGHT("FRAMES"), JB_RECORD_NUMBER, AT(frames)},
	{"jitter_seconds", RIGHT("JITTER ms"), JB_RECORD_NANO, AT(jitter_ns),
	 .number = jb_text_milliseconds},
	{"bitrate_bps", RIGHT("KBIT/S"), JB_RECORD_NUMBER, AT(bitrate),
	 .number = jb_text_thousandth},
	{"frame_rate", RIGHT("FPS"), JB_RECORD_MILLI, AT(frame_rate),
	 .number = jb_text_thousandth_1},
	{"age_seconds", RIGHT("AGE"), JB_RECORD_NANO, AT(age_ns), .number = jb_text_duration},
	{"idle_seconds", RIGHT("IDLE"), JB_RECORD_NANO, AT(idle_ns), .number = jb_text_duration},
	{"workload", LEFT("WORKLOAD"), JB_RECORD_MADE, .text = text_workload},
	{"source", LEFT("SOURCE"), JB_RECORD_MADE, .text = text_source},
	{"destination", LEFT("DESTINATION"), JB_RECORD_MADE, .text = text_destination},
	{"loss", RIGHT("LOSS%"), JB_RECORD_MADE, .text = text_loss},
};

static int compare(const void *left, const void *right)
{
	const struct jb_stream_info *a = left, *b = right;

	return strcmp(a->namespace_, b->namespace_) ?: strcmp(a->pod, b->pod) ?:
	       strcmp(a->unit, b->unit) ?: strcmp(b->direction, a->direction) ?:
	       strcmp(a->source_address, b->source_address) ?:
	       jb_record_compare_numbers(a->source_port, b->source_port) ?:
	       jb_record_compare_numbers(a->ssrc, b->ssrc);
}

const struct jb_record jb_stream_record = {
	.name = "stream",
	JB_RECORD_OF(struct jb_stream_info, columns),
	.shown = "direction,workload,source,destination,ssrc,media,packets,lost,source_gap,loss,"
		 "late,duplicates,jitter_seconds,bitrate_bps,frame_rate,idle_seconds",
	.compare = compare,
};
