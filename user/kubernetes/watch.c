/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubernetes/object_list.h"

/* A watch that has lasted that long, or told something, has been good. */
#define STABLE_NS  (5 * UINT64_C(1000000000))
#define BODY_MAX   (16 << 10)
#define WHAT_MAX   64
#define LIST_LIMIT "500"

struct jb_watch {
	struct jb_watch_options options;
	struct jb_object_sink sink;
	struct jb_split split;
	struct jb_buffer path;
	struct jb_buffer body;  /* of an answer that is not 200 */
	struct jb_outcome said; /* by the server within a watch, or about what it sent */
	char version[128];      /* of the list or the last event */
	char *continue_from;
	bool watching;
	bool fresh; /* the next list isn't to come from the server's cache */
	bool told;  /* an event came */
	bool gone;  /* the version was too old, and no watch has been good since */
	bool full;  /* the sink had no room for something since the last list began */
	uint32_t attempts;
	uint32_t seconds; /* of this watch */
	uint64_t begin_ns, due_ns;
	uint64_t list_ns; /* the last list began */
	uint64_t watches;
	uint64_t random;
};

int jb_watch_new(struct jb_watch **ret_watch, const struct jb_watch_options *options,
		 const struct jb_object_sink *sink)
{
	struct jb_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->options = *options;
	watch->sink = *sink;
	watch->random = options->seed | 1;
	watch->body.limit = BODY_MAX;
	*ret_watch = watch;
	return 0;
}

void jb_watch_free(struct jb_watch *watch)
{
	if (!watch)
		return;
	jb_split_free(&watch->split);
	jb_buffer_free(&watch->path);
	jb_buffer_free(&watch->body);
	free(watch->continue_from);
	free(watch);
}

static void begin_anew(struct jb_watch *watch)
{
	watch->watching = false;
	free(watch->continue_from);
	watch->continue_from = NULL;
}

void jb_watch_restart(struct jb_watch *watch)
{
	begin_anew(watch);
	watch->due_ns = 0;
}

uint64_t jb_watch_due_ns(const struct jb_watch *watch)
{
	return watch->due_ns;
}

bool jb_watch_is_watching(const struct jb_watch *watch)
{
	return watch->watching;
}

uint32_t jb_watch_seconds(const struct jb_watch *watch)
{
	return watch->seconds;
}

uint64_t jb_watch_restarts(const struct jb_watch *watch)
{
	return watch->watches > 1 ? watch->watches - 1 : 0;
}

/* xorshift64: spreads the agents of a cluster, no more. */
static uint64_t below(struct jb_watch *watch, uint64_t bound)
{
	watch->random ^= watch->random << 13;
	watch->random ^= watch->random >> 7;
	watch->random ^= watch->random << 17;
	return bound ? watch->random % bound : 0;
}

static void put_encoded(struct jb_buffer *path, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-_.~", c))
			jb_buffer_append(path, text, 1);
		else
			jb_buffer_printf(path, "%%%02X", c);
	}
}

static void put_watch(struct jb_watch *watch)
{
	watch->seconds = watch->options.seconds + (uint32_t)below(watch, watch->options.seconds);
	jb_buffer_printf(&watch->path,
			 "watch=true&allowWatchBookmarks=true&timeoutSeconds=%u&resourceVersion=",
			 watch->seconds);
	put_encoded(&watch->path, watch->version);
	watch->watches++;
}

/* Version 0 is what the server has at hand, instead of a read of all objects for each agent. */
static void put_list(struct jb_watch *watch)
{
	jb_buffer_puts(&watch->path, "limit=" LIST_LIMIT);
	if (watch->continue_from) {
		jb_buffer_puts(&watch->path, "&continue=");
		put_encoded(&watch->path, watch->continue_from);
		return;
	}
	if (!watch->fresh)
		jb_buffer_puts(&watch->path, "&resourceVersion=0");
	watch->full = false;
	watch->list_ns = watch->begin_ns;
	watch->sink.list_begin(watch->sink.ctx);
}

const char *jb_watch_begin(struct jb_watch *watch, uint64_t now_ns)
{
	const char *path = watch->options.resource.path;

	watch->begin_ns = now_ns;
	watch->told = false;
	watch->said = (struct jb_outcome){};
	jb_buffer_reset(&watch->body);
	jb_split_begin(&watch->split, watch->watching ? JB_SPLIT_STREAM : JB_SPLIT_LIST);
	jb_buffer_reset(&watch->path);
	jb_buffer_puts(&watch->path, path);
	jb_buffer_puts(&watch->path, strchr(path, '?') ? "&" : "?");
	if (watch->watching)
		put_watch(watch);
	else
		put_list(watch);
	return watch->path.error ? NULL : watch->path.data;
}

/* What is being done, for a line that tells of it. */
static const char *doing(const struct jb_watch *watch)
{
	return watch->watching ? "watch" : "list";
}

/* An ERROR event holds a Status, which would have been the answer if it had been known before. */
static int take_error(struct jb_watch *watch, const json_t *status)
{
	const char *message = json_string_value(json_object_get(status, "message"));
	long code = (long)json_integer_value(json_object_get(status, "code"));

	watch->said.status = code;
	jb_outcome_set(&watch->said, jb_pods_failure_of_status(code),
		       "watch of %s: ERROR event with status %ld: %.300s",
		       watch->options.resource.name, code, message ? message : "");
	return -EIO;
}

static void take_version(struct jb_watch *watch, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *version = json_string_value(json_object_get(meta, "resourceVersion"));

	if (version && *version && strlen(version) < sizeof(watch->version))
		snprintf(watch->version, sizeof(watch->version), "%s", version);
}

static int take_event(struct jb_watch *watch, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const json_t *object = json_object_get(event, "object");

	if (!type || !object) {
		jb_outcome_set(&watch->said, JB_PODS_MALFORMED,
			       "watch of %s: an event without type or object",
			       watch->options.resource.name);
		return -EBADMSG;
	}
	if (!strcmp(type, "ERROR"))
		return take_error(watch, object);
	if (!strcmp(type, "ADDED") || !strcmp(type, "MODIFIED"))
		watch->full |= !watch->sink.put(watch->sink.ctx, object);
	else if (!strcmp(type, "DELETED"))
		watch->sink.remove(watch->sink.ctx, object);
	watch->told = true;
	take_version(watch, object);
	return 0;
}

static int take_line(void *ctx, const char *json, size_t len)
{
	json_t *event = json_loadb(json, len, 0, NULL);
	int err;

	if (!event)
		return -EBADMSG;
	err = take_event(ctx, event);
	json_decref(event);
	return err;
}

static int feed_watch(struct jb_watch *watch, const char *data, size_t len, char *error)
{
	int err = jb_split_feed(&watch->split, data, len, take_line, watch);

	if (err)
		snprintf(error, JB_PODS_LINE, "%s", jb_split_error(err));
	return err;
}

int jb_watch_data(struct jb_watch *watch, long status, const char *data, size_t len)
{
	char error[JB_PODS_LINE];
	int err;

	if (status != 200) {
		jb_buffer_append(&watch->body, data, len);
		return 0;
	}
	err = watch->watching ? feed_watch(watch, data, len, error)
			      : jb_object_list_feed(&watch->split, data, len, &watch->sink,
						    &watch->full, error);
	if (err && !watch->said.failure)
		jb_outcome_set(&watch->said, err == -E2BIG ? JB_PODS_TOO_LARGE : JB_PODS_MALFORMED,
			       "%s of %s: %s", doing(watch), watch->options.resource.name, error);
	return err;
}

/* A whole page has come: the next one, or the watch. */
static void end_list(struct jb_watch *watch, struct jb_outcome *outcome)
{
	const struct jb_watch_resource *resource = &watch->options.resource;
	struct jb_object_list list;
	char error[JB_PODS_LINE];

	if (jb_object_list_end(&watch->split, resource->kind, &list, error)) {
		jb_outcome_set(outcome, JB_PODS_MALFORMED, "list of %s: %s", resource->name, error);
		return;
	}
	free(watch->continue_from);
	watch->continue_from = list.continue_from;
	if (list.continue_from)
		return;
	watch->sink.list_end(watch->sink.ctx);
	memcpy(watch->version, list.version, sizeof(watch->version));
	watch->watching = true;
	watch->fresh = false;
}

static void end_watch(struct jb_watch *watch, struct jb_outcome *outcome)
{
	if (!jb_split_is_whole(&watch->split))
		jb_outcome_set(outcome, JB_PODS_BROKEN, "watch of %s: ended within an object",
			       watch->options.resource.name);
}

/* What became of the request, by all that is known. */
static void settle(struct jb_watch *watch, struct jb_outcome *outcome)
{
	char what[WHAT_MAX], error[JB_PODS_LINE];

	snprintf(what, sizeof(what), "%s of %s", doing(watch), watch->options.resource.name);
	if (watch->said.failure) {
		*outcome = watch->said;
	} else if (outcome->failure) {
		memcpy(error, outcome->error, sizeof(error));
		jb_outcome_set(outcome, outcome->failure, "%s: %.480s", what, error);
	} else if (outcome->status != 200) {
		jb_outcome_set_status(outcome, what, outcome->status, watch->body.data);
	} else if (watch->watching) {
		end_watch(watch, outcome);
	} else {
		end_list(watch, outcome);
	}
}

/* Whether the watch may go on from its version, or all is to be listed again. */
static bool may_go_on(enum jb_pods_failure failure)
{
	switch (failure) {
	case JB_PODS_GONE:
	case JB_PODS_FORBIDDEN:
	case JB_PODS_STATUS:
	case JB_PODS_MALFORMED:
		return false;
	default:
		return true;
	}
}

/* Half of it for sure, the rest by chance; not before the server has asked for. */
static uint64_t backoff(struct jb_watch *watch, const struct jb_outcome *outcome)
{
	uint64_t ns = watch->options.backoff_min_ns;

	for (uint32_t i = 1; i < watch->attempts && ns < watch->options.backoff_max_ns; i++)
		ns *= 2;
	if (ns > watch->options.backoff_max_ns)
		ns = watch->options.backoff_max_ns;
	ns = ns / 2 + below(watch, ns / 2 + 1);
	if (outcome->retry_after_s * UINT64_C(1000000000) < watch->options.backoff_max_ns)
		return ns + outcome->retry_after_s * UINT64_C(1000000000);
	return ns + watch->options.backoff_max_ns;
}

/* There may be room now for what had none; not more often than watches are to end. */
static bool wants_list(const struct jb_watch *watch, uint64_t now_ns)
{
	return watch->full &&
	       now_ns - watch->list_ns >= watch->options.seconds * UINT64_C(1000000000);
}

/* One that has begun, not one that was long waited for. */
static bool has_been_good(const struct jb_watch *watch, const struct jb_outcome *outcome,
			  uint64_t now_ns)
{
	return watch->watching && outcome->status == 200 &&
	       (watch->told || now_ns - watch->begin_ns >= STABLE_NS);
}

/*
 * Who stands between may cut what is silent, or lasts: as long as the next attempt is fine, it
 * isn't worth a line. Nor is it a failure that a watch was silent from the begin: not every server
 * has bookmarks where nothing ever changes.
 */
static void excuse(const struct jb_watch *watch, struct jb_outcome *outcome)
{
	if (watch->said.failure)
		return;
	if (outcome->failure == JB_PODS_TIMEOUT && !watch->told)
		outcome->failure = JB_PODS_FINE;
	outcome->error[0] = '\0';
}

void jb_watch_end(struct jb_watch *watch, struct jb_outcome *outcome, uint64_t now_ns)
{
	bool was_watching = watch->watching;
	bool good = has_been_good(watch, outcome, now_ns);

	settle(watch, outcome);
	if (good) {
		excuse(watch, outcome);
		watch->attempts = 0;
		watch->gone = false;
	}
	watch->due_ns = now_ns;
	if (!outcome->failure && (!was_watching || good)) {
		if (was_watching && wants_list(watch, now_ns))
			begin_anew(watch);
		return;
	}
	if (watch->said.failure || !may_go_on(outcome->failure))
		begin_anew(watch);
	if (watch->attempts < 64)
		watch->attempts++;
	/* That a version is too old happens: the first time it is no error, nor waited. */
	if (outcome->failure == JB_PODS_GONE && !watch->gone)
		outcome->error[0] = '\0';
	else
		watch->due_ns += backoff(watch, outcome);
	watch->gone |= outcome->failure == JB_PODS_GONE;
	watch->fresh |= outcome->failure == JB_PODS_GONE;
}
