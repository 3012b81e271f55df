/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "drops/info.h"

static struct jb_drop_info a_drop(uint64_t packets)
{
	return (struct jb_drop_info){"media", "sip-0",     "sip",   "",
				     "udp",   "no_socket", packets, 1500};
}

static void assert_json(const struct jb_drop_info *info, const char *text)
{
	struct jb_buffer out = {};

	jb_drop_json(info, &out);
	assert_string_equal(out.data, text);
	jb_buffer_free(&out);
}

static void test_json(void **state)
{
	struct jb_drop_info info = a_drop(7);

	(void)state;
	assert_json(&info, "{\"namespace\":\"media\",\"pod\":\"sip-0\",\"container\":\"sip\","
			   "\"unit\":\"\",\"protocol\":\"udp\",\"reason\":\"no_socket\","
			   "\"packets\":7,\"rate\":1.5}");
	info.rate = JB_RECORD_NONE;
	assert_json(&info, "{\"namespace\":\"media\",\"pod\":\"sip-0\",\"container\":\"sip\","
			   "\"unit\":\"\",\"protocol\":\"udp\",\"reason\":\"no_socket\","
			   "\"packets\":7,\"rate\":null}");
}

static void test_cells(void **state)
{
	static const char *const texts[] = {"media/sip-0", "udp", "no_socket", "7", "1.5"};
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_drop_info info = a_drop(7);
	const char *bad;
	int length;
	int count = jb_record_columns(&jb_drop_record, jb_drop_record.shown, columns, &bad,
				      &length);

	(void)state;
	assert_int_equal(count, sizeof(texts) / sizeof(*texts));
	for (int i = 0; i < count; i++) {
		struct jb_buffer out = {};

		jb_record_text(&info, columns[i], &out);
		assert_string_equal(out.data, texts[i]);
		jb_buffer_free(&out);
	}
}

/* Most packets first; then a later key doesn't matter where an earlier one differs. */
static void test_order(void **state)
{
	const struct jb_drop_info infos[] = {
		{"z", "z", "z", "z", "z", "z", 9, 0}, {"", "", "", "b", "z", "z", 5, 0},
		{"n", "p", "c", "", "z", "z", 5, 0},  {"n", "p", "d", "", "a", "z", 5, 0},
		{"n", "p", "d", "", "b", "y", 5, 0},  {"n", "p", "d", "", "b", "z", 5, 0},
		{"n", "q", "a", "", "a", "a", 5, 0},  {"o", "a", "", "", "", "", 5, 0},
	};
	size_t count = sizeof(infos) / sizeof(*infos);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int order = jb_drop_record.compare(&infos[i], &infos[j]);
			int same = jb_drop_compare_identity(&infos[i], &infos[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(same == 0, i == j);
		}
}

static void test_identity_is_not_the_count(void **state)
{
	struct jb_drop_info now = a_drop(9), before = a_drop(4);

	(void)state;
	before.rate = JB_RECORD_NONE;
	assert_int_equal(jb_drop_compare_identity(&now, &before), 0);
}

static void assert_since(uint64_t before, uint64_t now, uint64_t added)
{
	struct jb_drop_info old = a_drop(before), info = a_drop(now);

	assert_int_equal(jb_drop_since(&info, &old), added > 0);
	assert_int_equal(info.packets, added);
	assert_int_equal(info.rate, 1500);
}

static void test_since(void **state)
{
	struct jb_drop_info info = a_drop(7);

	(void)state;
	assert_since(4, 9, 5);
	assert_since(9, 9, 0);
	assert_since(9, 4, 4); /* the agent was started anew */
	assert_since(JB_RECORD_NONE, 4, 4);
	assert_true(jb_drop_since(&info, NULL));
	assert_int_equal(info.packets, 7);
	info.packets = JB_RECORD_NONE;
	assert_false(jb_drop_since(&info, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),  cmocka_unit_test(test_cells),
		cmocka_unit_test(test_order), cmocka_unit_test(test_identity_is_not_the_count),
		cmocka_unit_test(test_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
