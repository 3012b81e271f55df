/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cuts JSON that arrives in pieces into its objects, so that memory is needed for one of them and
 * not for a list of 20 MB. It knows braces and strings only: what it hands on is yet to be parsed.
 */
#ifndef JB_KUBERNETES_SPLIT_H
#define JB_KUBERNETES_SPLIT_H

#include <stdbool.h>

#include "base/buffer.h"

enum jb_split_kind {
	JB_SPLIT_STREAM, /* objects one after the other: a watch */
	JB_SPLIT_LIST,   /* one object, whose `items` are handed on one by one */
};

/* `json` is NUL-terminated and valid during the call. Not 0 ends the splitting with that value. */
typedef int (*jb_split_fn)(void *ctx, const char *json, size_t len);

struct jb_split {
	enum jb_split_kind kind;
	struct jb_buffer object; /* the one that is coming in */
	struct jb_buffer rest;   /* of a list: all but the items, whose place is `[]` */
	int depth;
	bool in_string, escaped;
	bool in_items;
	bool collecting;
	char key[8]; /* the last string directly in the list's object */
	size_t key_len;
};

/* Of an object, and of what is beside the items. */
enum { JB_SPLIT_OBJECT_MAX = 4 << 20, JB_SPLIT_REST_MAX = 64 << 10 };

/* Begins anew; all zero before the first time. */
void jb_split_begin(struct jb_split *split, enum jb_split_kind kind);

/* 0, -E2BIG: beyond a bound; -EBADMSG: not such JSON; -ENOMEM; or what fn returned. */
int jb_split_feed(struct jb_split *split, const char *data, size_t len, jb_split_fn fn, void *ctx);

/* Whether nothing is left half. */
bool jb_split_is_whole(const struct jb_split *split);

void jb_split_free(struct jb_split *split);

#endif
