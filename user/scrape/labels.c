/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "scrape/private.h"

/* Puts what an escape means, by what stands behind its backslash. Others mean themselves. */
static char *unescape(char *to, char escape)
{
	if (escape == 'n')
		escape = '\n';
	else if (escape != '"' && escape != '\\')
		*to++ = '\\';
	*to++ = escape;
	return to;
}

/* From behind the opening quote to behind the closing one. */
static const char *read_value(char **at, struct jb_scrape_label *label)
{
	char *from = *at, *to = strchrnul(from, '"');
	char *escape = memchr(from, '\\', (size_t)(to - from));

	from = to = escape ? escape : to; /* up to here it stays as it is */
	for (; *from && *from != '"'; from++) {
		if (*from == '\\' && from[1])
			to = unescape(to, *++from);
		else
			*to++ = *from;
	}
	if (!*from)
		return "the value of a label is not ended";
	*to = '\0';
	label->value = *at;
	label->value_len = (uint32_t)(to - *at);
	*at = from + 1;
	return NULL;
}

static const char *read_label(char **at, struct jb_scrape_label *label)
{
	char *end = *at, *equals;

	while (jb_octet_is(*end, JB_OCTET_LABEL | JB_OCTET_DIGIT))
		end++;
	if (end == *at || jb_octet_is(**at, JB_OCTET_DIGIT))
		return "the name of a label is expected";
	equals = jb_skip_blanks(end);
	if (*equals != '=')
		return "'=' is expected after the name of a label";
	label->name = *at;
	label->name_len = (uint32_t)(end - *at);
	*at = jb_skip_blanks(equals + 1);
	if (**at != '"')
		return "the value of a label is not in quotes";
	*end = '\0';
	++*at;
	return read_value(at, label);
}

/* Whether the name came before. As a rule each meets a bit of its own, and none is compared. */
static bool is_repeated(struct jb_scrape_labels *labels, const struct jb_scrape_label *label)
{
	const unsigned char *name = (const unsigned char *)label->name;
	uint32_t sum = name[0] + 5 * name[label->name_len - 1] + 11 * label->name_len;
	uint64_t bit = UINT64_C(1) << sum % 64;

	if (labels->seen & bit) {
		for (size_t i = 0; i < labels->n; i++) {
			if (labels->labels[i].name_len == label->name_len &&
			    !memcmp(labels->labels[i].name, name, label->name_len))
				return true;
		}
	}
	labels->seen |= bit;
	return false;
}

const char *jb_scrape_read_labels(char **at, struct jb_scrape_labels *labels)
{
	struct jb_scrape_label *label;
	const char *wrong;

	labels->n = 0;
	labels->seen = 0;
	for (;;) {
		*at = jb_skip_blanks(*at);
		if (**at == '}')
			break;
		if (labels->n == JB_SCRAPE_LABELS_MAX)
			return "too many labels";
		label = &labels->labels[labels->n];
		wrong = read_label(at, label);
		if (wrong)
			return wrong;
		if (is_repeated(labels, label))
			return "a label stands there twice";
		labels->n++;
		*at = jb_skip_blanks(*at);
		if (**at == ',')
			++*at;
		else if (**at != '}')
			return "',' or '}' is expected after a label";
	}
	++*at;
	return NULL;
}
