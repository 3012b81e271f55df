/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads pages over HTTP, some at once, in one thread, over connections that are kept. No redirect
 * is followed, no proxy used.
 */
#ifndef JB_MESH_TRANSFER_H
#define JB_MESH_TRANSFER_H

#include "mesh/transfer_page.h"

struct jb_transfers;

struct jb_transfer_options {
	uint32_t interval_ms; /* how often each page is read: connections that idle longer are
				 closed */
	uint32_t connect_ms;
	uint32_t total_ms;
	uint64_t max_bytes;
	uint32_t parallel;
};

/* 0, -ENOMEM or -EIO (libcurl can't begin). */
int jb_transfers_new(struct jb_transfers **ret, const struct jb_transfer_options *options);

/* Those that are under way are forgotten; NULL is fine. */
void jb_transfers_free(struct jb_transfers *transfers);

/* How many connections are kept, at most. */
void jb_transfers_keep(struct jb_transfers *transfers, size_t n);

bool jb_transfers_have_room(struct jb_transfers *transfers);

/*
 * Begins to read; the source must live until the end, or cancel. Only if there is room. 0 or
 * -ENOMEM.
 */
int jb_transfers_begin(struct jb_transfers *transfers, struct jb_transfer_source *source);
void jb_transfers_cancel(struct jb_transfers *transfers, const struct jb_transfer_source *source);

/* The attempt may be taken over: what is left of it is cleared. */
typedef void (*jb_transfer_fn)(void *ctx, struct jb_transfer_source *source,
			       struct jb_attempt *attempt);

/* Goes on with all; tells of those that have ended. Waits for wait_ms only if there are none. */
void jb_transfers_turn(struct jb_transfers *transfers, int wait_ms, jb_transfer_fn fn, void *ctx);

/* From any thread: a turn that waits returns. */
void jb_transfers_wake(struct jb_transfers *transfers);

/* From any thread: turns return at once from now on. */
void jb_transfers_stop(struct jb_transfers *transfers);
bool jb_transfers_are_stopped(const struct jb_transfers *transfers);

#endif
