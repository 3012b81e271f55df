/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The legs: the whole table of whose end it is and which way the connection takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "workloads/leg.h"

/* In the order of enum jb_mesh_role. */
static const struct {
	enum jb_tcp_path path;
	const char *leg[JB_ROLE_MAX];
} table[] = {
	{JB_PATH_DIRECT, {"unknown", "direct", "bypass", "plain_out", "unknown"}},
	{JB_PATH_LOOPBACK, {"loopback", "loopback", "loopback", "loopback", "loopback"}},
	{JB_PATH_SELF, {"app_in", "loopback", "app_in", "app_in", "app_in"}},
	{JB_PATH_REDIRECTED, {"app_out", "loopback", "app_out", "loopback", "app_out"}},
	{JB_PATH_ON_OUTBOUND, {"app_out", "loopback", "loopback", "app_out", "app_out"}},
	{JB_PATH_TO_INBOUND, {"unknown", "direct", "bypass", "mesh_out", "unknown"}},
	{JB_PATH_ON_INBOUND, {"unknown", "direct", "bypass", "unknown", "unknown"}},
	{JB_PATH_INBOUND_DIRECT, {"unknown", "direct", "bypass", "mesh_in", "unknown"}},
	{JB_PATH_INBOUND_REDIRECTED, {"unknown", "direct", "bypass", "plain_in", "unknown"}},
	{JB_PATH_ON_ADMIN, {"unknown", "direct", "bypass", "bypass", "unknown"}},
};

enum { ROWS = sizeof(table) / sizeof(*table) };
_Static_assert((int)ROWS == (int)JB_PATH_MAX, "each path has its row");

static void test_table(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(table[i].path, i);
		for (int role = 0; role < JB_ROLE_MAX; role++)
			assert_string_equal(jb_tcp_leg_names[jb_tcp_leg_of(role, i)],
					    table[i].leg[role]);
	}
}

static void test_other_octets(void **state)
{
	(void)state;
	for (int role = 0; role < JB_ROLE_MAX; role++)
		for (int path = JB_PATH_MAX; path < 256; path++)
			assert_int_equal(jb_tcp_leg_of(role, path), JB_LEG_UNKNOWN);
	assert_int_equal(jb_tcp_leg_of(JB_ROLE_MAX, JB_PATH_DIRECT), JB_LEG_UNKNOWN);
	assert_int_equal(jb_tcp_leg_of(-1, JB_PATH_DIRECT), JB_LEG_UNKNOWN);
}

static void test_names(void **state)
{
	static const char *const names[] = {
		[JB_LEG_DIRECT] = "direct",       [JB_LEG_LOOPBACK] = "loopback",
		[JB_LEG_APP_OUT] = "app_out",     [JB_LEG_MESH_OUT] = "mesh_out",
		[JB_LEG_PLAIN_OUT] = "plain_out", [JB_LEG_MESH_IN] = "mesh_in",
		[JB_LEG_PLAIN_IN] = "plain_in",   [JB_LEG_APP_IN] = "app_in",
		[JB_LEG_BYPASS] = "bypass",       [JB_LEG_UNKNOWN] = "unknown",
	};

	(void)state;
	assert_int_equal(sizeof(names) / sizeof(*names), JB_LEG_MAX);
	for (int leg = 0; leg < JB_LEG_MAX; leg++)
		assert_string_equal(jb_tcp_leg_names[leg], names[leg]);
}

static void test_local(void **state)
{
	(void)state;
	for (int leg = 0; leg < JB_LEG_MAX; leg++)
		assert_int_equal(jb_tcp_leg_is_local(leg), leg == JB_LEG_LOOPBACK ||
								   leg == JB_LEG_APP_OUT ||
								   leg == JB_LEG_APP_IN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_other_octets),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
