/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <time.h>
#include "parallel.h"

int jb_parallel_cpus(void)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	return CPU_COUNT(&set);
}

/* The CPU at `index` (modulo their number) of those that this process may use. */
static void pin(int index)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	index %= CPU_COUNT(&all);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && !index--)
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *run(void *arg)
{
	struct jb_sender *sender = arg;

	pin(sender->index);
	sender->run(sender);
	return NULL;
}

void jb_parallel_start(struct jb_sender *sender)
{
	sender->sent = 0;
	sender->refused = 0;
	sender->stop = false;
	assert_int_equal(pthread_create(&sender->thread, NULL, run, sender), 0);
}

void jb_parallel_join(struct jb_sender *sender)
{
	assert_int_equal(pthread_join(sender->thread, NULL), 0);
}

void jb_parallel_send(struct jb_sender *sender, enum jb_direction direction,
		      const struct jb_test_packet *packet)
{
	sender->sent++;
	sender->refused += jb_harness_try(sender->h, direction, packet, NULL) != 1;
}

__u64 jb_parallel_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * JB_SECOND_NS + now.tv_nsec;
}
