/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/store.h"

#include <errno.h>
#include <stdlib.h>

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct jb_store_stream {
	struct jb_engine_stream stream;
	size_t index; /* in `order` */
	UT_hash_handle hh;
};

struct jb_store_flow {
	struct jb_stream_key key; /* SSRC 0 */
	struct jb_video_types types;
	UT_hash_handle hh;
};

int jb_store_init(struct jb_store *store, size_t max)
{
	struct jb_store_stream **order = calloc(max, sizeof(*order));

	if (!order)
		return -ENOMEM;
	*store = (struct jb_store){.order = order, .max = max};
	return 0;
}

void jb_store_fini(struct jb_store *store)
{
	struct jb_store_flow *flow = store->flows;

	HASH_CLEAR(hh, store->streams);
	for (size_t i = 0; i < store->count; i++)
		free(store->order[i]);
	free(store->order);
	free(store->ended);
	HASH_CLEAR(hh, store->flows);
	while (flow) {
		struct jb_store_flow *next = flow->hh.next;

		free(flow);
		flow = next;
	}
	*store = (struct jb_store){};
}

struct jb_engine_stream *jb_store_find(const struct jb_store *store,
				       const struct jb_stream_key *key, __u64 hash)
{
	struct jb_store_stream *entry;

	HASH_FIND_BYHASHVALUE(hh, store->streams, key, sizeof(*key), (unsigned int)hash, entry);
	return entry ? &entry->stream : NULL;
}

int jb_store_add(struct jb_store *store, const struct jb_stream_key *key, __u64 hash,
		 struct jb_engine_stream **ret_stream)
{
	struct jb_store_stream *entry;

	if (store->count >= store->max)
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->stream.key = *key;
	HASH_ADD_BYHASHVALUE(hh, store->streams, stream.key, sizeof(*key), (unsigned int)hash,
			     entry);
	if (!entry->hh.tbl) {
		free(entry);
		return -ENOMEM;
	}
	entry->index = store->count;
	store->order[store->count++] = entry;
	*ret_stream = &entry->stream;
	return 0;
}

void jb_store_remove(struct jb_store *store, struct jb_engine_stream *stream)
{
	struct jb_store_stream *entry = (struct jb_store_stream *)stream; /* its first member */
	struct jb_store_stream *last = store->order[--store->count];

	store->order[entry->index] = last;
	last->index = entry->index;
	HASH_DEL(store->streams, entry);
	free(entry);
}

const struct jb_engine_stream *jb_store_at(const struct jb_store *store, size_t index)
{
	return index < store->count ? &store->order[index]->stream : NULL;
}

int jb_store_add_ended(struct jb_store *store, const struct jb_engine_stream *stream)
{
	if (store->ended_count >= store->max)
		return -ENOSPC;
	if (store->ended_count == store->ended_room) {
		size_t room = store->ended_room ? store->ended_room * 2 : 16;
		void *ended = reallocarray(store->ended, room, sizeof(*store->ended));

		if (!ended)
			return -ENOMEM;
		store->ended = ended;
		store->ended_room = room;
	}
	store->ended[store->ended_count++] = *stream;
	return 0;
}

static struct jb_store_flow *add_flow(struct jb_store *store, const struct jb_stream_key *key,
				      __u64 hash)
{
	struct jb_store_flow *flow;

	if (store->flow_count >= store->max)
		return NULL;
	flow = calloc(1, sizeof(*flow));
	if (!flow)
		return NULL;
	flow->key = *key;
	HASH_ADD_BYHASHVALUE(hh, store->flows, key, sizeof(*key), (unsigned int)hash, flow);
	if (!flow->hh.tbl) {
		free(flow);
		return NULL;
	}
	store->flow_count++;
	return flow;
}

struct jb_video_types *jb_store_flow(struct jb_store *store, const struct jb_stream_key *key,
				     __u64 hash, bool add)
{
	struct jb_store_flow *flow;

	HASH_FIND_BYHASHVALUE(hh, store->flows, key, sizeof(*key), (unsigned int)hash, flow);
	if (!flow && add)
		flow = add_flow(store, key, hash);
	return flow ? &flow->types : NULL;
}
