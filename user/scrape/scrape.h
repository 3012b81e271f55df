/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads a page of metrics that arrives in pieces, cut anywhere: Prometheus' text format 0.0.4 or
 * OpenMetrics 1.0. The samples of the families that are wanted are handed on one by one, all other
 * lines are passed over without being looked at beyond their name. No more than one line is kept.
 *
 * Forgiving where the formats differ: blanks, commas before `}`, timestamps and exemplars are read
 * as if either format had them. Metadata (`# HELP`, `# TYPE`) decides nothing: a sample is known by
 * its name alone, so it doesn't matter whether the type of `x_total` was told for `x_total`, for
 * `x`, or not at all. Names in quotes (of UTF-8) are names of families that are not wanted.
 */
#ifndef JB_SCRAPE_SCRAPE_H
#define JB_SCRAPE_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JB_SCRAPE_LINE_MAX = 16 << 10, /* octets of a wanted line, without the line feed */
	JB_SCRAPE_LABELS_MAX = 64,     /* of a sample */
	JB_SCRAPE_NAME_MAX = 128,      /* octets of a wanted name, with its suffix */
	JB_SCRAPE_ERROR_SIZE = 256,
};

/* What follows the family's name in that of the sample. */
enum jb_scrape_suffix {
	JB_SCRAPE_PLAIN, /* nothing */
	JB_SCRAPE_TOTAL,
	JB_SCRAPE_BUCKET,
	JB_SCRAPE_SUM,
	JB_SCRAPE_COUNT,
	JB_SCRAPE_CREATED,
	JB_SCRAPE_SUFFIX_MAX,
};

#define JB_SCRAPE_BIT(suffix) (1U << JB_SCRAPE_##suffix)

/* A wanted family. Buckets are most of a page: who has no use for them doesn't ask for them. */
struct jb_scrape_family {
	const char *name;      /* without suffix: `request` */
	unsigned int suffixes; /* that are wanted: JB_SCRAPE_BIT(TOTAL) | JB_SCRAPE_BIT(CREATED) */
};

enum jb_scrape_format {
	JB_SCRAPE_DETECT, /* OpenMetrics from the first `# UNIT` or `# EOF` on, text without them */
	JB_SCRAPE_TEXT,
	JB_SCRAPE_OPENMETRICS, /* ends with `# EOF` */
};

/* Both are UTF-8 and end with a NUL; a label without value is one that has "". */
struct jb_scrape_label {
	const char *name, *value; /* unescaped */
	uint32_t name_len, value_len;
};

/* Valid during the call only. */
struct jb_scrape_sample {
	size_t family; /* index in the wanted ones */
	enum jb_scrape_suffix suffix;
	const struct jb_scrape_label *labels; /* in the order of the line, no name twice */
	size_t n_labels;
	double value;
	bool is_integer; /* the value is 0..UINT64_MAX without fraction, as a double below 2^53 */
	uint64_t integer;
	bool has_timestamp;
};

/* Not 0 ends the page with that value. */
typedef int (*jb_scrape_fn)(void *ctx, const struct jb_scrape_sample *sample);

struct jb_scrape_result {
	uint64_t octets, lines; /* read so far; comments and empty lines are lines */
	uint64_t samples;       /* handed on */
	/*
	 * Lines passed over because they are malformed or beyond a bound. Lines of other families
	 * are not examined, but each has to begin like a line of a page.
	 */
	uint64_t malformed;
	bool eof; /* `# EOF` has come */
	/* The first thing wrong, printable: `line 12: request_total: not a number`; or "". */
	char error[JB_SCRAPE_ERROR_SIZE];
};

struct jb_scrape;

/*
 * The families (and their names) must outlive the parser. 0; -EINVAL: a name that is none or too
 * long, no suffix, or two that give the same sample; -ENOMEM.
 */
int jb_scrape_new(const struct jb_scrape_family *families, size_t n, struct jb_scrape **ret_scrape);
void jb_scrape_free(struct jb_scrape *scrape); /* NULL is allowed */

/* Begins a page of at most `max_octets`; whatever was before is forgotten. */
void jb_scrape_begin(struct jb_scrape *scrape, enum jb_scrape_format format, uint64_t max_octets,
		     jb_scrape_fn fn, void *ctx);

/*
 * 0; -E2BIG: the page is longer than that, and its first max_octets have been read; or what fn
 * returned. After an error nothing more is read, and it is returned again. Malformed lines are no
 * errors.
 */
int jb_scrape_feed(struct jb_scrape *scrape, const char *data, size_t len);

/*
 * 0: the page is whole; -ENODATA: it is cut off (its last line is not ended, or `# EOF` is
 * missing); or the error of jb_scrape_feed(). What was handed on till then has been handed on. Then
 * only jb_scrape_begin() follows.
 */
int jb_scrape_end(struct jb_scrape *scrape);

/* Of the page that was begun last; changes with the next call. */
const struct jb_scrape_result *jb_scrape_result(const struct jb_scrape *scrape);

/*
 * The format that a Content-Type tells; NULL and "" tell nothing, nor does text/plain without a
 * version, which Linkerd's proxy sends for what ends with `# EOF`. 0, or -EINVAL: no such page.
 */
int jb_scrape_content_type(const char *content_type, enum jb_scrape_format *ret_format);

#endif
