/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A kind of thing that is listed (streams, connections, drops), told by one static table of
 * columns: JSON objects, what is read back from them, and text tables are made from it.
 *
 * One such thing is an "info": a plain struct with text and 64-bit numbers, filled from the
 * kernel's state or from an agent's JSON.
 */
#ifndef JB_LISTING_RECORD_H
#define JB_LISTING_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/table.h"

#define JB_RECORD_NONE UINT64_MAX /* of a number: not known, or it doesn't apply; null in JSON */

enum {
	JB_RECORD_COLUMNS_MAX = 64, /* of a record, and of a table */
	JB_RECORD_SIZE_MAX = 1024,  /* of an info, in octets */
};

enum jb_record_kind {
	JB_RECORD_TEXT,    /* const char *, never NULL, borrowed */
	JB_RECORD_ADDRESS, /* char [INET6_ADDRSTRLEN] */
	JB_RECORD_NUMBER,  /* uint64_t; the next two as well */
	JB_RECORD_MILLI,   /* in JSON divided by 1000 */
	JB_RECORD_NANO,    /* in JSON divided by 10^9 */
	JB_RECORD_MADE     /* not in JSON: made of other fields */
};

struct jb_record_column {
	const char *name;      /* JSON key, and what -o takes */
	struct jb_column head; /* in text tables */
	enum jb_record_kind kind;
	size_t offset; /* in the info; 0 if made */
	/*
	 * Appends what tables show: `number` for a number that isn't none, `text` for any other
	 * column. NULL: the number or text as it is.
	 */
	void (*number)(uint64_t value, struct jb_buffer *out);
	void (*text)(const void *info, struct jb_buffer *out);
};

struct jb_record {
	const char *name;                       /* of one of them: "stream" */
	size_t size;                            /* of an info, up to JB_RECORD_SIZE_MAX */
	const struct jb_record_column *columns; /* all, in the order of JSON; made ones last */
	size_t count;                           /* up to JB_RECORD_COLUMNS_MAX */
	const char *shown; /* the columns of a table unless told otherwise; fit 160 characters */
	int (*compare)(const void *info, const void *other); /* the order of a table, for qsort */
};

/* Heads of columns in such a table. */
#define JB_RECORD_LEFT(header)                                                                     \
	{                                                                                          \
		header, JB_ALIGN_LEFT                                                              \
	}
#define JB_RECORD_RIGHT(header)                                                                    \
	{                                                                                          \
		header, JB_ALIGN_RIGHT                                                             \
	}

/* The rows of a record: array and count, of infos of a type; one that is too large is refused. */
#define JB_RECORD_OF(type, table)                                                                  \
	.size = sizeof(type) + 0 * sizeof(char[sizeof(type) <= JB_RECORD_SIZE_MAX ? 1 : -1]),      \
	.columns = (table),                                                                        \
	.count = sizeof(table) / sizeof(*(table)) +                                                \
		 0 * sizeof(char[sizeof(table) / sizeof(*(table)) <= JB_RECORD_COLUMNS_MAX ? 1     \
											   : -1])

/* The value of a number's column; JB_RECORD_NONE for columns that are no numbers. */
uint64_t jb_record_number(const void *info, const struct jb_record_column *column);

/* Appends what a table (or CSV) shows in a column: "-" for none. */
void jb_record_text(const void *info, const struct jb_record_column *column, struct jb_buffer *out);

/*
 * The columns of a list "source,destination,lost". Returns how many, or -EINVAL with *ret_bad and
 * *ret_length telling the name that is none, or the one behind JB_RECORD_COLUMNS_MAX.
 */
int jb_record_columns(const struct jb_record *record, const char *list,
		      const struct jb_record_column *ret_columns[JB_RECORD_COLUMNS_MAX],
		      const char **ret_bad, int *ret_length);

/* Prints a table of an array of infos, as it is ordered. 0, -EINVAL, -ENOMEM or -EIO. */
int jb_record_print(const struct jb_record *record, const void *infos, size_t info_count,
		    const struct jb_record_column *const *columns, size_t column_count, FILE *file);

/* Appends one JSON object. */
void jb_record_json(const struct jb_record *record, const void *info, struct jb_buffer *out);

/*
 * Fills *ret_info from an object as written by jb_record_json(); it borrows the object's strings.
 * A key that isn't there is "" or none, one that isn't known is ignored. 0, or -EINVAL with the
 * name of the value that is not what it should be in *ret_key (the record's: not an object).
 */
int jb_record_parse(const struct jb_record *record, const json_t *object, void *ret_info,
		    const char **ret_key);

/* As qsort wants it. */
static inline int jb_record_compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

#endif
