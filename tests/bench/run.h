/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Interleaved test runs, their medians, and what these are worth on a machine of another speed. */
#ifndef JB_BENCH_RUN_H
#define JB_BENCH_RUN_H

#include "../bpf/packet.h"
#include "bench.h"

#define JB_BENCH_ROUNDS 151

struct jb_bench_item {
	const char *name;
	const int *program; /* its descriptor */
	const struct jb_test_packet *packet;
	__u32 gso_size;
	__u32 repeat;
	struct jb_bench *shared;               /* the program's */
	struct jb_bench bench;                 /* before each run */
	bool keep;                             /* go on where the last run of this item ended */
	void (*before)(void);                  /* each run; may be NULL */
	void (*after)(struct jb_bench *bench); /* likewise */
	double ns[JB_BENCH_ROUNDS];
};

/* Runs each item JB_BENCH_ROUNDS times in turn. 0 or -errno. */
int jb_bench_run(struct jb_bench_item *items, int count);

double jb_bench_median(const double *values, int count);
/* Of the differences between two items, round by round. */
double jb_bench_above(const struct jb_bench_item *item, const struct jb_bench_item *base);

#endif
