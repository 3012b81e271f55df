/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A list of the API as it arrives, whose objects go to a sink. */
#ifndef JB_KUBERNETES_OBJECT_LIST_H
#define JB_KUBERNETES_OBJECT_LIST_H

#include "kubernetes/failure.h"
#include "kubernetes/objects.h"
#include "kubernetes/split.h"

/* What stands beside the items. */
struct jb_object_list {
	char version[128];   /* the resource version, "" if it has none */
	char *continue_from; /* NULL, or where the next page begins: to be freed */
};

/*
 * Reads what the splitter has left of a list. 0, or -errno with a line in `error` (of JB_PODS_LINE
 * octets): then it was no list of `kind` ("PodList"), or not a whole one.
 */
int jb_object_list_end(const struct jb_split *split, const char *kind,
		       struct jb_object_list *ret_list, char *error);

/*
 * Feeds a piece of a list. 0 or -errno, with `error` as above. Sets *ret_full if the sink had no
 * room for one of its objects.
 */
int jb_object_list_feed(struct jb_split *split, const char *data, size_t len,
			const struct jb_object_sink *sink, bool *ret_full, char *error);

/* What jb_split_feed() has returned, in words. */
const char *jb_split_error(int err);

#endif
