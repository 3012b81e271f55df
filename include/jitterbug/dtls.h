/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one datagram shows of a DTLS handshake (RFC 6347, RFC 9147): its beginning, and the first
 * that is protected by the new keys. Pure: bytes in, a step out.
 */
#ifndef JITTERBUG_DTLS_H
#define JITTERBUG_DTLS_H

#include <jitterbug/rtp.h>

#define JB_DTLS_HEADER_LEN     13
#define JB_DTLS_HANDSHAKE_LEN  12 /* header of a handshake message */
#define JB_DTLS_RECORDS_MAX    8  /* records of one datagram that are looked at */
#define JB_DTLS_CIPHERTEXT_MIN 16 /* in DTLS 1.3, to hide the record number (RFC 9147 4.2.3) */

enum jb_dtls_content {
	JB_DTLS_CHANGE_CIPHER_SPEC = 20,
	JB_DTLS_HANDSHAKE = 22,
	JB_DTLS_CID = 25, /* RFC 9146 */
	JB_DTLS_ACK = 26  /* the last that there is */
};

#define JB_DTLS_CLIENT_HELLO 1

/*
 * From the record's beginning: where in its message a fragment begins, 24 bits; and four octets of
 * the random: not its first four, which in old clients tell the time, and aligned.
 */
#define JB_DTLS_FRAGMENT_AT 19
#define JB_DTLS_RANDOM_AT   32

/*
 * HELLO: a ClientHello, also a repeated one, a later fragment of one, or the one that brings a
 * cookie. FINISH: a ChangeCipherSpec, or a record of a later epoch; that is what both sides' last
 * flights begin with up to DTLS 1.2, in 1.3 the server's first.
 */
enum jb_dtls_step { JB_DTLS_NOTHING, JB_DTLS_HELLO, JB_DTLS_FINISH };

/*
 * Whether `left` octets can be a record with the unified header of DTLS 1.3, 001CSLEE. Behind a
 * connection id (C), the length of which only its ends know, no length can be found.
 */
JB_INLINE bool jb_dtls_is_unified(const __u8 b[JB_DTLS_HEADER_LEN], __u32 left)
{
	bool long_number = b[0] & 0x08;
	__u32 header = 2 + long_number;
	__u32 size = b[2] << 16 | b[3] << 8 | b[4]; /* in the first or the last two of these */

	if (b[0] >> 5 != 1)
		return false;
	if (b[0] & 0x04)
		header += 2;
	if ((b[0] & 0x14) != 0x04)
		return left >= header + JB_DTLS_CIPHERTEXT_MIN;
	size = long_number ? size & 0xffff : size >> 8;
	return size >= JB_DTLS_CIPHERTEXT_MIN && left >= header + size;
}

/* Whether `b` begins a record with the classic header of DTLS 1.0 or 1.2. */
JB_INLINE bool jb_dtls_is_classic(const __u8 b[JB_DTLS_HEADER_LEN])
{
	return b[0] >= JB_DTLS_CHANGE_CIPHER_SPEC && b[0] <= JB_DTLS_ACK && b[1] == 0xfe &&
	       (b[2] == 0xff || b[2] == 0xfd);
}

/* What a classic record of epoch 0 shows that has `size` octets behind its header. */
JB_INLINE enum jb_dtls_step jb_dtls_clear_step(const __u8 b[JB_DTLS_HEADER_LEN + 1], __u32 size)
{
	if (b[0] == JB_DTLS_CHANGE_CIPHER_SPEC && size)
		return JB_DTLS_FINISH;
	if (b[0] == JB_DTLS_HANDSHAKE && b[JB_DTLS_HEADER_LEN] == JB_DTLS_CLIENT_HELLO &&
	    size >= JB_DTLS_HANDSHAKE_LEN)
		return JB_DTLS_HELLO;
	return JB_DTLS_NOTHING;
}

/* What a datagram shows: of its first 8 records the first that shows anything. */
JB_INLINE enum jb_dtls_step jb_dtls_step(jb_rtp_read read, const void *packet, __u32 length)
{
	__u8 b[JB_DTLS_HEADER_LEN + 1] __attribute__((aligned(4)));
	enum jb_dtls_step step = JB_DTLS_NOTHING;
	__u32 left = length;

	for (int i = 0; i < JB_DTLS_RECORDS_MAX && left >= sizeof(b); i++) {
		__u32 epoch, size;

		if (read(packet, length - left, b, sizeof(b)))
			break;
		if (!jb_dtls_is_classic(b))
			return jb_dtls_is_unified(b, left) ? JB_DTLS_FINISH : JB_DTLS_NOTHING;
		epoch = jb_be16(b + 3);
		size = jb_be16(b + 11);
		/* Where that should be, a record with a connection id has the id. */
		if (b[0] == JB_DTLS_CID)
			return epoch ? JB_DTLS_FINISH : JB_DTLS_NOTHING;
		if (size > left - JB_DTLS_HEADER_LEN)
			break;
		step = epoch ? JB_DTLS_FINISH : jb_dtls_clear_step(b, size);
		if (step != JB_DTLS_NOTHING)
			break;
		left -= JB_DTLS_HEADER_LEN + size;
	}
	return step;
}

/*
 * Four octets of the random of a ClientHello with which the datagram begins: the same in one that
 * is sent again or brings a cookie, others in that of another handshake. 0: there are none to see,
 * as in a later fragment.
 */
JB_INLINE __u32 jb_dtls_random(jb_rtp_read read, const void *packet, __u32 length)
{
	__u8 b[JB_DTLS_RANDOM_AT + 4] __attribute__((aligned(4)));

	if (length < sizeof(b) || read(packet, 0, b, sizeof(b)) || !jb_dtls_is_classic(b))
		return 0;
	if (jb_be16(b + 3) || jb_dtls_clear_step(b, jb_be16(b + 11)) != JB_DTLS_HELLO)
		return 0;
	if (b[JB_DTLS_FRAGMENT_AT] || jb_be16(b + JB_DTLS_FRAGMENT_AT + 1))
		return 0;
	return jb_be32(b + JB_DTLS_RANDOM_AT);
}

#endif
