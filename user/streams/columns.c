/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/info.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

static void text_direction(const struct jb_stream_info *info, struct jb_buffer *out)
{
	bool known = !strcmp(info->direction, "ingress") || !strcmp(info->direction, "egress");

	if (known)
		jb_buffer_puts(out, *info->direction == 'i' ? "in" : "out");
	else
		jb_buffer_puts(out, info->direction);
}

/* As in SDP tools and Wireshark: hexadecimal. */
static void text_ssrc(const struct jb_stream_info *info, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%08" PRIx64, info->ssrc);
}

static void text_jitter(const struct jb_stream_info *info, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%.2f", (double)info->jitter_ns / 1e6);
}

static void text_bitrate(const struct jb_stream_info *info, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%.0f", (double)info->bitrate / 1e3);
}

static void text_frame_rate(const struct jb_stream_info *info, struct jb_buffer *out)
{
	jb_buffer_printf(out, "%.1f", (double)info->frame_rate / 1e3);
}

/* 9.5s, 12m03s, 2h05m: what is read at a glance. */
static void append_duration(struct jb_buffer *out, uint64_t ns)
{
	uint64_t seconds = ns / 1000000000;

	if (seconds < 60)
		jb_buffer_printf(out, "%" PRIu64 ".%" PRIu64 "s", seconds, ns / 100000000 % 10);
	else if (seconds < 3600)
		jb_buffer_printf(out, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
	else
		jb_buffer_printf(out, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600,
				 seconds / 60 % 60);
}

static void text_age(const struct jb_stream_info *info, struct jb_buffer *out)
{
	append_duration(out, info->age_ns);
}

static void text_idle(const struct jb_stream_info *info, struct jb_buffer *out)
{
	append_duration(out, info->idle_ns);
}

static void text_workload(const struct jb_stream_info *info, struct jb_buffer *out)
{
	if (*info->pod)
		jb_buffer_printf(out, "%s/%s", info->namespace_, info->pod);
	else
		jb_buffer_puts(out, *info->unit ? info->unit : "-");
}

static void append_endpoint(struct jb_buffer *out, const char *address, uint64_t port)
{
	const char *format = strchr(address, ':') ? "[%s]:%" PRIu64 : "%s:%" PRIu64;

	if (port == JB_STREAM_NONE)
		jb_buffer_puts(out, "-");
	else
		jb_buffer_printf(out, format, address, port);
}

static void text_source(const struct jb_stream_info *info, struct jb_buffer *out)
{
	append_endpoint(out, info->source_address, info->source_port);
}

static void text_destination(const struct jb_stream_info *info, struct jb_buffer *out)
{
	append_endpoint(out, info->destination_address, info->destination_port);
}

/* Of what was sent, as far as it has been decided. At egress nothing has been lost yet. */
static void text_loss(const struct jb_stream_info *info, struct jb_buffer *out)
{
	uint64_t lost = info->lost;

	if (lost == JB_STREAM_NONE || info->unique == JB_STREAM_NONE || !(lost + info->unique))
		jb_buffer_puts(out, "-");
	else
		jb_buffer_printf(out, "%.2f",
				 100.0 * (double)lost / ((double)lost + (double)info->unique));
}

#define LEFT(header)                                                                               \
	{                                                                                          \
		header, JB_ALIGN_LEFT                                                              \
	}
#define RIGHT(header)                                                                              \
	{                                                                                          \
		header, JB_ALIGN_RIGHT                                                             \
	}
#define AT(field) offsetof(struct jb_stream_info, field)

const struct jb_stream_column jb_stream_columns[] = {
	{"direction", LEFT("DIR"), JB_STREAM_TEXT, AT(direction), text_direction},
	{"namespace", LEFT("NAMESPACE"), JB_STREAM_TEXT, AT(namespace_), NULL},
	{"pod", LEFT("POD"), JB_STREAM_TEXT, AT(pod), NULL},
	{"container", LEFT("CONTAINER"), JB_STREAM_TEXT, AT(container), NULL},
	{"unit", LEFT("UNIT"), JB_STREAM_TEXT, AT(unit), NULL},
	{"source_address", LEFT("SRC ADDRESS"), JB_STREAM_ADDRESS, AT(source_address), NULL},
	{"source_port", RIGHT("SPORT"), JB_STREAM_NUMBER, AT(source_port), NULL},
	{"destination_address", LEFT("DST ADDRESS"), JB_STREAM_ADDRESS, AT(destination_address),
	 NULL},
	{"destination_port", RIGHT("DPORT"), JB_STREAM_NUMBER, AT(destination_port), NULL},
	{"ssrc", LEFT("SSRC"), JB_STREAM_NUMBER, AT(ssrc), text_ssrc},
	{"payload_type", RIGHT("PT"), JB_STREAM_NUMBER, AT(payload_type), NULL},
	{"media", LEFT("MEDIA"), JB_STREAM_TEXT, AT(media), NULL},
	{"clock_rate", RIGHT("CLOCK"), JB_STREAM_NUMBER, AT(clock_rate), NULL},
	{"base_sequence", RIGHT("BASE"), JB_STREAM_NUMBER, AT(base_sequence), NULL},
	{"highest_sequence", RIGHT("HIGHEST"), JB_STREAM_NUMBER, AT(highest_sequence), NULL},
	{"packets", RIGHT("PACKETS"), JB_STREAM_NUMBER, AT(packets), NULL},
	{"bytes", RIGHT("BYTES"), JB_STREAM_NUMBER, AT(bytes), NULL},
	{"unique", RIGHT("UNIQUE"), JB_STREAM_NUMBER, AT(unique), NULL},
	{"unseen", RIGHT("UNSEEN"), JB_STREAM_NUMBER, AT(unseen), NULL},
	{"lost", RIGHT("LOST"), JB_STREAM_NUMBER, AT(lost), NULL},
	{"source_gap", RIGHT("SRCGAP"), JB_STREAM_NUMBER, AT(source_gap), NULL},
	{"gap", RIGHT("GAP"), JB_STREAM_NUMBER, AT(gap), NULL},
	{"recovered", RIGHT("RECOV"), JB_STREAM_NUMBER, AT(recovered), NULL},
	{"reordered", RIGHT("REORD"), JB_STREAM_NUMBER, AT(reordered), NULL},
	{"late", RIGHT("LATE"), JB_STREAM_NUMBER, AT(late), NULL},
	{"duplicates", RIGHT("DUP"), JB_STREAM_NUMBER, AT(duplicates), NULL},
	{"restarts", RIGHT("RESTARTS"), JB_STREAM_NUMBER, AT(restarts), NULL},
	{"frames", RIGHT("FRAMES"), JB_STREAM_NUMBER, AT(frames), NULL},
	{"jitter_seconds", RIGHT("JITTER ms"), JB_STREAM_NANO, AT(jitter_ns), text_jitter},
	{"bitrate_bps", RIGHT("KBIT/S"), JB_STREAM_NUMBER, AT(bitrate), text_bitrate},
	{"frame_rate", RIGHT("FPS"), JB_STREAM_MILLI, AT(frame_rate), text_frame_rate},
	{"age_seconds", RIGHT("AGE"), JB_STREAM_NANO, AT(age_ns), text_age},
	{"idle_seconds", RIGHT("IDLE"), JB_STREAM_NANO, AT(idle_ns), text_idle},
	{"workload", LEFT("WORKLOAD"), JB_STREAM_MADE, 0, text_workload},
	{"source", LEFT("SOURCE"), JB_STREAM_MADE, 0, text_source},
	{"destination", LEFT("DESTINATION"), JB_STREAM_MADE, 0, text_destination},
	{"loss", RIGHT("LOSS%"), JB_STREAM_MADE, 0, text_loss},
};

const size_t jb_stream_column_count = sizeof(jb_stream_columns) / sizeof(*jb_stream_columns);

_Static_assert(sizeof(jb_stream_columns) / sizeof(*jb_stream_columns) <= JB_STREAM_COLUMNS_MAX,
	       "a list can name each column");

const char jb_stream_columns_default[] =
	"direction,workload,source,destination,ssrc,media,packets,lost,source_gap,loss,late,"
	"duplicates,jitter_seconds,bitrate_bps,frame_rate,idle_seconds";

static const struct jb_stream_column *find(const char *name, size_t length)
{
	for (size_t i = 0; i < jb_stream_column_count; i++) {
		const char *candidate = jb_stream_columns[i].name;

		if (strlen(candidate) == length && !memcmp(candidate, name, length))
			return &jb_stream_columns[i];
	}
	return NULL;
}

int jb_stream_columns_parse(const char *list,
			    const struct jb_stream_column *ret_columns[JB_STREAM_COLUMNS_MAX],
			    const char **ret_bad, int *ret_length)
{
	const struct jb_stream_column *columns[JB_STREAM_COLUMNS_MAX];
	int count = 0;

	for (const char *name = list;;) {
		size_t length = strcspn(name, ",");
		const struct jb_stream_column *column = find(name, length);

		if (!column || count == JB_STREAM_COLUMNS_MAX) {
			*ret_bad = name;
			*ret_length = (int)length;
			return -EINVAL;
		}
		columns[count++] = column;
		if (!name[length])
			break;
		name += length + 1;
	}
	memcpy(ret_columns, columns, (size_t)count * sizeof(*columns));
	return count;
}
