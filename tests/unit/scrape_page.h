/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A page that has been read, for the programs that test user/scrape: its samples as text, a line
 * each: `2_total{direction=inbound} 30 u30 @`, the family's index and suffix, labels unescaped, the
 * value, the integer that it is, and whether it has a timestamp. After cmocka.h.
 */
#ifndef JITTERBUG_TESTS_SCRAPE_PAGE_H
#define JITTERBUG_TESTS_SCRAPE_PAGE_H

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "scrape/scrape.h"

enum { SCRAPE_ENOUGH = 64 << 20 };

struct scrape_page {
	struct jb_buffer samples; /* of scrape_put() */
	int err;
	struct jb_scrape_result result;
};

static const char *const scrape_suffixes[] = {
	[JB_SCRAPE_PLAIN] = "",   [JB_SCRAPE_TOTAL] = "_total", [JB_SCRAPE_BUCKET] = "_bucket",
	[JB_SCRAPE_SUM] = "_sum", [JB_SCRAPE_COUNT] = "_count", [JB_SCRAPE_CREATED] = "_created",
};

static inline int scrape_put(void *ctx, const struct jb_scrape_sample *sample)
{
	struct jb_buffer *out = ctx;

	jb_buffer_printf(out, "%zu%s", sample->family, scrape_suffixes[sample->suffix]);
	for (size_t i = 0; i < sample->n_labels; i++) {
		const struct jb_scrape_label *label = &sample->labels[i];

		assert_int_equal(strlen(label->name), label->name_len);
		assert_int_equal(strlen(label->value), label->value_len);
		jb_buffer_printf(out, "%c%s=%s", i ? ',' : '{', label->name, label->value);
	}
	jb_buffer_printf(out, "%s %.15g", sample->n_labels ? "}" : "", sample->value);
	if (sample->is_integer)
		jb_buffer_printf(out, " u%" PRIu64, sample->integer);
	jb_buffer_puts(out, sample->has_timestamp ? " @\n" : "\n");
	return 0;
}

/* In pieces of `piece` octets. */
static inline void scrape_feed(struct jb_scrape *scrape, const char *data, size_t len, size_t piece)
{
	for (size_t at = 0, part; at < len; at += part) {
		/* Each at a place of its own, so that reading beyond it is noticed. */
		char *copy;

		part = len - at < piece ? len - at : piece;
		copy = malloc(part);
		assert_non_null(copy);
		memcpy(copy, data + at, part);
		jb_scrape_feed(scrape, copy, part);
		free(copy);
	}
}

static inline void scrape_read(struct scrape_page *ret, struct jb_scrape *scrape,
			       enum jb_scrape_format format, const char *data, size_t len,
			       size_t piece)
{
	memset(ret, 0, sizeof(*ret));
	jb_buffer_puts(&ret->samples, "");
	jb_scrape_begin(scrape, format, SCRAPE_ENOUGH, scrape_put, &ret->samples);
	scrape_feed(scrape, data, len, piece);
	ret->err = jb_scrape_end(scrape);
	ret->result = *jb_scrape_result(scrape);
	assert_int_equal(ret->samples.error, 0);
}

static inline void scrape_assert_equal(const struct scrape_page *a, const struct scrape_page *b)
{
	assert_int_equal(a->err, b->err);
	assert_int_equal(a->result.octets, b->result.octets);
	assert_int_equal(a->result.lines, b->result.lines);
	assert_int_equal(a->result.samples, b->result.samples);
	assert_int_equal(a->result.malformed, b->result.malformed);
	assert_int_equal(a->result.eof, b->result.eof);
	assert_string_equal(a->result.error, b->result.error);
	assert_string_equal(a->samples.data, b->samples.data);
}

static inline void scrape_page_free(struct scrape_page *page)
{
	jb_buffer_free(&page->samples);
}

#endif
