/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of TCP by path become legs of what the cgroup is in the mesh, and never change that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry_world.h"

#define UID   "0a1b2c3d-0000-4000-8000-000000000001"
#define POD   "/kubepods/burstable/pod" UID
#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define PROXY (ID "0")
#define APP   (ID "1")

enum { OF_PROXY = 100, OF_APP, OF_POD };

static void pod(bool meshed)
{
	world.pod[0].uid = UID;
	world.pod[0].name = (struct jb_pod_name){
		.namespace_ = "calls", .pod = "web-0", .workload = "web", .meshed = meshed};
	cgroup(0, OF_PROXY, POD "/" ID "0");
	cgroup(1, OF_APP, POD "/" ID "1");
	cgroup(2, OF_POD, POD);
}

static void contained(int place, const char *id, const char *name)
{
	world.pod_container[place].id = id;
	world.pod_container[place].name = name;
}

static long leg(enum jb_tcp_leg leg)
{
	return slot_of("web-0", JB_SLOT_TCP + leg);
}

static void test_legs_by_container(void **state)
{
	(void)state;
	pod(true);
	contained(0, PROXY, "linkerd-proxy");
	contained(1, APP, "app");
	row(30, OF_PROXY, JB_SLOT_TCP + JB_PATH_TO_INBOUND, 1);
	row(31, OF_PROXY, JB_SLOT_TCP + JB_PATH_DIRECT, 2);
	row(32, OF_PROXY, JB_SLOT_TCP + JB_PATH_ON_OUTBOUND, 4);
	row(33, OF_APP, JB_SLOT_TCP + JB_PATH_REDIRECTED, 8);
	row(34, OF_APP, JB_SLOT_TCP + JB_PATH_DIRECT, 16);
	row(35, OF_POD, JB_SLOT_TCP + JB_PATH_DIRECT, 32);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(leg(JB_LEG_MESH_OUT), 1);
	assert_int_equal(leg(JB_LEG_PLAIN_OUT), 2);
	assert_int_equal(leg(JB_LEG_APP_OUT), 12);
	assert_int_equal(leg(JB_LEG_BYPASS), 16);
	assert_int_equal(leg(JB_LEG_UNKNOWN), 32); /* the pod's own cgroup is no container's */
	assert_int_equal(leg(JB_LEG_DIRECT), -1);
	assert_int_equal(jb_registry_role(reg, OF_PROXY), JB_ROLE_PROXY);
	assert_int_equal(jb_registry_role(reg, OF_APP), JB_ROLE_APP);
	assert_int_equal(jb_registry_role(reg, 999), JB_ROLE_PENDING);
	assert_int_equal(jb_registry_role(reg, 0), JB_ROLE_UNMESHED);
}

static void test_no_mesh(void **state)
{
	(void)state;
	pod(false);
	row(30, OF_APP, JB_SLOT_TCP + JB_PATH_TO_INBOUND, 1);
	row(31, OF_APP, JB_SLOT_TCP + JB_PATH_DIRECT, 2);
	row(32, OF_APP, JB_SLOT_TCP + JB_PATH_SELF, 4);
	row(33, OF_APP, JB_SLOT_TCP + JB_PATH_LOOPBACK, 8);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(leg(JB_LEG_DIRECT), 3);
	assert_int_equal(leg(JB_LEG_LOOPBACK), 12);
	assert_int_equal(jb_registry_role(reg, OF_APP), JB_ROLE_UNMESHED);
}

/* The API tells of a container later than it has traffic. */
static void test_nothing_is_told_before_it_is_known(void **state)
{
	(void)state;
	pod(true);
	row(30, OF_PROXY, JB_SLOT_TCP + JB_PATH_DIRECT, 5);
	row(31, OF_PROXY, RTP_IN, 7);
	tick();
	assert_int_equal(jb_registry_role(reg, OF_PROXY), JB_ROLE_PENDING);
	for (int l = 0; l < JB_LEG_MAX; l++)
		assert_int_equal(leg(l), -1);
	assert_int_equal(packets_of("web-0"), 7);
	contained(0, PROXY, "linkerd-proxy");
	tick();
	assert_int_equal(leg(JB_LEG_PLAIN_OUT), 5);
	assert_int_equal(jb_registry_role(reg, OF_PROXY), JB_ROLE_PROXY);
}

static void test_what_never_is_known(void **state)
{
	(void)state;
	pod(true);
	row(30, OF_APP, JB_SLOT_TCP + JB_PATH_DIRECT, 5);
	row(31, OF_APP, JB_SLOT_TCP + JB_PATH_REDIRECTED, 6);
	ticks(3);
	assert_int_equal(leg(JB_LEG_UNKNOWN), -1);
	ticks(5); /* 40 s */
	assert_int_equal(leg(JB_LEG_UNKNOWN), 5);
	assert_int_equal(leg(JB_LEG_APP_OUT), 6); /* a redirected path leads to the proxy */
	contained(0, APP, "app");
	ticks(2);
	assert_int_equal(leg(JB_LEG_UNKNOWN), 5); /* for good: it must not fall */
	assert_int_equal(leg(JB_LEG_BYPASS), -1);
}

/* The pod is gone before its container was told; its cgroup as well. */
static void test_a_short_life(void **state)
{
	(void)state;
	pod(true);
	row(30, OF_APP, JB_SLOT_TCP + JB_PATH_DIRECT, 5);
	tick();
	cgroup(1, 0, NULL);
	for (int i = 0; i < 20 && leg(JB_LEG_UNKNOWN) < 0; i++)
		tick();
	assert_int_equal(leg(JB_LEG_UNKNOWN), 5);
	assert_int_equal(leg(JB_LEG_BYPASS), -1);
}

/* What a row had counted stays under its leg. */
static void test_the_base_is_by_leg(void **state)
{
	(void)state;
	pod(true);
	contained(0, PROXY, "linkerd-proxy");
	contained(1, APP, "app");
	row(30, OF_PROXY, JB_SLOT_TCP + JB_PATH_TO_INBOUND, 5);
	row(31, OF_APP, RTP_IN, 1);
	in_use[31] = 1; /* keeps the pod */
	tick();
	cgroup(0, 0, NULL);
	for (int i = 0; i < 100 && !world.recycled[30]; i++) {
		tick();
		assert_int_equal(leg(JB_LEG_MESH_OUT), 5);
	}
	assert_int_equal(world.recycled[30], 1);
	assert_int_equal(leg(JB_LEG_MESH_OUT), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_legs_by_container),
		TEST(test_no_mesh),
		TEST(test_nothing_is_told_before_it_is_known),
		TEST(test_what_never_is_known),
		TEST(test_a_short_life),
		TEST(test_the_base_is_by_leg),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
