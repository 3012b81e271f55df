/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "kubernetes/api.h"
#include "kubernetes/pods.h"
#include "base/thread.h"

#define MS UINT64_C(1000000)

struct jb_follow {
	struct jb_follow_options options; /* but for the texts that were borrowed */
	struct jb_api api;
	char *path;
	struct jb_pods_http *http;
	bool started; /* there is a thread */
	pthread_t thread;
	pthread_mutex_t lock;
	struct jb_follow_status status; /* under the lock */
	struct jb_watch *watch;         /* the thread's own */
};

void jb_follow_options_default(struct jb_follow_options *ret_options)
{
	struct jb_pods_options pods;

	jb_pods_options_default(&pods);
	*ret_options = (struct jb_follow_options){
		.news_fd = -1,
		.service_account = pods.service_account,
		.connect_ms = pods.connect_ms,
		.idle_s = pods.idle_s,
		.silence_s = pods.silence_s,
		.watch_s = pods.watch_s,
		.backoff_min_ms = pods.backoff_min_ms,
		.backoff_max_ms = pods.backoff_max_ms,
	};
}

/* --- the sink, counted */

static void list_begin(void *ctx)
{
	struct jb_follow *follow = ctx;

	follow->options.sink.list_begin(follow->options.sink.ctx);
}

static void list_end(void *ctx)
{
	struct jb_follow *follow = ctx;

	follow->options.sink.list_end(follow->options.sink.ctx);
	pthread_mutex_lock(&follow->lock);
	follow->status.lists++;
	pthread_mutex_unlock(&follow->lock);
}

static bool put(void *ctx, const json_t *object)
{
	struct jb_follow *follow = ctx;

	pthread_mutex_lock(&follow->lock);
	follow->status.objects++;
	pthread_mutex_unlock(&follow->lock);
	return follow->options.sink.put(follow->options.sink.ctx, object);
}

static void remove_object(void *ctx, const json_t *object)
{
	struct jb_follow *follow = ctx;

	follow->options.sink.remove(follow->options.sink.ctx, object);
}

/* --- the thread */

static void announce(const struct jb_follow *follow)
{
	if (follow->options.news_fd >= 0)
		eventfd_write(follow->options.news_fd, 1);
}

static void works(struct jb_follow *follow)
{
	bool news;

	pthread_mutex_lock(&follow->lock);
	news = !follow->status.since_ns;
	if (news)
		follow->status.since_ns = jb_now_ns();
	follow->status.error[0] = '\0';
	pthread_mutex_unlock(&follow->lock);
	if (news)
		announce(follow);
}

static void fails(struct jb_follow *follow, const struct jb_outcome *outcome)
{
	if (jb_pods_http_stopped(follow->http))
		return;
	pthread_mutex_lock(&follow->lock);
	follow->status.failures[outcome->failure]++;
	if (*outcome->error) {
		memcpy(follow->status.error, outcome->error, sizeof(outcome->error));
		follow->status.since_ns = 0;
	}
	pthread_mutex_unlock(&follow->lock);
	announce(follow);
}

/* Only a watch that begins proves that list and watch both are allowed. */
static int take(void *ctx, long status, const char *data, size_t len)
{
	struct jb_follow *follow = ctx;
	int err = jb_watch_data(follow->watch, status, data, len);

	if (status == 200 && !len && jb_watch_is_watching(follow->watch))
		works(follow);
	pthread_mutex_lock(&follow->lock);
	follow->status.bytes += len;
	follow->status.watch_restarts = jb_watch_restarts(follow->watch);
	pthread_mutex_unlock(&follow->lock);
	return err;
}

/* Returns when the next turn is due. */
static uint64_t turn(struct jb_follow *follow)
{
	const struct jb_api_reader reader = {.data = take, .ctx = follow};
	struct jb_outcome outcome = {};

	if (!jb_api_is_known(&follow->api, &outcome)) {
		jb_outcome_name(&outcome, follow->status.name);
		fails(follow, &outcome);
		return jb_now_ns() + follow->options.backoff_max_ms * MS;
	}
	pthread_mutex_lock(&follow->lock);
	follow->status.requests++;
	pthread_mutex_unlock(&follow->lock);
	jb_api_turn(&follow->api, follow->http, follow->watch, &reader, &outcome);
	if (outcome.failure)
		fails(follow, &outcome);
	return jb_watch_due_ns(follow->watch);
}

static void *run(void *arg)
{
	struct jb_follow *follow = arg;
	uint64_t due_ns, now_ns;

	while (!jb_pods_http_stopped(follow->http)) {
		due_ns = turn(follow);
		now_ns = jb_now_ns();
		if (due_ns > now_ns)
			jb_pods_http_wait(follow->http, due_ns - now_ns);
	}
	return NULL;
}

/* --- its life */

static bool are_valid(const struct jb_follow_options *options)
{
	return (!options->api_url || jb_pods_url_is_valid(options->api_url)) &&
	       options->connect_ms && options->idle_s && options->watch_s &&
	       options->backoff_min_ms && options->backoff_max_ms;
}

static int make_watch(struct jb_follow *follow)
{
	const struct jb_object_sink sink = {follow, list_begin, list_end, put, remove_object};
	const struct jb_watch_options options = {
		.resource = follow->options.resource,
		.backoff_min_ns = follow->options.backoff_min_ms * MS,
		.backoff_max_ns = follow->options.backoff_max_ms * MS,
		.seconds = follow->options.watch_s,
		.seed = jb_now_ns() ^ (uint64_t)getpid() << 32,
	};

	return jb_watch_new(&follow->watch, &options, &sink);
}

static int start(struct jb_follow *follow, const struct jb_follow_options *options)
{
	int err;

	if (!are_valid(options))
		return -EINVAL;
	follow->options = *options;
	follow->status.name = options->resource.name;
	follow->path = strdup(options->resource.path);
	if (!follow->path)
		return -ENOMEM;
	follow->options.resource.path = follow->path;
	follow->api.connect_ms = options->connect_ms;
	follow->api.idle_s = options->idle_s;
	follow->api.silence_s = options->silence_s;
	err = jb_api_init(&follow->api, options->api_url, options->service_account);
	if (!err)
		err = jb_pods_http_new(&follow->http);
	if (!err)
		err = make_watch(follow);
	if (!err)
		err = jb_thread_start(&follow->thread, run, follow);
	follow->started = !err;
	return err;
}

int jb_follow_start(struct jb_follow **ret_follow, const struct jb_follow_options *options)
{
	struct jb_follow *follow = calloc(1, sizeof(*follow));
	int err;

	if (!follow)
		return -ENOMEM;
	pthread_mutex_init(&follow->lock, NULL);
	err = start(follow, options);
	if (err)
		jb_follow_stop(follow);
	else
		*ret_follow = follow;
	return err;
}

void jb_follow_stop(struct jb_follow *follow)
{
	if (!follow)
		return;
	if (follow->started) {
		jb_pods_http_stop(follow->http);
		pthread_join(follow->thread, NULL);
	}
	jb_watch_free(follow->watch);
	jb_pods_http_free(follow->http);
	jb_api_free(&follow->api);
	free(follow->path);
	pthread_mutex_destroy(&follow->lock);
	free(follow);
}

void jb_follow_status(struct jb_follow *follow, struct jb_follow_status *ret_status)
{
	pthread_mutex_lock(&follow->lock);
	*ret_status = follow->status;
	pthread_mutex_unlock(&follow->lock);
}
