/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A column's field in an info; for the files of this room. */
#ifndef JB_LISTING_PRIVATE_H
#define JB_LISTING_PRIVATE_H

#include <stdbool.h>

#include "listing/record.h"

static inline bool jb_record_is_text(const struct jb_record_column *column)
{
	return column->kind == JB_RECORD_TEXT || column->kind == JB_RECORD_ADDRESS;
}

static inline bool jb_record_is_number(const struct jb_record_column *column)
{
	return !jb_record_is_text(column) && column->kind != JB_RECORD_MADE;
}

/* Of a column that is text. */
static inline const char *jb_record_get_text(const void *info,
					     const struct jb_record_column *column)
{
	const char *field = (const char *)info + column->offset;

	return column->kind == JB_RECORD_ADDRESS ? field : *(const char *const *)field;
}

#endif
