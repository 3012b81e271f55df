/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files behind mesh/fetch.h share. */
#ifndef JB_MESH_FETCH_PRIVATE_H
#define JB_MESH_FETCH_PRIVATE_H

#include <pthread.h>

#include "mesh/fetch_past.h"
#include "mesh/schedule.h"
#include "mesh/transfer.h"

#define JB_FETCH_MS UINT64_C(1000000)

/* A target. Who forgets one that is being read leaves it to the thread to free it. */
struct jb_fetch_entry {
	struct jb_mesh_target target; /* unused octets are 0 */
	double since_s;               /* for its page: Unix time */

	/* Under the lock. */
	struct jb_schedule schedule;
	bool running;
	bool forgotten; /* not among the entries any more */
	bool counted;   /* a page of it was fine */
	bool waiting;   /* there is a result that nobody has taken: in the queue */
	struct jb_attempt result;
	struct jb_fetch_entry *prev, *next;

	/* The thread's own, while it is running. */
	struct jb_transfer_source source;
	struct jb_fetch_entry *prev_running, *next_running;
};

struct jb_mesh_fetch {
	struct jb_mesh_fetch_options options;
	uint64_t interval_ns;
	__u32 series_left;         /* the budget of its pages; of several threads */
	struct jb_fetch_past past; /* of the thread that changes the targets */
	bool started;              /* there is a thread */
	pthread_t thread;
	struct jb_transfers *transfers;

	pthread_mutex_t lock;            /* of these three */
	struct jb_fetch_entry **entries; /* sorted by target */
	size_t n;
	struct jb_fetch_entry *queue; /* of results */

	struct jb_fetch_entry *running; /* the thread's own */
};

/* The thread; `arg` is the fetch. */
void *jb_fetch_run(void *arg);

/* The result that waits; the caller's then. False: there is none. Under the lock. */
bool jb_fetch_take_result(struct jb_mesh_fetch *fetch, struct jb_fetch_entry *entry,
			  struct jb_attempt *ret);

/* Neither running nor in the queue. */
void jb_fetch_free_entry(struct jb_fetch_entry *entry);

#endif
