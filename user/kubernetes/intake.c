/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/intake.h"

#include <stdio.h>
#include <string.h>

#include "kubernetes/pod_reader.h"

static void refuse(struct jb_pod_intake *intake, const char *why)
{
	intake->refused++;
	snprintf(intake->why, sizeof(intake->why), "%s", why);
	jb_line_clean(intake->why);
}

static void list_begin(void *ctx)
{
	struct jb_pod_intake *intake = ctx;

	intake->sink->list_begin(intake->sink->ctx);
}

static void list_end(void *ctx)
{
	struct jb_pod_intake *intake = ctx;

	intake->sink->list_end(intake->sink->ctx);
}

/* What the sink has no room for it tells by itself. */
static bool put(void *ctx, const json_t *object)
{
	struct jb_pod_intake *intake = ctx;
	struct jb_pod_view view;
	char why[JB_PODS_LINE];

	if (jb_pod_read(object, &view, why)) {
		refuse(intake, why);
	} else if (*intake->node && strcmp(intake->node, view.pod.node) != 0) {
		snprintf(why, sizeof(why), "pod %s/%.128s: nodeName '%.100s': not '%.100s'",
			 view.pod.namespace_, view.pod.name, view.pod.node, intake->node);
		refuse(intake, why);
	} else {
		intake->sink->put(intake->sink->ctx, &view.pod);
	}
	return true;
}

static void remove_pod(void *ctx, const json_t *object)
{
	struct jb_pod_intake *intake = ctx;
	const json_t *meta = json_object_get(object, "metadata");
	const char *uid = json_string_value(json_object_get(meta, "uid"));

	if (uid)
		intake->sink->remove(intake->sink->ctx, uid);
}

struct jb_object_sink jb_pod_intake_objects(struct jb_pod_intake *intake)
{
	return (struct jb_object_sink){
		.ctx = intake,
		.list_begin = list_begin,
		.list_end = list_end,
		.put = put,
		.remove = remove_pod,
	};
}
