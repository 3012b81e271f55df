/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The registry: cgroups of pods, whose names may come late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry_world.h"

#define UID   "0a1b2c3d-0000-4000-8000-00000000000"
#define BURST "/kubepods/burstable/pod"
#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static const struct jb_pod_name sfu = {.namespace_ = "media", .pod = "sfu-0", .workload = "sfu"};

static void pod(int place, const char *uid, struct jb_pod_name name)
{
	world.pod[place].uid = uid;
	world.pod[place].name = name;
}

static void test_pods_are_told_by_name(void **state)
{
	const struct jb_identity *identity;

	(void)state;
	pod(0, UID "1", sfu);
	cgroup(0, 100, BURST UID "1/" ID "0");
	row(40, 100, RTP_IN, 7);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("sfu-0"), 7);
	identity = jb_registry_cgroup(reg, 100);
	assert_string_equal(identity->namespace_, "media");
	assert_string_equal(identity->pod, "sfu-0");
	assert_string_equal(identity->container, "");
	assert_string_equal(identity->unit, "");
	assert_string_equal(jb_registry_workload(reg, 100), "sfu");
	assert_true(jb_registry_is_contained(reg, 100));
	assert_true(jb_registry_has_owner(reg, identity));
	assert_string_equal(jb_registry_workload(reg, 999), "");
	assert_false(jb_registry_is_contained(reg, 999));
}

/* All containers of a pod, what is below them, a restart, and another pod of the same name. */
static void test_what_has_equal_labels_is_one(void **state)
{
	(void)state;
	pod(0, UID "1", sfu);
	pod(1, UID "2", sfu);
	pod(2, UID "3", (struct jb_pod_name){.namespace_ = "other", .pod = "sfu-0"});
	cgroup(0, 100, BURST UID "1/" ID "0");
	cgroup(1, 101, BURST UID "1/" ID "1/below");
	cgroup(2, 102, BURST UID "1");
	cgroup(3, 103, BURST UID "2/" ID "2");
	cgroup(4, 104, BURST UID "3/" ID "3");
	for (__u32 i = 0; i < 4; i++)
		row(40 + i, 100 + i, RTP_IN, 1U << i);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("sfu-0"), 15);
	row(44, 104, RTP_IN, 1);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_ptr_equal(jb_registry_cgroup(reg, 100), jb_registry_cgroup(reg, 103));
	assert_ptr_not_equal(jb_registry_cgroup(reg, 100), jb_registry_cgroup(reg, 104));
}

static void test_a_late_name_loses_nothing(void **state)
{
	(void)state;
	cgroup(0, 100, BURST UID "1/" ID "0");
	row(40, 100, RTP_IN, 7);
	ticks(5); /* 25 s */
	assert_int_equal(packets_of("sfu-0"), -1);
	assert_int_equal(packets_of("unknown"), -1);
	assert_int_equal(packets_of(BURST UID "1/" ID "0"), -1);
	pod(0, UID "1", sfu);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("sfu-0"), 7);
}

/* Waiting costs no walk: only who has not been found yet does. */
static void test_who_waits_is_not_searched(void **state)
{
	int walks;

	(void)state;
	cgroup(0, 100, BURST UID "1/" ID "0");
	row(40, 100, RTP_IN, 7);
	jb_registry_refresh(reg, now);
	walks = world.walks;
	jb_registry_refresh(reg, now);
	assert_int_equal(world.walks, walks);
}

static void test_too_late_a_name_is_none(void **state)
{
	(void)state;
	cgroup(0, 100, BURST UID "1/" ID "0");
	row(40, 100, RTP_IN, 7);
	ticks(7); /* the first sees it */
	assert_int_equal(packets_of(BURST UID "1/" ID "0"), 7);
	pod(0, UID "1", sfu);
	ticks(2);
	assert_int_equal(packets_of(BURST UID "1/" ID "0"), 7);
	assert_int_equal(packets_of("sfu-0"), -1);
}

/* Gone before its name was there, and its grace over. */
static void test_a_short_life_is_told_under_its_name(void **state)
{
	(void)state;
	restart_with(1000000, JB_SECOND_NS, "");
	cgroup(0, 100, BURST UID "1/" ID "0");
	row(40, 100, RTP_IN, 7);
	tick();
	cgroup(0, 0, NULL);
	ticks(3);
	assert_true(world.linked[40]);
	pod(0, UID "1", sfu);
	jb_registry_refresh(reg, now);
	assert_int_equal(packets_of("sfu-0"), 7);
	assert_int_equal(packets_of("unknown"), -1);
	ticks(3);
	assert_int_equal(packets_of("sfu-0"), -1);
	assert_int_equal(world.recycled[40], 1);
}

static void test_containers_of_no_pod_are_units(void **state)
{
	(void)state;
	cgroup(0, 100, "/system.slice/docker-" ID "0.scope");
	row(40, 100, RTP_IN, 7);
	jb_registry_refresh(reg, now);
	assert_int_equal(packets_of("docker-" ID "0.scope"), 7);
}

/* And by name, where one is told; what is below is the container's. */
static void test_containers_by_their_names(void **state)
{
	(void)state;
	world.container[0].id = ID "0";
	world.container[0].unit = "docker:web";
	world.container[1].id = ID "1"; /* its successor */
	world.container[1].unit = "docker:web";
	cgroup(0, 100, "/system.slice/docker-" ID "0.scope");
	cgroup(1, 101, "/docker/" ID "1/init.scope");
	cgroup(2, 102, "/system.slice/docker-" ID "2.scope");
	for (__u32 i = 0; i < 3; i++)
		row(40 + i, 100 + i, RTP_IN, 1U << i);
	jb_registry_refresh(reg, now);
	assert_int_equal(packets_of("docker:web"), 3);
	assert_int_equal(packets_of("docker-" ID "2.scope"), 4);
}

/* With the id of root's container. */
static void test_a_users_imitation(void **state)
{
	static const char path[] = "/user.slice/user-7.slice/user@7.service/x/docker-" ID "0.scope";

	(void)state;
	world.container[0].id = ID "0";
	world.container[0].unit = "docker:web";
	cgroup(0, 100, path);
	row(40, 100, RTP_IN, 7);
	jb_registry_refresh(reg, now);
	assert_int_equal(packets_of("docker:web"), -1);
	assert_int_equal(packets_of("user@7.service"), 7);
}

/* A pod's container is not asked for among those of no pod. */
static void test_containers_of_pods_wait_for_the_pod(void **state)
{
	(void)state;
	world.container[0].id = ID "0";
	world.container[0].unit = "docker:web";
	cgroup(0, 100,
	       "/kubepods.slice/kubepods-pod0a1b2c3d_0000_4000_8000_000000000001.slice/"
	       "docker-" ID "0.scope");
	row(40, 100, RTP_IN, 7);
	jb_registry_refresh(reg, now);
	assert_int_equal(packets_of("docker:web"), -1);
	pod(0, UID "1", sfu);
	jb_registry_refresh(reg, now);
	assert_int_equal(packets_of("sfu-0"), 7);
}

static __u32 cgroups_of(const char *name)
{
	struct jb_owner_list list;
	int place[ROWS];
	__u32 cgroups;

	assert_int_equal(jb_registry_totals(reg, &list, place), 0);
	assert_non_null(find_owner(&list, name));
	cgroups = find_owner(&list, name)->cgroups;
	jb_owner_list_free(&list);
	return cgroups;
}

static void test_cgroups_are_counted_while_they_are_there(void **state)
{
	(void)state;
	pod(0, UID "1", sfu);
	cgroup(0, 100, BURST UID "1/" ID "0");
	cgroup(1, 101, BURST UID "1/" ID "1");
	cgroup(2, 102, "/x");
	row(40, 100, RTP_IN, 7);
	row(41, 100, JB_SLOT_UDP, 7);
	row(42, 101, RTP_IN, 7);
	row(43, 102, RTP_IN, 7);
	tick();
	assert_int_equal(cgroups_of("sfu-0"), 2);
	assert_int_equal(cgroups_of("/x"), 1);
	cgroup(1, 0, NULL);
	tick();
	assert_int_equal(cgroups_of("sfu-0"), 1);
	assert_int_equal(packets_of("sfu-0"), 14);
	assert_int_equal(cgroups_of("unknown"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pods_are_told_by_name),
		TEST(test_what_has_equal_labels_is_one),
		TEST(test_a_late_name_loses_nothing),
		TEST(test_who_waits_is_not_searched),
		TEST(test_too_late_a_name_is_none),
		TEST(test_a_short_life_is_told_under_its_name),
		TEST(test_containers_of_no_pod_are_units),
		TEST(test_containers_by_their_names),
		TEST(test_a_users_imitation),
		TEST(test_containers_of_pods_wait_for_the_pod),
		TEST(test_cgroups_are_counted_while_they_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
