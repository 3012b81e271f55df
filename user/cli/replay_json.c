/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/replay_report.h"

#include <errno.h>

#include "kernel/names.h"
#include "listing/json.h"
#include "streams/view.h"

const char *const jb_replay_counters[JB_RTP_COUNTER_MAX] = {
	[JB_RTP_PACKETS] = "packets",
	[JB_RTP_BYTES] = "bytes",
	[JB_RTP_EXPECTED] = "expected",
	[JB_RTP_LOST] = "lost",
	[JB_RTP_GAP] = "gap",
	[JB_RTP_RECOVERED] = "recovered",
	[JB_RTP_DUPLICATES] = "duplicates",
	[JB_RTP_REORDERED] = "reordered",
	[JB_RTP_LATE] = "late",
	[JB_RTP_PADDING] = "padding",
	[JB_RTP_RESTARTS] = "restarts",
	[JB_RTP_FRAMES] = "frames",
	[JB_RTP_FREEZES] = "freezes",
	[JB_RTP_FREEZE_NS] = "freeze_seconds",
	[JB_RTP_STARTED] = "started",
};

const char *const jb_replay_kinds[JB_PACKET_KIND_MAX] = {
	[JB_PACKET_OTHER] = "other",
	[JB_PACKET_STUN] = "stun",
	[JB_PACKET_ZRTP] = "zrtp",
	[JB_PACKET_DTLS] = "dtls",
	[JB_PACKET_CHANNEL_DATA] = "channel_data",
	[JB_PACKET_QUIC] = "quic",
	[JB_PACKET_RTP] = "rtp",
	[JB_PACKET_RTCP] = "rtcp",
};

/* The buffer holds one stream at a time, however many there are. */
static int flush(struct jb_buffer *out, FILE *file)
{
	int err = out->error;

	if (!err && out->len && fwrite(out->data, 1, out->len, file) != out->len)
		err = -EIO;
	jb_buffer_reset(out);
	return err;
}

/* ,"name": or, as the first one, {"name": */
static void begin(struct jb_buffer *out, const char *name, bool first)
{
	jb_buffer_append(out, first ? "{" : ",", 1);
	jb_json_string(out, name);
	jb_buffer_append(out, ":", 1);
}

static void member(struct jb_buffer *out, const char *name, __u64 value, bool first)
{
	begin(out, name, first);
	jb_buffer_u64(out, value);
}

typedef const struct jb_engine_stream *(*stream_at)(const struct jb_engine *engine, size_t index);

static int write_streams(const struct jb_replay *replay, stream_at at, struct jb_buffer *out,
			 FILE *file)
{
	const struct jb_engine_stream *stream;
	struct jb_stream_info info;
	int err = 0;

	jb_buffer_append(out, "[", 1);
	for (size_t i = 0; !err && (stream = at(replay->engine, i)); i++) {
		jb_buffer_puts(out, i ? ",\n" : "\n");
		jb_replay_info(replay, stream, &info);
		jb_stream_json(&info, out);
		err = flush(out, file);
	}
	jb_buffer_append(out, "]", 1);
	return err;
}

static void write_counters(const struct jb_rtp_totals *totals, struct jb_buffer *out)
{
	for (int i = 0; i < JB_RTP_COUNTER_MAX; i++) {
		begin(out, jb_replay_counters[i], i == 0);
		jb_json_fixed(out, totals->counter[i], i == JB_RTP_FREEZE_NS ? 9 : 0);
	}
	jb_buffer_append(out, "}", 1);
}

static void write_totals(const struct jb_engine *engine, struct jb_buffer *out)
{
	struct jb_rtp_totals totals[JB_MEDIA_MAX];

	jb_engine_totals(engine, totals);
	for (int i = 0; i < JB_MEDIA_MAX; i++) {
		begin(out, jb_media_names[i], i == 0);
		write_counters(&totals[i], out);
	}
	jb_buffer_append(out, "}", 1);
}

static void write_summary(const struct jb_engine *engine, struct jb_buffer *out)
{
	const struct jb_engine_stats *stats = jb_engine_stats(engine);

	begin(out, "seconds", true);
	jb_json_fixed(out, stats->now_ns - stats->first_ns, 9);
	member(out, "frames", stats->frames, false);
	begin(out, "decoded", false);
	for (int i = 0; i < JB_DECODE_MAX; i++)
		member(out, jb_decode_names[i], stats->decodes[i], i == 0);
	jb_buffer_append(out, "}", 1);
	begin(out, "datagrams", false);
	for (int i = 0; i < JB_PACKET_KIND_MAX; i++)
		member(out, jb_replay_kinds[i], stats->kinds[i], i == 0);
	jb_buffer_append(out, "}", 1);
	begin(out, "faults", false);
#define JB_REPLAY_FAULT(name, field)                                                               \
	member(out, name, stats->field, &stats->field == &stats->unreadable);
	JB_REPLAY_FAULTS(JB_REPLAY_FAULT)
#undef JB_REPLAY_FAULT
	member(out, "on_probation", jb_engine_on_probation(engine), false);
	jb_buffer_append(out, "}", 1);
	begin(out, "totals", false);
	write_totals(engine, out);
	jb_buffer_append(out, "}", 1);
}

static int write_report(const struct jb_replay *replay, struct jb_buffer *out, FILE *file)
{
	int err;

	begin(out, "file", true);
	jb_json_string(out, replay->file);
	begin(out, "streams", false);
	err = write_streams(replay, jb_engine_stream, out, file);
	if (err)
		return err;
	begin(out, "ended", false);
	err = write_streams(replay, jb_engine_ended, out, file);
	if (err)
		return err;
	begin(out, "summary", false);
	write_summary(replay->engine, out);
	begin(out, "error", false);
	if (replay->error)
		jb_json_string(out, replay->error);
	else
		jb_buffer_puts(out, "null");
	jb_buffer_puts(out, "}\n");
	return flush(out, file);
}

int jb_replay_print_json(const struct jb_replay *replay, FILE *file)
{
	struct jb_buffer out = {};
	int err = write_report(replay, &out, file);

	jb_buffer_free(&out);
	return !err && fflush(file) ? -EIO : err;
}
