/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which streams are retransmissions (RFC 4588) with an SSRC of their own. In clear stands only the
 * payload type; libwebrtc, and with it LiveKit, gives RTX that of its video plus one. So: a stream
 * whose payload type minus one is known as video on the same flow is RTX.
 */
#ifndef JITTERBUG_RTX_H
#define JITTERBUG_RTX_H

#include <jitterbug/receiver.h>

/* The payload types known as video on one flow (addresses and ports). */
struct jb_video_types {
	__u64 bits[2];
};

/* How long a stream may be without a clock before it counts as RTX: audio locks well before. */
#define JB_RTX_UNSETTLED_NS (10 * JB_SECOND_NS)

JB_INLINE bool jb_rtx_is_above_video(const struct jb_video_types *known, __u8 payload_type)
{
	__u8 video = (payload_type - 1) & 0x7f;

	return payload_type > JB_DYNAMIC_TYPE_MIN && (known->bits[video / 64] >> video % 64 & 1);
}

/* What the stream is, given the video types of its flow (NULL: none known). */
JB_INLINE enum jb_media jb_rtx_judge(const struct jb_video_types *known,
				     const struct jb_receiver *r)
{
	bool settled = r->media == JB_MEDIA_VIDEO || r->media == JB_MEDIA_RTX ||
		       r->last_ns - r->started_ns >= JB_RTX_UNSETTLED_NS;

	if (r->media == JB_MEDIA_AUDIO)
		return JB_MEDIA_AUDIO;
	if (known && settled && jb_rtx_is_above_video(known, r->payload_type))
		return JB_MEDIA_RTX;
	/* The video below has turned out to be RTX itself. */
	return r->media == JB_MEDIA_RTX ? JB_MEDIA_UNKNOWN : (enum jb_media)r->media;
}

/* Remembers a stream's payload type as video, or that it is none. */
JB_INLINE void jb_rtx_learn(struct jb_video_types *known, __u8 payload_type, bool video)
{
	__u64 bit = 1ULL << payload_type % 64;

	if (video)
		known->bits[(payload_type & 0x7f) / 64] |= bit;
	else
		known->bits[(payload_type & 0x7f) / 64] &= ~bit;
}

JB_INLINE void jb_rtx_apply(struct jb_receiver *r, enum jb_media media)
{
	if (media == JB_MEDIA_UNKNOWN && r->media != JB_MEDIA_UNKNOWN)
		jb_receiver_unlock(r);
	r->media = media;
}

/* A stream of so few packets is looked at with each of them. */
#define JB_RTX_SLOW (100 * JB_MS_NS >> 10) /* of jb_receiver.interval */

/* Whether this packet's stream wants a look: often until its clock is known, then seldom. */
JB_INLINE bool jb_rtx_due(const struct jb_receiver *r)
{
	if (r->payload_type < JB_DYNAMIC_TYPE_MIN || r->media == JB_MEDIA_AUDIO)
		return false;
	if (r->clock == JB_CLOCK_UNKNOWN && r->flags & JB_INTERVAL_KNOWN &&
	    r->interval >= JB_RTX_SLOW)
		return true;
	return !(r->packets & (r->clock == JB_CLOCK_UNKNOWN ? 15 : 255));
}

#endif
