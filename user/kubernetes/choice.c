/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which source is used, and what is said about it. */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "kubernetes/private.h"

#define MS UINT64_C(1000000)

const char *jb_pods_source_name(enum jb_pods_source source)
{
	static const char *const names[] = {
		[JB_PODS_API] = "api",
		[JB_PODS_KUBELET] = "kubelet",
		[JB_PODS_FROM_FILES] = "files",
	};

	return source < JB_PODS_NONE ? names[source] : "none";
}

void jb_pods_announce(struct jb_pods *pods, bool status_changed)
{
	uint64_t changes;
	bool news;

	pthread_mutex_lock(&pods->lock);
	changes = jb_pod_table_counts(pods->table).changes;
	news = status_changed || changes != pods->told;
	pods->told = changes;
	pthread_mutex_unlock(&pods->lock);
	if (news)
		eventfd_write(pods->fd, 1);
}

/* Why the source in use, and each better one, doesn't work. True if that is something new. */
static bool compose_error(struct jb_pods *pods)
{
	char error[sizeof(pods->status.error)] = "";
	size_t len = 0;

	for (int i = 0; i < JB_PODS_SOURCE_MAX; i++) {
		const char *reason = pods->sources[i].reason;

		if (*reason && len < sizeof(error) - 1)
			len += (size_t)snprintf(error + len, sizeof(error) - len, "%s%s",
						len ? "; " : "", reason);
		if (i == (int)pods->status.source)
			break;
	}
	if (!strcmp(error, pods->status.error))
		return false;
	memcpy(pods->status.error, error, sizeof(error));
	return true;
}

void jb_pods_works(struct jb_pods *pods, enum jb_pods_source source)
{
	struct jb_source_state *state = &pods->sources[source];
	bool changed;

	state->failing_ns = 0;
	state->blocked_ns = 0;
	state->reason[0] = '\0';
	pthread_mutex_lock(&pods->lock);
	changed = pods->status.source != source || !pods->status.since_ns;
	pods->status.source = source;
	if (changed)
		pods->status.since_ns = jb_now_ns();
	changed |= compose_error(pods);
	pthread_mutex_unlock(&pods->lock);
	jb_pods_announce(pods, changed);
}

static bool is_last(const struct jb_pods *pods, enum jb_pods_source source)
{
	for (int i = (int)source + 1; i < JB_PODS_SOURCE_MAX; i++) {
		if (pods->sources[i].enabled)
			return false;
	}
	return true;
}

static uint64_t patience_ns(const struct jb_pods *pods, enum jb_pods_source source)
{
	return pods->sources[source].failing_ns + pods->options.patience_ms * MS;
}

/* It is tried again later, but not before it would have been: the server may ask for time. */
static void pass_over(struct jb_pods *pods, enum jb_pods_source source, uint64_t now_ns)
{
	struct jb_source_state *state = &pods->sources[source];

	state->blocked_ns = now_ns + pods->options.retry_ms * MS;
	if (state->blocked_ns < state->due_ns)
		state->blocked_ns = state->due_ns;
	state->due_ns = 0;
	if (source == JB_PODS_API)
		jb_watch_restart(pods->watch);
}

/* Passes over a source that will not work soon, if there is another one. */
static void block(struct jb_pods *pods, enum jb_pods_source source, enum jb_pods_failure failure)
{
	struct jb_source_state *state = &pods->sources[source];
	uint64_t now_ns = jb_now_ns();

	if (!state->failing_ns)
		state->failing_ns = state->begin_ns;
	if (!is_last(pods, source) &&
	    (jb_pods_failure_stays(failure) || now_ns >= patience_ns(pods, source)))
		pass_over(pods, source, now_ns);
}

/*
 * Whether the API server fails, and is waited for, though another source might work. The others are
 * asked at regular intervals, and not waited for any longer after a failure.
 */
static bool is_tried_again(const struct jb_pods *pods, uint64_t now_ns)
{
	const struct jb_source_state *state = &pods->sources[JB_PODS_API];

	return state->enabled && state->failing_ns && state->due_ns > now_ns &&
	       !is_last(pods, JB_PODS_API);
}

void jb_pods_fails(struct jb_pods *pods, enum jb_pods_source source,
		   const struct jb_outcome *outcome)
{
	struct jb_source_state *state = &pods->sources[source];

	if (jb_pods_http_stopped(pods->http))
		return;
	block(pods, source, outcome->failure);
	if (*outcome->error)
		snprintf(state->reason, sizeof(state->reason), "%s: %.480s",
			 jb_pods_source_name(source), outcome->error);
	pthread_mutex_lock(&pods->lock);
	pods->status.failures[outcome->failure]++;
	if (*outcome->error && pods->status.source == source)
		pods->status.since_ns = 0;
	compose_error(pods);
	pthread_mutex_unlock(&pods->lock);
	jb_pods_announce(pods, true);
}

/* The best that isn't passed over at present: the last one never is. */
static enum jb_pods_source choose(const struct jb_pods *pods, uint64_t now_ns)
{
	enum jb_pods_source source = JB_PODS_NONE;

	for (int i = 0; i < JB_PODS_SOURCE_MAX; i++) {
		if (!pods->sources[i].enabled)
			continue;
		source = i;
		if (pods->sources[i].blocked_ns <= now_ns)
			break;
	}
	return source;
}

/* When there is something to do: for the source, or for a better one that is tried again. */
static uint64_t next_ns(const struct jb_pods *pods, enum jb_pods_source source, uint64_t due_ns,
			uint64_t now_ns)
{
	uint64_t next = due_ns;

	if (source == JB_PODS_API && is_tried_again(pods, now_ns) &&
	    patience_ns(pods, source) < next)
		next = patience_ns(pods, source);
	for (int i = 0; i < (int)source; i++) {
		if (pods->sources[i].enabled && pods->sources[i].blocked_ns < next)
			next = pods->sources[i].blocked_ns;
	}
	return next;
}

void *jb_pods_run(void *arg)
{
	struct jb_pods *pods = arg;

	while (!jb_pods_http_stopped(pods->http)) {
		uint64_t now_ns = jb_now_ns();
		enum jb_pods_source source;
		uint64_t due_ns;

		if (is_tried_again(pods, now_ns) && patience_ns(pods, JB_PODS_API) <= now_ns)
			pass_over(pods, JB_PODS_API, now_ns);
		source = choose(pods, now_ns);
		due_ns = jb_pods_due_ns(pods, source);
		if (due_ns <= now_ns)
			jb_pods_turn(pods, source);
		else
			jb_pods_http_wait(pods->http,
					  next_ns(pods, source, due_ns, now_ns) - now_ns);
	}
	return NULL;
}
