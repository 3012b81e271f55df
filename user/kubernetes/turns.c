/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done each time for each of the sources. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubernetes/files.h"
#include "kubernetes/private.h"

/* Of a whole list, which is never in memory at once; and the time that it may take. */
#define LIST_MAX     (UINT64_C(512) << 20)
#define LIST_S       300
#define WATCH_MORE_S 30 /* over what the server was asked to end after */
#define MS           UINT64_C(1000000)

static void sink_list_begin(void *ctx)
{
	struct jb_pods *pods = ctx;

	pthread_mutex_lock(&pods->lock);
	jb_pod_table_list_begin(pods->table);
	pthread_mutex_unlock(&pods->lock);
}

static void sink_list_end(void *ctx)
{
	struct jb_pods *pods = ctx;

	pthread_mutex_lock(&pods->lock);
	jb_pod_table_list_end(pods->table, jb_now_ns());
	pthread_mutex_unlock(&pods->lock);
}

/* The table counts what it has no room for. */
static void sink_put(void *ctx, const struct jb_pod *pod)
{
	struct jb_pods *pods = ctx;

	pthread_mutex_lock(&pods->lock);
	jb_pod_table_put(pods->table, pod, jb_now_ns());
	pthread_mutex_unlock(&pods->lock);
}

static void sink_remove(void *ctx, const char *uid)
{
	struct jb_pods *pods = ctx;

	pthread_mutex_lock(&pods->lock);
	jb_pod_table_remove(pods->table, uid, jb_now_ns());
	pthread_mutex_unlock(&pods->lock);
}

void jb_pods_set_sink(struct jb_pods *pods)
{
	pods->sink = (struct jb_pod_sink){
		.ctx = pods,
		.list_begin = sink_list_begin,
		.list_end = sink_list_end,
		.put = sink_put,
		.remove = sink_remove,
	};
}

/* Brings the counters up to date, and tells what is new. */
static void count(struct jb_pods *pods, size_t bytes)
{
	bool changed;

	pthread_mutex_lock(&pods->lock);
	pods->status.bytes += bytes;
	pods->status.watch_restarts = jb_watch_restarts(pods->watch);
	pods->status.refused = pods->intake.refused;
	changed = strcmp(pods->status.refused_why, pods->intake.why) != 0 && *pods->intake.why;
	if (changed)
		memcpy(pods->status.refused_why, pods->intake.why, sizeof(pods->intake.why));
	pthread_mutex_unlock(&pods->lock);
	jb_pods_announce(pods, changed);
}

static void count_request(struct jb_pods *pods, enum jb_pods_source source)
{
	pthread_mutex_lock(&pods->lock);
	pods->status.requests[source]++;
	pthread_mutex_unlock(&pods->lock);
}

/* Only a watch that begins proves that list and watch both are allowed. */
static int take_api(void *ctx, long status, const char *data, size_t len)
{
	struct jb_pods *pods = ctx;
	int err = jb_watch_data(pods->watch, status, data, len);

	if (status == 200 && !len && jb_watch_is_watching(pods->watch))
		jb_pods_works(pods, JB_PODS_API);
	count(pods, len);
	return err;
}

/* What is missing for a request to the API at all. */
static bool api_is_known(const struct jb_pods *pods, struct jb_outcome *outcome)
{
	if (!pods->api_url)
		jb_outcome_set(outcome, JB_PODS_CREDENTIALS,
			       "KUBERNETES_SERVICE_HOST is not set: not in a cluster");
	else if (!jb_name_is_subdomain(pods->node, JB_POD_NAME_MAX))
		jb_outcome_set(outcome, JB_PODS_CREDENTIALS, "node '%.253s': not a node's name",
			       pods->node);
	return !outcome->failure;
}

static void ask_api(struct jb_pods *pods, const char *path, struct jb_outcome *outcome)
{
	bool watching = jb_watch_is_watching(pods->watch);
	struct jb_pods_request request = {
		.token_file = pods->token_file,
		.ca_file = pods->ca_file,
		.connect_ms = pods->options.connect_ms,
		.idle_s = watching ? 0 : pods->options.idle_s,
		.total_s = watching ? jb_watch_seconds(pods->watch) + WATCH_MORE_S : LIST_S,
		.limit = watching ? 0 : LIST_MAX,
		.data = take_api,
		.ctx = pods,
	};
	char *url = NULL;

	if (!path || asprintf(&url, "%s%s", pods->api_url, path) < 0) {
		jb_outcome_set(outcome, JB_PODS_BROKEN, "%s", strerror(ENOMEM));
		return;
	}
	request.url = url;
	jb_pods_http_get(pods->http, &request, outcome);
	free(url);
}

/* Where a line is told about. */
static void name_url(struct jb_outcome *outcome, const char *url)
{
	char error[JB_PODS_LINE];

	if (!*outcome->error)
		return;
	memcpy(error, outcome->error, sizeof(error));
	jb_outcome_set(outcome, outcome->failure, "%.200s: %.300s", url, error);
}

static void turn_api(struct jb_pods *pods)
{
	struct jb_source_state *state = &pods->sources[JB_PODS_API];
	struct jb_outcome outcome = {};

	if (!api_is_known(pods, &outcome)) {
		state->due_ns = jb_now_ns() + pods->options.backoff_max_ms * MS;
		jb_pods_fails(pods, JB_PODS_API, &outcome);
		return;
	}
	ask_api(pods, jb_watch_begin(pods->watch, jb_now_ns()), &outcome);
	jb_watch_end(pods->watch, &outcome, jb_now_ns());
	state->due_ns = jb_watch_due_ns(pods->watch);
	count(pods, 0);
	name_url(&outcome, pods->api_url);
	if (outcome.failure)
		jb_pods_fails(pods, JB_PODS_API, &outcome);
}

/* An answer of the kubelet's on its way. */
struct kubelet_list {
	struct jb_pods *pods;
	char error[JB_PODS_LINE]; /* of what came */
	int err;
};

static int take_kubelet(void *ctx, long status, const char *data, size_t len)
{
	struct kubelet_list *list = ctx;
	struct jb_pods *pods = list->pods;

	if (status == 200)
		list->err = jb_pod_list_feed(&pods->split, data, len, &pods->intake, list->error);
	count(pods, len);
	return list->err;
}

static void end_kubelet(struct kubelet_list *list, struct jb_outcome *outcome)
{
	struct jb_pod_list rest = {};

	if (!list->err && outcome->failure)
		return;
	if (!list->err && outcome->status != 200) {
		jb_outcome_set_status(outcome, "list of pods", outcome->status, NULL);
		return;
	}
	if (!list->err)
		list->err = jb_pod_list_end(&list->pods->split, &rest, list->error);
	free(rest.continue_from);
	if (list->err)
		jb_outcome_set(outcome, JB_PODS_MALFORMED, "list of pods: %.480s", list->error);
	else
		list->pods->sink.list_end(list->pods);
}

static void turn_kubelet(struct jb_pods *pods)
{
	struct kubelet_list list = {.pods = pods};
	const struct jb_pods_request request = {
		.url = pods->kubelet_url,
		.token_file = pods->token_file,
		.ca_file = pods->kubelet_ca,
		.insecure = pods->options.kubelet_insecure,
		.connect_ms = pods->options.connect_ms,
		.idle_s = pods->options.idle_s,
		.total_s = LIST_S,
		.limit = LIST_MAX,
		.data = take_kubelet,
		.ctx = &list,
	};
	struct jb_outcome outcome;

	jb_split_begin(&pods->split, JB_SPLIT_LIST);
	pods->sink.list_begin(pods);
	jb_pods_http_get(pods->http, &request, &outcome);
	end_kubelet(&list, &outcome);
	count(pods, 0);
	name_url(&outcome, pods->kubelet_url);
	pods->sources[JB_PODS_KUBELET].due_ns = jb_now_ns() + pods->options.kubelet_ms * MS;
	if (outcome.failure)
		jb_pods_fails(pods, JB_PODS_KUBELET, &outcome);
	else
		jb_pods_works(pods, JB_PODS_KUBELET);
}

static void turn_files(struct jb_pods *pods)
{
	struct jb_outcome outcome;

	jb_files_scan(pods->log_directory, &pods->sink, &outcome);
	pods->sources[JB_PODS_FROM_FILES].due_ns = jb_now_ns() + pods->options.files_ms * MS;
	if (outcome.failure)
		jb_pods_fails(pods, JB_PODS_FROM_FILES, &outcome);
	else
		jb_pods_works(pods, JB_PODS_FROM_FILES);
}

void jb_pods_turn(struct jb_pods *pods, enum jb_pods_source source)
{
	count_request(pods, source);
	if (source == JB_PODS_API)
		turn_api(pods);
	else if (source == JB_PODS_KUBELET)
		turn_kubelet(pods);
	else
		turn_files(pods);
}
