/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/object_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTINUE_MAX = 8192 };

const char *jb_split_error(int err)
{
	return err == -E2BIG     ? "an object of more than 4 MiB"
	       : err == -EBADMSG ? "not JSON of that kind"
				 : strerror(-err);
}

struct feeding {
	const struct jb_object_sink *sink;
	bool *full;
};

/* What isn't JSON at all is no mere object to be refused. */
static int take_item(void *ctx, const char *json, size_t len)
{
	struct feeding *feeding = ctx;
	json_t *object = json_loadb(json, len, 0, NULL);

	if (!object)
		return -EBADMSG;
	if (!feeding->sink->put(feeding->sink->ctx, object))
		*feeding->full = true;
	json_decref(object);
	return 0;
}

int jb_object_list_feed(struct jb_split *split, const char *data, size_t len,
			const struct jb_object_sink *sink, bool *ret_full, char *error)
{
	struct feeding feeding = {.sink = sink, .full = ret_full};
	int err = jb_split_feed(split, data, len, take_item, &feeding);

	if (err)
		snprintf(error, JB_PODS_LINE, "%s", jb_split_error(err));
	return err;
}

static int read_rest(const json_t *list, const char *wanted, struct jb_object_list *ret_list,
		     char *error)
{
	const json_t *meta = json_object_get(list, "metadata");
	const char *kind = json_string_value(json_object_get(list, "kind"));
	const char *version = json_string_value(json_object_get(meta, "resourceVersion"));
	const char *from = json_string_value(json_object_get(meta, "continue"));
	char *copy = NULL;

	if (!kind || strcmp(kind, wanted) != 0) {
		snprintf(error, JB_PODS_LINE, "kind '%.64s': not a %s", kind ? kind : "", wanted);
		return -EBADMSG;
	}
	if (version && strlen(version) >= sizeof(ret_list->version)) {
		snprintf(error, JB_PODS_LINE, "resourceVersion '%.64s': too long", version);
		return -EBADMSG;
	}
	if (from && strlen(from) > CONTINUE_MAX) {
		snprintf(error, JB_PODS_LINE, "continue '%.64s': too long", from);
		return -EBADMSG;
	}
	if (from && *from) {
		copy = strdup(from);
		if (!copy)
			return -ENOMEM;
	}
	snprintf(ret_list->version, sizeof(ret_list->version), "%s", version ? version : "");
	ret_list->continue_from = copy;
	return 0;
}

int jb_object_list_end(const struct jb_split *split, const char *kind,
		       struct jb_object_list *ret_list, char *error)
{
	json_t *list;
	int err;

	snprintf(error, JB_PODS_LINE, "%s", strerror(ENOMEM));
	list = split->rest.len ? json_loadb(split->rest.data, split->rest.len, 0, NULL) : NULL;
	if (!list) {
		snprintf(error, JB_PODS_LINE, "not a whole list in JSON");
		return -EBADMSG;
	}
	err = read_rest(list, kind, ret_list, error);
	json_decref(list);
	return err;
}
