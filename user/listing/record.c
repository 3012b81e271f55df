/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "listing/record.h"

#include <errno.h>
#include <string.h>

#include "listing/private.h"

uint64_t jb_record_number(const void *info, const struct jb_record_column *column)
{
	if (!jb_record_is_number(column))
		return JB_RECORD_NONE;
	return *(const uint64_t *)((const char *)info + column->offset);
}

static void append_number(uint64_t value, const struct jb_record_column *column,
			  struct jb_buffer *out)
{
	if (value == JB_RECORD_NONE)
		jb_buffer_puts(out, "-");
	else if (column->number)
		column->number(value, out);
	else
		jb_buffer_u64(out, value);
}

void jb_record_text(const void *info, const struct jb_record_column *column, struct jb_buffer *out)
{
	if (jb_record_is_number(column))
		append_number(jb_record_number(info, column), column, out);
	else if (column->text)
		column->text(info, out);
	else
		jb_buffer_puts(out, jb_record_get_text(info, column));
}

static const struct jb_record_column *find(const struct jb_record *record, const char *name,
					   size_t length)
{
	for (size_t i = 0; i < record->count; i++) {
		const char *candidate = record->columns[i].name;

		if (strlen(candidate) == length && !memcmp(candidate, name, length))
			return &record->columns[i];
	}
	return NULL;
}

int jb_record_columns(const struct jb_record *record, const char *list,
		      const struct jb_record_column *ret_columns[JB_RECORD_COLUMNS_MAX],
		      const char **ret_bad, int *ret_length)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	int count = 0;

	for (const char *name = list;;) {
		size_t length = strcspn(name, ",");
		const struct jb_record_column *column = find(record, name, length);

		if (!column || count == JB_RECORD_COLUMNS_MAX) {
			*ret_bad = name;
			*ret_length = (int)length;
			return -EINVAL;
		}
		columns[count++] = column;
		if (!name[length])
			break;
		name += length + 1;
	}
	memcpy(ret_columns, columns, (size_t)count * sizeof(*columns));
	return count;
}

static int fill_table(struct jb_table *table, const struct jb_record *record, const void *infos,
		      size_t info_count, const struct jb_record_column *const *columns,
		      size_t column_count)
{
	struct jb_buffer cell = {};
	int err = 0;

	for (size_t i = 0; i < info_count && !err; i++) {
		const char *info = (const char *)infos + i * record->size;

		for (size_t j = 0; j < column_count && !err; j++) {
			jb_buffer_reset(&cell);
			jb_record_text(info, columns[j], &cell);
			err = cell.error;
			if (!err)
				jb_table_cell(table, cell.data ? cell.data : "");
		}
	}
	jb_buffer_free(&cell);
	return err;
}

int jb_record_print(const struct jb_record *record, const void *infos, size_t info_count,
		    const struct jb_record_column *const *columns, size_t column_count, FILE *file)
{
	struct jb_column heads[JB_RECORD_COLUMNS_MAX];
	struct jb_table *table;
	int err;

	if (column_count > JB_RECORD_COLUMNS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < column_count; i++)
		heads[i] = columns[i]->head;
	err = jb_table_new(heads, column_count, &table);
	if (err)
		return err;
	err = fill_table(table, record, infos, info_count, columns, column_count);
	if (!err)
		err = jb_table_print(table, file);
	jb_table_free(table);
	return err;
}
