/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packets of one workload and protocol that the kernel dropped for one reason; its columns. */
#ifndef JB_DROPS_INFO_H
#define JB_DROPS_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "listing/record.h"

struct jb_drop_info {
	/* Never NULL. Borrowed: from an identity or a JSON value, or constants. */
	const char *namespace_;
	const char *pod;
	const char *container;
	const char *unit;
	const char *protocol; /* tcp, udp, icmp, other */
	const char *reason;   /* the running kernel's name in lower case: no_socket */
	uint64_t packets;
	uint64_t rate; /* packets in 1000 s, in the last interval; none until it is known */
};

/* Most packets first, then by workload (units come before pods), protocol and reason. */
extern const struct jb_record jb_drop_record;

/* Appends one JSON object. */
static inline void jb_drop_json(const struct jb_drop_info *info, struct jb_buffer *out)
{
	jb_record_json(&jb_drop_record, info, out);
}

/* By whose drops they are, protocol and reason: 0 for the same counter, read at two times. */
int jb_drop_compare_identity(const void *info, const void *other);

/*
 * Leaves in an info what was added since `before` was read of the same counter (NULL: it wasn't
 * there). A counter that is lower now began anew. Whether anything was added.
 */
bool jb_drop_since(void *info, const void *before);

#endif
