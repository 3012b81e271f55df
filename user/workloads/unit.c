/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"
#include "workloads/unit.h"

#define JB_USER_MANAGER "user@"

static bool ends_with(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && !memcmp(name + len - n, suffix, n);
}

/* A part of the path; it ends before a '/' or the NUL, neither of which is within a character. */
struct part {
	const char *at;
	size_t len;
};

/* The first service or scope, if there are only slices before it. */
static bool find_unit(const char *path, struct part *ret)
{
	for (;;) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (ends_with(path, len, ".service") || ends_with(path, len, ".scope")) {
			*ret = (struct part){path, len};
			return true;
		}
		if (!ends_with(path, len, ".slice"))
			return false;
		path += len;
	}
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static int hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What escape() may have written. systemd's own \x2d and the like is not: it stays readable. */
static bool looks_escaped(const unsigned char *c)
{
	int high, low;

	if (c[0] != '\\' || c[1] != 'x')
		return false;
	high = hex_digit(c[2]);
	low = high < 0 ? -1 : hex_digit(c[3]);
	if (low < 0)
		return false;
	high = high << 4 | low;
	return high >= 0x80 || high == '\\' || is_control(high);
}

/* Octets at `c` to be written as they are, 0 if the first one can't be. */
static size_t plain_length(const unsigned char *c)
{
	if (c[0] < 0x80)
		return !is_control(c[0]) && !looks_escaped(c);
	if (c[0] == 0xc2 && c[1] < 0xa0) /* C1 controls */
		return 0;
	return jb_utf8_length(c);
}

/* Writes to `to` unless it is NULL; returns the length, without the NUL. */
static size_t escape(char *to, struct part part)
{
	size_t len = 0;

	for (size_t i = 0; i < part.len;) {
		const unsigned char *c = (const unsigned char *)part.at + i;
		size_t plain = plain_length(c);

		if (to && plain)
			memcpy(to + len, c, plain);
		else if (to)
			sprintf(to + len, "\\x%02x", *c);
		len += plain ? plain : 4;
		i += plain ? plain : 1;
	}
	if (to)
		to[len] = '\0';
	return len;
}

int jb_unit_name(const char *path, char *ret, size_t ret_size)
{
	struct part unit, inner = {};
	size_t len;

	if (!find_unit(path, &unit))
		unit = (struct part){path, strlen(path)};
	else if (!strncmp(unit.at, JB_USER_MANAGER, strlen(JB_USER_MANAGER)))
		find_unit(unit.at + unit.len, &inner);
	len = escape(NULL, unit);
	if (len + (inner.at ? 1 + escape(NULL, inner) : 0) >= ret_size)
		return -ENAMETOOLONG;
	escape(ret, unit);
	if (inner.at) {
		ret[len] = '/';
		escape(ret + len + 1, inner);
	}
	return 0;
}
