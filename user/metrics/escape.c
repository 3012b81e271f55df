/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics/escape.h"

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

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
	return jb_utf8_length(p);
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
