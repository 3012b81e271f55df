/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one datagram is, and the header of one RTP packet. Pure: bytes in, fields out.
 *
 * SRTP (RFC 3711) leaves the whole header in clear, so the same parser serves both.
 */
#ifndef JITTERBUG_RTP_H
#define JITTERBUG_RTP_H

#include <jitterbug/types.h>

/* What shares a UDP port with RTP, told by the first bytes (RFC 7983, RFC 9443, RFC 5761). */
enum jb_packet_kind {
	JB_PACKET_OTHER,
	JB_PACKET_STUN,
	JB_PACKET_ZRTP,
	JB_PACKET_DTLS,
	JB_PACKET_CHANNEL_DATA,
	JB_PACKET_QUIC,
	JB_PACKET_RTP,
	JB_PACKET_RTCP,
	JB_PACKET_KIND_MAX
};

JB_INLINE enum jb_packet_kind jb_packet_kind(__u8 first, __u8 second)
{
	/* RTP first: it is the hot path. */
	if ((first & 0xc0) == 0x80)
		return second >= 192 && second <= 223 ? JB_PACKET_RTCP : JB_PACKET_RTP;
	if (first <= 3)
		return JB_PACKET_STUN;
	if (first >= 16 && first <= 19)
		return JB_PACKET_ZRTP;
	if (first >= 20 && first <= 63)
		return JB_PACKET_DTLS;
	if (first >= 64 && first <= 79)
		return JB_PACKET_CHANNEL_DATA;
	if (first >= 80)
		return JB_PACKET_QUIC;
	return JB_PACKET_OTHER;
}

#define JB_RTP_HEADER_LEN 12
/* Padding is counted by one octet (RFC 3550 5.1); the longest SRTP tag is 16 (RFC 7714). */
#define JB_RTP_PADDING_ONLY_MAX (255 + 16)

struct jb_rtp {
	__u32 ssrc;
	__u32 timestamp;
	__u16 sequence;
	__u8 payload_type;
	__u8 padding_only; /* 1: the payload is nothing but padding */
	__u32 header_len;  /* fixed header, CSRCs and extension, in octets */
};

enum jb_rtp_result {
	JB_RTP_OK,
	JB_RTP_NOT,         /* can't be RTP: reserved payload type, SSRC 0 (a libwebrtc probe) */
	JB_RTP_TRUNCATED,   /* shorter than its fixed header */
	JB_RTP_BOUNDS,      /* CSRCs or extension reach beyond the packet */
	JB_RTP_BAD_PADDING, /* padding announced, but there is no room for its count */
	JB_RTP_UNREADABLE   /* the reader failed */
};

/*
 * Copies `size` octets at `offset` of the RTP packet to `ret`; 0 or negative. Offset and size are
 * within the length given to jb_rtp_parse(); size is a compile-time constant at each call.
 */
typedef long (*jb_rtp_read)(const void *packet, __u32 offset, void *ret, __u32 size);

JB_INLINE __u16 jb_be16(const __u8 *b)
{
	return (__u16)(b[0] << 8 | b[1]);
}

/* Of memory aligned to 4: a load and a swap, where single octets would be eight instructions. */
JB_INLINE __u32 jb_be32(const __u8 *b)
{
	__u32 v;

	__builtin_memcpy(&v, __builtin_assume_aligned(b, 4), sizeof(v));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

/*
 * Whether a packet with the P bit is padding only. In plain RTP the last octet counts the padding,
 * and what stands before it is zero in every sender known. In SRTP that octet is part of the tag,
 * so a short payload under P is taken for padding only: nobody who encrypts pads media (WebRTC's
 * block ciphers are stream ciphers), everybody who probes does.
 */
JB_INLINE bool jb_rtp_is_padding_only(const __u8 tail[4], __u32 payload_len)
{
	__u32 count = tail[3];
	bool plain = count >= 4 && !tail[0] && !tail[1] && !tail[2] && count <= payload_len;

	if (count >= 1 && count < 4 && count <= payload_len)
		plain = (count < 2 || !tail[2]) && (count < 3 || !tail[1]);
	if (plain)
		return count == payload_len;
	return payload_len <= JB_RTP_PADDING_ONLY_MAX;
}

/*
 * Parses the header of a packet of `length` octets. ret_rtp is defined only after JB_RTP_OK.
 * Reserved payload types: 64..95, which RTCP's 192..223 would look like (RFC 5761 4).
 */
JB_INLINE enum jb_rtp_result jb_rtp_parse(struct jb_rtp *ret_rtp, jb_rtp_read read,
					  const void *packet, __u32 length)
{
	__u8 b[JB_RTP_HEADER_LEN] __attribute__((aligned(4)));
	__u8 word[4] __attribute__((aligned(4)));
	__u32 first;
	__u32 header = JB_RTP_HEADER_LEN;

	if (length < JB_RTP_HEADER_LEN)
		return JB_RTP_TRUNCATED;
	if (read(packet, 0, b, sizeof(b)))
		return JB_RTP_UNREADABLE;

	first = jb_be32(b); /* V P X CC | M PT | sequence number */
	ret_rtp->payload_type = first >> 16 & 0x7f;
	ret_rtp->ssrc = jb_be32(b + 8);
	if (first >> 30 != 2 || (ret_rtp->payload_type & 0x60) == 0x40 || !ret_rtp->ssrc)
		return JB_RTP_NOT;
	ret_rtp->sequence = first;
	ret_rtp->timestamp = jb_be32(b + 4);
	ret_rtp->padding_only = 0;

	header += 4 * (first >> 24 & 0x0f);
	if (first & 1 << 28) {
		if (header + 4 > length)
			return JB_RTP_BOUNDS;
		if (read(packet, header, word, sizeof(word)))
			return JB_RTP_UNREADABLE;
		header += 4 + 4 * jb_be16(word + 2);
	}
	if (header > length)
		return JB_RTP_BOUNDS;
	ret_rtp->header_len = header;

	if (first & 1 << 29) {
		if (header == length)
			return JB_RTP_BAD_PADDING;
		if (read(packet, length - 4, word, sizeof(word)))
			return JB_RTP_UNREADABLE;
		ret_rtp->padding_only = jb_rtp_is_padding_only(word, length - header);
	}
	return JB_RTP_OK;
}

#endif
