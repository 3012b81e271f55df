/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policies/private.h"

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct jb_label *)a)->key, ((const struct jb_label *)b)->key);
}

/* The text of sorted labels behind each other; ret may be NULL. Returns its size or -errno. */
static long pack(const struct jb_label *labels, size_t count, char *ret)
{
	long size = 0;

	for (size_t i = 0; i < count; i++) {
		size_t key = strlen(labels[i].key), value = strlen(labels[i].value);

		if (i && !strcmp(labels[i - 1].key, labels[i].key))
			return -EINVAL;
		if (key > JB_POLICY_KEY_MAX || value > JB_POLICY_VALUE_MAX)
			return -E2BIG;
		if (ret) {
			memcpy(ret + size, labels[i].key, key + 1);
			memcpy(ret + size + key + 1, labels[i].value, value + 1);
		}
		size += (long)(key + value + 2);
	}
	return size;
}

static size_t bytes_of(const struct jb_labels *set)
{
	return sizeof(*set) + set->size + JB_MALLOC_BYTES;
}

static int set_new(const struct jb_label *labels, size_t count, struct jb_labels **ret)
{
	struct jb_label sorted[JB_POLICY_LABELS_MAX];
	struct jb_labels *set;
	long size;

	if (count > JB_POLICY_LABELS_MAX)
		return -E2BIG;
	if (count) {
		memcpy(sorted, labels, count * sizeof(*labels));
		qsort(sorted, count, sizeof(*sorted), compare);
	}
	size = pack(sorted, count, NULL);
	if (size < 0)
		return (int)size;
	set = calloc(1, sizeof(*set) + (size_t)size);
	if (!set)
		return -ENOMEM;
	set->size = (__u32)size;
	pack(sorted, count, set->text);
	*ret = set;
	return 0;
}

int jb_labels_get(struct jb_label_table *table, const struct jb_label *labels, size_t count,
		  struct jb_labels **ret)
{
	struct jb_labels *set, *known;
	int err = set_new(labels, count, &set);

	if (err)
		return err;
	HASH_FIND(hh, table->sets, set->text, set->size, known);
	if (known) {
		free(set);
		set = known;
	} else {
		HASH_ADD_KEYPTR(hh, table->sets, set->text, set->size, set);
		if (!set->hh.tbl) {
			free(set);
			return -ENOMEM;
		}
		table->bytes += bytes_of(set);
	}
	set->references++;
	*ret = set;
	return 0;
}

void jb_labels_put(struct jb_label_table *table, struct jb_labels *labels)
{
	if (!labels || --labels->references)
		return;
	table->bytes -= bytes_of(labels);
	HASH_DEL(table->sets, labels);
	free(labels);
}

const char *jb_labels_value(const struct jb_labels *labels, const char *key)
{
	const char *text = labels->text, *end = text + labels->size;

	while (text < end) {
		const char *value = text + strlen(text) + 1;

		if (!strcmp(text, key))
			return value;
		text = value + strlen(value) + 1;
	}
	return NULL;
}
