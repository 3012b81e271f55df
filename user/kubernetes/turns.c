/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is done each time for each of the sources. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubernetes/files.h"
#include "kubernetes/private.h"

#define MS UINT64_C(1000000)

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
	jb_pods_heard(pods);
	pthread_mutex_unlock(&pods->lock);
}

/* The table counts what it has no room for. */
static void sink_put(void *ctx, const struct jb_pod *pod)
{
	struct jb_pods *pods = ctx;

	pthread_mutex_lock(&pods->lock);
	jb_pod_table_put(pods->table, pod, jb_now_ns());
	jb_pods_heard(pods);
	pthread_mutex_unlock(&pods->lock);
}

static void sink_remove(void *ctx, const char *uid)
{
	struct jb_pods *pods = ctx;

	pthread_mutex_lock(&pods->lock);
	jb_pod_table_remove(pods->table, uid, jb_now_ns());
	jb_pods_heard(pods);
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
static bool may_ask_api(const struct jb_pods *pods, struct jb_outcome *outcome)
{
	if (jb_api_is_known(&pods->api, outcome) &&
	    !jb_name_is_subdomain(pods->node, JB_POD_NAME_MAX))
		jb_outcome_set(outcome, JB_PODS_CREDENTIALS, "node '%.253s': not a node's name",
			       pods->node);
	return !outcome->failure;
}

static void turn_api(struct jb_pods *pods)
{
	const struct jb_api_reader reader = {
		.data = take_api, .enough = jb_pods_doubt, .ctx = pods};
	struct jb_source_state *state = &pods->sources[JB_PODS_API];
	bool watching = jb_watch_is_watching(pods->watch);
	struct jb_outcome outcome = {};

	if (!may_ask_api(pods, &outcome)) {
		state->due_ns = jb_now_ns() + pods->options.backoff_max_ms * MS;
		jb_pods_fails(pods, JB_PODS_API, &outcome);
		return;
	}
	if (pods->doubted_ns) /* if now a list fails, so did the watch before it */
		state->begin_ns = pods->doubted_ns;
	pods->doubted_ns = 0;
	jb_api_turn(&pods->api, pods->http, pods->watch, &reader, &outcome);
	if (watching)
		state->begin_ns = jb_now_ns();
	if (pods->doubted_ns)
		jb_watch_restart(pods->watch);
	state->due_ns = jb_watch_due_ns(pods->watch);
	count(pods, 0);
	if (outcome.failure)
		jb_pods_fails(pods, JB_PODS_API, &outcome);
}

/* An answer of the kubelet's on its way. */
struct kubelet_list {
	struct jb_pods *pods;
	char error[JB_PODS_LINE]; /* of what came */
	int err;
	bool full;
};

static int take_kubelet(void *ctx, long status, const char *data, size_t len)
{
	struct kubelet_list *list = ctx;
	struct jb_pods *pods = list->pods;

	if (status == 200)
		list->err = jb_object_list_feed(&pods->split, data, len, &pods->objects,
						&list->full, list->error);
	count(pods, len);
	return list->err;
}

static void end_kubelet(struct kubelet_list *list, struct jb_outcome *outcome)
{
	struct jb_object_list rest = {};

	if (!list->err && outcome->failure)
		return;
	if (!list->err && outcome->status != 200) {
		jb_outcome_set_status(outcome, "list of pods", outcome->status, NULL);
		return;
	}
	if (!list->err)
		list->err = jb_object_list_end(&list->pods->split, "PodList", &rest, list->error);
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
		.token_file = pods->api.token_file,
		.ca_file = pods->kubelet_ca,
		.insecure = pods->options.kubelet_insecure,
		.connect_ms = pods->options.connect_ms,
		.idle_s = pods->options.idle_s,
		.total_s = JB_API_LIST_S,
		.limit = JB_API_LIST_MAX,
		.data = take_kubelet,
		.ctx = &list,
	};
	struct jb_source_state *state = &pods->sources[JB_PODS_KUBELET];
	struct jb_outcome outcome;

	jb_split_begin(&pods->split, JB_SPLIT_LIST);
	pods->sink.list_begin(pods);
	jb_pods_http_get(pods->http, &request, &outcome);
	end_kubelet(&list, &outcome);
	count(pods, 0);
	jb_outcome_name(&outcome, pods->kubelet_url);
	state->due_ns = jb_now_ns() + pods->options.kubelet_ms * MS;
	state->soon_ns = outcome.failure ? state->due_ns : jb_now_ns() + pods->options.look_ms * MS;
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
	pods->sources[source].begin_ns = jb_now_ns();
	count_request(pods, source);
	if (source == JB_PODS_API)
		turn_api(pods);
	else if (source == JB_PODS_KUBELET)
		turn_kubelet(pods);
	else
		turn_files(pods);
}
