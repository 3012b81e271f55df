/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics/escape.h"

#include <stdint.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The smallest code point that needs a sequence of this length: anything less is overlong. */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

/* The length of the valid character at `p`, or 0. The NUL that ends the text stops it. */
static size_t character_length(const unsigned char *p)
{
	size_t len = sequence_length(*p);
	uint32_t code;

	if (len < 2)
		return len;
	code = *p & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

static const char *escaped(char c)
{
	switch (c) {
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '"':
		return "\\\"";
	default:
		return REPLACEMENT;
	}
}

static size_t kept_length(const char *p, bool quotes)
{
	if (*p == '\\' || *p == '\n' || (quotes && *p == '"'))
		return 0;
	return character_length((const unsigned char *)p);
}

void jb_escape(struct jb_buffer *out, const char *text, bool quotes)
{
	const char *run = text;
	const char *p = text;

	while (*p) {
		size_t len = kept_length(p, quotes);

		if (len > 0) {
			p += len;
			continue;
		}
		jb_buffer_append(out, run, (size_t)(p - run));
		jb_buffer_puts(out, escaped(*p));
		run = ++p;
	}
	jb_buffer_append(out, run, (size_t)(p - run));
}
