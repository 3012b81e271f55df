/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kubernetes/port_list.h"

static void test_have(void **state)
{
	static const struct {
		const char *list;
		unsigned short port;
		bool has;
	} cases[] = {
		{"", 25, false},
		{"25", 25, true},
		{"25", 2, false},
		{"25", 5, false},
		{"25", 250, false},
		{"25,587", 587, true},
		{"25,587", 26, false},
		{"4000-4100", 4000, true},
		{"4000-4100", 4100, true},
		{"4000-4100", 4050, true},
		{"4000-4100", 3999, false},
		{"4000-4100", 4101, false},
		{"4100-4000", 4050, false},
		{"4100-4000", 4100, false},
		{"7-7", 7, true},
		{" 25 ,\t587 ", 25, true},
		{" 25 ,\t587\n", 587, true},
		{"2 5", 25, false},
		{"2 5", 2, false},
		{"4000 -4100", 4000, false},
		{"4000- 4100", 4000, false},
		{"-25", 25, false},
		{"+25", 25, false},
		{"25-", 25, false},
		{"1-2-3", 2, false},
		{"web,x25,25x,,25", 25, true},
		{"web,x25,25x,,", 25, false},
		{"0x19", 25, false},
		{"25.0", 25, false},
		{"00025", 25, true},
		{"0", 0, false},
		{"0-100", 0, false},
		{"0-100", 100, true},
		{"65535", 65535, true},
		{"65536", 65535, false},
		{"65536", 0, false},
		{"65561", 25, false},
		{"4294967321", 25, false},
		{"18446744073709551641", 25, false},
		{"1-65536", 25, false},
		{"1-65535", 25, true},
		{"1-65536,25", 25, true},
		{",", 25, false},
		{"\xff,25", 25, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (jb_ports_have(cases[i].list, cases[i].port) != cases[i].has)
			fail_msg("'%s' and %d", cases[i].list, cases[i].port);
	}
}

static void test_add(void **state)
{
	static const struct {
		const char *list, *text, *sum;
	} cases[] = {
		{"", "", ""},
		{"", "25", "25"},
		{"", " 25 , 587, 4000-4100,", "25,587,4000-4100"},
		{"", "web,25,4100-4000,65536,7-7,0", "25,7,0"},
		{"", "25,25,025", "25"},
		{"25", "", "25"},
		{"25", "587", "25,587"},
		{"25,587", "587,25,26", "25,587,26"},
		{"20-30", "25,20-30,19-30", "20-30,19-30"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char list[JB_PORT_LIST_MAX + 1];

		strcpy(list, cases[i].list);
		jb_ports_add(list, cases[i].text);
		assert_string_equal(list, cases[i].sum);
	}
}

/* Nothing is claimed from the first on that has no room, were it shorter or not. */
static void test_full(void **state)
{
	char *list = calloc(1, JB_PORT_LIST_MAX + 1), one[16];

	(void)state;
	for (int port = 100; port < 164; port++) {
		snprintf(one, sizeof(one), "%d", port);
		jb_ports_add(list, one);
	}
	assert_int_equal(strlen(list), JB_PORT_LIST_MAX - 1);
	jb_ports_add(list, "100,7,163");
	assert_int_equal(strlen(list), JB_PORT_LIST_MAX - 1);
	list[JB_PORT_LIST_MAX - 2] = '\0'; /* "...,16" */
	jb_ports_add(list, "100,17,7");
	assert_int_equal(strlen(list), JB_PORT_LIST_MAX - 2);
	jb_ports_add(list, "7,8");
	assert_int_equal(strlen(list), JB_PORT_LIST_MAX);
	assert_true(jb_ports_have(list, 7) && jb_ports_have(list, 16));
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_have),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
