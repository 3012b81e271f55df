/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Follows the objects of a resource at the API server: lists them page by page, then watches, and
 * begins anew when it has to. It makes no request itself: it says which one is to be made when, and
 * is told what comes of it. Nothing that is known gets lost before a whole list has replaced it.
 */
#ifndef JB_KUBERNETES_WATCH_H
#define JB_KUBERNETES_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kubernetes/failure.h"
#include "kubernetes/objects.h"

struct jb_watch;

/* Texts are borrowed. */
struct jb_watch_resource {
	const char *path; /* "/api/v1/pods", with a query if it has selectors */
	const char *name; /* "pods" */
	const char *kind; /* of a list: "PodList" */
};

struct jb_watch_options {
	struct jb_watch_resource resource;
	uint64_t backoff_min_ns; /* before the second attempt; doubles with each */
	uint64_t backoff_max_ns; /* so much more at most where the server asks to be left alone */
	uint32_t seconds;        /* a watch ends by itself after that to twice that, > 0 */
	uint64_t seed;           /* of the jitter */
};

/*
 * Where the sink has no room for something, all is listed again at the end of a watch, but not more
 * often than after `seconds`.
 * 0 or -ENOMEM.
 */
int jb_watch_new(struct jb_watch **ret_watch, const struct jb_watch_options *options,
		 const struct jb_object_sink *sink);
void jb_watch_free(struct jb_watch *watch); /* NULL is fine */

/* Begins with a list again, at once. */
void jb_watch_restart(struct jb_watch *watch);

/* When the next request is due (0: at once). */
uint64_t jb_watch_due_ns(const struct jb_watch *watch);

/* The path and query of the next request, or NULL without memory; valid until the next call. */
const char *jb_watch_begin(struct jb_watch *watch, uint64_t now_ns);

/* Whether the request goes on for long, with silence; then the seconds after which it must end. */
bool jb_watch_is_watching(const struct jb_watch *watch);
uint32_t jb_watch_seconds(const struct jb_watch *watch);

/* A piece of the answer's body. 0, or -errno: the request is to be ended. */
int jb_watch_data(struct jb_watch *watch, long status, const char *data, size_t len);

/*
 * The request has ended: with an HTTP status, or a failure of transport. The outcome is changed to
 * what became of it in the end. A failure without an error line is part of the protocol, or the cut
 * of a watch that has worked: if that means anything, the next attempt fails, too.
 */
void jb_watch_end(struct jb_watch *watch, struct jb_outcome *outcome, uint64_t now_ns);

/* Watches that came after another one, so far. */
uint64_t jb_watch_restarts(const struct jb_watch *watch);

#endif
