/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void take_uplink(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct jb_node_uplink *uplink = ctx;

	(void)hash;
	if (stream->key.cgroup_id != JB_EDGE_CGROUP)
		return;
	if (uplink->count == uplink->capacity) {
		size_t capacity = uplink->capacity ? uplink->capacity * 2 : 64;
		struct jb_stream *more = realloc(uplink->stream,
						 capacity * sizeof(*uplink->stream));

		if (!more) {
			uplink->error = -ENOMEM;
			return;
		}
		uplink->stream = more;
		uplink->capacity = capacity;
	}
	uplink->stream[uplink->count++] = *stream;
}

/* By all of the key but the workload. */
static int compare_flows(const void *left, const void *right)
{
	const struct jb_stream *a = left, *b = right;
	int order = memcmp(&a->key, &b->key, offsetof(struct jb_stream_key, cgroup_id));

	if (!order)
		order = memcmp(&a->key.ssrc, &b->key.ssrc,
			       sizeof(a->key) - offsetof(struct jb_stream_key, ssrc));
	return order ? order : a->direction - b->direction;
}

int jb_node_uplink_read(struct jb_node_uplink *uplink, struct jb_kernel *kernel)
{
	int err;

	if (!jb_kernel_has(kernel, JB_FEATURE_UPLINK))
		return 0;
	err = jb_kernel_each_stream(kernel, take_uplink, uplink);
	if (uplink->count)
		qsort(uplink->stream, uplink->count, sizeof(*uplink->stream), compare_flows);
	return err ? err : uplink->error;
}

const struct jb_receiver *jb_node_uplink_find(const struct jb_node_uplink *uplink,
					      const struct jb_stream *stream)
{
	const struct jb_stream *found = NULL;

	if (uplink->count)
		found = bsearch(stream, uplink->stream, uplink->count, sizeof(*found),
				compare_flows);
	return found ? &found->receiver : NULL;
}
