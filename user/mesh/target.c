/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/target.h"

#include <string.h>

/* Copies the octets before `end`, if there are any and they have room. */
static bool copy_part(char *part, size_t size, const char *text, const char *end)
{
	size_t len = (size_t)(end - text);

	if (!len || len >= size)
		return false;
	memcpy(part, text, len);
	part[len] = '\0';
	return true;
}

static bool is_printable(const char *text)
{
	for (; *text; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

/* Where the host begins, or who is let in there; NULL if nothing does. */
static const char *find_authority(const char *url)
{
	const char *colon = strstr(url, "://");

	if (!colon || colon == url)
		return NULL;
	return strcspn(colon + 3, "/?#") ? colon + 3 : NULL;
}

bool jb_mesh_target_read(const char *text, struct jb_mesh_target *ret)
{
	const char *equals = strchr(text, '=');
	const char *slash = strchr(text, '/');
	struct jb_mesh_target target = {};

	if (!equals || !slash || slash > equals || !is_printable(text) ||
	    !find_authority(equals + 1) ||
	    !copy_part(target.namespace_, sizeof(target.namespace_), text, slash) ||
	    !copy_part(target.pod, sizeof(target.pod), slash + 1, equals) ||
	    !copy_part(target.url, sizeof(target.url), equals + 1, text + strlen(text)))
		return false;
	*ret = target;
	return true;
}

bool jb_mesh_url_has_credentials(const char *url)
{
	const char *authority = find_authority(url);

	return authority && memchr(authority, '@', strcspn(authority, "/?#"));
}
