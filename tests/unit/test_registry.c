/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The registry over a kernel and a cgroup tree of the test's own, by mocks at link time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "workloads/cgroups.h"
#include "workloads/registry.h"

enum { ROWS = 64, CGROUPS = 16 };
#define GRACE (10 * JB_SECOND_NS)
#define TICK  (5 * JB_SECOND_NS)

static struct {
	struct jb_row_key key[ROWS];
	bool linked[ROWS];
	__u64 packets[ROWS];
	int recycled[ROWS];
	struct {
		__u64 id;
		const char *path;
	} cgroup[CGROUPS];
	int walks;
	int walk_result; /* 1: incomplete */
} world;

static struct jb_registry *reg;
static __u8 in_use[ROWS];
static __u64 now;

int jb_kernel_each_row(struct jb_kernel *kernel, jb_row_fn fn, void *ctx)
{
	(void)kernel;
	for (__u32 i = 0; i < ROWS; i++)
		if (world.linked[i])
			fn(ctx, &world.key[i], i);
	return 0;
}

__u32 jb_kernel_rows(const struct jb_kernel *kernel)
{
	(void)kernel;
	return ROWS;
}

void jb_kernel_add_totals(const struct jb_kernel *kernel, __u32 row, struct jb_rtp_totals *sum)
{
	(void)kernel;
	sum->counter[JB_RTP_PACKETS] += world.packets[row];
}

int jb_kernel_unlink_row(struct jb_kernel *kernel, const struct jb_row_key *key)
{
	(void)kernel;
	for (__u32 i = 0; i < ROWS; i++)
		if (world.linked[i] && !memcmp(key, &world.key[i], sizeof(*key))) {
			world.linked[i] = false;
			return 0;
		}
	return -ENOENT;
}

int jb_kernel_recycle_row(struct jb_kernel *kernel, __u32 row)
{
	(void)kernel;
	assert_false(world.linked[row]);
	world.packets[row] = 0;
	world.recycled[row]++;
	return 0;
}

int jb_cgroups_walk(const char *root, jb_cgroup_fn fn, void *ctx)
{
	(void)root;
	world.walks++;
	for (int i = 0; i < CGROUPS; i++)
		if (world.cgroup[i].path)
			fn(ctx, world.cgroup[i].id, world.cgroup[i].path);
	return world.walk_result;
}

static void row(__u32 index, __u64 cgroup, __u8 direction, __u8 media, __u64 packets)
{
	world.key[index] = (struct jb_row_key){cgroup, direction, media, {0}};
	world.linked[index] = true;
	world.packets[index] = packets;
}

static void cgroup(int place, __u64 id, const char *path)
{
	world.cgroup[place].id = id;
	world.cgroup[place].path = path;
}

static void tick(void)
{
	now += TICK;
	assert_int_equal(jb_registry_tick(reg, in_use, now), 0);
}

/* Packets of a unit at ingress, all media; -1 if it isn't told. */
static long packets_of(const char *unit)
{
	struct jb_owner_totals *all;
	int place[ROWS];
	size_t count;
	long sum = -1;

	assert_int_equal(jb_registry_totals(reg, &all, &count, place), 0);
	for (size_t i = 0; i < count; i++) {
		const struct jb_identity *id = all[i].identity;

		if (strcmp(*id->unit ? id->unit : id->pod, unit))
			continue;
		assert_true(sum == -1); /* never twice */
		for (int m = 0; m < JB_MEDIA_MAX; m++)
			if (all[i].seen[JB_INGRESS][m])
				sum = (sum < 0 ? 0 : sum) +
				      all[i].rtp[JB_INGRESS][m].counter[JB_RTP_PACKETS];
	}
	free(all);
	return sum;
}

static int setup_with(__u32 max_owners, __u64 grace_ns)
{
	const struct jb_registry_options options = {
		.cgroup_root = "/", .grace_ns = grace_ns, .max_owners = max_owners};

	memset(&world, 0, sizeof(world));
	memset(in_use, 0, sizeof(in_use));
	now = 1000 * JB_SECOND_NS;
	return jb_registry_new(&reg, NULL, &options);
}

static int setup(void **state)
{
	(void)state;
	return setup_with(100, GRACE);
}

static int setup_without_grace(void **state)
{
	(void)state;
	return setup_with(100, 0);
}

static int teardown(void **state)
{
	(void)state;
	jb_registry_free(reg);
	return 0;
}

static void test_sums_rows_of_one_name(void **state)
{
	(void)state;
	cgroup(0, 100, "/system.slice/sfu.service");
	cgroup(1, 101, "/system.slice/sfu.service/worker");
	row(10, 100, JB_INGRESS, JB_MEDIA_AUDIO, 5);
	row(11, 100, JB_INGRESS, JB_MEDIA_VIDEO, 7);
	row(12, 101, JB_INGRESS, JB_MEDIA_AUDIO, 11);
	row(13, 101, JB_EGRESS, JB_MEDIA_AUDIO, 1000);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("sfu.service"), 23);
	assert_string_equal(jb_registry_identity(reg, 12)->unit, "sfu.service");
	assert_null(jb_registry_identity(reg, 20));
	assert_string_equal(jb_registry_identity(reg, 0)->unit, "unknown");
}

static void test_walks_only_for_the_nameless(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 1);
	jb_registry_refresh(reg, now);
	jb_registry_refresh(reg, now);
	assert_int_equal(world.walks, 1);
	row(11, 100, JB_INGRESS, 1, 1);
	jb_registry_refresh(reg, now);
	assert_int_equal(world.walks, 1);
	assert_int_equal(packets_of("/a"), 2);
}

static void test_never_under_two_names(void **state)
{
	(void)state;
	row(10, 100, JB_INGRESS, 0, 3);
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	assert_int_equal(packets_of("unknown"), -1); /* held back */
	tick();
	assert_int_equal(packets_of("unknown"), 3);
	cgroup(0, 100, "/late");
	tick();
	assert_int_equal(packets_of("unknown"), 3);
	assert_int_equal(packets_of("/late"), -1);
}

static void test_keeps_the_gone_for_the_grace(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 9);
	tick();
	cgroup(0, 0, NULL);
	for (__u64 t = 0; t + TICK < GRACE; t += TICK) {
		tick();
		assert_int_equal(packets_of("/a"), 9);
	}
	assert_true(world.linked[10]);
	tick(); /* unlinked, its counts still told */
	assert_false(world.linked[10]);
	assert_int_equal(world.recycled[10], 0);
	assert_int_equal(packets_of("/a"), 9);
	tick(); /* recycled: nobody could use it any more; gone for good */
	assert_int_equal(world.recycled[10], 1);
	assert_int_equal(packets_of("/a"), -1);
}

static void test_no_row_is_taken_from_a_stream(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 9);
	tick();
	cgroup(0, 0, NULL);
	in_use[10] = 1; /* a descriptor outlives the cgroup */
	for (int i = 0; i < 20; i++)
		tick();
	assert_true(world.linked[10]);
	world.packets[10] = 12;
	assert_int_equal(packets_of("/a"), 12);
	in_use[10] = 0;
	for (int i = 0; i < 2; i++)
		tick();
	assert_false(world.linked[10]);
	in_use[10] = 1; /* a stream that found the row just before it was unlinked */
	world.packets[10] = 13;
	for (int i = 0; i < 20; i++)
		tick();
	assert_int_equal(world.recycled[10], 0);
	assert_int_equal(packets_of("/a"), 13);
	in_use[10] = 0;
	for (int i = 0; i < 4; i++)
		tick();
	assert_int_equal(world.recycled[10], 1);
}

static void test_a_restart_keeps_the_sum(void **state)
{
	(void)state;
	cgroup(0, 100, "/system.slice/sfu.service");
	row(10, 100, JB_INGRESS, 0, 9);
	tick();
	cgroup(0, 101, "/system.slice/sfu.service"); /* the same unit, another cgroup */
	row(11, 101, JB_INGRESS, 0, 1);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_int_equal(packets_of("sfu.service"), 10);
	}
	assert_int_equal(world.recycled[10], 1);
	row(10, 102, JB_INGRESS, 0, 50); /* the row's next owner */
	cgroup(1, 102, "/b");
	tick();
	assert_int_equal(packets_of("sfu.service"), 10);
	assert_int_equal(packets_of("/b"), 50);
}

static void test_a_failed_walk_buries_nobody(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 9);
	tick();
	cgroup(0, 0, NULL);
	world.walk_result = -EACCES;
	for (int i = 0; i < 20; i++) {
		now += TICK;
		assert_int_equal(jb_registry_tick(reg, in_use, now), -EACCES);
	}
	assert_true(world.linked[10]);
	assert_int_equal(packets_of("/a"), 9);
}

static void test_an_incomplete_walk_names_what_it_saw(void **state)
{
	(void)state;
	world.walk_result = 1;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 9);
	row(11, 101, JB_INGRESS, 0, 5); /* in what was pruned */
	for (int i = 0; i < 20; i++)
		tick();
	assert_int_equal(packets_of("/a"), 9);
	assert_null(jb_registry_identity(reg, 11));
	assert_int_equal(packets_of("unknown"), -1);
	cgroup(1, 101, "/b");
	tick();
	assert_int_equal(packets_of("/b"), 5);
}

static void test_an_incomplete_walk_gives_up_on_what_it_saw(void **state)
{
	char path[5000];

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	world.walk_result = 1;
	cgroup(0, 100, path); /* longer than a name can be */
	row(10, 100, JB_INGRESS, 0, 9);
	tick();
	tick();
	assert_int_equal(packets_of("unknown"), 9);
}

static void test_an_incomplete_walk_buries_nobody(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 9);
	tick();
	cgroup(0, 0, NULL);
	world.walk_result = 1;
	for (int i = 0; i < 20; i++)
		tick();
	assert_true(world.linked[10]);
	world.walk_result = 0;
	tick(); /* gone since now, for all that is known: the grace begins */
	assert_true(world.linked[10]);
	assert_int_equal(packets_of("/a"), 9);
	world.walk_result = 1; /* what a complete walk has found stays true */
	for (int i = 0; i < 4; i++)
		tick();
	assert_int_equal(world.recycled[10], 1);
	assert_int_equal(packets_of("/a"), -1);
}

static void test_no_grace_spares_the_living(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 9);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_true(world.linked[10]);
		assert_int_equal(packets_of("/a"), 9);
	}
	cgroup(0, 0, NULL);
	tick();
	assert_false(world.linked[10]);
	tick();
	assert_int_equal(world.recycled[10], 1);
	assert_int_equal(packets_of("/a"), -1);
}

static void test_no_grace_spares_the_unseen(void **state)
{
	(void)state;
	cgroup(0, 100, "/a");
	row(10, 100, JB_INGRESS, 0, 9);
	tick();
	world.walk_result = 1;
	cgroup(0, 0, NULL);
	row(11, 101, JB_INGRESS, 0, 5); /* came after the last complete walk */
	for (int i = 0; i < 20; i++)
		tick();
	assert_true(world.linked[10]);
	assert_true(world.linked[11]);
}

static void test_folds_beyond_the_cap(void **state)
{
	(void)state;
	jb_registry_free(reg);
	assert_int_equal(setup_with(4, GRACE), 0); /* unknown, ~other and two more */
	cgroup(0, 100, "/a");
	cgroup(1, 101, "/b");
	cgroup(2, 102, "/c");
	cgroup(3, 103, "/d");
	for (int i = 0; i < 4; i++)
		row(10 + i, 100 + i, JB_INGRESS, 0, 1 << i);
	tick();
	assert_int_equal(packets_of("/a"), 1);
	assert_int_equal(packets_of("/b"), 2);
	assert_int_equal(packets_of("/c"), -1);
	assert_int_equal(packets_of("~other"), 12);
	assert_int_equal(jb_registry_folded(reg), 2);
	cgroup(2, 0, NULL);
	for (int i = 0; i < 20; i++) {
		tick();
		assert_int_equal(packets_of("~other"), 12); /* what it had folded stays */
	}
}

static void test_rows_of_no_workload(void **state)
{
	(void)state;
	assert_int_equal(packets_of("unknown"), -1);
	world.packets[jb_unknown_row(JB_INGRESS, JB_MEDIA_VIDEO)] = 4;
	assert_int_equal(packets_of("unknown"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sums_rows_of_one_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walks_only_for_the_nameless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_never_under_two_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keeps_the_gone_for_the_grace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_row_is_taken_from_a_stream, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_restart_keeps_the_sum, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_failed_walk_buries_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_incomplete_walk_names_what_it_saw, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_an_incomplete_walk_gives_up_on_what_it_saw,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_incomplete_walk_buries_nobody, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_grace_spares_the_living,
						setup_without_grace, teardown),
		cmocka_unit_test_setup_teardown(test_no_grace_spares_the_unseen,
						setup_without_grace, teardown),
		cmocka_unit_test_setup_teardown(test_folds_beyond_the_cap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rows_of_no_workload, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
