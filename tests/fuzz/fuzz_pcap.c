/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A whole capture from memory through libpcap, the decoder and the engine. After each frame every
 * stream's numbers must add up, and at the end every RTP packet must be accounted for.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/engine.h"
#include "capture/pcap.h"

/* Few, so that the checks after each frame stay cheap and the table's bound is met. */
enum { STREAMS_MAX = 16 };

static void check_stream(const struct jb_engine_stream *stream)
{
	const struct jb_receiver *r = &stream->receiver;

	if (r->ext - r->base + 1 != r->unique + r->lost + jb_receiver_unseen(r))
		abort();
	if (r->base > r->ext || r->last_ns < r->started_ns || r->unique > r->packets)
		abort();
}

static __u64 check_streams(const struct jb_engine *engine)
{
	const struct jb_engine_stream *stream;
	__u64 packets = 0;

	for (size_t i = 0; (stream = jb_engine_stream(engine, i)); i++) {
		check_stream(stream);
		packets += stream->receiver.packets;
	}
	return packets;
}

static void check_accounts(const struct jb_engine *engine)
{
	const struct jb_engine_stats *stats = jb_engine_stats(engine);
	const struct jb_engine_stream *ended;
	struct jb_rtp_totals totals[JB_MEDIA_MAX];
	__u64 counted = 0, told = check_streams(engine), frames = 0;

	for (size_t i = 0; (ended = jb_engine_ended(engine, i)); i++) {
		check_stream(ended);
		if (jb_receiver_unseen(&ended->receiver))
			abort();
		told += ended->receiver.packets;
	}
	jb_engine_totals(engine, totals);
	for (int i = 0; i < JB_MEDIA_MAX; i++) {
		counted += totals[i].counter[JB_RTP_PACKETS];
		if (totals[i].counter[JB_RTP_LOST] > totals[i].counter[JB_RTP_EXPECTED])
			abort();
	}
	if (!stats->ended_dropped && counted != told)
		abort();
	for (int i = 0; i < JB_DECODE_MAX; i++)
		frames += stats->decodes[i];
	if (frames != stats->frames)
		abort();
	/* Also datagrams of which not even the kind can be read are unreadable. */
	counted += stats->truncated + stats->bounds + stats->padding + stats->not_rtp +
		   stats->probation_failed + jb_engine_on_probation(engine);
	if (counted > stats->kinds[JB_PACKET_RTP] ||
	    counted + stats->unreadable < stats->kinds[JB_PACKET_RTP])
		abort();
}

static void run(struct jb_pcap *pcap, struct jb_engine *engine)
{
	char error[JB_PCAP_ERROR];
	struct jb_frame frame;

	while (jb_pcap_next(pcap, &frame, error, sizeof(error)) > 0) {
		if (jb_engine_frame(engine, jb_pcap_link(pcap), &frame))
			abort();
		check_streams(engine);
	}
	check_accounts(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jb_engine_config config = {.mtu = 1500, .max_streams = STREAMS_MAX, .seed = 1};
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
	struct jb_engine *engine;
	char error[JB_PCAP_ERROR];
	struct jb_pcap *pcap;

	if (!file || jb_pcap_open_file(file, "memory", &pcap, error, sizeof(error)))
		return 0;
	if (jb_engine_new(&config, &engine))
		abort();
	run(pcap, engine);
	jb_engine_free(engine);
	jb_pcap_close(pcap);
	return 0;
}
