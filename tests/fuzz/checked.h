/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A jb_rtp_read that aborts on what it is not allowed, and fails when it is told to. */
#ifndef JITTERBUG_TESTS_CHECKED_H
#define JITTERBUG_TESTS_CHECKED_H

#include <stdlib.h>
#include <string.h>

#include <jitterbug/types.h>

struct jb_checked {
	const __u8 *octets;
	__u32 length;
	int *left; /* reads until one fails */
};

static inline long jb_checked_read(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct jb_checked *p = packet;

	if (offset > p->length || size > p->length - offset)
		abort();
	if ((*p->left)-- == 0)
		return -14;
	memcpy(ret, p->octets + offset, size);
	return 0;
}

static inline void jb_assert(bool holds)
{
	if (!holds)
		abort();
}

#endif
