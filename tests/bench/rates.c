/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "rates.h"
#include "report.h"
#include "run.h"
#include "traffic.h"

#define ROUNDS   15
#define SLICES   100
#define SLICE_NS 5000000.0
#define BUDGET   3 /* percent */
#define BULK     65536
#define DATAGRAM 64
#define BETWEEN  8 /* looks at the clock */

/* Exchanges `count` times. 0 or -errno. */
typedef int (*exchange_fn)(const int a[2], int count);

static int exchange_datagram(const int a[2], int count)
{
	return jb_traffic_exchange(a, DATAGRAM, count);
}

/* The other end is another process's. */
static int ask_octet(const int a[2], int count)
{
	char octet = 0;

	for (int i = 0; i < count; i++)
		if (send(a[0], &octet, 1, 0) < 0 || recv(a[0], &octet, 1, 0) < 0)
			return -errno;
	return 0;
}

static int send_bulk(const int a[2], int count)
{
	static const char data[BULK];

	for (int i = 0; i < count; i++)
		if (send(a[0], data, sizeof(data), 0) < 0)
			return -errno;
	return 0;
}

/* In the other process, until the connection ends. */
static void echo(int fd)
{
	char octet;

	while (recv(fd, &octet, 1, 0) == 1 && send(fd, &octet, 1, MSG_NOSIGNAL) == 1)
		;
}

static void sink(int fd)
{
	static char data[4 * BULK];

	while (recv(fd, data, sizeof(data), 0) > 0)
		;
}

enum programs { NONE, NOOPS, AGENT, PROGRAMS_MAX };

static struct kind {
	const char *name;
	int (*open)(const struct jb_lab *lab, int ret[2]);
	exchange_fn exchange;
	void (*peer)(int fd); /* in another process; NULL: one thread has both ends */
	double budget;
	double rate[PROGRAMS_MAX][ROUNDS];
	double less[PROGRAMS_MAX][ROUNDS]; /* than with none, percent */
} kinds[] = {
	{"TCP round trips", jb_lab_connect, ask_octet, .peer = echo, .budget = BUDGET},
	{"TCP in bulk, writes of 64 KiB", jb_lab_connect, send_bulk, .peer = sink,
	 .budget = BUDGET},
	{"UDP round trips of 64 octets, one thread", jb_lab_udp, .exchange = exchange_datagram},
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Exchanges a second: the median of slices, for in some other work has the CPU. */
static int measure(exchange_fn exchange, const int a[2], double *ret)
{
	double rate[SLICES];

	for (int i = -1; i < SLICES; i++) { /* the first is to warm up */
		double begin = now_ns(), end = begin;
		int count = 0;

		while (end - begin < SLICE_NS) {
			int err = exchange(a, BETWEEN);

			if (err)
				return err;
			count += BETWEEN;
			end = now_ns();
		}
		if (i >= 0)
			rate[i] = count / (end - begin) * 1e9;
	}
	qsort(rate, SLICES, sizeof(*rate), compare);
	*ret = rate[SLICES / 2];
	return 0;
}

/* The other end in a process of its own, on the same CPU. Its id or -errno. */
static pid_t start_peer(const struct kind *kind, int a[2])
{
	pid_t peer = fork();

	if (peer < 0)
		return -errno;
	if (!peer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(a[0]);
		kind->peer(a[1]);
		_exit(0);
	}
	close(a[1]);
	a[1] = -1;
	return peer;
}

/* On sockets of its own, so that connections begin with the programs attached or without. */
static int measure_kind(const struct kind *kind, const struct jb_lab *lab, double *ret)
{
	pid_t peer = 0;
	int a[2];
	int err = kind->open(lab, a);

	if (err)
		return err;
	if (kind->peer)
		peer = start_peer(kind, a);
	err = peer < 0 ? peer : measure(kind->exchange, a, ret);
	for (int i = 0; i < 2; i++)
		if (a[i] >= 0)
			close(a[i]);
	if (peer > 0)
		waitpid(peer, NULL, 0);
	return err;
}

static int attach(enum programs programs, const struct jb_subject *s, const char *path)
{
	char error[JB_KERNEL_ERROR_LEN];
	int err;

	if (programs == NONE)
		return 0;
	if (programs == NOOPS)
		return jb_subject_attach_noops(s, path);
	err = jb_kernel_attach(s->kernel, path, error);
	if (err)
		fprintf(stderr, "bench: %s\n", error);
	return err;
}

static int measure_with(enum programs programs, const struct kind *kind, const struct jb_subject *s,
			const struct jb_lab *lab, double *ret)
{
	int err = attach(programs, s, lab->cgroup) ?: measure_kind(kind, lab, ret);

	jb_subject_detach_noops(s);
	jb_bpf__detach(s->kernel->skel);
	return err;
}

static int run_round(struct kind *kind, const struct jb_subject *s, const struct jb_lab *lab,
		     int round)
{
	/* To and fro: a machine that is getting slower shall not favour one of them. */
	for (int i = 0; i < PROGRAMS_MAX; i++) {
		enum programs programs = round % 2 ? i : PROGRAMS_MAX - 1 - i;
		int err = measure_with(programs, kind, s, lab, &kind->rate[programs][round]);

		if (err)
			return err;
	}
	for (int i = 0; i < PROGRAMS_MAX; i++)
		kind->less[i][round] = 100 * (1 - kind->rate[i][round] / kind->rate[NONE][round]);
	return 0;
}

static int run_rounds(const struct jb_subject *s, const struct jb_lab *lab)
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < KINDS; i++) {
			int err = run_round(&kinds[i], s, lab, round);

			if (err)
				return err;
		}
	return 0;
}

static void print(void)
{
	printf("\n| a second, on one CPU | alone | no-ops attached | less | agent attached | "
	       "less "
	       "| budget | verdict |\n|---|---:|---:|---:|---:|---:|---:|---|\n");
	for (size_t i = 0; i < KINDS; i++) {
		const struct kind *k = &kinds[i];
		double less = jb_bench_median(k->less[AGENT], ROUNDS);

		printf("| %s | %.0f | %.0f | %.1f%% | %.0f | %.1f%% | ", k->name,
		       jb_bench_median(k->rate[NONE], ROUNDS),
		       jb_bench_median(k->rate[NOOPS], ROUNDS),
		       jb_bench_median(k->less[NOOPS], ROUNDS),
		       jb_bench_median(k->rate[AGENT], ROUNDS), less);
		if (k->budget > 0)
			printf("%.0f%%", k->budget);
		printf(" | %s |\n", jb_bench_verdict(less, k->budget));
	}
}

/* On one CPU what the programs take is not hidden by idle time, and the scheduler has no choice. */
static int pin(cpu_set_t *ret_allowed)
{
	cpu_set_t one;

	if (sched_getaffinity(0, sizeof(*ret_allowed), ret_allowed))
		return -errno;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

int jb_rates_report(const struct jb_subject *subject)
{
	cpu_set_t allowed;
	struct jb_lab lab;
	int err = pin(&allowed);

	if (err)
		return err;
	err = jb_lab_open(&lab) ?: run_rounds(subject, &lab);
	jb_lab_close(&lab);
	sched_setaffinity(0, sizeof(allowed), &allowed);
	if (!err)
		print();
	return err;
}
