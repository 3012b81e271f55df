/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists: options and values. Those of the file are in test_options_file.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "example_options.h"

#define BEYOND (JB_LIST_ITEMS_MAX + 1)

static void test_nothing_given(void **state)
{
	(void)state;
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_null(config.targets.item);
	assert_int_equal(config.targets.count, 0);
	assert_string_equal(error, "untouched");
	done();
}

static void test_arguments_in_their_order(void **state)
{
	(void)state;
	ASSERT_GOOD("--target", "b=1", "-w", "x", "--target=a=2", "--node", "n", "-w=y", "--target",
		    "b=1");
	assert_string_equal(lines_of(&config.targets), "b=1\na=2\nb=1\n");
	assert_string_equal(lines_of(&config.words), "x\ny\n");
	assert_string_equal(config.node, "n");
	done();
}

static void test_an_argument_is_one_item(void **state)
{
	(void)state;
	ASSERT_GOOD("--target", "a b", "--target= c\n,d ");
	assert_int_equal(config.targets.count, 2);
	assert_string_equal(config.targets.item[0], "a b");
	assert_string_equal(config.targets.item[1], " c\n,d ");
	done();
}

static void test_missing_values(void **state)
{
	(void)state;
	ASSERT_BAD("argument --target: a value is missing", "--target");
	ASSERT_BAD("argument --target: a value is missing", "--target", "a", "--target=");
	ASSERT_BAD("argument --target: a value is missing", "--target", "--target", "a");
	ASSERT_BAD("argument -w: a value is missing", "-w", "a", "-w", "");
	assert_null(config.words.item);
}

static void test_environment(void **state)
{
	(void)state;
	setenv("JITTERBUG_TARGET", "\n  a=1 \t b=2\r\n\nc=3\n", 1);
	setenv("JITTERBUG_W", "x y", 1);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_string_equal(lines_of(&config.targets), "a=1\nb=2\nc=3\n");
	assert_int_equal(config.words.count, 0);
	done();
	ASSERT_GOOD("--target", "d=4");
	assert_string_equal(lines_of(&config.targets), "d=4\n");
	done();
}

static void test_empty_environment_is_as_none(void **state)
{
	static const char *const nothing[] = {"", " ", "\n", " \t\r\n "};

	(void)state;
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		setenv("JITTERBUG_TARGET", nothing[i], 1);
		assert_int_equal(PARSE_NOTHING(), 0);
		assert_int_equal(config.targets.count, 0);
		done();
	}
}

/* Parses so many times -w=x. */
static int parse_many(size_t count)
{
	static char *arguments[BEYOND + 2];

	arguments[0] = "";
	for (size_t i = 1; i <= count; i++)
		arguments[i] = "-w=x";
	arguments[count + 1] = NULL;
	return parse(arguments);
}

static void test_most_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse_many(JB_LIST_ITEMS_MAX), 0);
	assert_int_equal(config.words.count, JB_LIST_ITEMS_MAX);
	done();
	assert_int_equal(parse_many(BEYOND), -EINVAL);
	assert_string_equal(error, "argument -w: more than 1024 values");
}

static void test_longest_environment(void **state)
{
	static char text[2 * BEYOND + 1];

	(void)state;
	for (size_t i = 0; i < JB_LIST_ITEMS_MAX; i++)
		memcpy(text + 2 * i, "x\n", 2);
	setenv("JITTERBUG_TARGET", text, 1);
	assert_int_equal(PARSE_NOTHING(), 0);
	assert_int_equal(config.targets.count, JB_LIST_ITEMS_MAX);
	done();
	strcat(text, "x");
	setenv("JITTERBUG_TARGET", text, 1);
	assert_int_equal(PARSE_NOTHING(), -EINVAL);
	assert_string_equal(error, "environment JITTERBUG_TARGET: more than 1024 values");
	/* It is not in force. */
	ASSERT_GOOD("--target", "a");
	assert_int_equal(config.targets.count, 1);
	done();
}

/* Wherever it fails, and whatever config held before. */
static void test_nothing_is_left_of_a_failure(void **state)
{
	(void)state;
	ASSERT_BAD("argument '--bogus' is no known option", "--target", "a", "--bogus");
	done();
	ASSERT_BAD("argument --max-series: '0' is not a number from 1 to 1000000", "--target", "a",
		   "--max-series", "0", "--target", "b");
	done();
	assert_int_equal(PARSE("--target", "a", "--config", "/nonexistent/x"), -ENOENT);
	done();
	assert_int_equal(PARSE("--target", "a", "--help"), JB_OPTIONS_HELP);
	done();
}

static void test_items_are_copies(void **state)
{
	struct jb_list list = {0};
	char text[] = "a bc";

	(void)state;
	assert_int_equal(jb_value_list(text, &list), 0);
	assert_int_equal(jb_list_add(&list, text, 3), 0);
	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(lines_of(&list), "a\nbc\na b\n");
	jb_list_free(&list);
	assert_null(list.item);
	assert_int_equal(list.count, 0);
	jb_list_free(&list);
}

static void test_full_list_stays_as_it_is(void **state)
{
	struct jb_list list = {0};

	(void)state;
	for (size_t i = 0; i < JB_LIST_ITEMS_MAX - 1; i++)
		assert_int_equal(jb_list_add(&list, "x", 1), 0);
	assert_int_equal(jb_value_list("last beyond", &list), -E2BIG);
	assert_int_equal(jb_list_add(&list, "y", 1), -E2BIG);
	assert_int_equal(list.count, JB_LIST_ITEMS_MAX);
	assert_string_equal(list.item[JB_LIST_ITEMS_MAX - 1], "last");
	assert_int_equal(jb_value_list(" ", &list), 0);
	jb_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(test_nothing_given),
		OPTIONS_TEST(test_arguments_in_their_order),
		OPTIONS_TEST(test_an_argument_is_one_item),
		OPTIONS_TEST(test_missing_values),
		OPTIONS_TEST(test_environment),
		OPTIONS_TEST(test_empty_environment_is_as_none),
		OPTIONS_TEST(test_most_arguments),
		OPTIONS_TEST(test_longest_environment),
		OPTIONS_TEST(test_nothing_is_left_of_a_failure),
		OPTIONS_TEST(test_items_are_copies),
		OPTIONS_TEST(test_full_list_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
