/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes metric families as Prometheus' text 0.0.4 or OpenMetrics 1.0.0: begin, then for each
 * family its samples, then end. Families and label values go straight to the buffer; nothing is
 * kept.
 */
#ifndef JITTERBUG_METRICS_EXPOSITION_H
#define JITTERBUG_METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "metrics/family.h"
#include "metrics/number.h"

#define JB_EXPOSITION_BOUNDS 32 /* finite bounds a histogram may have */

enum jb_exposition_format {
	JB_EXPOSITION_TEXT,
	JB_EXPOSITION_OPENMETRICS,
};

/* Only the two counts are for the caller to read. */
struct jb_exposition {
	size_t family_series; /* of the current family; a histogram has n_bounds + 3 each */
	size_t series;        /* of all families */

	struct jb_buffer *out;
	enum jb_exposition_format format;
	const struct jb_family *family;
	bool header_written;
	int error;
	struct jb_buffer labels; /* of the sample being written, without braces */
	size_t n_bounds;         /* what `le` holds */
	double bounds[JB_EXPOSITION_BOUNDS];
	char le[JB_EXPOSITION_BOUNDS][JB_NUMBER_SIZE];
};

/* `out` is borrowed until jb_exposition_end(), which has to be called to release memory. */
void jb_exposition_begin(struct jb_exposition *e, struct jb_buffer *out,
			 enum jb_exposition_format format);

/*
 * Ends the page. Returns 0, or the first error: -EINVAL for a sample that does not fit its family
 * (none begun, another type, more values than labels, too many bounds), or a buffer's error.
 */
int jb_exposition_end(struct jb_exposition *e);

/* Starts a family. It appears on the page with its first sample. Each family is started once. */
void jb_exposition_family(struct jb_exposition *e, const struct jb_family *family);

/*
 * A sample of a counter or gauge. `values` belong to the family's labels by position; a NULL value
 * leaves its label out, an empty one is written out. The u64 is in the family's unit (family.h),
 * the double in the base unit.
 */
void jb_exposition_sample_u64(struct jb_exposition *e, const char *const *values, size_t n_values,
			      uint64_t value);
void jb_exposition_sample_double(struct jb_exposition *e, const char *const *values,
				 size_t n_values, double value);

/*
 * A histogram: `n_bounds` finite ascending upper bounds, and n_bounds + 1 counts, one a bucket and
 * not cumulative, the last for +Inf. `bounds` and `sum` are in the base unit. n_bounds may be 0.
 */
void jb_exposition_histogram(struct jb_exposition *e, const char *const *values, size_t n_values,
			     const double *bounds, size_t n_bounds, const uint64_t *counts,
			     double sum);

#endif
