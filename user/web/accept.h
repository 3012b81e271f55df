/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a client accepts, from its request headers. NULL is a header that was not sent. */
#ifndef JITTERBUG_WEB_ACCEPT_H
#define JITTERBUG_WEB_ACCEPT_H

#include <stdbool.h>

#define JB_ACCEPT_TEXT_TYPE        "text/plain; version=0.0.4; charset=utf-8"
#define JB_ACCEPT_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/*
 * Whether the client prefers OpenMetrics 1.0.0 to text 0.0.4: the higher quality wins, then the
 * more specific range, then the text. A client that accepts neither gets the text as well: a page
 * it may understand serves it better than 406.
 */
bool jb_accept_openmetrics(const char *accept);

/* Whether Accept-Encoding allows gzip, and does not name identity as the better one. */
bool jb_accept_gzip(const char *accept_encoding);

#endif
