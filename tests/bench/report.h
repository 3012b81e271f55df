/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines of the tables, and whether any of them is over its budget. */
#ifndef JB_BENCH_REPORT_H
#define JB_BENCH_REPORT_H

#include <stdbool.h>

/*
 * Budgets are for a machine where bpf_ktime_get_ns() costs 18 ns. On a slower one figures are
 * divided by how much slower this call is there.
 */
#define JB_BENCH_KTIME_NS 18.0
/* A figure may be over its budget by so much: machines differ in more than that call. */
#define JB_BENCH_TOLERANCE 1.25

/* What the call costs here; returns by what figures are divided from now on. */
double jb_bench_set_ktime(double ns);

/* `first` and `unit` head the columns of the name and of the figure as it is. */
void jb_bench_head(const char *first, const char *unit);
/* A line; median and budget are left out if 0. */
void jb_bench_line(const char *name, double median, double above, double budget);

/* "within", "within the tolerance" or "OVER", which is remembered; "" without a budget. */
const char *jb_bench_verdict(double figure, double budget);
bool jb_bench_is_over(void);

#endif
