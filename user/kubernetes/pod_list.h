/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pods that come in as JSON, on their way to a sink: what is refused, and a PodList as it arrives.
 */
#ifndef JB_KUBERNETES_POD_LIST_H
#define JB_KUBERNETES_POD_LIST_H

#include <stdint.h>

#include <jansson.h>

#include "kubernetes/failure.h"
#include "kubernetes/sink.h"
#include "kubernetes/split.h"

struct jb_pod_intake {
	const struct jb_pod_sink *sink;
	const char *node;       /* pods of another one are refused; "" takes all */
	uint64_t refused;       /* so far */
	char why[JB_PODS_LINE]; /* the last one was refused */
};

/* Hands a Pod on, or refuses it; 0 or -EBADMSG. */
int jb_pod_intake_put(struct jb_pod_intake *intake, const json_t *object);

/* Likewise its JSON text. 0, or -EBADMSG for what isn't JSON at all, which is no mere refusal. */
int jb_pod_intake_text(struct jb_pod_intake *intake, const char *json, size_t len);

/* What stands beside the items. */
struct jb_pod_list {
	char version[128];   /* the resource version, "" if it has none */
	char *continue_from; /* NULL, or where the next page begins: to be freed */
};

/*
 * Reads what the splitter has left of a list. 0, or -EBADMSG with a line in `error` (of
 * JB_PODS_LINE octets): then it was no PodList, or not a whole one.
 */
int jb_pod_list_end(const struct jb_split *split, struct jb_pod_list *ret_list, char *error);

/* Feeds a piece of a PodList, whose pods go to the intake. 0 or -errno, with `error` as above. */
int jb_pod_list_feed(struct jb_split *split, const char *data, size_t len,
		     struct jb_pod_intake *intake, char *error);

/* What jb_split_feed() has returned, in words. */
const char *jb_split_error(int err);

#endif
