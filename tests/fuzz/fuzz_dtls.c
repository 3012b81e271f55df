/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DTLS: the first octet tells which read fails, the second where the datagram is cut as well. */
#include <stdint.h>

#include <jitterbug/dtls.h>

#include "checked.h"

#define PLENTY 1000

static enum jb_dtls_step step_of(const __u8 *octets, __u32 length, int reads)
{
	struct jb_checked p = {octets, length, &reads};
	enum jb_dtls_step step = jb_dtls_step(jb_checked_read, &p, length);

	if (reads != PLENTY) /* a failed read is the last */
		jb_assert(reads >= -1 && (reads >= 0 || step == JB_DTLS_NOTHING));
	return step;
}

/* Whether a ClientHello begins anywhere. */
static bool has_hello(const __u8 *b, __u32 length)
{
	for (__u32 i = 0; i + 25 <= length; i++)
		if (b[i] == 22 && b[i + 1] == 0xfe && !b[i + 3] && !b[i + 4] && b[i + 13] == 1 &&
		    b[i + 11] * 256U + b[i + 12] <= length - i - 13)
			return true;
	return false;
}

/* Whether the octet is there that anything under new keys begins with. */
static bool has_finish(const __u8 *b, __u32 length)
{
	for (__u32 i = 0; i + 14 <= length; i++)
		if (b[i] >> 5 == 1 || (b[i] >= 20 && b[i] <= 26 && b[i + 1] == 0xfe &&
				       (b[i] == 20 || b[i + 3] || b[i + 4])))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const __u8 *octets = data + 2;
	enum jb_dtls_step step;
	__u32 length, cut;

	if (size < 2)
		return 0;
	length = size - 2;
	cut = data[1] * length / 255;
	step = step_of(octets, length, PLENTY);
	jb_assert(step != JB_DTLS_HELLO || has_hello(octets, length));
	jb_assert(step != JB_DTLS_FINISH || has_finish(octets, length));
	step_of(octets, length, data[0] % 9);
	/* What comes behind takes nothing back. */
	if (step_of(octets, cut, PLENTY) != JB_DTLS_NOTHING)
		jb_assert(step_of(octets, cut, PLENTY) == step);
	return 0;
}
