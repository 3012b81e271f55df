/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The header of one STUN message (RFC 8489 5). Pure: bytes in, fields out. */
#ifndef JITTERBUG_STUN_H
#define JITTERBUG_STUN_H

#include <jitterbug/rtp.h>

#define JB_STUN_HEADER_LEN 20
#define JB_STUN_COOKIE     0x2112a442

enum jb_stun_class {
	JB_STUN_REQUEST,
	JB_STUN_INDICATION, /* no answer is expected */
	JB_STUN_SUCCESS,
	JB_STUN_ERROR,
	JB_STUN_CLASS_MAX
};

struct jb_stun {
	__u32 transaction[3];
	__u16 method; /* 1 is Binding; 12 bits */
	__u8 klass;   /* enum jb_stun_class */
	__u8 zero;
};

/*
 * Parses the header of a datagram of `length` octets; `b` holds its first 20, aligned to 4. Whether
 * it is STUN: without the cookie (RFC 3489), or of another length than it says, it is not.
 */
JB_INLINE bool jb_stun_parse(struct jb_stun *ret, const __u8 b[JB_STUN_HEADER_LEN], __u32 length)
{
	__u32 type = jb_be16(b);
	__u32 attributes = jb_be16(b + 2);

	if (type >> 14 || attributes & 3 || jb_be32(b + 4) != JB_STUN_COOKIE)
		return false;
	if (length != JB_STUN_HEADER_LEN + attributes)
		return false;
	/* The class stands in two bits amid the method's: 00MMMMMCMMMCMMMM. */
	ret->klass = (type >> 7 & 2) | (type >> 4 & 1);
	ret->method = (type >> 2 & 0xf80) | (type >> 1 & 0x70) | (type & 0x0f);
	ret->transaction[0] = jb_be32(b + 8);
	ret->transaction[1] = jb_be32(b + 12);
	ret->transaction[2] = jb_be32(b + 16);
	ret->zero = 0;
	return true;
}

#endif
