/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sender.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* When each slot was sent; t_ns 0: not. */
struct record {
	uint64_t t_ns, index;
};

struct crew {
	const struct jb_sender_options *options;
	uint64_t start_ns;
	_Atomic uint64_t next;
	struct record *records;
};

struct worker {
	struct crew *crew;
	struct jb_sender_link link;
	unsigned int cpu;
	pthread_t thread;
};

static void pin(unsigned int cpu)
{
	cpu_set_t cpus;
	int error;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	error = pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	if (error)
		jb_tool_fail(1, "pin to CPU %u: %s", cpu, strerror(error));
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct crew *crew = worker->crew;
	struct jb_sender_slot slot;
	uint64_t index, t_ns;

	pin(worker->cpu);
	while (!jb_tool_stopped() &&
	       (index = atomic_fetch_add(&crew->next, 1)) < crew->options->count) {
		jb_sender_source_at(crew->options, index, &slot);
		if (slot.due_ns)
			jb_tool_sleep_until(crew->start_ns + slot.due_ns);
		t_ns = jb_tool_now_ns();
		if (jb_sender_link_send(&worker->link, &slot, 1))
			crew->records[index] = (struct record){t_ns, index};
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

static void write_log(const struct crew *crew)
{
	const struct jb_sender_options *options = crew->options;
	FILE *log = jb_rtp_log_open(options->log);
	struct jb_sender_slot slot;

	if (!log)
		return;
	qsort(crew->records, options->count, sizeof(*crew->records), compare);
	for (uint64_t i = 0; i < options->count; i++) {
		if (!crew->records[i].t_ns)
			continue;
		jb_sender_source_at(options, crew->records[i].index, &slot);
		jb_sender_log_write(log, options, crew->records[i].t_ns, &slot);
	}
	jb_rtp_log_close(log, options->log);
}

static void start(struct worker *worker, unsigned int number, struct crew *crew,
		  const struct jb_sender_link *first)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int error;

	worker->crew = crew;
	worker->cpu = number % (unsigned int)(cpus > 0 ? cpus : 1);
	if (first && crew->options->shared_socket)
		jb_sender_link_share(&worker->link, first);
	else
		jb_sender_link_open(&worker->link, crew->options, true);
	error = pthread_create(&worker->thread, NULL, work, worker);
	if (error)
		jb_tool_fail(1, "thread: %s", strerror(error));
}

void jb_sender_run_threads(const struct jb_sender_options *options, struct jb_sender_result *ret)
{
	struct crew crew = {.options = options, .start_ns = jb_tool_now_ns()};
	struct worker workers[JB_SENDER_THREADS_MAX];

	crew.records = calloc(options->count, sizeof(*crew.records));
	if (!crew.records)
		jb_tool_fail(1, "no memory for %ju records", (uintmax_t)options->count);
	for (unsigned int i = 0; i < options->threads; i++)
		start(&workers[i], i, &crew, i ? &workers[0].link : NULL);
	for (unsigned int i = 0; i < options->threads; i++) {
		pthread_join(workers[i].thread, NULL);
		ret->sent += workers[i].link.sent;
		ret->errors += workers[i].link.errors;
		if (!ret->first_error)
			ret->first_error = workers[i].link.first_error;
		jb_sender_link_close(&workers[i].link);
	}
	write_log(&crew);
	free(crew.records);
}
