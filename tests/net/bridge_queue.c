/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bridge.h"

#include <stdlib.h>

/* A binary heap, the packet due first on top. */
struct jb_bridge_queue {
	struct jb_bridge_packet *packets;
	size_t count;
};

struct jb_bridge_queue *jb_bridge_queue_new(void)
{
	struct jb_bridge_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->packets = calloc(JB_BRIDGE_QUEUE, sizeof(*queue->packets));
	if (!queue->packets) {
		free(queue);
		return NULL;
	}
	return queue;
}

void jb_bridge_queue_free(struct jb_bridge_queue *queue)
{
	if (!queue)
		return;
	for (size_t i = 0; i < queue->count; i++)
		free(queue->packets[i].data);
	free(queue->packets);
	free(queue);
}

static bool is_before(const struct jb_bridge_packet *a, const struct jb_bridge_packet *b)
{
	return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order);
}

bool jb_bridge_queue_push(struct jb_bridge_queue *queue, const struct jb_bridge_packet *packet)
{
	size_t at = queue->count;

	if (at == JB_BRIDGE_QUEUE)
		return false;
	queue->count++;
	while (at && is_before(packet, &queue->packets[(at - 1) / 2])) {
		queue->packets[at] = queue->packets[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	queue->packets[at] = *packet;
	return true;
}

const struct jb_bridge_packet *jb_bridge_queue_first(const struct jb_bridge_queue *queue)
{
	return queue->count ? queue->packets : NULL;
}

struct jb_bridge_packet jb_bridge_queue_pop(struct jb_bridge_queue *queue)
{
	struct jb_bridge_packet first = queue->packets[0];
	struct jb_bridge_packet last = queue->packets[--queue->count];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < queue->count) {
		if (child + 1 < queue->count &&
		    is_before(&queue->packets[child + 1], &queue->packets[child]))
			child++;
		if (!is_before(&queue->packets[child], &last))
			break;
		queue->packets[at] = queue->packets[child];
		at = child;
	}
	queue->packets[at] = last;
	return first;
}
