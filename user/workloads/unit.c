/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "workloads/unit.h"

#define JB_USER_MANAGER "user@"

static bool ends_with(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && !memcmp(name + len - n, suffix, n);
}

/* The first service or scope in the path, or NULL; ret_len is its length. */
static const char *first_unit(const char *path, size_t *ret_len)
{
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (ends_with(path, len, ".service") || ends_with(path, len, ".scope")) {
			*ret_len = len;
			return path;
		}
		path += len;
	}
	return NULL;
}

int jb_unit_name(const char *path, char *ret, size_t ret_size)
{
	size_t len, inner_len;
	const char *unit = first_unit(path, &len);
	const char *inner = NULL;
	int n;

	if (!unit) {
		n = snprintf(ret, ret_size, "%s", path);
		return n < (int)ret_size ? 0 : -ENAMETOOLONG;
	}
	if (!strncmp(unit, JB_USER_MANAGER, strlen(JB_USER_MANAGER)))
		inner = first_unit(unit + len, &inner_len);
	if (inner)
		n = snprintf(ret, ret_size, "%.*s/%.*s", (int)len, unit, (int)inner_len, inner);
	else
		n = snprintf(ret, ret_size, "%.*s", (int)len, unit);
	return n < (int)ret_size ? 0 : -ENAMETOOLONG;
}
