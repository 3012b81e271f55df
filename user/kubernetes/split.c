/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kubernetes/split.h"

#include <errno.h>
#include <string.h>

/* Beyond that the memory of an object isn't kept for the next one. */
enum { KEPT = 256 << 10 };

void jb_split_begin(struct jb_split *split, enum jb_split_kind kind)
{
	struct jb_buffer object = split->object, rest = split->rest;

	object.limit = JB_SPLIT_OBJECT_MAX;
	rest.limit = JB_SPLIT_REST_MAX;
	jb_buffer_reset(&object);
	jb_buffer_reset(&rest);
	*split = (struct jb_split){.kind = kind, .object = object, .rest = rest};
}

void jb_split_free(struct jb_split *split)
{
	jb_buffer_free(&split->object);
	jb_buffer_free(&split->rest);
}

bool jb_split_is_whole(const struct jb_split *split)
{
	return !split->depth && !split->in_string;
}

static void in_string(struct jb_split *split, char c)
{
	if (split->escaped)
		split->escaped = false;
	else if (c == '\\')
		split->escaped = true;
	else if (c == '"')
		split->in_string = false;
	if (split->in_string && split->depth == 1 && split->key_len < sizeof(split->key))
		split->key[split->key_len++] = c;
}

static bool is_items(const struct jb_split *split)
{
	return split->kind == JB_SPLIT_LIST && split->depth == 1 && split->key_len == 5 &&
	       !memcmp(split->key, "items", 5);
}

/* Whether the octet may stand between two objects. */
static bool is_between(const struct jb_split *split, char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || (split->in_items && c == ',');
}

/* Where octets go that are no part of an object. */
static void put_rest(struct jb_split *split, const char *from, const char *to)
{
	if (split->kind == JB_SPLIT_LIST && !split->in_items)
		jb_buffer_append(&split->rest, from, (size_t)(to - from));
}

static int hand_on(struct jb_split *split, jb_split_fn fn, void *ctx)
{
	int err = split->object.error;

	if (!err)
		err = fn(ctx, split->object.data, split->object.len);
	split->collecting = false;
	if (split->object.cap > KEPT)
		jb_buffer_free(&split->object);
	jb_buffer_reset(&split->object);
	return err;
}

static bool opens_object(const struct jb_split *split, char c)
{
	return c == '{' && !split->collecting &&
	       (split->kind == JB_SPLIT_STREAM ? !split->depth : split->in_items);
}

/* One octet outside of strings. *run is the begin of what isn't put anywhere yet. */
static int octet(struct jb_split *split, const char *at, const char **run, jb_split_fn fn,
		 void *ctx)
{
	int outside = split->kind == JB_SPLIT_STREAM ? 0 : 2;
	bool between = !split->collecting && (split->kind == JB_SPLIT_STREAM || split->in_items);

	if (between && *at != '{' && !is_between(split, *at) && !(split->in_items && *at == ']'))
		return -EBADMSG;
	if (*at == '"') {
		split->in_string = true;
		if (split->depth == 1)
			split->key_len = 0;
	} else if (*at == '{' || *at == '[') {
		if (opens_object(split, *at)) {
			put_rest(split, *run, at);
			*run = at;
			split->collecting = true;
		} else if (*at == '[' && is_items(split)) {
			put_rest(split, *run, at + 1);
			split->in_items = true;
		}
		split->depth++;
	} else if (*at == '}' || *at == ']') {
		if (--split->depth < 0)
			return -EBADMSG;
		if (split->collecting && split->depth == outside) {
			jb_buffer_append(&split->object, *run, (size_t)(at + 1 - *run));
			*run = at + 1;
			return hand_on(split, fn, ctx);
		}
		if (split->in_items && split->depth == 1) {
			split->in_items = false;
			*run = at;
		}
	}
	return 0;
}

int jb_split_feed(struct jb_split *split, const char *data, size_t len, jb_split_fn fn, void *ctx)
{
	const char *run = data;
	int err;

	for (const char *at = data; at < data + len; at++) {
		if (split->in_string) {
			in_string(split, *at);
			continue;
		}
		err = octet(split, at, &run, fn, ctx);
		if (err)
			return err;
	}
	if (split->collecting)
		jb_buffer_append(&split->object, run, (size_t)(data + len - run));
	else
		put_rest(split, run, data + len);
	return split->object.error ? split->object.error : split->rest.error;
}
