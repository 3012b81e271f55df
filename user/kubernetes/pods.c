/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kubernetes/private.h"
#include "base/thread.h"

static int make_watch(struct jb_pods *pods)
{
	struct jb_watch_options options = {
		.resource = {.name = "pods", .kind = "PodList"},
		.backoff_min_ns = pods->options.backoff_min_ms * UINT64_C(1000000),
		.backoff_max_ns = pods->options.backoff_max_ms * UINT64_C(1000000),
		.seconds = pods->options.watch_s,
		.seed = jb_now_ns() ^ (uint64_t)getpid() << 32,
	};

	options.resource.path = pods->path;
	return jb_watch_new(&pods->watch, &options, &pods->objects);
}

static int start_thread(struct jb_pods *pods)
{
	int err = jb_thread_start(&pods->thread, jb_pods_run, pods);

	pods->started = !err;
	return err;
}

static void enable_sources(struct jb_pods *pods)
{
	enum jb_pods_mode mode = pods->options.mode;

	for (int i = 0; i < JB_PODS_SOURCE_MAX; i++)
		pods->sources[i].enabled = mode == JB_PODS_MODE_AUTO ||
					   (int)mode == JB_PODS_MODE_API + i;
}

static int start(struct jb_pods *pods, const struct jb_pods_options *options)
{
	int err = jb_pods_take_options(pods, options);

	pods->status.source = JB_PODS_NONE;
	pods->intake.sink = &pods->sink;
	pods->intake.node = pods->node;
	pods->objects = jb_pod_intake_objects(&pods->intake);
	jb_pods_set_sink(pods);
	if (!err)
		err = jb_pod_table_new(&pods->table, options->max_pods, options->grace_ns);
	if (!err) {
		pods->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		err = pods->fd < 0 ? -errno : 0;
	}
	if (err || options->mode == JB_PODS_MODE_OFF)
		return err;
	enable_sources(pods);
	err = jb_pods_http_new(&pods->http);
	if (!err)
		err = make_watch(pods);
	return err ? err : start_thread(pods);
}

int jb_pods_start(struct jb_pods **ret_pods, const struct jb_pods_options *options)
{
	struct jb_pods *pods = calloc(1, sizeof(*pods));
	int err;

	if (!pods)
		return -ENOMEM;
	pods->fd = -1;
	pthread_mutex_init(&pods->lock, NULL);
	err = start(pods, options);
	if (err)
		jb_pods_stop(pods);
	else
		*ret_pods = pods;
	return err;
}

void jb_pods_stop(struct jb_pods *pods)
{
	if (!pods)
		return;
	if (pods->started) {
		jb_pods_http_stop(pods->http);
		pthread_join(pods->thread, NULL);
	}
	jb_watch_free(pods->watch);
	jb_pods_http_free(pods->http);
	jb_split_free(&pods->split);
	jb_pod_table_free(pods->table);
	if (pods->fd >= 0)
		close(pods->fd);
	jb_pods_free_options(pods);
	pthread_mutex_destroy(&pods->lock);
	free(pods);
}

int jb_pods_fd(const struct jb_pods *pods)
{
	return pods->fd;
}

void jb_pods_take_news(struct jb_pods *pods)
{
	eventfd_t ignored;

	eventfd_read(pods->fd, &ignored);
}

/* Each reader forgets first what the grace is over of. */
static void lock_current(struct jb_pods *pods)
{
	pthread_mutex_lock(&pods->lock);
	jb_pod_table_expire(pods->table, jb_now_ns());
}

void jb_pods_status(struct jb_pods *pods, struct jb_pods_status *ret_status)
{
	lock_current(pods);
	*ret_status = pods->status;
	ret_status->pods = jb_pod_table_counts(pods->table);
	pthread_mutex_unlock(&pods->lock);
}

enum jb_pod_lookup jb_pods_lookup(struct jb_pods *pods, const char *uid, const char *container_id,
				  struct jb_pod_names *ret_names)
{
	enum jb_pod_lookup found;

	lock_current(pods);
	found = jb_pod_table_lookup(pods->table, uid, container_id, ret_names);
	pthread_mutex_unlock(&pods->lock);
	return found;
}

void jb_pods_each(struct jb_pods *pods, void (*fn)(void *ctx, const struct jb_pod *pod), void *ctx)
{
	lock_current(pods);
	jb_pod_table_each(pods->table, fn, ctx);
	pthread_mutex_unlock(&pods->lock);
}
