/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The header of STUN: what is parsed can be written back. */
#include <stdint.h>

#include <jitterbug/stun.h>

#include "checked.h"

static void put32(__u8 *b, __u32 value)
{
	for (int i = 0; i < 4; i++)
		b[i] = value >> (24 - 8 * i);
}

/* RFC 8489 5, figure 3. */
static void write_back(__u8 *b, const struct jb_stun *stun, __u32 attributes)
{
	__u32 type = (stun->method & 0xf80) << 2 | (stun->method & 0x70) << 1 |
		     (stun->method & 0x0f) | (stun->klass & 2) << 7 | (stun->klass & 1) << 4;

	put32(b, type << 16 | attributes);
	put32(b + 4, 0x2112a442);
	for (int i = 0; i < 3; i++)
		put32(b + 8 + 4 * i, stun->transaction[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u8 b[JB_STUN_HEADER_LEN] __attribute__((aligned(4)));
	__u8 again[JB_STUN_HEADER_LEN];
	struct jb_stun stun;

	if (size < sizeof(b))
		return 0;
	memcpy(b, data, sizeof(b));
	if (!jb_stun_parse(&stun, b, size))
		return 0;
	jb_assert(b[0] < 64);
	jb_assert(stun.method < 0x1000 && stun.klass < JB_STUN_CLASS_MAX && !stun.zero);
	write_back(again, &stun, size - sizeof(b));
	jb_assert(!memcmp(again, b, sizeof(b)));
	jb_assert(!jb_stun_parse(&stun, b, size + 4) && !jb_stun_parse(&stun, b, size - 4));
	return 0;
}
