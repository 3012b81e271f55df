/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/list_turn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common.h"

static int fail(const struct jb_listing *list, int err)
{
	return jb_cli_fail(list->name, JB_EXIT_FAILED, "%s", strerror(-err));
}

static int read_infos(const struct jb_listing *list, const json_t *array, struct jb_list_turn *turn)
{
	size_t size = list->record->size;
	const char *bad;

	turn->count = json_array_size(array);
	turn->infos = calloc(turn->count ? turn->count : 1, size);
	if (!turn->infos)
		return fail(list, -ENOMEM);
	for (size_t i = 0; i < turn->count; i++)
		if (jb_record_parse(list->record, json_array_get(array, i), turn->infos + i * size,
				    &bad))
			return jb_cli_fail(list->name, JB_EXIT_FAILED,
					   "the agent's answer: bad value of \"%s\"", bad);
	if (list->identity)
		qsort(turn->infos, turn->count, size, list->identity);
	return JB_EXIT_OK;
}

int jb_list_turn_read(const struct jb_listing *list, const struct jb_buffer *document,
		      struct jb_list_turn *ret_turn)
{
	struct jb_list_turn turn = {};
	json_error_t error;
	json_t *array;
	int status;

	turn.root = json_loadb(document->data ? document->data : "", document->len, 0, &error);
	array = json_object_get(turn.root, list->key);
	if (json_is_array(array))
		status = read_infos(list, array, &turn);
	else if (turn.root)
		status = jb_cli_fail(list->name, JB_EXIT_FAILED,
				     "the agent's answer is no list of %s: no array \"%s\"",
				     list->key, list->key);
	else
		status = jb_cli_fail(list->name, JB_EXIT_FAILED,
				     "the agent's answer is no list of %s: %s", list->key,
				     error.text);
	if (status)
		jb_list_turn_free(&turn);
	else
		*ret_turn = turn;
	return status;
}

void jb_list_turn_free(struct jb_list_turn *turn)
{
	json_decref(turn->root);
	free(turn->infos);
	*turn = (struct jb_list_turn){};
}

/* Takes from the infos what was there before, and those to which nothing was added. How many. */
static size_t subtract(const struct jb_listing *list, char *infos, size_t count,
		       const struct jb_list_turn *before)
{
	size_t size = list->record->size;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		char *info = infos + i * size;
		const void *old = bsearch(info, before->infos, before->count, size, list->identity);

		if (list->since(info, old))
			memmove(infos + kept++ * size, info, size);
	}
	return kept;
}

int jb_list_turn_print(const struct jb_listing *list, const struct jb_list_turn *turn,
		       const struct jb_list_turn *before)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	const struct jb_record *record = list->record;
	size_t count = turn->count;
	char *infos = calloc(count ? count : 1, record->size);
	const char *bad;
	int length, err;

	if (!infos)
		return fail(list, -ENOMEM);
	memcpy(infos, turn->infos, count * record->size);
	if (before && list->since)
		count = subtract(list, infos, count, before);
	qsort(infos, count, record->size, record->compare);
	err = jb_record_columns(record, record->shown, columns, &bad, &length);
	if (err > 0)
		err = jb_record_print(record, infos, count, columns, err, stdout);
	free(infos);
	return err && err != -EIO ? fail(list, err) : jb_cli_flush(list->name);
}
