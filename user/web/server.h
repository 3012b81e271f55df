/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The agent's HTTP server: GET and HEAD on a table of routes, in the thread of the caller. Handlers
 * render synchronously, and nothing that a client does or leaves undone makes a call here wait.
 */
#ifndef JITTERBUG_WEB_SERVER_H
#define JITTERBUG_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct jb_server;

enum jb_route_access {
	JB_ROUTE_OPEN,    /* for everyone */
	JB_ROUTE_GUARDED, /* as guard.h has it */
};

/* The Content-Type of a route, whatever status its handler returns. */
enum jb_route_content {
	JB_ROUTE_METRICS, /* text 0.0.4 or OpenMetrics 1.0.0, as the client prefers */
	JB_ROUTE_JSON,
	JB_ROUTE_TEXT,
	JB_ROUTE_HTML,
};

struct jb_request {
	const char *path;
	bool openmetrics; /* only on JB_ROUTE_METRICS: render OpenMetrics, not text 0.0.4 */
};

/*
 * Appends the page to `body` and returns the HTTP status, 200 to 599. The body is empty at first
 * and limited; an error left in it makes the answer 500. HEAD requests are rendered as well.
 */
typedef unsigned int (*jb_route_handler)(void *ctx, const struct jb_request *request,
					 struct jb_buffer *body);

struct jb_route {
	const char *path; /* exactly, with its slash */
	enum jb_route_access access;
	enum jb_route_content content;
	jb_route_handler handler;
};

/* Strings and routes are borrowed for the server's life. */
struct jb_server_options {
	const char *address;    /* as jb_listen() takes it */
	uint16_t port;          /* 0: one that the kernel chooses, see jb_server_port() */
	const char *token_file; /* NULL: loopback only */
	const struct jb_route *routes;
	size_t n_routes;
	void *ctx;                   /* of the handlers */
	unsigned int idle_timeout_s; /* a connection without progress is closed; 0: 10 */
	size_t page_limit;           /* bytes of a page, below 4 GiB; beyond it is 500; 0: 32 MiB */
};

/*
 * Starts to listen. 0, or -errno with one line in `error` that names the thing and the value, such
 * as "can't listen on 127.0.0.1 port 9504: Address already in use".
 */
int jb_server_start(struct jb_server **ret_server, const struct jb_server_options *options,
		    struct jb_buffer *error);

/* Closes all connections. NULL is allowed. Not from within a handler. */
void jb_server_stop(struct jb_server *server);

/* Becomes readable when jb_server_turn() has something to do, its timeouts included. Level
 * triggered, the same for the server's life. */
int jb_server_fd(const struct jb_server *server);

/*
 * Does what can be done without waiting; handlers are called from here. 0, or -errno if the server
 * can't go on.
 */
int jb_server_turn(struct jb_server *server);

uint16_t jb_server_port(const struct jb_server *server);

#endif
