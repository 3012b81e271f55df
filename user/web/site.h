/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is served, and to whom: the routes and how a request is answered. Only for server.c. */
#ifndef JITTERBUG_WEB_SITE_H
#define JITTERBUG_WEB_SITE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "web/gzip.h"
#include "web/server.h"
#include "web/token.h"

struct jb_site {
	const struct jb_route *routes;
	size_t n_routes;
	void *ctx;             /* of the handlers */
	struct jb_token token; /* its path is NULL: none configured */
	struct jb_gzip *gzip;
	struct jb_buffer page; /* what the current request renders; used again */
	size_t page_limit;     /* bytes of a page, uncompressed */
	size_t in_flight;      /* bytes of pages that clients have not taken yet */
};

/* Reads the token and makes the compressor, with the routes, `ctx` and the token's path set. 0, or
 * -errno with a line in `error`; to be closed in any case. */
int jb_site_open(struct jb_site *site, struct jb_buffer *error);

/* After the daemon has stopped: replies in flight count themselves out of `site`. */
void jb_site_close(struct jb_site *site);

/* Queues the answer to a request whose headers are complete. */
enum MHD_Result jb_site_respond(struct jb_site *site, struct MHD_Connection *connection,
				const char *path, const char *method, bool has_body);

#endif
