/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A jb_rtp_read over octets in memory. Asserts its bounds, and can be told to fail. After cmocka.h.
 */
#ifndef JITTERBUG_TESTS_READER_H
#define JITTERBUG_TESTS_READER_H

#include <string.h>

#include <jitterbug/types.h>

struct jb_memory {
	const __u8 *octets;
	__u32 length;
	int *fail_at; /* which call fails, counted down; NULL: none */
};

static inline long jb_memory_read(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct jb_memory *m = packet;

	assert_true(offset <= m->length && size <= m->length - offset);
	if (m->fail_at && (*m->fail_at)-- == 0)
		return -14;
	memcpy(ret, m->octets + offset, size);
	return 0;
}

#endif
