/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/pod_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubernetes/pod_reader.h"

enum { CONTINUE_MAX = 8192 };

static int refuse(struct jb_pod_intake *intake, const char *why)
{
	intake->refused++;
	snprintf(intake->why, sizeof(intake->why), "%s", why);
	jb_line_clean(intake->why);
	return -EBADMSG;
}

int jb_pod_intake_put(struct jb_pod_intake *intake, const json_t *object)
{
	struct jb_pod_view view;
	char why[JB_PODS_LINE];

	if (jb_pod_read(object, &view, why))
		return refuse(intake, why);
	if (*intake->node && strcmp(intake->node, view.pod.node) != 0) {
		snprintf(why, sizeof(why), "pod %s/%.128s: nodeName '%.100s': not '%.100s'",
			 view.pod.namespace_, view.pod.name, view.pod.node, intake->node);
		return refuse(intake, why);
	}
	intake->sink->put(intake->sink->ctx, &view.pod);
	return 0;
}

int jb_pod_intake_text(struct jb_pod_intake *intake, const char *json, size_t len)
{
	json_t *object = json_loadb(json, len, 0, NULL);

	if (!object)
		return -EBADMSG;
	jb_pod_intake_put(intake, object);
	json_decref(object);
	return 0;
}

const char *jb_split_error(int err)
{
	return err == -E2BIG     ? "an object of more than 4 MiB"
	       : err == -EBADMSG ? "not JSON of that kind"
				 : strerror(-err);
}

static int take_item(void *ctx, const char *json, size_t len)
{
	return jb_pod_intake_text(ctx, json, len);
}

int jb_pod_list_feed(struct jb_split *split, const char *data, size_t len,
		     struct jb_pod_intake *intake, char *error)
{
	int err = jb_split_feed(split, data, len, take_item, intake);

	if (err)
		snprintf(error, JB_PODS_LINE, "%s", jb_split_error(err));
	return err;
}

static int read_rest(const json_t *list, struct jb_pod_list *ret_list, char *error)
{
	const json_t *meta = json_object_get(list, "metadata");
	const char *kind = json_string_value(json_object_get(list, "kind"));
	const char *version = json_string_value(json_object_get(meta, "resourceVersion"));
	const char *from = json_string_value(json_object_get(meta, "continue"));
	char *copy = NULL;

	if (!kind || strcmp(kind, "PodList") != 0) {
		snprintf(error, JB_PODS_LINE, "kind '%.64s': not a PodList", kind ? kind : "");
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

int jb_pod_list_end(const struct jb_split *split, struct jb_pod_list *ret_list, char *error)
{
	json_t *list;
	int err;

	snprintf(error, JB_PODS_LINE, "%s", strerror(ENOMEM));
	list = split->rest.len ? json_loadb(split->rest.data, split->rest.len, 0, NULL) : NULL;
	if (!list) {
		snprintf(error, JB_PODS_LINE, "not a whole list in JSON");
		return -EBADMSG;
	}
	err = read_rest(list, ret_list, error);
	json_decref(list);
	return err;
}
