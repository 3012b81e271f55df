/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/flows.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

static struct jb_receiver *copy_receiver(struct jb_flows *flows, const struct jb_stream_news *news)
{
	struct jb_receiver *copy;

	if (!flows->receivers || (!news->started && !news->ended))
		return NULL;
	copy = malloc(sizeof(*copy));
	if (copy)
		*copy = news->stream->receiver;
	else
		flows->failed = true;
	return copy;
}

void jb_flows_add(struct jb_flows *flows, const struct jb_stream_news *news)
{
	size_t room = flows->room ? flows->room * 2 : ROOM_MIN;
	struct jb_flow *flow = flows->flow;

	if (flows->count == flows->room) {
		flow = reallocarray(flow, room, sizeof(*flow));
		if (!flow) {
			flows->failed = true;
			return;
		}
		flows->flow = flow;
		flows->room = room;
	}
	flow[flows->count++] = (struct jb_flow){
		.key = news->stream->key,
		.direction = news->stream->direction,
		.receiver = copy_receiver(flows, news),
		.bytes = news->bytes,
		.started = news->started,
		.ended = news->ended,
	};
}

static int compare_words(__u64 a, __u64 b)
{
	return (a > b) - (a < b);
}

/* By all of the key but whose it is. */
static int compare(const void *left, const void *right)
{
	const struct jb_stream_key *a = &((const struct jb_flow *)left)->key;
	const struct jb_stream_key *b = &((const struct jb_flow *)right)->key;

	return compare_words(a->ssrc, b->ssrc) ?: compare_words(a->source_port, b->source_port)
	       ?: compare_words(a->destination_port, b->destination_port)
	       ?: memcmp(&a->source, &b->source, sizeof(a->source))
	       ?: memcmp(&a->destination, &b->destination, sizeof(a->destination));
}

/* The same end before they begin again. */
static int order(const void *left, const void *right)
{
	const struct jb_flow *a = left, *b = right;

	return compare(a, b) ?: b->ended - a->ended;
}

/* The only one of a direction among the same, which may have ended and begun again; or NULL. */
static const struct jb_flow *only(const struct jb_flow *flow, size_t n, __u8 direction)
{
	const struct jb_flow *found = NULL;

	for (size_t i = 0; i < n; i++) {
		if (flow[i].direction != direction)
			continue;
		if (found && found->key.cgroup_id != flow[i].key.cgroup_id)
			return NULL;
		found = &flow[i];
	}
	return found;
}

static void match(struct jb_flow *flow, size_t n)
{
	const struct jb_flow *sender = only(flow, n, JB_EGRESS);
	const struct jb_flow *receiver = only(flow, n, JB_INGRESS);

	for (size_t i = 0; sender && receiver && i < n; i++)
		flow[i].peer_cgroup_id = flow[i].direction == JB_EGRESS ? receiver->key.cgroup_id
									: sender->key.cgroup_id;
}

void jb_flows_match(struct jb_flows *flows)
{
	size_t first = 0;

	if (flows->count)
		qsort(flows->flow, flows->count, sizeof(*flows->flow), order);
	for (size_t i = 1; i <= flows->count; i++) {
		if (i < flows->count && !compare(&flows->flow[first], &flows->flow[i]))
			continue;
		match(&flows->flow[first], i - first);
		first = i;
	}
}

void jb_flows_clear(struct jb_flows *flows)
{
	for (size_t i = 0; i < flows->count; i++)
		free(flows->flow[i].receiver);
	flows->count = 0;
	flows->failed = false;
}

void jb_flows_free(struct jb_flows *flows)
{
	jb_flows_clear(flows);
	free(flows->flow);
	flows->flow = NULL;
	flows->room = 0;
}
