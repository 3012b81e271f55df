/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "policies/fields.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 48 };

static void show(const json_t *value, char *ret, size_t size)
{
	static const char *const types[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_REAL] = "a fraction",
		[JSON_TRUE] = "true",        [JSON_FALSE] = "false",  [JSON_NULL] = "null",
	};
	const char *text = json_string_value(value);

	if (text)
		snprintf(ret, size, "\"%.*s%s\"", SHOWN_MAX, text,
			 strlen(text) > SHOWN_MAX ? "..." : "");
	else if (json_is_integer(value))
		snprintf(ret, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		snprintf(ret, size, "%s", value ? types[json_typeof(value)] : "missing");
}

void jb_reading_explain(struct jb_reading *reading, const json_t *value, const char *wrong)
{
	char shown[SHOWN_MAX + sizeof("\"...\"")];
	char *text = reading->error->text;

	show(value, shown, sizeof(shown));
	snprintf(text, sizeof(reading->error->text), "%s %s%s%s%s%s: %s: %s", reading->kind,
		 reading->namespace_, *reading->namespace_ ? "/" : "", reading->name,
		 *reading->name ? ": " : "", *reading->path ? reading->path : "the object", shown,
		 wrong);
	/* Keys and values are a stranger's. */
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

const json_t *jb_field(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

/* Reads a value that is a step below where the reading is. */
static int read_below(struct jb_reading *reading, const char *step, const json_t *value,
		      jb_read read, void *ret)
{
	size_t length = reading->length, room = sizeof(reading->path) - length;
	int len = snprintf(reading->path + length, room, "%s", step);
	int err;

	reading->length += (size_t)len < room ? (size_t)len : room - 1;
	err = read(reading, value, ret);
	reading->length = length;
	reading->path[length] = '\0';
	return err;
}

int jb_read_field(struct jb_reading *reading, const json_t *object, const char *name, jb_read read,
		  void *ret)
{
	char step[64];

	snprintf(step, sizeof(step), "%s%s", reading->length ? "." : "", name);
	return read_below(reading, step, jb_field(object, name), read, ret);
}

int jb_reading_alloc(struct jb_reading *reading, size_t size, void *ret)
{
	int err = jb_policy_alloc(reading->policy, size, ret);

	if (err == -E2BIG)
		return jb_reading_fail(reading, err, NULL, "the policy is too large");
	if (err)
		return jb_reading_fail(reading, err, NULL, "out of memory");
	return 0;
}

struct list {
	size_t item_size;
	jb_read read;
	char *items;
	size_t count;
};

static int read_items(struct jb_reading *reading, const json_t *value, void *ret)
{
	struct list *list = ret;
	int err;

	if (!value)
		return 0;
	if (!json_is_array(value))
		return jb_reading_fail(reading, -EINVAL, value, "not a list");
	list->count = json_array_size(value);
	if (list->count > JB_POLICY_ITEMS_MAX)
		return jb_reading_fail(reading, -E2BIG, value, "too many items");
	err = jb_reading_alloc(reading, list->count * list->item_size, &list->items);
	for (size_t i = 0; i < list->count && !err; i++) {
		char step[32];

		snprintf(step, sizeof(step), "[%zu]", i);
		err = read_below(reading, step, json_array_get(value, i), list->read,
				 list->items + i * list->item_size);
	}
	return err;
}

int jb_read_list(struct jb_reading *reading, const json_t *object, const char *name,
		 size_t item_size, jb_read read, void *ret_items, __u32 *ret_count)
{
	struct list list = {.item_size = item_size, .read = read};
	int err = jb_read_field(reading, object, name, read_items, &list);

	if (err)
		return err;
	memcpy(ret_items, &list.items, sizeof(list.items));
	*ret_count = (__u32)list.count;
	return 0;
}

int jb_read_text(struct jb_reading *reading, const json_t *value, size_t min, size_t max,
		 const char **ret)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text)
		return jb_reading_fail(reading, -EINVAL, value, "not a text");
	if (len < min)
		return jb_reading_fail(reading, -EINVAL, value, "empty");
	if (len > max)
		return jb_reading_fail(reading, -E2BIG, value, "too long");
	if (strlen(text) != len)
		return jb_reading_fail(reading, -EINVAL, value, "has a NUL in it");
	*ret = text;
	return 0;
}

int jb_copy_text(struct jb_reading *reading, const json_t *value, size_t min, size_t max,
		 const char **ret)
{
	const char *text;
	char *copy;
	int err = jb_read_text(reading, value, min, max, &text);

	if (!err)
		err = jb_reading_alloc(reading, strlen(text) + 1, &copy);
	if (err)
		return err;
	memcpy(copy, text, strlen(text) + 1);
	*ret = copy;
	return 0;
}
