/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What tracing programs cost, which no test run can give their arguments: the kernel's statistics
 * of them under bounded traffic, less those of an empty program on the same hook.
 */
#ifndef JB_BENCH_LIVE_H
#define JB_BENCH_LIVE_H

#include "subject.h"

/* Measures and prints a table. 0 or -errno. */
int jb_live_report(const struct jb_subject *subject);

#endif
