/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP over TCP (RFC 4571: each packet behind its length, 2 octets), counted from the segments as
 * they pass, without putting the stream together. Pure.
 *
 * Only the four octets that begin a frame are looked at: what is lost or reordered between them
 * does no harm. When such four have not been seen (a hole), or make no sense, the place is lost,
 * and found again at the next segment that begins with a frame; the frames till then are not
 * counted. So is the place found at first. In a stream that sends length and packet in segments of
 * their own it never is.
 */
#ifndef JITTERBUG_FRAMING_H
#define JITTERBUG_FRAMING_H

#include <jitterbug/rtcp.h>
#include <jitterbug/stun.h>

#define JB_FRAMING_LENGTH_LEN 2
#define JB_FRAMING_HEAD_LEN   4  /* what is looked at: length, first two octets of the packet */
#define JB_FRAMING_FRAMES_MAX 64 /* of one segment that are followed */
#define JB_FRAMING_SIZE_MIN   8  /* of RTCP; an empty frame is nothing (RFC 4571 2) */
/* A stream is found by no larger frame: media is sent in packets that fit a network's. */
#define JB_FRAMING_START_MAX 2048

enum jb_framing_state { JB_FRAMING_NEW, JB_FRAMING_SYNCED, JB_FRAMING_LOST };

/* One direction of a connection; all 0 at first. */
struct jb_framing {
	__u32 next; /* sequence number where the next frame begins; LOST: where all seen ends */
	__u32 head; /* the `held` octets of that frame's first four, in the low bits */
	__u8 state; /* enum jb_framing_state */
	__u8 held;  /* 0..3 */
	__u8 zero[2];
};

struct jb_framing_count {
	__u64 packets; /* frames that hold RTP (jb_packet_kind()), not RTCP */
	__u64 bytes;   /* of them, without their lengths */
};

enum jb_framing_result {
	JB_FRAMING_OK,
	JB_FRAMING_UNSYNCED,  /* no frame was found, or one that makes no sense */
	JB_FRAMING_TRUNCATED, /* more frames than are followed; unsynced */
	JB_FRAMING_UNREADABLE /* the reader failed; unsynced */
};

/*
 * First octets that a frame may hold, a bit for each four: STUN 0..3, DTLS 20..63, RTP and RTCP
 * 128..191. Asking jb_packet_kind() for each costs the verifier four times the steps.
 */
#define JB_FRAMING_FIRST 0x0000ffff0000ffe1ULL

/* Whether a frame of `size` octets may begin with `first`. */
JB_INLINE bool jb_framing_is_frame(__u32 size, __u8 first)
{
	return size >= JB_FRAMING_SIZE_MIN && JB_FRAMING_FIRST >> (first >> 2) & 1;
}

/* As above, of octets that may be anything: `b` has the frame's first 12, aligned to 4. */
JB_INLINE bool jb_framing_is_start(__u32 size, const __u8 b[JB_RTP_HEADER_LEN])
{
	if (!jb_framing_is_frame(size, b[0]) || size > JB_FRAMING_START_MAX)
		return false;
	switch (jb_packet_kind(b[0], b[1])) {
	case JB_PACKET_RTP:
		return size >= JB_RTP_HEADER_LEN && (b[1] & 0x60) != 0x40 && jb_be32(b + 8);
	case JB_PACKET_RTCP:
		return jb_rtcp_length(b, size);
	case JB_PACKET_STUN:
		return jb_be32(b + 4) == JB_STUN_COOKIE &&
		       JB_STUN_HEADER_LEN + (__u32)jb_be16(b + 2) == size;
	case JB_PACKET_DTLS: /* with its version; the header of 1.3 that has none is no proof */
		return b[0] < 32 && b[1] == 0xfe && (b[2] == 0xff || b[2] == 0xfd);
	default:
		return false;
	}
}

/* The place is lost, and what ends at `end` has been seen. */
JB_INLINE enum jb_framing_result jb_framing_lose(struct jb_framing *f, __u32 end,
						 enum jb_framing_result result)
{
	f->state = JB_FRAMING_LOST;
	f->held = 0;
	f->next = end;
	return result;
}

/* Finds the place, if the segment begins with a frame. */
JB_INLINE enum jb_framing_result jb_framing_start(struct jb_framing *f, __u32 seq, __u32 length,
						  jb_rtp_read read, const void *packet)
{
	__u8 size[JB_FRAMING_LENGTH_LEN] __attribute__((aligned(4)));
	__u8 b[JB_RTP_HEADER_LEN] __attribute__((aligned(4)));

	if (length < sizeof(size) + sizeof(b))
		return jb_framing_lose(f, seq + length, JB_FRAMING_UNSYNCED);
	if (read(packet, 0, size, sizeof(size)) || read(packet, sizeof(size), b, sizeof(b)))
		return jb_framing_lose(f, seq + length, JB_FRAMING_UNREADABLE);
	if (!jb_framing_is_start(jb_be16(size), b))
		return jb_framing_lose(f, seq + length, JB_FRAMING_UNSYNCED);
	f->state = JB_FRAMING_SYNCED;
	f->held = 0;
	f->next = seq;
	return JB_FRAMING_OK;
}

/*
 * Takes one octet of a frame's first four, where they are cut up; whether it could be read. An
 * empty frame (RFC 4571 2) has but two, and is stepped over.
 */
JB_INLINE bool jb_framing_octet(struct jb_framing *f, __u32 at, jb_rtp_read read,
				const void *packet)
{
	__u8 b __attribute__((aligned(4)));

	if (read(packet, at, &b, sizeof(b)))
		return false;
	f->head = f->head << 8 | b;
	f->held++;
	if (f->held == JB_FRAMING_LENGTH_LEN && !(f->head & 0xffff)) {
		f->next += JB_FRAMING_LENGTH_LEN;
		f->held = 0;
	}
	return true;
}

/* Counts the frame that begins with `head` and steps over it; whether it can be one. */
JB_INLINE bool jb_framing_frame(struct jb_framing *f, __u32 head, struct jb_framing_count *ret)
{
	__u32 size = head >> 16;
	__u8 first = head >> 8;

	f->held = 0;
	f->next += JB_FRAMING_LENGTH_LEN + size;
	if (!size)
		return true;
	if (!jb_framing_is_frame(size, first))
		return false;
	if (jb_packet_kind(first, head & 0xff) == JB_PACKET_RTP) {
		ret->packets++;
		ret->bytes += size;
	}
	return true;
}

/* Completes the four octets that a former segment began, and counts their frame. */
JB_INLINE enum jb_framing_result jb_framing_complete(struct jb_framing *f, __u32 seq, __u32 length,
						     jb_rtp_read read, const void *packet,
						     struct jb_framing_count *ret)
{
	for (int i = 0; i < JB_FRAMING_HEAD_LEN && f->held; i++) {
		__u32 at = f->next + f->held - seq;

		if (f->held == JB_FRAMING_HEAD_LEN)
			return jb_framing_frame(f, f->head, ret) ? JB_FRAMING_OK
								 : JB_FRAMING_UNSYNCED;
		if (at >= length)
			break;
		if (!jb_framing_octet(f, at, read, packet))
			return JB_FRAMING_UNREADABLE;
	}
	return JB_FRAMING_OK;
}

/* Counts the frames from f->next on, and takes what the segment has of the last one's four. */
JB_INLINE enum jb_framing_result jb_framing_walk(struct jb_framing *f, __u32 seq, __u32 length,
						 jb_rtp_read read, const void *packet,
						 struct jb_framing_count *ret)
{
	__u8 b[JB_FRAMING_HEAD_LEN] __attribute__((aligned(4)));
	__u32 at = f->next - seq;

	for (int i = 0; i < JB_FRAMING_FRAMES_MAX && at + sizeof(b) <= length; i++) {
		if (read(packet, at, b, sizeof(b)))
			return JB_FRAMING_UNREADABLE;
		if (!jb_framing_frame(f, jb_be32(b), ret))
			return JB_FRAMING_UNSYNCED;
		at = f->next - seq;
	}
	if (at + sizeof(b) <= length)
		return JB_FRAMING_TRUNCATED;
	for (int i = 0; i < JB_FRAMING_HEAD_LEN - 1 && at < length; i++, at++)
		if (!jb_framing_octet(f, at, read, packet))
			return JB_FRAMING_UNREADABLE;
	return JB_FRAMING_OK;
}

/*
 * Adds to `ret` the RTP in a segment of `length` octets (< 2^31) of payload, at the sequence number
 * `seq`: each frame of which the fourth octet stands in it, once, however often it is sent.
 */
JB_INLINE enum jb_framing_result jb_framing_segment(struct jb_framing *f, __u32 seq, __u32 length,
						    jb_rtp_read read, const void *packet,
						    struct jb_framing_count *ret)
{
	__u32 at = f->next + f->held - seq; /* what is wanted next, in the segment */
	enum jb_framing_result result = JB_FRAMING_OK;

	if (!length || (f->state != JB_FRAMING_NEW && (__s32)(at - length) >= 0))
		return JB_FRAMING_OK;
	if (f->state == JB_FRAMING_LOST && (__s32)at > 0) /* begins with what has been seen */
		return jb_framing_lose(f, seq + length, JB_FRAMING_UNSYNCED);
	if (f->state != JB_FRAMING_SYNCED || (__s32)at < 0)
		result = jb_framing_start(f, seq, length, read, packet);
	else if (f->held)
		result = jb_framing_complete(f, seq, length, read, packet, ret);
	if (result == JB_FRAMING_OK && !f->held)
		result = jb_framing_walk(f, seq, length, read, packet, ret);
	if (result != JB_FRAMING_OK)
		jb_framing_lose(f, seq + length, result);
	return result;
}

#endif
