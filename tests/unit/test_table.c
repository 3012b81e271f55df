/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

static const struct jb_column columns[] = {
	{"POD", JB_ALIGN_LEFT}, {"LOSS", JB_ALIGN_RIGHT}, {"CODEC", JB_ALIGN_LEFT}};

static struct jb_table *new_table(size_t count)
{
	struct jb_table *table = NULL;

	assert_int_equal(jb_table_new(columns, count, &table), 0);
	assert_non_null(table);
	return table;
}

/* Prints and frees the table. */
static void assert_print(struct jb_table *table, int result, const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	assert_int_equal(jb_table_print(table, file), result);
	fclose(file);
	assert_string_equal(text, expected);
	free(text);
	jb_table_free(table);
}

static void test_header_alone(void **state)
{
	(void)state;
	assert_print(new_table(3), 0, "POD  LOSS  CODEC\n");
	assert_print(new_table(1), 0, "POD\n");
}

static void test_alignment(void **state)
{
	struct jb_table *table = new_table(3);

	(void)state;
	jb_table_cell(table, "sfu-0");
	jb_table_cellf(table, "%.1f%%", 12.5);
	jb_table_cell(table, "opus");
	jb_table_cell(table, "a");
	jb_table_cell(table, "100.25%");
	jb_table_cell(table, "telephone-event");
	assert_print(table, 0,
		     "POD       LOSS  CODEC\n"
		     "sfu-0    12.5%  opus\n"
		     "a      100.25%  telephone-event\n");
}

static void test_empty_cells_leave_no_blanks_at_the_end(void **state)
{
	struct jb_table *table = new_table(3);

	(void)state;
	jb_table_cell(table, "a");
	jb_table_cell(table, "1");
	jb_table_cell(table, "");
	jb_table_cell(table, "");
	jb_table_cell(table, "");
	jb_table_cell(table, "x");
	jb_table_cell(table, "");
	jb_table_cell(table, "");
	jb_table_cell(table, "");
	assert_print(table, 0,
		     "POD  LOSS  CODEC\n"
		     "a       1\n"
		     "           x\n"
		     "\n");
}

static void test_nothing_is_cut(void **state)
{
	struct jb_table *table = new_table(1);
	static char cell[100001], expected[100006];

	(void)state;
	memset(cell, 'x', sizeof(cell) - 1);
	snprintf(expected, sizeof(expected), "POD\n%s\n", cell);
	jb_table_cell(table, cell);
	assert_print(table, 0, expected);
}

static void test_hostile_bytes(void **state)
{
	struct jb_table *table = new_table(1);

	(void)state;
	jb_table_cell(table, "\x1b[2J\n\t\x7f\xc2\x9b ~");
	jb_table_cellf(table, "a%cb", '\0');
	jb_table_cell(table, "c");
	assert_print(table, 0, "POD\n?[2J????? ~\na?b\nc\n");
}

static void test_incomplete_row(void **state)
{
	struct jb_table *table = new_table(3);

	(void)state;
	jb_table_cell(table, "a");
	assert_print(table, -EINVAL, "");
}

static void test_many_rows(void **state)
{
	struct jb_table *table = new_table(3);
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	(void)state;
	for (int i = 0; i < 30000; i++)
		jb_table_cellf(table, "%05d", i);
	assert_int_equal(jb_table_print(table, file), 0);
	fclose(file);
	jb_table_free(table);
	assert_int_equal(len, 10001 * 20);
	assert_memory_equal(text + 10000 * 20, "29997  29998  29999\n", 20);
	free(text);
}

static void test_full_disk(void **state)
{
	struct jb_table *table = new_table(1);
	FILE *file = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(file);
	assert_int_equal(jb_table_print(table, file), -EIO);
	fclose(file);
	jb_table_free(table);
}

static void test_no_columns(void **state)
{
	struct jb_table *table = NULL;

	(void)state;
	assert_int_equal(jb_table_new(columns, 0, &table), -EINVAL);
	assert_null(table);
	jb_table_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_alone),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_empty_cells_leave_no_blanks_at_the_end),
		cmocka_unit_test(test_nothing_is_cut),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_incomplete_row),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_no_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
