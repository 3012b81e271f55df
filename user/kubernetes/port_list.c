/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/port_list.h"

#include <stdio.h>
#include <string.h>

#define BLANKS " \t\r\n"

struct range {
	unsigned int first, last;
};

/* Reads a number up to 65535. What is behind it; NULL: there is none. */
static const char *read_port(const char *text, unsigned int *ret)
{
	const char *digit = text;
	unsigned int port = 0;

	for (; *digit >= '0' && *digit <= '9'; digit++) {
		port = port * 10 + (unsigned int)(*digit - '0');
		if (port > 65535)
			return NULL;
	}
	*ret = port;
	return digit == text ? NULL : digit;
}

/* Whether an item up to its comma is a port or a range. */
static bool read_range(const char *item, struct range *ret)
{
	const char *end = read_port(item + strspn(item, BLANKS), &ret->first);

	if (!end)
		return false;
	ret->last = ret->first;
	if (*end == '-')
		end = read_port(end + 1, &ret->last);
	if (!end || ret->last < ret->first)
		return false;
	end += strspn(end, BLANKS);
	return !*end || *end == ',';
}

/* The item after this one; NULL: it was the last. */
static const char *next_item(const char *item)
{
	const char *comma = strchr(item, ',');

	return comma ? comma + 1 : NULL;
}

static bool has_range(const char *list, const struct range *range)
{
	struct range one;

	for (const char *item = list; item; item = next_item(item)) {
		if (read_range(item, &one) && one.first <= range->first && one.last >= range->last)
			return true;
	}
	return false;
}

/* False: there is no room. */
static bool append(char *list, const struct range *range)
{
	size_t len = strlen(list);
	char text[sizeof(",65535-65535")];
	int more = snprintf(text, sizeof(text), "%s%u", len ? "," : "", range->first);

	if (range->last != range->first)
		more += snprintf(text + more, sizeof(text) - (size_t)more, "-%u", range->last);
	if (len + (size_t)more > JB_PORT_LIST_MAX)
		return false;
	memcpy(list + len, text, (size_t)more + 1);
	return true;
}

void jb_ports_add(char *list, const char *text)
{
	struct range range;

	for (const char *item = text; item; item = next_item(item)) {
		if (read_range(item, &range) && !has_range(list, &range) && !append(list, &range))
			return;
	}
}

bool jb_ports_have(const char *list, unsigned short port)
{
	return port && has_range(list, &(struct range){port, port});
}
