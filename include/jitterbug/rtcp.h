/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTCP (RFC 3550 6, RFC 4585, RFC 5104, RFC 3611): one sub-packet's header, what type or feedback
 * it is, report blocks. Pure: bytes in, fields out.
 *
 * SRTCP (RFC 3711 3.4) leaves the first 8 octets of the datagram in clear and hides all that
 * follows: only what jb_rtcp_is_plain() may be read further.
 */
#ifndef JITTERBUG_RTCP_H
#define JITTERBUG_RTCP_H

#include <jitterbug/rtp.h>

#define JB_RTCP_HEADER_LEN  8  /* with the sender's SSRC */
#define JB_RTCP_PACKETS_MAX 16 /* sub-packets of one datagram that are followed */
#define JB_RTCP_SR_NTP      8  /* where an SR has its NTP timestamp, 8 octets */
#define JB_RTCP_SR_REPORTS  28 /* where the report blocks of an SR begin */
#define JB_RTCP_RR_REPORTS  8  /* and of an RR */
#define JB_RTCP_REPORT_LEN  24

/* What is counted by type. Feedback is not a type: see enum jb_rtcp_feedback. */
enum jb_rtcp_type {
	JB_RTCP_SR,
	JB_RTCP_RR,
	JB_RTCP_SDES,
	JB_RTCP_BYE,
	JB_RTCP_APP,
	JB_RTCP_XR,
	JB_RTCP_TYPE_MAX,
	JB_RTCP_TYPE_NONE = JB_RTCP_TYPE_MAX
};

enum jb_rtcp_feedback {
	JB_RTCP_NACK,
	JB_RTCP_PLI,
	JB_RTCP_FIR,
	JB_RTCP_TRANSPORT_CC,
	JB_RTCP_REMB,
	JB_RTCP_FEEDBACK_MAX,
	JB_RTCP_FEEDBACK_NONE = JB_RTCP_FEEDBACK_MAX
};

/* Packet types on the wire (IANA). */
enum jb_rtcp_packet_type {
	JB_RTCP_PT_SR = 200,
	JB_RTCP_PT_RR = 201,
	JB_RTCP_PT_SDES = 202,
	JB_RTCP_PT_BYE = 203,
	JB_RTCP_PT_APP = 204,
	JB_RTCP_PT_RTPFB = 205,
	JB_RTCP_PT_PSFB = 206,
	JB_RTCP_PT_XR = 207
};

JB_INLINE enum jb_rtcp_type jb_rtcp_type(__u8 packet_type)
{
	__u32 type = packet_type - JB_RTCP_PT_SR;

	if (type <= JB_RTCP_APP)
		return (enum jb_rtcp_type)type;
	return packet_type == JB_RTCP_PT_XR ? JB_RTCP_XR : JB_RTCP_TYPE_NONE;
}

/*
 * Of a sub-packet's type and count, which is the format (FMT) here. 206/15 is feedback of the
 * application layer; what else than REMB it may be stands where SRTCP hides it.
 */
JB_INLINE enum jb_rtcp_feedback jb_rtcp_feedback(__u8 packet_type, __u8 count)
{
	switch (packet_type << 8 | count) {
	case JB_RTCP_PT_RTPFB << 8 | 1:
		return JB_RTCP_NACK;
	case JB_RTCP_PT_RTPFB << 8 | 15:
		return JB_RTCP_TRANSPORT_CC;
	case JB_RTCP_PT_PSFB << 8 | 1:
		return JB_RTCP_PLI;
	case JB_RTCP_PT_PSFB << 8 | 4:
		return JB_RTCP_FIR;
	case JB_RTCP_PT_PSFB << 8 | 15:
		return JB_RTCP_REMB;
	default:
		return JB_RTCP_FEEDBACK_NONE;
	}
}

/*
 * Length in octets of the sub-packet that begins with `b`, where `left` octets of the datagram are
 * left; 0 if it is none (RFC 5761 4: types 192..223) or does not fit.
 */
JB_INLINE __u32 jb_rtcp_length(const __u8 b[4], __u32 left)
{
	__u32 length = 4 * (jb_be16(b + 2) + 1);

	if (jb_packet_kind(b[0], b[1]) != JB_PACKET_RTCP || length > left)
		return 0;
	return length;
}

/* One sub-packet. */
struct jb_rtcp {
	__u32 length; /* octets, header and padding included; a multiple of 4 */
	__u32 ssrc;   /* of who sent it; 0 where there is none: a BYE or SDES of 4 octets */
	__u8 packet_type;
	__u8 count; /* report blocks, sources, or the format of feedback; 0..31 */
	__u8 zero[2];
};

/*
 * Parses the sub-packet at the beginning of `left` octets; whether it is one. `b` (aligned to 4)
 * holds the first 8; where `left` is less, only b[0..3] is looked at, and nothing if less than 4.
 */
JB_INLINE bool jb_rtcp_parse(struct jb_rtcp *ret, const __u8 b[JB_RTCP_HEADER_LEN], __u32 left)
{
	__u32 length = left < 4 ? 0 : jb_rtcp_length(b, left);

	if (!length)
		return false;
	ret->length = length;
	ret->ssrc = length < JB_RTCP_HEADER_LEN ? 0 : jb_be32(b + 4);
	ret->packet_type = b[1];
	ret->count = b[0] & 0x1f;
	ret->zero[0] = 0;
	ret->zero[1] = 0;
	return true;
}

/* The least that a sub-packet of this type and count can do with, in octets. */
JB_INLINE __u32 jb_rtcp_length_min(__u8 packet_type, __u8 count)
{
	switch (packet_type) {
	case JB_RTCP_PT_SR:
		return JB_RTCP_SR_REPORTS + JB_RTCP_REPORT_LEN * count;
	case JB_RTCP_PT_RR:
		return JB_RTCP_RR_REPORTS + JB_RTCP_REPORT_LEN * count;
	case JB_RTCP_PT_SDES: /* SSRC and the end of its items, for each source */
		return 4 + 8 * count;
	case JB_RTCP_PT_BYE:
		return 4 + 4 * count;
	case JB_RTCP_PT_APP: /* SSRC and name, or the SSRCs of sender and media */
	case JB_RTCP_PT_RTPFB:
	case JB_RTCP_PT_PSFB:
		return 12;
	default:
		return JB_RTCP_HEADER_LEN;
	}
}

/*
 * Whether a datagram is RTCP in clear: sub-packets that have room for what they announce, at most
 * JB_RTCP_PACKETS_MAX, of which the last ends where the datagram does, and only that is padded.
 *
 * SRTCP ends in E-flag and index, 4 octets, and a tag: with HMAC-SHA1 14 together, which no chain
 * of multiples of 4 ends with; with GCM (RFC 7714) 20, of which 16 are random. E reads as the first
 * bit of version 2 and a large index as a type, but four octets alone can be none but a BYE or SDES
 * of nobody: two of 2^31 indices.
 */
JB_INLINE bool jb_rtcp_is_plain(jb_rtp_read read, const void *packet, __u32 length)
{
	__u8 b[4] __attribute__((aligned(4)));
	__u32 left = length;
	__u32 head = 0;
	__u32 room = 0;

	if (!length || length & 3)
		return false;
	for (int i = 0; i < JB_RTCP_PACKETS_MAX && left; i++) {
		__u32 size;

		if (head & 1 << 29 || read(packet, length - left, b, sizeof(b)))
			return false;
		head = jb_be32(b);
		size = jb_rtcp_length(b, left);
		if (!size)
			return false;
		room = size - jb_rtcp_length_min(b[1], b[0] & 0x1f);
		if ((__s32)room < 0)
			return false;
		left -= size;
	}
	if (left)
		return false;
	if (!(head & 1 << 29))
		return true;
	/* Padding ends in its count; libwebrtc's of transport-cc is not always a multiple of 4. */
	return !read(packet, length - 4, b, sizeof(b)) && b[3] && b[3] <= room;
}

/* One report block (RFC 3550 6.4.1): how somebody receives `ssrc`. */
struct jb_rtcp_report {
	__u32 ssrc;
	__s32 lost;    /* since the beginning; duplicates make it negative */
	__u32 highest; /* sequence number received, with its cycles above 16 bits */
	__u32 jitter;  /* in the stream's clock */
	__u32 lsr;     /* middle 32 bits of the last SR's NTP timestamp; 0: none yet */
	__u32 dlsr;    /* from that SR to this report, in 1/65536 s */
	__u8 fraction; /* lost since the last report, in 1/256 */
	__u8 zero[3];
};

/* Of 24 octets aligned to 4. */
JB_INLINE void jb_rtcp_report_parse(struct jb_rtcp_report *ret, const __u8 b[JB_RTCP_REPORT_LEN])
{
	__u32 lost = jb_be32(b + 4);

	ret->ssrc = jb_be32(b);
	ret->fraction = lost >> 24;
	ret->lost = (__s32)(lost << 8) >> 8;
	ret->highest = jb_be32(b + 8);
	ret->jitter = jb_be32(b + 12);
	ret->lsr = jb_be32(b + 16);
	ret->dlsr = jb_be32(b + 20);
	ret->zero[0] = 0;
	ret->zero[1] = 0;
	ret->zero[2] = 0;
}

/* What a report's `lsr` will say of an SR with this NTP timestamp; 8 octets aligned to 4. */
JB_INLINE __u32 jb_rtcp_ntp_middle(const __u8 ntp[8])
{
	return jb_be32(ntp) << 16 | jb_be32(ntp + 4) >> 16;
}

/* Rounded down. 2^32 seconds' 65536ths in ns need 62 bits before the shift. */
JB_INLINE __u64 jb_rtcp_dlsr_ns(__u32 dlsr)
{
	return dlsr * JB_SECOND_NS >> 16;
}

#endif
