/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/owners.h"

#include "node/private.h"

struct stream_count {
	const struct jb_node *node;
	struct jb_owner_totals *owners;
	__u64 now_ns;
};

static void count_impaired(struct jb_owner_totals *owner, __u8 direction, __u64 since_s)
{
	__u64 *first_s = &owner->impaired_since_s[direction];

	owner->impaired[direction]++;
	if (!*first_s || since_s < *first_s)
		*first_s = since_s;
}

static void count_stream(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct stream_count *count = ctx;
	__u64 since_s = jb_census_impaired_since(count->node->census, hash);
	__u8 direction = stream->direction % JB_DIRECTION_MAX;
	int place = -1;

	if (stream->row < jb_kernel_rows(count->node->kernel))
		place = count->node->place[stream->row];
	if (place < 0 || count->now_ns > stream->receiver.last_ns + JB_IDLE_NS)
		return;
	count->owners[place].streams[direction][stream->row_media % JB_MEDIA_MAX]++;
	if (since_s)
		count_impaired(&count->owners[place], direction, since_s);
}

int jb_node_owners(struct jb_node *node, __u64 now_ns, struct jb_owner_list *ret)
{
	struct stream_count count = {.node = node, .now_ns = now_ns};
	int err = jb_registry_totals(node->registry, ret, node->place);

	if (err)
		return err;
	count.owners = ret->owner;
	return jb_kernel_each_stream(node->kernel, count_stream, &count);
}
