/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/view.h"

#include "kernel/names.h"

/* A rate in units of 1/scale; what no stream can have is not known either. */
static uint64_t to_fixed(double rate, unsigned int scale)
{
	return rate >= 0 && rate < 1e15 ? (uint64_t)(rate * scale + 0.5) : JB_RECORD_NONE;
}

static uint64_t since(__u64 now_ns, __u64 then_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

static void set_identity(struct jb_stream_info *info, const struct jb_identity *identity)
{
	static const struct jb_identity nobody = {"", "", "", ""};

	if (!identity)
		identity = &nobody;
	info->namespace_ = identity->namespace_;
	info->pod = identity->pod;
	info->container = identity->container;
	info->unit = identity->unit;
}

static void set_counts(struct jb_stream_info *info, const struct jb_receiver *r, bool egress)
{
	info->payload_type = r->payload_type;
	info->base_sequence = (__u16)r->base;
	info->highest_sequence = (__u16)r->ext;
	info->packets = r->packets;
	info->bytes = r->bytes;
	info->unique = r->unique;
	info->unseen = jb_receiver_unseen(r);
	info->lost = egress ? JB_RECORD_NONE : r->lost;
	info->source_gap = egress ? r->lost : JB_RECORD_NONE;
	info->gap = r->gap;
	info->recovered = r->recovered;
	info->reordered = r->reordered;
	info->late = r->late;
	info->duplicates = r->duplicates;
	info->restarts = r->restarts;
	info->frames = r->frames;
}

/* What comes in is on the uplink first, what goes out last. */
static void set_uplink(struct jb_stream_info *info, const struct jb_stream_view *view)
{
	__u64 first, last;

	info->uplink_lost = info->node_lost = JB_RECORD_NONE;
	if (!view->uplink)
		return;
	first = view->direction == JB_INGRESS ? view->uplink->lost : view->receiver->lost;
	last = view->direction == JB_INGRESS ? view->receiver->lost : view->uplink->lost;
	info->uplink_lost = view->uplink->lost;
	info->node_lost = last > first ? last - first : 0;
}

void jb_stream_view_info(const struct jb_stream_view *view, struct jb_stream_info *ret_info)
{
	const struct jb_receiver *r = view->receiver;
	__u32 rate = jb_clock_rate(r->clock);

	set_identity(ret_info, view->identity);
	set_counts(ret_info, r, view->direction == JB_EGRESS);
	set_uplink(ret_info, view);
	ret_info->direction = jb_direction_names[view->direction];
	ret_info->media = r->media < JB_MEDIA_MAX ? jb_media_names[r->media] : "unknown";
	jb_ip_text(&view->key->source, ret_info->source_address);
	jb_ip_text(&view->key->destination, ret_info->destination_address);
	ret_info->source_port = view->key->source_port;
	ret_info->destination_port = view->key->destination_port;
	ret_info->ssrc = view->key->ssrc;
	ret_info->clock_rate = rate ? rate : JB_RECORD_NONE;
	ret_info->jitter_ns = rate && r->media != JB_MEDIA_RTX ? jb_receiver_jitter_ns(r)
							       : JB_RECORD_NONE;
	ret_info->bitrate = to_fixed(view->bitrate_bps, 1);
	ret_info->frame_rate = to_fixed(view->frame_rate, 1000);
	ret_info->age_ns = since(view->now_ns, r->started_ns);
	ret_info->idle_ns = since(view->now_ns, r->last_ns);
}
