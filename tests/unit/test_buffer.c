/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

static void test_starts_empty(void **state)
{
	struct jb_buffer buffer = {0};

	(void)state;
	jb_buffer_free(NULL);
	jb_buffer_free(&buffer);
	jb_buffer_append(&buffer, NULL, 0);
	assert_int_equal(buffer.error, 0);
	assert_int_equal(buffer.len, 0);
	assert_string_equal(buffer.data, "");
	jb_buffer_free(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.cap, 0);
}

static void test_append_keeps_bytes(void **state)
{
	struct jb_buffer buffer = {0};

	(void)state;
	jb_buffer_append(&buffer, "a\0b", 3);
	jb_buffer_puts(&buffer, "c");
	assert_int_equal(buffer.len, 4);
	assert_memory_equal(buffer.data, "a\0bc", 5);
	jb_buffer_free(&buffer);
}

static void test_grows_over_many_appends(void **state)
{
	struct jb_buffer buffer = {0};
	char expected[16];

	(void)state;
	for (int i = 0; i < 100000; i++)
		jb_buffer_printf(&buffer, "%06d\n", i);
	assert_int_equal(buffer.error, 0);
	assert_int_equal(buffer.len, 700000);
	assert_true(buffer.cap > buffer.len);
	for (int i = 0; i < 100000; i += 997) {
		snprintf(expected, sizeof(expected), "%06d\n", i);
		assert_memory_equal(buffer.data + i * 7, expected, 7);
	}
	jb_buffer_free(&buffer);
}

/* Every length around the first allocation: printf's room is exactly enough, or one short. */
static void test_printf_at_the_edge_of_the_room(void **state)
{
	(void)state;
	for (int len = 200; len < 300; len++) {
		struct jb_buffer buffer = {0};

		jb_buffer_puts(&buffer, "x");
		jb_buffer_printf(&buffer, "%*s|", len, "y");
		assert_int_equal(buffer.len, len + 2);
		assert_int_equal(strlen(buffer.data), len + 2);
		assert_memory_equal(buffer.data + len, "y|", 3);
		jb_buffer_free(&buffer);
	}
}

static void test_u64_equals_printf(void **state)
{
	struct jb_buffer buffer = {0};
	char expected[32];
	uint64_t power = 1;

	(void)state;
	for (int i = 0; i < 20; i++, power *= 10) {
		const uint64_t values[] = {power - 1, power, power + 1, power * 9, power * 3 + 7};

		for (size_t v = 0; v < 5; v++) {
			jb_buffer_reset(&buffer);
			jb_buffer_u64(&buffer, values[v]);
			snprintf(expected, sizeof(expected), "%" PRIu64, values[v]);
			assert_string_equal(buffer.data, expected);
			assert_int_equal(buffer.len, strlen(expected));
		}
	}
	jb_buffer_reset(&buffer);
	jb_buffer_u64(&buffer, UINT64_MAX);
	assert_string_equal(buffer.data, "18446744073709551615");
	jb_buffer_free(&buffer);
}

static void test_u64_every_small_number(void **state)
{
	struct jb_buffer buffer = {0};
	char expected[32];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		jb_buffer_reset(&buffer);
		jb_buffer_u64(&buffer, i);
		snprintf(expected, sizeof(expected), "%u", i);
		assert_string_equal(buffer.data, expected);
	}
	jb_buffer_free(&buffer);
}

static void test_limit_is_exact_and_sticks(void **state)
{
	struct jb_buffer buffer = {.limit = 5};

	(void)state;
	jb_buffer_puts(&buffer, "abc");
	jb_buffer_puts(&buffer, "de");
	assert_int_equal(buffer.error, 0);
	jb_buffer_puts(&buffer, "f");
	assert_int_equal(buffer.error, -E2BIG);
	assert_string_equal(buffer.data, "abcde");
	jb_buffer_puts(&buffer, "");
	jb_buffer_u64(&buffer, 1);
	jb_buffer_printf(&buffer, "%s", "");
	assert_int_equal(buffer.error, -E2BIG);
	assert_string_equal(buffer.data, "abcde");
	jb_buffer_reset(&buffer);
	jb_buffer_puts(&buffer, "12345");
	assert_int_equal(buffer.error, 0);
	jb_buffer_free(&buffer);
	assert_int_equal(buffer.limit, 5);
}

static void test_append_past_the_limit_is_not_done_in_part(void **state)
{
	struct jb_buffer buffer = {.limit = 5};

	(void)state;
	jb_buffer_puts(&buffer, "abc");
	jb_buffer_append(&buffer, "defg", 4);
	assert_string_equal(buffer.data, "abc");
	assert_int_equal(buffer.len, 3);
	jb_buffer_reset(&buffer);
	jb_buffer_puts(&buffer, "abc");
	jb_buffer_printf(&buffer, "%s", "defg");
	assert_int_equal(buffer.error, -E2BIG);
	assert_string_equal(buffer.data, "abc");
	assert_int_equal(buffer.len, 3);
	jb_buffer_free(&buffer);
}

static void test_impossible_size_is_enomem(void **state)
{
	struct jb_buffer buffer = {0};

	(void)state;
	jb_buffer_puts(&buffer, "abc");
	jb_buffer_append(&buffer, "x", SIZE_MAX);
	assert_int_equal(buffer.error, -ENOMEM);
	assert_string_equal(buffer.data, "abc");
	jb_buffer_reset(&buffer);
	jb_buffer_append(&buffer, "x", SIZE_MAX);
	assert_int_equal(buffer.error, -ENOMEM);
	jb_buffer_free(&buffer);
	assert_int_equal(buffer.error, 0);
}

static void test_use_after_free_starts_anew(void **state)
{
	struct jb_buffer buffer = {0};

	(void)state;
	jb_buffer_puts(&buffer, "abc");
	jb_buffer_free(&buffer);
	jb_buffer_puts(&buffer, "d");
	assert_string_equal(buffer.data, "d");
	jb_buffer_free(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_empty),
		cmocka_unit_test(test_append_keeps_bytes),
		cmocka_unit_test(test_grows_over_many_appends),
		cmocka_unit_test(test_printf_at_the_edge_of_the_room),
		cmocka_unit_test(test_u64_equals_printf),
		cmocka_unit_test(test_u64_every_small_number),
		cmocka_unit_test(test_limit_is_exact_and_sticks),
		cmocka_unit_test(test_append_past_the_limit_is_not_done_in_part),
		cmocka_unit_test(test_impossible_size_is_enomem),
		cmocka_unit_test(test_use_after_free_starts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
