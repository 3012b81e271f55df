/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GET of what may last for minutes, in a thread that has nothing else to do and yet ends at once
 * when another one says so.
 */
#ifndef JB_KUBERNETES_HTTP_H
#define JB_KUBERNETES_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kubernetes/failure.h"

struct jb_pods_http;

struct jb_pods_request {
	const char *url;        /* http or https */
	const char *token_file; /* read anew for each request; sent over https only; NULL: none */
	const char *ca_file;    /* certificates that are trusted, and no others */
	bool insecure;          /* any certificate will do */
	uint32_t connect_ms;
	/* Less than 1 KiB/s for idle_s is too slow, or else no octet for silence_s; 0: no limit. */
	uint32_t idle_s;
	uint32_t silence_s;
	uint32_t total_s; /* 0: no end */
	uint64_t limit;   /* octets of the body, unpacked; 0: no limit */
	/* The body piece by piece. The first time, when the headers are in, len is 0. Not 0 ends.
	 */
	int (*data)(void *ctx, long status, const char *data, size_t len);
	/* Asked about once a second; true ends what has begun as if it had been all. NULL: never */
	bool (*enough)(void *ctx);
	void *ctx;
};

/* 0, -ENOMEM or -EIO (libcurl can't begin). */
int jb_pods_http_new(struct jb_pods_http **ret_http);
void jb_pods_http_free(struct jb_pods_http *http); /* NULL is fine */

/*
 * Returns when the request has ended, with any status. No redirect is followed, no proxy used. Only
 * the failures of transport are set, and JB_PODS_BROKEN for what `data` or a stop has ended.
 */
void jb_pods_http_get(struct jb_pods_http *http, const struct jb_pods_request *request,
		      struct jb_outcome *ret_outcome);

/* Waits for so long, or until the stop, or a wake since the last wait. */
void jb_pods_http_wait(struct jb_pods_http *http, uint64_t ns);

/* From any thread; cheap, also if there is nobody to wake. */
void jb_pods_http_wake(struct jb_pods_http *http);

/* From any thread: from now on get and wait return at once. */
void jb_pods_http_stop(struct jb_pods_http *http);
bool jb_pods_http_stopped(const struct jb_pods_http *http);

#endif
