/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one metric family is. Families are static tables; nothing here owns memory. */
#ifndef JITTERBUG_METRICS_FAMILY_H
#define JITTERBUG_METRICS_FAMILY_H

#include <stddef.h>

#define JB_FAMILY_PREFIX "jitterbug_"

enum jb_family_type {
	JB_FAMILY_COUNTER,
	JB_FAMILY_GAUGE,
	JB_FAMILY_HISTOGRAM,
};

/* How an integer sample is written; doubles and histograms are given in the base unit. */
enum jb_family_unit {
	JB_FAMILY_PLAIN,       /* as it is: packets, bytes, Unix seconds */
	JB_FAMILY_NANOSECONDS, /* given in nanoseconds, written in seconds, exactly */
};

struct jb_family {
	const char *name; /* without JB_FAMILY_PREFIX, and without _total for counters */
	const char *help;
	enum jb_family_type type;
	enum jb_family_unit unit;
	const char *const *labels; /* names in the order of the values; NULL ends; NULL: none */
};

/* The label names of a static family: .labels = JB_LABELS("namespace", "pod"). */
#define JB_LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
