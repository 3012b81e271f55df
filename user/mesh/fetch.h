/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the metrics of Linkerd's proxies, each once per interval, in a thread of its own: at times
 * of their own within the interval, a few at once, over connections that are kept. Pages are read
 * as they come and not kept. It never logs.
 */
#ifndef JB_MESH_FETCH_H
#define JB_MESH_FETCH_H

#include "mesh/page.h"

enum {
	JB_MESH_URL_SIZE = 256,
	JB_MESH_ERROR_SIZE = 256,
	JB_MESH_MAX_TARGETS = 512,
	JB_MESH_MAX_SERIES_ALL = 262144 /* that are remembered of all pages together */
};

struct jb_mesh_target {
	char namespace_[64];
	char pod[254];
	char url[JB_MESH_URL_SIZE]; /* http://10.1.2.3:4191/metrics */
};

enum jb_mesh_failure {
	JB_MESH_FINE,
	JB_MESH_UNREACHABLE, /* no connection: refused, no route, or none in time */
	JB_MESH_TIMEOUT,     /* too slow */
	JB_MESH_FORBIDDEN,   /* 403: a policy of the mesh denies it */
	JB_MESH_STATUS,      /* any other than 200 */
	JB_MESH_NOT_METRICS, /* another Content-Type, or nothing on the page reads as a metric */
	JB_MESH_BROKEN,      /* ended in the middle, or gzip that isn't */
	JB_MESH_TOO_LARGE,   /* more octets than max_bytes, unpacked */
	JB_MESH_NO_MEMORY,
	JB_MESH_FAILURE_MAX
};

extern const char
	*const jb_mesh_failure_names[JB_MESH_FAILURE_MAX]; /* "fine", "unreachable", ... */

struct jb_mesh_fetch_options {
	uint32_t interval_ms;
	uint32_t connect_ms;
	uint32_t total_ms;  /* of one page; beyond the interval, it is read less often */
	uint64_t max_bytes; /* of one page, unpacked */
	uint32_t parallel;
	uint32_t max_targets;
	struct jb_mesh_page_options page; /* budget NULL: of JB_MESH_MAX_SERIES_ALL, its own */
};

/* interval 10 s, connect 1 s, total 5 s, 64 MiB, 8 at once, 512 targets; 32,768 series of each. The
 * seed is random, since_s is now. */
void jb_mesh_fetch_options_default(struct jb_mesh_fetch_options *ret_options);

struct jb_mesh_fetch;

/* 0; -EINVAL: one of the figures is 0; -ENOMEM, -EIO (libcurl can't begin) or -EAGAIN. */
int jb_mesh_fetch_start(struct jb_mesh_fetch **ret, const struct jb_mesh_fetch_options *options);
void jb_mesh_fetch_stop(struct jb_mesh_fetch *fetch); /* within a second; NULL is fine */

/*
 * From now on these are read, and no others. One that was there already, with the same URL, goes on
 * where it is; what is known of the others is forgotten, results that wait included: nothing is
 * handed on of a target that isn't one any more (who wants the last of it takes it before). Of the
 * last 1,024 that have gone and had been counted it is known when: one of these that comes back
 * counts in full only if its proxy has started since, else from its first page on. Copied;
 * those beyond max_targets are not read, nor twice what is there twice. A new one is read within
 * the first second, unless too many are new. 0 or -ENOMEM (then all is as before).
 */
int jb_mesh_fetch_targets(struct jb_mesh_fetch *fetch, const struct jb_mesh_target *targets,
			  size_t n);

/* One attempt at one page, the latest; and what has come of those before it, if nobody took it. */
struct jb_mesh_result {
	const struct jb_mesh_target *target;
	enum jb_mesh_failure failure;
	const char *error; /* "" if fine; printable, no figures that differ each time */
	uint64_t bytes;    /* of the page, unpacked, as far as it was read */
	uint64_t lines;
	uint64_t malformed; /* lines passed over */
	uint64_t duration_ns;
	uint64_t earlier[JB_MESH_FAILURE_MAX]; /* attempts before it that nobody took, by kind */
	/*
	 * The rest is of all pages that were fine, also if the latest wasn't: the news, the refresh
	 * errors and the skipped samples added up, of other facts the latest. NULL and 0 if none
	 * was.
	 */
	const struct jb_mesh_facts *facts;
	const struct jb_mesh_news *news; /* no two of the same far end */
	size_t n_news;
};

/*
 * Hands on what has come since the last call, in the order of the latest attempts, and forgets it.
 * From the thread that changes the targets; `fn` may change them. Results that are never taken are
 * added up, and need no more memory than the news of page.max_series far ends; those beyond are
 * counted as skipped.
 */
void jb_mesh_fetch_take(struct jb_mesh_fetch *fetch,
			void (*fn)(void *ctx, const struct jb_mesh_result *result), void *ctx);

#endif
