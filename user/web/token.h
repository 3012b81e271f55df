/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bearer token in a file, which is read again when it changes (a rotated Kubernetes secret). */
#ifndef JITTERBUG_WEB_TOKEN_H
#define JITTERBUG_WEB_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define JB_TOKEN_MAX 4096 /* bytes the file may have */

/* All zero but `path`, which is borrowed, is a token that was not read yet and matches nothing. */
struct jb_token {
	const char *path;
	struct stat seen; /* of the file that `value` was read from */
	size_t len;       /* 0: no valid token */
	char value[JB_TOKEN_MAX];
};

/*
 * Reads the file if it is not the one that was read last. Newlines at its end are trimmed. 0, or
 * -ENODATA if it is empty, -EFBIG over JB_TOKEN_MAX, -EINVAL if it is not a regular file or holds a
 * byte that is not printable ASCII or is a space, or the -errno of opening and reading. After an
 * error nothing matches, and the next call reads again.
 */
int jb_token_refresh(struct jb_token *token);

/*
 * Whether the value of an Authorization header (NULL: none) is `Bearer` with this token. Takes the
 * same time for every wrong token of a length.
 */
bool jb_token_matches(const struct jb_token *token, const char *authorization);

#endif
