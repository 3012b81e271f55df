/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TURN's ChannelData (RFC 8656 12.4): what a relay wraps media in. Pure. */
#ifndef JITTERBUG_CHANNEL_DATA_H
#define JITTERBUG_CHANNEL_DATA_H

#include <jitterbug/rtp.h>

#define JB_CHANNEL_DATA_HEADER_LEN 4

/*
 * Octets of the datagram inside, behind the 4 of the header `b`, where the outer one has `length`;
 * 0 if there is none, or this is no ChannelData. Channels are 0x4000..0x4fff. Over UDP it may be
 * padded to a multiple of 4, and need not be.
 *
 * DNS under such an id has its flags for a length: 32768 and more in an answer, which does not get
 * that long; 256 in a query, which would have to be 260 octets.
 */
JB_INLINE __u32 jb_channel_data_length(const __u8 b[JB_CHANNEL_DATA_HEADER_LEN], __u32 length)
{
	__u32 inner = jb_be16(b + 2);
	__u32 outer = JB_CHANNEL_DATA_HEADER_LEN + inner;

	if (b[0] >> 4 != 4 || (length != outer && length != ((outer + 3) & ~3U)))
		return 0;
	return inner;
}

#endif
