/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scrape/private.h"

const unsigned char jb_scrape_octets[256] = {
	[' '] = JB_OCTET_BLANK,         ['\t'] = JB_OCTET_BLANK,
	['0' ... '9'] = JB_OCTET_DIGIT, ['a' ... 'z'] = JB_OCTET_LABEL,
	['A' ... 'Z'] = JB_OCTET_LABEL, ['_'] = JB_OCTET_LABEL,
	[':'] = JB_OCTET_COLON,
};

static const char *const suffixes[] = {
	[JB_SCRAPE_PLAIN] = "",   [JB_SCRAPE_TOTAL] = "_total", [JB_SCRAPE_BUCKET] = "_bucket",
	[JB_SCRAPE_SUM] = "_sum", [JB_SCRAPE_COUNT] = "_count", [JB_SCRAPE_CREATED] = "_created",
};

/* By length first: most names differ there already. */
static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a, b, a_len);
}

static int compare_names(const void *a, const void *b)
{
	const struct jb_scrape_name *first = a, *second = b;

	return compare(first->text, first->len, second->text, second->len);
}

static int add(struct jb_scrape_names *names, const struct jb_scrape_family *family, size_t index,
	       enum jb_scrape_suffix suffix)
{
	struct jb_scrape_name *name = &names->names[names->n];
	int len = snprintf(name->text, sizeof(name->text), "%s%s", family->name, suffixes[suffix]);

	if (len < 0 || len > JB_SCRAPE_NAME_MAX)
		return -EINVAL;
	name->len = (size_t)len;
	name->family = index;
	name->suffix = suffix;
	if (jb_octet_is(name->text[0], JB_OCTET_DIGIT) ||
	    jb_octet_span(name->text, name->len, JB_OCTET_NAME) != name->len)
		return -EINVAL;
	names->n++;
	return 0;
}

static int add_family(struct jb_scrape_names *names, const struct jb_scrape_family *family,
		      size_t index)
{
	int err = 0;

	if (!*family->name || !family->suffixes || family->suffixes >> JB_SCRAPE_SUFFIX_MAX)
		return -EINVAL;
	for (int suffix = 0; !err && suffix < JB_SCRAPE_SUFFIX_MAX; suffix++) {
		if (family->suffixes & 1U << suffix)
			err = add(names, family, index, suffix);
	}
	return err;
}

static int sort(struct jb_scrape_names *names)
{
	qsort(names->names, names->n, sizeof(*names->names), compare_names);
	for (size_t i = 1; i < names->n; i++) {
		if (!compare_names(&names->names[i - 1], &names->names[i]))
			return -EINVAL;
	}
	return 0;
}

int jb_scrape_names_init(struct jb_scrape_names *names, const struct jb_scrape_family *families,
			 size_t n)
{
	int err = 0;

	names->names = calloc(n * JB_SCRAPE_SUFFIX_MAX + 1, sizeof(*names->names));
	if (!names->names)
		return -ENOMEM;
	for (size_t i = 0; !err && i < n; i++)
		err = add_family(names, &families[i], i);
	return err ? err : sort(names);
}

void jb_scrape_names_free(struct jb_scrape_names *names)
{
	free(names->names);
}

const struct jb_scrape_name *jb_scrape_names_find(const struct jb_scrape_names *names,
						  const char *text, size_t len)
{
	size_t low = 0, high = names->n, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = compare(text, len, names->names[middle].text, names->names[middle].len);
		if (!order)
			return &names->names[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
