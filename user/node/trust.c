/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/trust.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kubernetes/pod.h"

#define CONFIG_MAP "linkerd-identity-trust-roots"
#define BUNDLE     "ca-bundle.crt"
/* By its name, so that a rule for this one alone suffices. */
#define PATH "/api/v1/namespaces/%s/configmaps?fieldSelector=metadata.name%%3D" CONFIG_MAP

struct jb_node_trust {
	struct jb_follow *follow;
	int fd;
	char namespace_[JB_NAMESPACE_MAX + 1];
	bool listed; /* the list that comes in has had it; the follower's own */

	pthread_mutex_t lock; /* of all below */
	enum jb_node_trust_state state;
	struct jb_trust_bundle bundle;
	char error[JB_TRUST_LINE]; /* about what has been read */
};

void jb_node_trust_options_default(struct jb_node_trust_options *ret_options)
{
	*ret_options = (struct jb_node_trust_options){.linkerd_namespace = "linkerd"};
	jb_follow_options_default(&ret_options->api);
}

/* --- the sink */

static void set(struct jb_node_trust *trust, enum jb_node_trust_state state,
		const struct jb_trust_bundle *bundle, const char *error)
{
	pthread_mutex_lock(&trust->lock);
	trust->state = state;
	trust->bundle = *bundle;
	snprintf(trust->error, sizeof(trust->error), "%s", error);
	pthread_mutex_unlock(&trust->lock);
	eventfd_write(trust->fd, 1);
}

/* A server without field selectors for it would send others, too. */
static bool is_it(const struct jb_node_trust *trust, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *namespace_ = json_string_value(json_object_get(meta, "namespace"));
	const char *name = json_string_value(json_object_get(meta, "name"));

	return namespace_ && name && !strcmp(namespace_, trust->namespace_) &&
	       !strcmp(name, CONFIG_MAP);
}

static void list_begin(void *ctx)
{
	struct jb_node_trust *trust = ctx;

	trust->listed = false;
}

static void set_missing(struct jb_node_trust *trust)
{
	set(trust, JB_TRUST_MISSING, &(struct jb_trust_bundle){}, "there is none");
}

static void list_end(void *ctx)
{
	struct jb_node_trust *trust = ctx;

	if (!trust->listed)
		set_missing(trust);
}

static void read_bundle(struct jb_node_trust *trust, const json_t *text)
{
	struct jb_trust_bundle bundle = {};
	char error[JB_TRUST_LINE] = "no " BUNDLE;
	int err = -EBADMSG;

	if (json_is_string(text))
		err = jb_trust_read(json_string_value(text), json_string_length(text), &bundle,
				    error);
	if (err)
		set(trust, JB_TRUST_BAD, &bundle, error);
	else if (bundle.no_room && !bundle.refused)
		set(trust, JB_TRUST_READ, &bundle, "more certificates than have room");
	else
		set(trust, JB_TRUST_READ, &bundle, bundle.why);
}

static bool put(void *ctx, const json_t *object)
{
	struct jb_node_trust *trust = ctx;

	if (is_it(trust, object)) {
		trust->listed = true;
		read_bundle(trust, json_object_get(json_object_get(object, "data"), BUNDLE));
	}
	return true;
}

static void remove_object(void *ctx, const json_t *object)
{
	struct jb_node_trust *trust = ctx;

	if (is_it(trust, object))
		set_missing(trust);
}

/* --- its life */

static int start(struct jb_node_trust *trust, const struct jb_node_trust_options *options)
{
	struct jb_follow_options api = options->api;
	char path[sizeof(PATH) + JB_NAMESPACE_MAX];

	if (!jb_name_is_label(options->linkerd_namespace, JB_NAMESPACE_MAX))
		return -EINVAL;
	snprintf(trust->namespace_, sizeof(trust->namespace_), "%s", options->linkerd_namespace);
	trust->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (trust->fd < 0)
		return -errno;
	snprintf(path, sizeof(path), PATH, trust->namespace_);
	api.resource = (struct jb_watch_resource){path, "configmaps", "ConfigMapList"};
	api.sink = (struct jb_object_sink){trust, list_begin, list_end, put, remove_object};
	api.news_fd = trust->fd;
	return jb_follow_start(&trust->follow, &api);
}

int jb_node_trust_start(struct jb_node_trust **ret, const struct jb_node_trust_options *options)
{
	struct jb_node_trust *trust = calloc(1, sizeof(*trust));
	int err;

	if (!trust)
		return -ENOMEM;
	trust->fd = -1;
	pthread_mutex_init(&trust->lock, NULL);
	err = start(trust, options);
	if (err)
		jb_node_trust_stop(trust);
	else
		*ret = trust;
	return err;
}

void jb_node_trust_stop(struct jb_node_trust *trust)
{
	if (!trust)
		return;
	jb_follow_stop(trust->follow);
	if (trust->fd >= 0)
		close(trust->fd);
	pthread_mutex_destroy(&trust->lock);
	free(trust);
}

int jb_node_trust_fd(const struct jb_node_trust *trust)
{
	return trust->fd;
}

void jb_node_trust_take_news(struct jb_node_trust *trust)
{
	eventfd_t ignored;

	eventfd_read(trust->fd, &ignored);
}

void jb_node_trust_status(struct jb_node_trust *trust, struct jb_node_trust_status *ret_status)
{
	struct jb_node_trust_status status = {};

	jb_follow_status(trust->follow, &status.followed);
	pthread_mutex_lock(&trust->lock);
	status.state = trust->state;
	status.anchors = trust->bundle.count;
	status.refused = trust->bundle.refused;
	status.no_room = trust->bundle.no_room;
	if (*status.followed.error)
		memcpy(status.error, status.followed.error, sizeof(status.error));
	else if (*trust->error)
		snprintf(status.error, sizeof(status.error), "ConfigMap %s/" CONFIG_MAP ": %s",
			 trust->namespace_, trust->error);
	pthread_mutex_unlock(&trust->lock);
	*ret_status = status;
}

void jb_node_trust_each(struct jb_node_trust *trust,
			void (*fn)(void *ctx, const struct jb_trust_anchor *anchor), void *ctx)
{
	pthread_mutex_lock(&trust->lock);
	for (size_t i = 0; i < trust->bundle.count; i++)
		fn(ctx, &trust->bundle.anchor[i]);
	pthread_mutex_unlock(&trust->lock);
}
