/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include "run.h"

static int run_once(struct jb_bench_item *item, double *ret_ns)
{
	const struct __sk_buff ctx = {.gso_size = item->gso_size};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = item->packet->data,
		    .data_size_in = item->packet->len, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx),
		    .repeat = item->repeat);

	if (bpf_prog_test_run_opts(*item->program, &opts))
		return -errno;
	if (opts.retval != 1)
		return -EBADMSG; /* a packet that didn't pass */
	*ret_ns = opts.duration;
	return 0;
}

int jb_bench_run(struct jb_bench_item *items, int count)
{
	for (int round = 0; round < JB_BENCH_ROUNDS; round++)
		for (int i = 0; i < count; i++) {
			int err;

			*items[i].shared = items[i].bench;
			if (items[i].before)
				items[i].before();
			err = run_once(&items[i], &items[i].ns[round]);
			if (err)
				return err;
			if (items[i].keep)
				items[i].bench = *items[i].shared;
			if (items[i].after)
				items[i].after(&items[i].bench);
		}
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double jb_bench_median(const double *values, int count)
{
	double sorted[JB_BENCH_ROUNDS];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), compare);
	return sorted[count / 2];
}

double jb_bench_above(const struct jb_bench_item *item, const struct jb_bench_item *base)
{
	double above[JB_BENCH_ROUNDS];

	for (int i = 0; i < JB_BENCH_ROUNDS; i++)
		above[i] = item->ns[i] - base->ns[i];
	return jb_bench_median(above, JB_BENCH_ROUNDS);
}
