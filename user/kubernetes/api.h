/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The API server: where it is, with what it is asked, and one request to it. */
#ifndef JB_KUBERNETES_API_H
#define JB_KUBERNETES_API_H

#include <stdint.h>

#include "kubernetes/http.h"
#include "kubernetes/watch.h"

/* Of a whole list, which is never in memory at once; and the time that it may take. */
#define JB_API_LIST_MAX (UINT64_C(512) << 20)
#define JB_API_LIST_S   300

/* With the name of a node (RFC 1123) behind it: the path of its pods. */
#define JB_PODS_OF_NODE "/api/v1/pods?fieldSelector=spec.nodeName%3D"

struct jb_api {
	char *url; /* NULL: not known */
	char *token_file;
	char *ca_file;
	uint32_t connect_ms;
	uint32_t idle_s;    /* of lists */
	uint32_t silence_s; /* of watches */
};

/* Who reads an answer: as in struct jb_pods_request, `enough` for watches alone. */
struct jb_api_reader {
	int (*data)(void *ctx, long status, const char *data, size_t len);
	bool (*enough)(void *ctx);
	void *ctx;
};

/*
 * `url` NULL takes KUBERNETES_SERVICE_HOST and _PORT, if they are there; `service_account` is a
 * directory with token and ca.crt. 0 or -ENOMEM. An api that is all zero can be freed.
 */
int jb_api_init(struct jb_api *api, const char *url, const char *service_account);
void jb_api_free(struct jb_api *api);

/* False with an outcome that says so if nobody has told where the server is. */
bool jb_api_is_known(const struct jb_api *api, struct jb_outcome *outcome);

/*
 * Makes the request that a watch wants next, and tells the watch what came of it. The reader's
 * `data` is to call jb_watch_data() for each piece, and to return what that returns. The api must
 * be known.
 */
void jb_api_turn(const struct jb_api *api, struct jb_pods_http *http, struct jb_watch *watch,
		 const struct jb_api_reader *reader, struct jb_outcome *ret_outcome);

/* Puts what it is about, a URL or a resource, before the outcome's line, if there is one. */
void jb_outcome_name(struct jb_outcome *outcome, const char *what);

/* To be freed; NULL without memory. The latter joins without a slash at the end of `base`. */
char *jb_api_join(const char *a, const char *b);
char *jb_api_join_url(const char *base, const char *path);

#endif
