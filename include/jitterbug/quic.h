/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether a datagram begins a QUIC connection: long headers (RFC 8999, RFC 9000 17.2). Pure. */
#ifndef JITTERBUG_QUIC_H
#define JITTERBUG_QUIC_H

#include <jitterbug/rtp.h>

#define JB_QUIC_HEADER_LEN   8 /* of it: form, version, length of the destination's id, 2 more */
#define JB_QUIC_ID_MAX       20
#define JB_QUIC_FIRST_ID_MIN 8 /* of the id that a client makes up for the server */
#define JB_QUIC_V2           0x6b3343cf

/*
 * The shortest datagram with ids of this length together: Version Negotiation with one version;
 * a Retry with a token of one octet and its tag.
 */
JB_INLINE __u32 jb_quic_length_min(__u32 version, __u32 ids)
{
	return 7 + ids + (version ? 1 + 16 : 4);
}

/*
 * Of the first 8 octets (aligned to 4) of a datagram of `length` octets, at least 8. Both ids'
 * lengths are checked as far as they stand in those 8. A Version Negotiation returns the id that
 * the client made up: this tells a DNS query with flags 0 and an id that ends in 0 from it.
 */
JB_INLINE bool jb_quic_is_long(const __u8 b[JB_QUIC_HEADER_LEN], __u32 length)
{
	__u32 last = jb_be32(b + 4); /* the last of the version, length of an id, two more */
	__u32 version = jb_be32(b) << 8 | last >> 24;
	__u32 destination = last >> 16 & 0xff;
	__u32 source = 0;

	if (b[0] < 0xc0 || destination > JB_QUIC_ID_MAX)
		return false;
	/* Drafts are 0xff000001 and up; 0xff000000 is none, but may be DNS. */
	if (version > 1 && version != JB_QUIC_V2 && (version <= 0xff000000 || version > 0xff0000ff))
		return false;
	if (destination <= 1) {
		source = destination ? last & 0xff : last >> 8 & 0xff;
		if (source > JB_QUIC_ID_MAX || (!version && source < JB_QUIC_FIRST_ID_MIN))
			return false;
	}
	return length >= jb_quic_length_min(version, destination + source);
}

#endif
