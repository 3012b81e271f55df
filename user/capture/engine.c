/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jitterbug/candidate.h>

#include "capture/store.h"

enum { RTP_PADDING = 0x20 }; /* the P bit of the first octet */

struct jb_engine {
	struct jb_engine_config config;
	struct jb_engine_stats stats;
	struct jb_store store;
	struct jb_rtp_totals totals[JB_MEDIA_MAX];
	struct jb_candidate_set candidates[JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS];
};

/* Queues of one capture are apart by no more. */
#define INTERLEAVED_NS JB_SECOND_NS

/* One RTP packet on its way through. */
struct packet {
	struct jb_stream_key key;
	struct jb_rtp rtp;
	__u64 hash;
	__u64 now_ns;
	__u32 bytes;
};

int jb_engine_new(const struct jb_engine_config *config, struct jb_engine **ret_engine)
{
	struct jb_engine *engine;

	if (!config->max_streams)
		return -EINVAL;
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return -ENOMEM;
	if (jb_store_init(&engine->store, config->max_streams)) {
		free(engine);
		return -ENOMEM;
	}
	engine->config = *config;
	*ret_engine = engine;
	return 0;
}

void jb_engine_free(struct jb_engine *engine)
{
	if (!engine)
		return;
	jb_store_fini(&engine->store);
	free(engine);
}

static bool is_media_port(const struct jb_engine *engine, __u16 port)
{
	const uint64_t *ports = engine->config.media_ports;

	return ports && (ports[port / 64] >> port % 64 & 1);
}

static __u8 probation(const struct jb_engine *engine, const struct packet *p)
{
	bool known = is_media_port(engine, p->key.source_port) ||
		     is_media_port(engine, p->key.destination_port);

	return known ? JB_PROBATION_KNOWN : JB_PROBATION;
}

static int admit(struct jb_engine *engine, const struct packet *p, const struct jb_held *held)
{
	struct jb_engine_stream *stream;
	int err = jb_store_add(&engine->store, &p->key, p->hash, &stream);

	if (err)
		return err;
	stream->row_media = jb_clock_media(jb_clock_static(p->rtp.payload_type),
					   p->rtp.payload_type);
	jb_receiver_start(&stream->receiver, &p->rtp, held, p->now_ns,
			  &engine->totals[stream->row_media]);
	stream->first_bytes = stream->receiver.bytes;
	stream->first_frames = stream->receiver.frames;
	return 0;
}

/* A packet of no stream: held until enough have come in a row. */
static int hold(struct jb_engine *engine, const struct packet *p)
{
	struct jb_candidate_set *set =
		&engine->candidates[jb_candidate_index(p->hash, p->key.cgroup_id)];
	struct jb_probation passed;
	int err;

	jb_candidate_packet(set, p->hash, &p->rtp, p->bytes, p->now_ns, probation(engine, p),
			    &passed);
	engine->stats.probation_failed += passed.failed;
	if (!passed.admit)
		return 0;
	err = admit(engine, p, &passed.held);
	if (!err)
		return 0;
	engine->stats.streams_full++;
	engine->stats.probation_failed += passed.held.packets + passed.held.duplicates;
	jb_candidate_forget(set, p->hash);
	return err == -ENOSPC ? 0 : err;
}

/* What the stream's media has turned out to be. */
static void classify(struct jb_engine *engine, struct jb_engine_stream *stream,
		     const struct packet *p)
{
	struct jb_stream_key flow = p->key;
	struct jb_video_types *known;
	enum jb_media media;
	bool video = stream->receiver.media == JB_MEDIA_VIDEO;
	__u64 hash;

	flow.ssrc = 0;
	hash = jb_stream_hash(&flow, JB_INGRESS, engine->config.seed);
	known = jb_store_flow(&engine->store, &flow, hash, video);
	media = jb_rtx_judge(known, &stream->receiver);
	if (known && (media == JB_MEDIA_VIDEO || media == JB_MEDIA_RTX))
		jb_rtx_learn(known, p->rtp.payload_type, media == JB_MEDIA_VIDEO);
	jb_rtx_apply(&stream->receiver, media);
	stream->row_media = media;
}

/* A stream is over: it is kept for the report. */
static int end(struct jb_engine *engine, struct jb_engine_stream *stream)
{
	int err;

	jb_receiver_flush(&stream->receiver, &engine->totals[stream->row_media]);
	err = jb_store_add_ended(&engine->store, stream);
	jb_store_remove(&engine->store, stream);
	if (err == -ENOSPC) {
		engine->stats.ended_dropped++;
		return 0;
	}
	return err;
}

static void count(struct jb_engine *engine, struct jb_engine_stream *stream, const struct packet *p)
{
	struct jb_receiver *r = &stream->receiver;

	if (r->media != stream->row_media || jb_rtx_due(r))
		classify(engine, stream, p);
	jb_receiver_packet(r, &p->rtp, p->bytes, p->now_ns, &engine->totals[stream->row_media],
			   false);
}

/* What of a datagram the snapshot length has left. */
struct payload {
	const struct jb_datagram *datagram;
	__u8 first; /* the bits of the first octet that are shown */
};

static long read_payload(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct payload *payload = packet;
	const struct jb_datagram *d = payload->datagram;

	if (offset > d->captured || size > d->captured - offset)
		return -ENODATA;
	memcpy(ret, d->payload + offset, size);
	if (!offset)
		*(__u8 *)ret &= payload->first;
	return 0;
}

/*
 * Padding is told by the packet's last octets. Where they are cut off the packet is parsed as if
 * it had none, and judged by its length, as jb_rtp_is_padding_only() does with encrypted ones.
 */
static enum jb_rtp_result parse_rtp(const struct jb_datagram *d, struct jb_rtp *ret_rtp)
{
	struct payload payload = {.datagram = d, .first = 0xff};
	enum jb_rtp_result result = jb_rtp_parse(ret_rtp, read_payload, &payload, d->original);

	if (result != JB_RTP_UNREADABLE || !(d->payload[0] & RTP_PADDING))
		return result;
	payload.first = 0xff & ~RTP_PADDING;
	result = jb_rtp_parse(ret_rtp, read_payload, &payload, d->original);
	if (result == JB_RTP_OK)
		ret_rtp->padding_only = d->original - ret_rtp->header_len <=
					JB_RTP_PADDING_ONLY_MAX;
	return result;
}

static void count_rejected(struct jb_engine_stats *stats, enum jb_rtp_result result)
{
	switch (result) {
	case JB_RTP_NOT:
		stats->not_rtp++;
		break;
	case JB_RTP_TRUNCATED:
		stats->truncated++;
		break;
	case JB_RTP_BOUNDS:
		stats->bounds++;
		break;
	case JB_RTP_BAD_PADDING:
		stats->padding++;
		break;
	default:
		stats->unreadable++;
	}
}

static int measure(struct jb_engine *engine, const struct jb_datagram *d)
{
	struct packet p = {.key = {.source = d->source,
				   .destination = d->destination,
				   .source_port = d->source_port,
				   .destination_port = d->destination_port},
			   .bytes = d->original,
			   .now_ns = engine->stats.now_ns};
	enum jb_rtp_result result = parse_rtp(d, &p.rtp);
	struct jb_engine_stream *stream;
	int err = 0;

	if (result != JB_RTP_OK) {
		count_rejected(&engine->stats, result);
		return 0;
	}
	p.key.ssrc = p.rtp.ssrc;
	p.hash = jb_stream_hash(&p.key, JB_INGRESS, engine->config.seed);
	stream = jb_store_find(&engine->store, &p.key, p.hash);
	if (stream && jb_receiver_is_idle(&stream->receiver, p.now_ns, JB_IDLE_NS)) {
		err = end(engine, stream);
		stream = NULL;
	}
	if (err)
		return err;
	if (!stream)
		return hold(engine, &p);
	count(engine, stream, &p);
	return 0;
}

static int take_datagram(struct jb_engine *engine, const struct jb_datagram *d)
{
	enum jb_packet_kind kind = JB_PACKET_OTHER;

	if (d->original >= 2) {
		if (d->captured < 2) {
			engine->stats.unreadable++;
			return 0;
		}
		kind = jb_packet_kind(d->payload[0], d->payload[1]);
	}
	engine->stats.kinds[kind]++;
	return kind == JB_PACKET_RTP ? measure(engine, d) : 0;
}

/*
 * The measurement's time never goes backwards. Queues that interleave are clamped to the latest
 * time; a clock that is set back goes on from there, for what comes after it is spaced as before.
 */
static void take_time(struct jb_engine_stats *stats, __u64 time_ns)
{
	__u64 now_ns = time_ns + stats->set_back_ns;

	if (!stats->frames)
		stats->first_ns = now_ns;
	stats->frames++;
	if (now_ns >= stats->now_ns) {
		stats->now_ns = now_ns;
		return;
	}
	stats->backwards++;
	if (stats->now_ns - now_ns > INTERLEAVED_NS)
		stats->set_back_ns += stats->now_ns - now_ns;
}

int jb_engine_frame(struct jb_engine *engine, enum jb_link link, const struct jb_frame *frame)
{
	struct jb_datagram datagram;
	enum jb_decode decode;

	take_time(&engine->stats, frame->time_ns);
	decode = jb_decode_frame(link, frame, engine->config.mtu, &datagram);
	engine->stats.decodes[decode]++;
	return decode == JB_DECODE_UDP ? take_datagram(engine, &datagram) : 0;
}

const struct jb_engine_stats *jb_engine_stats(const struct jb_engine *engine)
{
	return &engine->stats;
}

const struct jb_engine_stream *jb_engine_stream(const struct jb_engine *engine, size_t index)
{
	return jb_store_at(&engine->store, index);
}

const struct jb_engine_stream *jb_engine_ended(const struct jb_engine *engine, size_t index)
{
	return index < engine->store.ended_count ? &engine->store.ended[index] : NULL;
}

__u64 jb_engine_on_probation(const struct jb_engine *engine)
{
	__u64 packets = 0;

	for (int i = 0; i < JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS; i++) {
		for (size_t j = 0; j < JB_CANDIDATE_WAYS; j++) {
			const struct jb_candidate *c = &engine->candidates[i].way[j];

			if (c->hash && !c->admitted)
				packets += c->held.packets + c->held.duplicates;
		}
	}
	return packets;
}

void jb_engine_totals(const struct jb_engine *engine, struct jb_rtp_totals ret[JB_MEDIA_MAX])
{
	const struct jb_engine_stream *stream;

	memcpy(ret, engine->totals, sizeof(engine->totals));
	for (size_t i = 0; (stream = jb_store_at(&engine->store, i)); i++) {
		struct jb_receiver receiver = stream->receiver;

		jb_receiver_flush(&receiver, &ret[stream->row_media]);
	}
}
