/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/replay_report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/table.h"
#include "kernel/names.h"
#include "streams/view.h"

/* No directions and workloads in a capture. */
static const char stream_columns[] =
	"source,destination,ssrc,payload_type,media,packets,lost,loss,unseen,reordered,late,"
	"duplicates,jitter_seconds,bitrate_bps,frame_rate,age_seconds,idle_seconds";

void jb_replay_info(const struct jb_replay *replay, const struct jb_engine_stream *stream,
		    struct jb_stream_info *ret_info)
{
	const struct jb_receiver *r = &stream->receiver;
	double seconds = (double)(r->last_ns - r->started_ns) / 1e9;
	struct jb_stream_view view = {
		.key = &stream->key,
		.receiver = r,
		.direction = JB_INGRESS,
		.bitrate_bps = seconds > 0 ? 8 * (double)(r->bytes - stream->first_bytes) / seconds
					   : NAN,
		.frame_rate = seconds > 0 ? (r->frames - stream->first_frames) / seconds : NAN,
		.now_ns = jb_engine_stats(replay->engine)->now_ns,
	};

	jb_stream_view_info(&view, ret_info);
}

typedef const struct jb_engine_stream *(*stream_at)(const struct jb_engine *engine, size_t index);

static int print_streams(const struct jb_replay *replay, stream_at at, FILE *file)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_stream_info *infos;
	const char *bad;
	size_t count = 0;
	int length, err;

	err = jb_record_columns(&jb_stream_record, stream_columns, columns, &bad, &length);
	if (err < 0)
		return err;
	length = err;
	while (at(replay->engine, count))
		count++;
	infos = calloc(count ? count : 1, sizeof(*infos));
	if (!infos)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		jb_replay_info(replay, at(replay->engine, i), &infos[i]);
	err = jb_record_print(&jb_stream_record, infos, count, columns, (size_t)length, file);
	free(infos);
	return err;
}

/* "label: 12 name, 3 name" of what is not 0. */
struct list {
	FILE *file;
	const char *label;
	bool begun;
};

static void list_add(struct list *list, __u64 value, const char *name)
{
	if (!value)
		return;
	if (list->begun)
		fputs(", ", list->file);
	else
		fprintf(list->file, "%-14s", list->label);
	fprintf(list->file, "%llu %s", value, name);
	list->begun = true;
}

static void list_end(struct list *list)
{
	if (list->begun)
		fputc('\n', list->file);
}

static void print_frames(const struct jb_replay *replay, FILE *file)
{
	const struct jb_engine_stats *stats = jb_engine_stats(replay->engine);
	struct list list = {file, "frames:", false};

	fprintf(file, "%-14s%.3f s, %llu frames\n",
		"capture:", (double)(stats->now_ns - stats->first_ns) / 1e9, stats->frames);
	for (int i = 0; i < JB_DECODE_MAX; i++)
		list_add(&list, stats->decodes[i], jb_decode_names[i]);
	list_end(&list);
	list = (struct list){file, "datagrams:", false};
	for (int i = 0; i < JB_PACKET_KIND_MAX; i++)
		list_add(&list, stats->kinds[i], jb_replay_kinds[i]);
	list_end(&list);
	list = (struct list){file, "not counted:", false};
#define JB_REPLAY_FAULT(name, field) list_add(&list, stats->field, name);
	JB_REPLAY_FAULTS(JB_REPLAY_FAULT)
#undef JB_REPLAY_FAULT
	list_add(&list, jb_engine_on_probation(replay->engine), "on_probation");
	list_end(&list);
	if (stats->decodes[JB_DECODE_MERGED])
		fprintf(file,
			"%-14s%llu packets above --mtu %u are several datagrams in one and not "
			"measured: capture with GRO and GSO off\n",
			"merged:", stats->decodes[JB_DECODE_MERGED], replay->mtu);
}

static const struct jb_column total_columns[] = {
	{"TOTAL", JB_ALIGN_LEFT},    {"STREAMS", JB_ALIGN_RIGHT},  {"PACKETS", JB_ALIGN_RIGHT},
	{"BYTES", JB_ALIGN_RIGHT},   {"EXPECTED", JB_ALIGN_RIGHT}, {"LOST", JB_ALIGN_RIGHT},
	{"LOSS%", JB_ALIGN_RIGHT},   {"GAP", JB_ALIGN_RIGHT},      {"RECOV", JB_ALIGN_RIGHT},
	{"REORD", JB_ALIGN_RIGHT},   {"LATE", JB_ALIGN_RIGHT},     {"DUP", JB_ALIGN_RIGHT},
	{"PADDING", JB_ALIGN_RIGHT}, {"RESTARTS", JB_ALIGN_RIGHT}, {"FRAMES", JB_ALIGN_RIGHT},
	{"FREEZES", JB_ALIGN_RIGHT}, {"FREEZE s", JB_ALIGN_RIGHT},
};

static void add_counters(struct jb_table *table, const __u64 *counter, const int *which,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		jb_table_cellf(table, "%llu", counter[which[i]]);
}

static void add_total(struct jb_table *table, const char *media, const __u64 *counter)
{
	static const int first[] = {JB_RTP_STARTED, JB_RTP_PACKETS, JB_RTP_BYTES, JB_RTP_EXPECTED,
				    JB_RTP_LOST};
	static const int second[] = {JB_RTP_GAP,      JB_RTP_RECOVERED,  JB_RTP_REORDERED,
				     JB_RTP_LATE,     JB_RTP_DUPLICATES, JB_RTP_PADDING,
				     JB_RTP_RESTARTS, JB_RTP_FRAMES,     JB_RTP_FREEZES};
	__u64 expected = counter[JB_RTP_EXPECTED];

	jb_table_cell(table, media);
	add_counters(table, counter, first, sizeof(first) / sizeof(*first));
	jb_table_cellf(table, "%.2f",
		       expected ? 100.0 * (double)counter[JB_RTP_LOST] / (double)expected : 0);
	add_counters(table, counter, second, sizeof(second) / sizeof(*second));
	jb_table_cellf(table, "%.3f", (double)counter[JB_RTP_FREEZE_NS] / 1e9);
}

/* By media, as the agent counts: a stream's first packets are of unknown media. */
static int print_totals(const struct jb_replay *replay, FILE *file)
{
	struct jb_rtp_totals totals[JB_MEDIA_MAX], sum = {};
	struct jb_table *table;
	int err;

	jb_engine_totals(replay->engine, totals);
	err = jb_table_new(total_columns, sizeof(total_columns) / sizeof(*total_columns), &table);
	if (err)
		return err;
	for (int i = 0; i < JB_MEDIA_MAX; i++) {
		if (totals[i].counter[JB_RTP_PACKETS])
			add_total(table, jb_media_names[i], totals[i].counter);
		for (int j = 0; j < JB_RTP_COUNTER_MAX; j++)
			sum.counter[j] += totals[i].counter[j];
	}
	add_total(table, "all", sum.counter);
	err = jb_table_print(table, file);
	jb_table_free(table);
	return err;
}

int jb_replay_print_text(const struct jb_replay *replay, FILE *file)
{
	int err = 0;

	if (!jb_engine_stream(replay->engine, 0))
		fputs("no RTP streams\n", file);
	else
		err = print_streams(replay, jb_engine_stream, file);
	if (!err && jb_engine_ended(replay->engine, 0)) {
		fputs("\nended before (30 s without a packet, then begun anew):\n", file);
		err = print_streams(replay, jb_engine_ended, file);
	}
	if (!err && jb_engine_stream(replay->engine, 0)) {
		fputs("\nonce all streams have ended (what is unseen is lost):\n", file);
		err = print_totals(replay, file);
	}
	if (err)
		return err;
	fputc('\n', file);
	print_frames(replay, file);
	return fflush(file) || ferror(file) ? -EIO : 0;
}
