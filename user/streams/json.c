/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/json.h"

#include <stdbool.h>
#include <string.h>

/* Octets of the UTF-8 character at `c` (RFC 3629), 0 if there is none; stops before the NUL. */
static size_t utf8_length(const unsigned char *c)
{
	size_t length;
	unsigned char low = 0x80, high = 0xbf; /* of the second octet */

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	length = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed) /* surrogates */
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

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
		length = utf8_length(c);
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
