/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics/exposition.h"

#include <errno.h>
#include <string.h>

#include "metrics/escape.h"

void jb_exposition_begin(struct jb_exposition *e, struct jb_buffer *out,
			 enum jb_exposition_format format)
{
	memset(e, 0, sizeof(*e));
	e->out = out;
	e->format = format;
}

int jb_exposition_end(struct jb_exposition *e)
{
	int error = e->error;

	if (e->format == JB_EXPOSITION_OPENMETRICS)
		jb_buffer_puts(e->out, "# EOF\n");
	if (!error)
		error = e->out->error;
	jb_buffer_free(&e->labels);
	return error;
}

static void fail(struct jb_exposition *e, int error)
{
	if (!e->error)
		e->error = error;
}

void jb_exposition_family(struct jb_exposition *e, const struct jb_family *family)
{
	e->family = family;
	e->family_series = 0;
	e->header_written = false;
}

static const char *type_word(enum jb_family_type type)
{
	switch (type) {
	case JB_FAMILY_COUNTER:
		return "counter";
	case JB_FAMILY_HISTOGRAM:
		return "histogram";
	default:
		return "gauge";
	}
}

static void write_name(struct jb_exposition *e, const char *suffix)
{
	jb_buffer_append(e->out, JB_FAMILY_PREFIX, sizeof(JB_FAMILY_PREFIX) - 1);
	jb_buffer_puts(e->out, e->family->name);
	jb_buffer_puts(e->out, suffix);
}

static void write_header(struct jb_exposition *e)
{
	bool openmetrics = e->format == JB_EXPOSITION_OPENMETRICS;
	bool total = e->family->type == JB_FAMILY_COUNTER && !openmetrics;
	const char *suffix = total ? "_total" : "";

	jb_buffer_puts(e->out, "# HELP ");
	write_name(e, suffix);
	jb_buffer_puts(e->out, " ");
	/* Only OpenMetrics escapes quotes here; the older format would show the backslash. */
	jb_escape(e->out, e->family->help, openmetrics);
	jb_buffer_puts(e->out, "\n# TYPE ");
	write_name(e, suffix);
	jb_buffer_puts(e->out, " ");
	jb_buffer_puts(e->out, type_word(e->family->type));
	jb_buffer_puts(e->out, "\n");
	e->header_written = true;
}

static bool has_labels(const struct jb_family *family, size_t n_values)
{
	for (size_t i = 0; i < n_values; i++)
		if (!family->labels || !family->labels[i])
			return false;
	return true;
}

static void render_labels(struct jb_exposition *e, const char *const *values, size_t n_values)
{
	struct jb_buffer *labels = &e->labels;

	jb_buffer_reset(labels);
	for (size_t i = 0; i < n_values; i++) {
		if (!values[i])
			continue;
		if (labels->len > 0)
			jb_buffer_append(labels, ",", 1);
		jb_buffer_puts(labels, e->family->labels[i]);
		jb_buffer_append(labels, "=\"", 2);
		jb_escape(labels, values[i], true);
		jb_buffer_append(labels, "\"", 1);
	}
}

/* Checks the sample against its family, and prepares its labels and, once, the family's header. */
static bool begin_sample(struct jb_exposition *e, bool histogram, const char *const *values,
			 size_t n_values)
{
	const struct jb_family *family = e->family;

	if (!family || (family->type == JB_FAMILY_HISTOGRAM) != histogram ||
	    !has_labels(family, n_values)) {
		fail(e, -EINVAL);
		return false;
	}
	render_labels(e, values, n_values);
	if (e->labels.error) {
		fail(e, e->labels.error);
		return false;
	}
	if (!e->header_written)
		write_header(e);
	return true;
}

/* One line; `le` is NULL but for buckets. */
static void write_line(struct jb_exposition *e, const char *suffix, const char *le,
		       const char *number, size_t number_len)
{
	const struct jb_buffer *labels = &e->labels;

	write_name(e, suffix);
	if (labels->len > 0 || le) {
		jb_buffer_append(e->out, "{", 1);
		jb_buffer_append(e->out, labels->data, labels->len);
		if (le) {
			jb_buffer_puts(e->out, labels->len > 0 ? ",le=\"" : "le=\"");
			jb_buffer_puts(e->out, le);
			jb_buffer_append(e->out, "\"", 1);
		}
		jb_buffer_append(e->out, "}", 1);
	}
	jb_buffer_append(e->out, " ", 1);
	jb_buffer_append(e->out, number, number_len);
	jb_buffer_append(e->out, "\n", 1);
	e->family_series++;
	e->series++;
}

static void write_integer(struct jb_exposition *e, const char *suffix, const char *le,
			  uint64_t value)
{
	char number[JB_NUMBER_SIZE];

	write_line(e, suffix, le, number, jb_number_u64(number, value));
}

static const char *sample_suffix(const struct jb_exposition *e)
{
	return e->family->type == JB_FAMILY_COUNTER ? "_total" : "";
}

void jb_exposition_sample_u64(struct jb_exposition *e, const char *const *values, size_t n_values,
			      uint64_t value)
{
	char number[JB_NUMBER_SIZE];
	size_t len;

	if (!begin_sample(e, false, values, n_values))
		return;
	if (e->family->unit == JB_FAMILY_NANOSECONDS)
		len = jb_number_seconds(number, value);
	else
		len = jb_number_u64(number, value);
	write_line(e, sample_suffix(e), NULL, number, len);
}

void jb_exposition_sample_double(struct jb_exposition *e, const char *const *values,
				 size_t n_values, double value)
{
	char number[JB_NUMBER_SIZE];

	if (!begin_sample(e, false, values, n_values))
		return;
	write_line(e, sample_suffix(e), NULL, number, jb_number_double(number, value));
}

/* Formatting a double is slow, and all histograms of a family have the same bounds. */
static void format_bounds(struct jb_exposition *e, const double *bounds, size_t n_bounds)
{
	size_t size = n_bounds * sizeof(*bounds);

	if (n_bounds == 0 || (n_bounds == e->n_bounds && !memcmp(e->bounds, bounds, size)))
		return;
	for (size_t i = 0; i < n_bounds; i++)
		jb_number_double(e->le[i], bounds[i]);
	memcpy(e->bounds, bounds, size);
	e->n_bounds = n_bounds;
}

void jb_exposition_histogram(struct jb_exposition *e, const char *const *values, size_t n_values,
			     const double *bounds, size_t n_bounds, const uint64_t *counts,
			     double sum)
{
	char number[JB_NUMBER_SIZE];
	uint64_t cumulative = 0;

	if (n_bounds > JB_EXPOSITION_BOUNDS) {
		fail(e, -EINVAL);
		return;
	}
	if (!begin_sample(e, true, values, n_values))
		return;
	format_bounds(e, bounds, n_bounds);
	for (size_t i = 0; i < n_bounds; i++) {
		cumulative += counts[i];
		write_integer(e, "_bucket", e->le[i], cumulative);
	}
	cumulative += counts[n_bounds];
	write_integer(e, "_bucket", "+Inf", cumulative);
	write_line(e, "_sum", NULL, number, jb_number_double(number, sum));
	write_integer(e, "_count", NULL, cumulative);
}
