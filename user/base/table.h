/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_TABLE_H
#define JB_BASE_TABLE_H

#include <stddef.h>
#include <stdio.h>

enum jb_align {
	JB_ALIGN_LEFT,
	JB_ALIGN_RIGHT,
};

struct jb_column {
	const char *header;
	enum jb_align align;
};

/* Text in columns, for a terminal. Rows are kept until they are printed: the caller bounds them. */
struct jb_table;

/* `columns` (>= 1 of them) must outlive the table. 0, -EINVAL or -ENOMEM. */
int jb_table_new(const struct jb_column *columns, size_t count, struct jb_table **ret_table);
void jb_table_free(struct jb_table *table); /* NULL is allowed */

/*
 * The next cell, from left to right; after the last column the next row begins. The text is copied;
 * every byte that isn't printable ASCII becomes '?', so that no name can steer the terminal. An
 * error is kept for jb_table_print().
 */
void jb_table_cell(struct jb_table *table, const char *text);
void jb_table_cellf(struct jb_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Prints the header and the rows, aligned, two spaces between columns, nothing cut, no blanks at
 * the end of a line. 0, -EINVAL if the last row is not complete, -ENOMEM if a cell was lost (then
 * nothing is printed), or -EIO if the file took not all.
 */
int jb_table_print(const struct jb_table *table, FILE *file);

#endif
