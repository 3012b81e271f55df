/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A page of metrics: the first octet tells the format and how long the page may be, the second in
 * pieces of how many octets it arrives. Pieces change nothing, and what is handed on is well made.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "checked.h"
#include "scrape/scrape.h"

enum { HEAD = 2, FORMATS = 3 };

static const struct jb_scrape_family families[] = {
	{"a", JB_SCRAPE_BIT(PLAIN) | JB_SCRAPE_BIT(TOTAL)},
	{"request", JB_SCRAPE_BIT(TOTAL)},
	{"response_latency_ms", JB_SCRAPE_BIT(BUCKET) | JB_SCRAPE_BIT(SUM) | JB_SCRAPE_BIT(COUNT)},
	{"process_start_time_seconds", JB_SCRAPE_BIT(PLAIN) | JB_SCRAPE_BIT(CREATED)},
};

struct reading {
	uint64_t digest;
	int err;
	struct jb_scrape_result result;
};

static void add(uint64_t *digest, const void *data, size_t len)
{
	const unsigned char *octets = data;

	for (size_t i = 0; i < len; i++)
		*digest = (*digest ^ octets[i]) * UINT64_C(0x100000001b3);
}

static void check_text(const char *text, uint32_t len)
{
	size_t at = 0;

	jb_assert(strlen(text) == len);
	while (at < len) {
		size_t octets = jb_utf8_length(text + at);

		jb_assert(octets);
		at += octets;
	}
	jb_assert(at == len);
}

static void check_labels(const struct jb_scrape_sample *sample)
{
	jb_assert(sample->n_labels <= JB_SCRAPE_LABELS_MAX);
	for (size_t i = 0; i < sample->n_labels; i++) {
		const struct jb_scrape_label *label = &sample->labels[i];

		jb_assert(label->name_len);
		check_text(label->name, label->name_len);
		check_text(label->value, label->value_len);
		for (size_t j = 0; j < i; j++)
			jb_assert(strcmp(label->name, sample->labels[j].name) != 0);
	}
}

static int take(void *ctx, const struct jb_scrape_sample *sample)
{
	struct reading *reading = ctx;

	jb_assert(sample->family < sizeof(families) / sizeof(*families));
	jb_assert(families[sample->family].suffixes & 1U << sample->suffix);
	if (sample->is_integer)
		jb_assert(sample->value == (double)sample->integer);
	check_labels(sample);
	add(&reading->digest, &sample->family, sizeof(sample->family));
	add(&reading->digest, &sample->suffix, sizeof(sample->suffix));
	add(&reading->digest, &sample->value, sizeof(sample->value));
	add(&reading->digest, &sample->integer, sizeof(sample->integer));
	add(&reading->digest, &sample->has_timestamp, sizeof(sample->has_timestamp));
	for (size_t i = 0; i < sample->n_labels; i++) {
		add(&reading->digest, sample->labels[i].name, sample->labels[i].name_len + 1);
		add(&reading->digest, sample->labels[i].value, sample->labels[i].value_len + 1);
	}
	return 0;
}

static void play(struct reading *reading, const uint8_t *data, size_t size, size_t piece)
{
	static struct jb_scrape *scrape;
	size_t n = sizeof(families) / sizeof(*families), part;
	uint64_t max_octets = data[0] & 0x80 ? 16 * (data[0] & 0x7fU) : 1 << 20;

	if (!scrape)
		jb_assert(!jb_scrape_new(families, n, &scrape));
	memset(reading, 0, sizeof(*reading));
	jb_scrape_begin(scrape, data[0] % FORMATS, max_octets, take, reading);
	for (size_t at = HEAD; at < size; at += part) {
		char *copy; /* so that reading beyond a piece is noticed */

		part = size - at < piece ? size - at : piece;
		copy = malloc(part);
		jb_assert(copy);
		memcpy(copy, data + at, part);
		jb_scrape_feed(scrape, copy, part);
		free(copy);
	}
	reading->err = jb_scrape_end(scrape);
	reading->result = *jb_scrape_result(scrape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole, pieces;

	if (size < HEAD)
		return 0;
	play(&whole, data, size, SIZE_MAX);
	play(&pieces, data, size, data[1] + 1U);
	jb_assert(whole.err == pieces.err && whole.digest == pieces.digest);
	jb_assert(!memcmp(&whole.result, &pieces.result, sizeof(whole.result)));
	jb_assert(!(whole.err || whole.result.malformed) == !*whole.result.error);
	for (const char *at = whole.result.error; *at; at++)
		jb_assert(*at >= ' ' && *at <= '~');
	return 0;
}
