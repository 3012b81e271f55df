/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers of libmicrohttpd, with the headers that all of ours carry. Only for site.c. */
#ifndef JITTERBUG_WEB_REPLY_H
#define JITTERBUG_WEB_REPLY_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* A line of plain text, which has to be static, and one more header if `header` isn't NULL. */
enum MHD_Result jb_reply_text(struct MHD_Connection *connection, unsigned int status,
			      const char *text, const char *header, const char *value);

struct jb_reply_page {
	unsigned int status;
	const char *content_type;
	bool html;             /* may run its own scripts and styles, and nothing else */
	bool gzipped;          /* the body is compressed */
	struct jb_buffer body; /* taken over, even on failure */
	size_t *in_flight; /* bytes of bodies not sent yet: kept up to date; outlives the daemon */
};

/* Sends a page, whose body is freed once the client has it or is gone. */
enum MHD_Result jb_reply_page(struct MHD_Connection *connection, struct jb_reply_page *page);

#endif
