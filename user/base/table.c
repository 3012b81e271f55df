/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

struct jb_table {
	const struct jb_column *columns;
	size_t column_count;
	size_t cell_count;
	struct jb_buffer cells; /* the texts row by row, each with its NUL */
	size_t widths[];        /* of each column, header included */
};

int jb_table_new(const struct jb_column *columns, size_t count, struct jb_table **ret_table)
{
	struct jb_table *table;

	if (!count)
		return -EINVAL;
	table = calloc(1, sizeof(*table) + count * sizeof(table->widths[0]));
	if (!table)
		return -ENOMEM;
	table->columns = columns;
	table->column_count = count;
	for (size_t i = 0; i < count; i++)
		table->widths[i] = strlen(columns[i].header);
	*ret_table = table;
	return 0;
}

void jb_table_free(struct jb_table *table)
{
	if (!table)
		return;
	jb_buffer_free(&table->cells);
	free(table);
}

/* Ends the cell whose text was appended at `start`. */
static void finish_cell(struct jb_table *table, size_t start)
{
	size_t *width = &table->widths[table->cell_count % table->column_count];
	size_t len = table->cells.len - start;

	jb_buffer_append(&table->cells, "", 1);
	if (table->cells.error)
		return;
	for (char *c = table->cells.data + start, *end = c + len; c < end; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	if (len > *width)
		*width = len;
	table->cell_count++;
}

void jb_table_cell(struct jb_table *table, const char *text)
{
	size_t start = table->cells.len;

	jb_buffer_puts(&table->cells, text);
	finish_cell(table, start);
}

void jb_table_cellf(struct jb_table *table, const char *format, ...)
{
	size_t start = table->cells.len;
	va_list arguments;

	va_start(arguments, format);
	jb_buffer_vprintf(&table->cells, format, arguments);
	va_end(arguments);
	finish_cell(table, start);
}

/* Blanks are written only before text, so that no line ends in them. */
static void print_cell(const struct jb_table *table, size_t column, const char *text,
		       size_t *blanks, FILE *file)
{
	size_t len = strlen(text);
	size_t padding = table->widths[column] - len;

	if (table->columns[column].align == JB_ALIGN_RIGHT) {
		*blanks += padding;
		padding = 0;
	}
	if (len) {
		for (; *blanks; --*blanks)
			fputc(' ', file);
		fwrite(text, 1, len, file);
	}
	*blanks += padding + 2;
}

static void print_header(const struct jb_table *table, FILE *file)
{
	size_t blanks = 0;

	for (size_t i = 0; i < table->column_count; i++)
		print_cell(table, i, table->columns[i].header, &blanks, file);
	fputc('\n', file);
}

static const char *print_row(const struct jb_table *table, const char *text, FILE *file)
{
	size_t blanks = 0;

	for (size_t i = 0; i < table->column_count; i++) {
		print_cell(table, i, text, &blanks, file);
		text += strlen(text) + 1;
	}
	fputc('\n', file);
	return text;
}

int jb_table_print(const struct jb_table *table, FILE *file)
{
	const char *text = table->cells.data;

	if (table->cells.error)
		return table->cells.error;
	if (table->cell_count % table->column_count)
		return -EINVAL;
	print_header(table, file);
	for (size_t row = 0; row < table->cell_count / table->column_count; row++)
		text = print_row(table, text, file);
	return fflush(file) || ferror(file) ? -EIO : 0;
}
