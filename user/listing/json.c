/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "listing/json.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c < 0x7f;
}

void jb_json_string(struct jb_buffer *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	jb_buffer_append(out, "\"", 1);
	while (*c) {
		const unsigned char *start = c;
		size_t length;

		while (is_plain(*c))
			c++;
		jb_buffer_append(out, start, (size_t)(c - start));
		if (!*c)
			break;
		length = jb_utf8_length(c);
		if (length > 1)
			jb_buffer_append(out, c, length);
		else if (!length)
			jb_buffer_puts(out, "\\ufffd");
		else
			jb_buffer_printf(out, "\\u%04x", *c);
		c += length ? length : 1;
	}
	jb_buffer_append(out, "\"", 1);
}

void jb_json_fixed(struct jb_buffer *out, uint64_t value, unsigned int decimals)
{
	char digits[10] = ".";
	uint64_t unit = 1;

	for (unsigned int i = 0; i < decimals; i++)
		unit *= 10;
	jb_buffer_u64(out, value / unit);
	value %= unit;
	if (!value)
		return;
	for (; value % 10 == 0; value /= 10)
		decimals--;
	for (unsigned int i = decimals; i > 0; i--, value /= 10)
		digits[i] = (char)('0' + value % 10);
	jb_buffer_append(out, digits, decimals + 1);
}
