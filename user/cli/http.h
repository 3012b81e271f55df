/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads a document from an agent. */
#ifndef JB_CLI_HTTP_H
#define JB_CLI_HTTP_H

#include "base/buffer.h"

enum { JB_HTTP_ERROR = 512 };

/*
 * GET `base``path` into `body`. `token_file` may be NULL. 0; -ECONNREFUSED if nobody listens;
 * another -errno with a line in `error` (of JB_HTTP_ERROR octets) naming the URL and the reason.
 */
int jb_http_get(const char *base, const char *path, const char *token_file, struct jb_buffer *body,
		char *error);

#endif
