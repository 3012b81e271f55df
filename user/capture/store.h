/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's memory: streams by key, those that ended, and the video types of each flow. */
#ifndef JB_CAPTURE_STORE_H
#define JB_CAPTURE_STORE_H

#include <jitterbug/rtx.h>

#include "capture/engine.h"

struct jb_store_stream;
struct jb_store_flow;

struct jb_store {
	struct jb_store_stream *streams; /* uthash heads */
	struct jb_store_flow *flows;
	struct jb_store_stream **order; /* by index; `max` pointers */
	struct jb_engine_stream *ended;
	size_t count, ended_count, ended_room, flow_count;
	size_t max; /* of each of the three */
};

/* All zero is no store. 0 or -ENOMEM. */
int jb_store_init(struct jb_store *store, size_t max);
void jb_store_fini(struct jb_store *store);

/* `hash` is jb_stream_hash() of the key. NULL: not there. */
struct jb_engine_stream *jb_store_find(const struct jb_store *store,
				       const struct jb_stream_key *key, __u64 hash);
/* A key that isn't there yet; zeros but for its key. 0, -ENOSPC if the store is full or -ENOMEM. */
int jb_store_add(struct jb_store *store, const struct jb_stream_key *key, __u64 hash,
		 struct jb_engine_stream **ret_stream);
/* Forgets a stream; another takes its index. */
void jb_store_remove(struct jb_store *store, struct jb_engine_stream *stream);
const struct jb_engine_stream *jb_store_at(const struct jb_store *store, size_t index);

/* Keeps a copy; 0, -ENOSPC or -ENOMEM. */
int jb_store_add_ended(struct jb_store *store, const struct jb_engine_stream *stream);

/* By a key whose SSRC is 0. What isn't there is added if `add`; else, or on failure, NULL. */
struct jb_video_types *jb_store_flow(struct jb_store *store, const struct jb_stream_key *key,
				     __u64 hash, bool add);

#endif
