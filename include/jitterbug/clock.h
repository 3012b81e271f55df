/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RTP clock rates: which exist here, what a static payload type promises, ticks to nanoseconds. */
#ifndef JITTERBUG_CLOCK_H
#define JITTERBUG_CLOCK_H

#include <jitterbug/types.h>

enum jb_media { JB_MEDIA_UNKNOWN, JB_MEDIA_AUDIO, JB_MEDIA_VIDEO, JB_MEDIA_RTX, JB_MEDIA_MAX };

/* The first JB_CLOCK_PROBES after unknown are told by measuring; the others only by RFC 3551. */
enum jb_clock {
	JB_CLOCK_UNKNOWN,
	JB_CLOCK_8000,
	JB_CLOCK_16000,
	JB_CLOCK_48000,
	JB_CLOCK_90000,
	JB_CLOCK_11025,
	JB_CLOCK_22050,
	JB_CLOCK_44100,
	JB_CLOCK_MAX
};

#define JB_CLOCK_PROBES 4

/* RFC 3551 6: from here on no type has a clock of its own; libwebrtc has AV1 on 35. */
#define JB_DYNAMIC_TYPE_MIN 35

/* Ticks a second; 0 for unknown. */
JB_INLINE __u32 jb_clock_rate(enum jb_clock clock)
{
	switch (clock) {
	case JB_CLOCK_8000:
		return 8000;
	case JB_CLOCK_16000:
		return 16000;
	case JB_CLOCK_48000:
		return 48000;
	case JB_CLOCK_90000:
		return 90000;
	case JB_CLOCK_11025:
		return 11025;
	case JB_CLOCK_22050:
		return 22050;
	case JB_CLOCK_44100:
		return 44100;
	default:
		return 0;
	}
}

/*
 * Nanoseconds of `ticks` (< 2^31, so that 63 bits hold the product). A multiplication by the
 * tick's length in 1/32768 ns: exact at 8 and 16 kHz, 1 ns in a second off elsewhere, and half the
 * cost of the division.
 */
JB_INLINE __u64 jb_clock_ns(enum jb_clock clock, __u32 ticks)
{
	__u64 tick;

	switch (clock) {
	case JB_CLOCK_8000:
		tick = ((JB_SECOND_NS << 15) + 8000 / 2) / 8000;
		break;
	case JB_CLOCK_16000:
		tick = ((JB_SECOND_NS << 15) + 16000 / 2) / 16000;
		break;
	case JB_CLOCK_48000:
		tick = ((JB_SECOND_NS << 15) + 48000 / 2) / 48000;
		break;
	case JB_CLOCK_90000:
		tick = ((JB_SECOND_NS << 15) + 90000 / 2) / 90000;
		break;
	case JB_CLOCK_11025:
		tick = ((JB_SECOND_NS << 15) + 11025 / 2) / 11025;
		break;
	case JB_CLOCK_22050:
		tick = ((JB_SECOND_NS << 15) + 22050 / 2) / 22050;
		break;
	case JB_CLOCK_44100:
		tick = ((JB_SECOND_NS << 15) + 44100 / 2) / 44100;
		break;
	default:
		return 0;
	}
	return (ticks * tick) >> 15;
}

/* The clock of a static payload type (RFC 3551, tables 4 and 5); unknown for all others. */
JB_INLINE enum jb_clock jb_clock_static(__u8 payload_type)
{
	switch (payload_type) {
	case 6: /* DVI4 */
		return JB_CLOCK_16000;
	case 16:
		return JB_CLOCK_11025;
	case 17:
		return JB_CLOCK_22050;
	case 10: /* L16 */
	case 11:
		return JB_CLOCK_44100;
	case 0:  /* PCMU */
	case 3:  /* GSM */
	case 4:  /* G723 */
	case 5:  /* DVI4 */
	case 7:  /* LPC */
	case 8:  /* PCMA */
	case 9:  /* G722: 16 kHz sampling, 8 kHz clock */
	case 12: /* QCELP */
	case 13: /* CN */
	case 15: /* G728 */
	case 18: /* G729 */
		return JB_CLOCK_8000;
	case 14: /* MPA */
	case 25: /* CelB */
	case 26: /* JPEG */
	case 28: /* nv */
	case 31: /* H261 */
	case 32: /* MPV */
	case 33: /* MP2T */
	case 34: /* H263 */
		return JB_CLOCK_90000;
	default:
		return JB_CLOCK_UNKNOWN;
	}
}

/* What a clock says of the media; MPA is the one audio format with a video clock. */
JB_INLINE enum jb_media jb_clock_media(enum jb_clock clock, __u8 payload_type)
{
	if (clock == JB_CLOCK_UNKNOWN)
		return JB_MEDIA_UNKNOWN;
	return clock == JB_CLOCK_90000 && payload_type != 14 ? JB_MEDIA_VIDEO : JB_MEDIA_AUDIO;
}

#endif
