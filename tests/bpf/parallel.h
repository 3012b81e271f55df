/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Threads that send packets at once, each on a CPU of its own if there are enough. */
#ifndef JB_TEST_PARALLEL_H
#define JB_TEST_PARALLEL_H

#include <pthread.h>
#include "harness.h"

struct jb_sender {
	const struct jb_harness *h;
	void (*run)(struct jb_sender *sender); /* until *stop, if it wants to be stopped */
	void *ctx;
	int index; /* and CPU */
	_Atomic __u64 sent;
	__u64 refused; /* packets that did not pass: must stay 0 */
	_Atomic bool stop;
	pthread_t thread;
};

/* CPUs that this process may use. */
int jb_parallel_cpus(void);

void jb_parallel_start(struct jb_sender *sender);
/* Waits for its end. */
void jb_parallel_join(struct jb_sender *sender);

/* Sends one packet and counts it. */
void jb_parallel_send(struct jb_sender *sender, enum jb_direction direction,
		      const struct jb_test_packet *packet);

__u64 jb_parallel_now_ns(void);

#endif
