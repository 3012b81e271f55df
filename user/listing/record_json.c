/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Infos to JSON and back. */
#include "listing/record.h"

#include <errno.h>
#include <string.h>

#include <netinet/in.h>

#include "listing/json.h"
#include "listing/private.h"

static unsigned int decimals(const struct jb_record_column *column)
{
	return column->kind == JB_RECORD_NANO ? 9 : column->kind == JB_RECORD_MILLI ? 3 : 0;
}

static void write_value(const void *info, const struct jb_record_column *column,
			struct jb_buffer *out)
{
	uint64_t number = jb_record_number(info, column);

	if (jb_record_is_text(column))
		jb_json_string(out, jb_record_get_text(info, column));
	else if (number == JB_RECORD_NONE)
		jb_buffer_append(out, "null", 4);
	else
		jb_json_fixed(out, number, decimals(column));
}

void jb_record_json(const struct jb_record *record, const void *info, struct jb_buffer *out)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct jb_record_column *column = &record->columns[i];

		if (column->kind == JB_RECORD_MADE)
			continue;
		jb_buffer_append(out, i ? ",\"" : "{\"", 2);
		jb_buffer_puts(out, column->name);
		jb_buffer_append(out, "\":", 2);
		write_value(info, column, out);
	}
	jb_buffer_append(out, "}", 1);
}

static int parse_text(const json_t *value, const struct jb_record_column *column, void *ret)
{
	const char *text = value ? json_string_value(value) : "";

	if (!text)
		return -EINVAL;
	if (column->kind == JB_RECORD_TEXT)
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

	if (!value || json_is_null(value)) {
		*ret = JB_RECORD_NONE;
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

static int parse_value(const json_t *value, const struct jb_record_column *column, void *ret)
{
	if (column->kind == JB_RECORD_MADE)
		return 0;
	if (jb_record_is_text(column))
		return parse_text(value, column, ret);
	return parse_number(value, decimals(column), ret);
}

int jb_record_parse(const struct jb_record *record, const json_t *object, void *ret_info,
		    const char **ret_key)
{
	_Alignas(uint64_t) char info[JB_RECORD_SIZE_MAX] = {};

	*ret_key = record->name;
	if (!json_is_object(object) || record->size > sizeof(info))
		return -EINVAL;
	for (size_t i = 0; i < record->count; i++) {
		const struct jb_record_column *column = &record->columns[i];
		const json_t *value = json_object_get(object, column->name);

		if (parse_value(value, column, info + column->offset)) {
			*ret_key = column->name;
			return -EINVAL;
		}
	}
	memcpy(ret_info, info, record->size);
	return 0;
}
