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

JB_INLINE bool jb_rtx_is(const struct jb_video_types *known, __u8 payload_type)
{
	__u8 video = (payload_type - 1) & 0x7f;

	return payload_type > JB_DYNAMIC_TYPE_MIN && (known->bits[video / 64] >> video % 64 & 1);
}

JB_INLINE void jb_rtx_learn(struct jb_video_types *known, __u8 payload_type)
{
	known->bits[(payload_type & 0x7f) / 64] |= 1ULL << payload_type % 64;
}

/* Whether this packet's stream wants a look: often until its clock is known, then seldom. */
JB_INLINE bool jb_rtx_due(const struct jb_receiver *r)
{
	if (r->payload_type <= JB_DYNAMIC_TYPE_MIN || r->media == JB_MEDIA_RTX)
		return false;
	return r->packets % (r->clock == JB_CLOCK_UNKNOWN ? 16 : 256) == 0;
}

#endif
