/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How fast a proxy's page of metrics is read, against looking for its line feeds alone. */
#ifndef JB_BENCH_PAGES_H
#define JB_BENCH_PAGES_H

/* Measures and prints two tables. 0 or -errno. */
int jb_pages_report(void);

#endif
