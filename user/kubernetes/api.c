/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define WATCH_MORE_S 30 /* over what the server was asked to end after */

char *jb_api_join(const char *a, const char *b)
{
	char *joined;

	return asprintf(&joined, "%s%s", a, b) < 0 ? NULL : joined;
}

char *jb_api_join_url(const char *base, const char *path)
{
	size_t len = strlen(base);
	char *joined;

	while (len && base[len - 1] == '/')
		len--;
	return asprintf(&joined, "%.*s%s", (int)len, base, path) < 0 ? NULL : joined;
}

/* As Kubernetes tells each container; NULL outside of one. 0 or -ENOMEM. */
static int url_of_environment(char **ret_url)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	bool v6 = host && strchr(host, ':');

	*ret_url = NULL;
	if (!host || !*host)
		return 0;
	if (asprintf(ret_url, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
		     port && *port ? port : "443") >= 0)
		return 0;
	*ret_url = NULL;
	return -ENOMEM;
}

int jb_api_init(struct jb_api *api, const char *url, const char *service_account)
{
	int err = 0;

	api->token_file = jb_api_join(service_account, "/token");
	api->ca_file = jb_api_join(service_account, "/ca.crt");
	if (url)
		api->url = jb_api_join_url(url, "");
	else
		err = url_of_environment(&api->url);
	return err || !api->token_file || !api->ca_file || (url && !api->url) ? -ENOMEM : 0;
}

void jb_api_free(struct jb_api *api)
{
	free(api->url);
	free(api->token_file);
	free(api->ca_file);
}

bool jb_api_is_known(const struct jb_api *api, struct jb_outcome *outcome)
{
	if (!api->url)
		jb_outcome_set(outcome, JB_PODS_CREDENTIALS,
			       "KUBERNETES_SERVICE_HOST is not set: not in a cluster");
	return api->url;
}

void jb_outcome_name(struct jb_outcome *outcome, const char *what)
{
	char error[JB_PODS_LINE];

	if (!*outcome->error)
		return;
	memcpy(error, outcome->error, sizeof(error));
	jb_outcome_set(outcome, outcome->failure, "%.200s: %.300s", what, error);
}

static void ask(const struct jb_api *api, struct jb_pods_http *http, const char *path,
		struct jb_pods_request *request, struct jb_outcome *outcome)
{
	char *url = path ? jb_api_join(api->url, path) : NULL;

	if (url) {
		request->url = url;
		jb_pods_http_get(http, request, outcome);
	} else {
		jb_outcome_set(outcome, JB_PODS_BROKEN, "%s", strerror(ENOMEM));
	}
	free(url);
}

void jb_api_turn(const struct jb_api *api, struct jb_pods_http *http, struct jb_watch *watch,
		 const struct jb_api_reader *reader, struct jb_outcome *ret_outcome)
{
	const char *path = jb_watch_begin(watch, jb_now_ns());
	bool watching = jb_watch_is_watching(watch);
	struct jb_pods_request request = {
		.token_file = api->token_file,
		.ca_file = api->ca_file,
		.connect_ms = api->connect_ms,
		.idle_s = watching ? 0 : api->idle_s,
		.silence_s = watching ? api->silence_s : 0,
		.total_s = watching ? jb_watch_seconds(watch) + WATCH_MORE_S : JB_API_LIST_S,
		.limit = watching ? 0 : JB_API_LIST_MAX,
		.data = reader->data,
		.enough = watching ? reader->enough : NULL,
		.ctx = reader->ctx,
	};

	*ret_outcome = (struct jb_outcome){};
	ask(api, http, path, &request, ret_outcome);
	jb_watch_end(watch, ret_outcome, jb_now_ns());
	jb_outcome_name(ret_outcome, api->url);
}
