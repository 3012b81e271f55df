/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The families that are no RTP's: which counters of which slot, and by what they are split. */
#ifndef JB_METRICS_TRAFFIC_H
#define JB_METRICS_TRAFFIC_H

#include <stdbool.h>
#include <jitterbug/row.h>
#include "kernel/features.h"
#include "metrics/family.h"

/* When an owner's samples are on the page, beside the slot's having been seen. */
enum jb_traffic_when {
	JB_TRAFFIC_ALWAYS,
	JB_TRAFFIC_FULL,   /* with --metrics full */
	JB_TRAFFIC_MEDIA,  /* where RTP has come in; with --metrics full always */
	JB_TRAFFIC_COUNTED /* once it isn't 0 */
};

enum jb_traffic_bounds {
	JB_TRAFFIC_COUNTER, /* no histogram */
	JB_TRAFFIC_RTT,
	JB_TRAFFIC_DTLS,
	JB_TRAFFIC_QUEUE,
	JB_TRAFFIC_MOS
};

struct jb_traffic_family {
	struct jb_family family;
	enum jb_feature feature; /* without it there is no family */
	enum jb_traffic_when when;
	enum jb_traffic_bounds bounds;
	/* The slots, from the first on; each is a label value of its own, or all are summed up. */
	enum jb_slot slot;
	unsigned int slots;
	const char *const *slot_names; /* NULL: no label */
	/* Counters one after the other in the slot, by up to two labels, the first varying slowest.
	 */
	unsigned int word;
	unsigned int n[2]; /* 0: none */
	const char *const *names[2];
	unsigned int sum; /* of a histogram: where the sum is, in ns (MOS: in 1/1,000,000) */
};

extern const struct jb_traffic_family jb_traffic_families[];
extern const unsigned int jb_traffic_families_count;

extern const struct jb_family jb_family_dropped_packets;
extern const struct jb_family jb_family_impaired_start;

/* The finite bounds in the base unit; NULL and 0 for a counter. */
const double *jb_traffic_bounds(enum jb_traffic_bounds bounds, unsigned int *ret_count);

#endif
