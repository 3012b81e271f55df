/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/info.h"

#include <errno.h>
#include <string.h>

#include "streams/json.h"

static const void *field(const struct jb_stream_info *info, const struct jb_stream_column *column)
{
	return (const char *)info + column->offset;
}

static const char *get_text(const struct jb_stream_info *info,
			    const struct jb_stream_column *column)
{
	if (column->kind == JB_STREAM_ADDRESS)
		return field(info, column);
	return *(const char *const *)field(info, column);
}

static bool is_text(const struct jb_stream_column *column)
{
	return column->kind == JB_STREAM_TEXT || column->kind == JB_STREAM_ADDRESS;
}

uint64_t jb_stream_number(const struct jb_stream_info *info, const struct jb_stream_column *column)
{
	if (is_text(column) || column->kind == JB_STREAM_MADE)
		return JB_STREAM_NONE;
	return *(const uint64_t *)field(info, column);
}

void jb_stream_text(const struct jb_stream_info *info, const struct jb_stream_column *column,
		    struct jb_buffer *out)
{
	bool number = !is_text(column) && column->kind != JB_STREAM_MADE;

	if (number && jb_stream_number(info, column) == JB_STREAM_NONE)
		jb_buffer_puts(out, "-");
	else if (column->text)
		column->text(info, out);
	else if (number)
		jb_buffer_u64(out, jb_stream_number(info, column));
	else
		jb_buffer_puts(out, get_text(info, column));
}

static unsigned int decimals(const struct jb_stream_column *column)
{
	return column->kind == JB_STREAM_NANO ? 9 : column->kind == JB_STREAM_MILLI ? 3 : 0;
}

static void write_value(const struct jb_stream_info *info, const struct jb_stream_column *column,
			struct jb_buffer *out)
{
	uint64_t number = jb_stream_number(info, column);

	if (is_text(column))
		jb_json_string(out, get_text(info, column));
	else if (number == JB_STREAM_NONE)
		jb_buffer_append(out, "null", 4);
	else
		jb_json_fixed(out, number, decimals(column));
}

void jb_stream_json(const struct jb_stream_info *info, struct jb_buffer *out)
{
	for (size_t i = 0; i < jb_stream_column_count; i++) {
		const struct jb_stream_column *column = &jb_stream_columns[i];

		if (column->kind == JB_STREAM_MADE)
			continue;
		jb_buffer_append(out, i ? ",\"" : "{\"", 2);
		jb_buffer_puts(out, column->name);
		jb_buffer_append(out, "\":", 2);
		write_value(info, column, out);
	}
	jb_buffer_append(out, "}", 1);
}

static int parse_text(const json_t *value, const struct jb_stream_column *column, void *ret)
{
	const char *text = json_string_value(value);

	if (!text)
		return -EINVAL;
	if (column->kind == JB_STREAM_TEXT)
		*(const char **)ret = text;
	else if (strlen(text) < INET6_ADDRSTRLEN)
		memcpy(ret, text, strlen(text) + 1);
	else
		return -EINVAL;
	return 0;
}

static int parse_number(const json_t *value, unsigned int decimals, uint64_t *ret)
{
	double number = json_number_value(value);

	if (json_is_null(value)) {
		*ret = JB_STREAM_NONE;
		return 0;
	}
	if (json_is_integer(value) && !decimals) {
		if (json_integer_value(value) < 0)
			return -EINVAL;
		*ret = (uint64_t)json_integer_value(value);
		return 0;
	}
	for (unsigned int i = 0; i < decimals; i++)
		number *= 10;
	if (!json_is_number(value) || !(number >= 0 && number < 9e18))
		return -EINVAL;
	*ret = (uint64_t)(number + 0.5);
	return 0;
}

int jb_stream_parse(const json_t *object, struct jb_stream_info *ret_info, const char **ret_key)
{
	struct jb_stream_info info = {};

	*ret_key = "stream";
	if (!json_is_object(object))
		return -EINVAL;
	for (size_t i = 0; i < jb_stream_column_count; i++) {
		const struct jb_stream_column *column = &jb_stream_columns[i];
		const json_t *value = json_object_get(object, column->name);
		void *to = (char *)&info + column->offset;
		int err = 0;

		if (column->kind == JB_STREAM_MADE)
			continue;
		if (is_text(column) && (value || column->kind == JB_STREAM_ADDRESS))
			err = value ? parse_text(value, column, to) : 0;
		else if (is_text(column))
			*(const char **)to = "";
		else if (value)
			err = parse_number(value, decimals(column), to);
		else
			*(uint64_t *)to = JB_STREAM_NONE;
		if (err) {
			*ret_key = column->name;
			return err;
		}
	}
	*ret_info = info;
	return 0;
}

static int fill_table(struct jb_table *table, const struct jb_stream_info *infos, size_t info_count,
		      const struct jb_stream_column *const *columns, size_t column_count)
{
	struct jb_buffer cell = {};
	int err = 0;

	for (size_t i = 0; i < info_count && !err; i++) {
		for (size_t j = 0; j < column_count && !err; j++) {
			jb_buffer_reset(&cell);
			jb_stream_text(&infos[i], columns[j], &cell);
			err = cell.error;
			if (!err)
				jb_table_cell(table, cell.data ? cell.data : "");
		}
	}
	jb_buffer_free(&cell);
	return err;
}

int jb_stream_print(const struct jb_stream_info *infos, size_t info_count,
		    const struct jb_stream_column *const *columns, size_t column_count, FILE *file)
{
	struct jb_column heads[JB_STREAM_COLUMNS_MAX];
	struct jb_table *table;
	int err;

	if (column_count > JB_STREAM_COLUMNS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < column_count; i++)
		heads[i] = columns[i]->head;
	err = jb_table_new(heads, column_count, &table);
	if (err)
		return err;
	err = fill_table(table, infos, info_count, columns, column_count);
	if (!err)
		err = jb_table_print(table, file);
	jb_table_free(table);
	return err;
}
