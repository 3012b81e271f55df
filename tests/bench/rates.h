/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What applications can do with the agent's programs attached, against without. */
#ifndef JB_BENCH_RATES_H
#define JB_BENCH_RATES_H

#include "subject.h"

/* Measures and prints a table. 0 or -errno. */
int jb_rates_report(const struct jb_subject *subject);

#endif
