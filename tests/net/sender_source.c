/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sender.h"

/* Far enough from any dropout or misordering rule, on both sides. */
enum { RESTART_NEAREST = 10000, RESTART_RANGE = 65536 - 2 * RESTART_NEAREST };

static uint64_t slot_time(const struct jb_sender_options *options, uint64_t index)
{
	if (options->pps <= 0)
		return 0;
	return (uint64_t)((double)index * (double)JB_TOOL_SEC_NS / options->pps);
}

/* Timestamp units that pass in that time at the stream's nominal rate. */
static uint32_t ts_for(const struct jb_sender_options *options, uint64_t ns)
{
	double rate = options->pps / options->frame * options->ts_step;

	return (uint32_t)(uint64_t)((double)ns / (double)JB_TOOL_SEC_NS * rate);
}

static void new_frame(struct jb_sender_source *source)
{
	source->rtp.ts += source->options->ts_step;
	source->in_frame = 0;
}

static void apply(struct jb_sender_source *source, const struct jb_sender_event *event)
{
	uint64_t pause_ns = event->value * JB_TOOL_MSEC_NS;

	if (event->kind == JB_SENDER_RESTART) {
		source->rtp.seq += (uint16_t)(RESTART_NEAREST +
					      jb_tool_rng_next(&source->rng) % RESTART_RANGE);
		source->rtp.ts = (uint32_t)jb_tool_rng_next(&source->rng);
		source->in_frame = 0;
		source->restarts++;
	} else if (event->kind == JB_SENDER_SSRC) {
		source->rtp.ssrc = (uint32_t)event->value;
	} else if (event->kind == JB_SENDER_PT) {
		source->rtp.pt = (uint8_t)event->value;
	} else if (event->kind == JB_SENDER_PAUSE) {
		if (source->in_frame)
			new_frame(source);
		source->rtp.ts += ts_for(source->options, pause_ns);
		source->pause_ns += pause_ns;
		source->talk = true;
	}
}

static bool has_marker(const struct jb_sender_options *options, uint32_t in_frame, bool talk)
{
	if (options->marker == JB_SENDER_MARKER_FRAME)
		return in_frame + 1 == options->frame;
	return options->marker == JB_SENDER_MARKER_TALK && talk;
}

static uint32_t payload_size(struct jb_sender_source *source)
{
	const struct jb_sender_options *o = source->options;

	return o->size_min +
	       (uint32_t)(jb_tool_rng_next(&source->rng) % (o->size_max - o->size_min + 1));
}

void jb_sender_source_init(struct jb_sender_source *source, const struct jb_sender_options *options)
{
	*source =
		(struct jb_sender_source){.options = options, .rtp = options->first, .talk = true};
	jb_tool_rng_seed(&source->rng, options->seed);
}

bool jb_sender_source_next(struct jb_sender_source *source, struct jb_sender_slot *ret)
{
	const struct jb_sender_options *o = source->options;

	if (source->index == o->count)
		return false;
	for (unsigned int i = 0; i < o->event_count; i++)
		if (o->events[i].index == source->index)
			apply(source, &o->events[i]);
	ret->rtp = source->rtp;
	ret->payload = payload_size(source);
	ret->due_ns = slot_time(o, source->index) + source->pause_ns;
	if (o->padding_every && source->index % o->padding_every == o->padding_every - 1) {
		/* Padding repeats the timestamp of the media before it, as libwebrtc's does. */
		if (!source->in_frame)
			ret->rtp.ts -= o->ts_step;
		ret->rtp.padding_only = true;
		ret->payload = JB_SENDER_PADDING;
	} else {
		ret->rtp.marker = has_marker(o, source->in_frame, source->talk);
		source->talk = false;
		if (++source->in_frame == o->frame)
			new_frame(source);
	}
	source->rtp.seq++;
	source->index++;
	return true;
}

void jb_sender_source_at(const struct jb_sender_options *options, uint64_t index,
			 struct jb_sender_slot *ret)
{
	ret->rtp = options->first;
	ret->rtp.seq += (uint16_t)index;
	ret->rtp.ts += (uint32_t)(index / options->frame) * options->ts_step;
	ret->rtp.marker = has_marker(options, (uint32_t)(index % options->frame), index == 0);
	ret->payload = options->size_min;
	ret->due_ns = slot_time(options, index);
}
