/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/accept.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANK     " \t"
#define Q_ONE     1000 /* qualities are in thousandths */
#define Q_INVALID (-1)

struct span {
	const char *at; /* NULL: not there */
	size_t len;
};

/* One element of a comma-separated list: `text/plain;version=0.0.4;q=0.5`, `gzip;q=0`. */
struct element {
	struct span name;
	struct span version;
	int q;
};

/* How well the best range so far fits a type; 0 is not at all. */
struct match {
	int specificity;
	int q;
};

struct media_type {
	const char *name;
	const char *any_subtype;
	const char *version;
};

static const struct media_type text_type = {"text/plain", "text/*", "0.0.4"};
static const struct media_type openmetrics_type = {"application/openmetrics-text", "application/*",
						   "1.0.0"};

static bool span_is(struct span span, const char *word)
{
	return span.len == strlen(word) && !strncasecmp(span.at, word, span.len);
}

static void skip_blank(const char **cursor)
{
	*cursor += strspn(*cursor, BLANK);
}

static struct span take_until(const char **cursor, const char *delimiters)
{
	struct span span = {*cursor, strcspn(*cursor, delimiters)};

	*cursor += span.len;
	return span;
}

/* A quoted string, which may hold commas and semicolons; without its end it runs to the last byte.
 */
static struct span take_quoted(const char **cursor)
{
	const char *p = *cursor + 1;
	struct span span = {p, 0};

	while (*p && *p != '"')
		p += p[0] == '\\' && p[1] ? 2 : 1;
	span.len = (size_t)(p - span.at);
	*cursor = *p ? p + 1 : p;
	return span;
}

/* `0.25`, `1`, `1.000`; digits after the third are ignored. */
static int parse_quality(struct span span)
{
	int q = 0;
	int weight = Q_ONE / 10;

	if (span.len == 0 || (span.at[0] != '0' && span.at[0] != '1'))
		return Q_INVALID;
	q = (span.at[0] - '0') * Q_ONE;
	if (span.len > 1 && span.at[1] != '.')
		return Q_INVALID;
	for (size_t i = 2; i < span.len; i++) {
		if (!isdigit((unsigned char)span.at[i]))
			return Q_INVALID;
		q += (span.at[i] - '0') * weight;
		weight /= 10;
	}
	return q <= Q_ONE ? q : Q_INVALID;
}

static void take_parameter(const char **cursor, struct element *element)
{
	struct span name;
	struct span value;

	skip_blank(cursor);
	name = take_until(cursor, BLANK ",;=");
	skip_blank(cursor);
	if (**cursor != '=')
		return;
	++*cursor;
	skip_blank(cursor);
	value = **cursor == '"' ? take_quoted(cursor) : take_until(cursor, BLANK ",;");
	if (span_is(name, "q"))
		element->q = parse_quality(value);
	else if (span_is(name, "version"))
		element->version = value;
}

static bool next_element(const char **cursor, struct element *element)
{
	*element = (struct element){.q = Q_ONE};
	*cursor += strspn(*cursor, BLANK ",");
	if (!**cursor)
		return false;
	element->name = take_until(cursor, BLANK ",;");
	skip_blank(cursor);
	while (**cursor == ';') {
		++*cursor;
		take_parameter(cursor, element);
		skip_blank(cursor);
	}
	*cursor += strcspn(*cursor, ",");
	return true;
}

static int specificity(const struct element *element, const struct media_type *type)
{
	if (span_is(element->name, "*/*"))
		return 1;
	if (span_is(element->name, type->any_subtype))
		return 2;
	if (!span_is(element->name, type->name))
		return 0;
	if (!element->version.at)
		return 3;
	return span_is(element->version, type->version) ? 4 : 0;
}

static void update(struct match *best, int fits, int q)
{
	if (fits == 0 || q == Q_INVALID || fits < best->specificity)
		return;
	if (fits == best->specificity && q <= best->q)
		return;
	*best = (struct match){fits, q};
}

bool jb_accept_openmetrics(const char *accept)
{
	struct match openmetrics = {0, 0};
	struct match text = {0, 0};
	struct element element;

	if (!accept)
		return false;
	while (next_element(&accept, &element)) {
		update(&openmetrics, specificity(&element, &openmetrics_type), element.q);
		update(&text, specificity(&element, &text_type), element.q);
	}
	if (openmetrics.q != text.q)
		return openmetrics.q > text.q;
	return openmetrics.q > 0 && openmetrics.specificity > text.specificity;
}

bool jb_accept_gzip(const char *accept_encoding)
{
	struct match gzip = {0, 0};
	struct match identity = {0, 0};
	struct element element;

	if (!accept_encoding)
		return false;
	while (next_element(&accept_encoding, &element)) {
		if (span_is(element.name, "*"))
			update(&gzip, 1, element.q);
		else if (span_is(element.name, "gzip") || span_is(element.name, "x-gzip"))
			update(&gzip, 2, element.q);
		else if (span_is(element.name, "identity"))
			update(&identity, 2, element.q);
	}
	return gzip.q > 0 && gzip.q >= identity.q;
}
