/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_SCRAPE_PRIVATE_H
#define JB_SCRAPE_PRIVATE_H

#include "scrape/scrape.h"

/* What an octet may be part of. */
enum {
	JB_OCTET_BLANK = 1,
	JB_OCTET_DIGIT = 2,
	JB_OCTET_LABEL = 4, /* begins a label's name, or with DIGIT goes on with it */
	JB_OCTET_COLON = 8, /* like LABEL, in the name of a sample */
	JB_OCTET_NAME = JB_OCTET_DIGIT | JB_OCTET_LABEL | JB_OCTET_COLON,
};
extern const unsigned char jb_scrape_octets[256];

static inline bool jb_octet_is(char octet, unsigned int kinds)
{
	return jb_scrape_octets[(unsigned char)octet] & kinds;
}

/* Octets of `kinds` at the beginning of the text, `max` at most. */
static inline size_t jb_octet_span(const char *text, size_t max, unsigned int kinds)
{
	size_t len = 0;

	while (len < max && jb_octet_is(text[len], kinds))
		len++;
	return len;
}

static inline char *jb_skip_blanks(char *at)
{
	while (jb_octet_is(*at, JB_OCTET_BLANK))
		at++;
	return at;
}

/* A sample's name that is wanted. */
struct jb_scrape_name {
	char text[JB_SCRAPE_NAME_MAX + 1];
	size_t len;
	size_t family;
	enum jb_scrape_suffix suffix;
};

struct jb_scrape_names {
	struct jb_scrape_name *names; /* sorted */
	size_t n;
};

int jb_scrape_names_init(struct jb_scrape_names *names, const struct jb_scrape_family *families,
			 size_t n);
void jb_scrape_names_free(struct jb_scrape_names *names);
/* NULL: not wanted */
const struct jb_scrape_name *jb_scrape_names_find(const struct jb_scrape_names *names,
						  const char *text, size_t len);

/*
 * The number at `text`, which ends with a blank or the NUL: an integer, a decimal, with or without
 * exponent, or NaN, Inf and Infinity in any case. false: none, or one that no double holds.
 * LC_NUMERIC has to be "C".
 */
bool jb_scrape_number(const char *text, struct jb_scrape_sample *ret, const char **ret_end);

struct jb_scrape_labels {
	struct jb_scrape_label labels[JB_SCRAPE_LABELS_MAX];
	size_t n;
	uint64_t seen; /* a bit for each, by parts of its name */
};

/*
 * Labels from behind the `{` to behind the `}`, unescaped where they stand. NULL, or what is wrong.
 */
const char *jb_scrape_read_labels(char **at, struct jb_scrape_labels *labels);

/*
 * What follows a sample's name in its line, which ends with a NUL and is overwritten. NULL, or what
 * is wrong.
 */
const char *jb_scrape_read_sample(char *at, struct jb_scrape_labels *labels,
				  struct jb_scrape_sample *sample);

#endif
