/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A registry over a kernel and a cgroup tree of the test's own, by mocks at link time. For the
 * programs that test the registry: one of them includes it, with cmocka before it.
 */
#ifndef JITTERBUG_TESTS_REGISTRY_WORLD_H
#define JITTERBUG_TESTS_REGISTRY_WORLD_H

#include <errno.h>
#include <string.h>

#include "kernel/drops.h"
#include "workloads/cgroups.h"
#include "workloads/container_names.h"
#include "workloads/registry.h"

enum { ROWS = 96, CGROUPS = 16, DROPS = 128, PODS = 4, CONTAINERS = 2 };
#define GRACE  (10 * JB_SECOND_NS)
#define TICK   (5 * JB_SECOND_NS)
#define RTP_IN jb_slot_rtp(JB_INGRESS, JB_MEDIA_UNKNOWN)

static struct {
	struct jb_row_key key[ROWS];
	bool linked[ROWS];
	__u64 counted[ROWS]; /* in each row's first word */
	int recycled[ROWS];
	struct {
		struct jb_drop_key key;
		__u64 packets; /* 0: no such key in the map */
	} drop[DROPS];
	struct {
		__u64 id;
		const char *path;
	} cgroup[CGROUPS];
	struct {
		const char *uid;
		struct jb_pod_name name;
	} pod[PODS];
	struct {
		const char *id;
		const char *unit;
	} container[CONTAINERS];
	struct {
		const char *id;
		const char *name;
	} pod_container[CONTAINERS];
	int walks;
	int walk_result; /* 1: incomplete */
} world;

static struct jb_registry *reg;
static __u8 in_use[ROWS];
static __u64 now;

/* What slots cost in these tests: 10 for RTP of a direction, 3 for TCP of a leg, else 1. */
static __u32 slot_series[JB_SLOTS_PRICED];

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

void jb_kernel_add_totals(const struct jb_kernel *kernel, __u32 row, union jb_totals *sum)
{
	(void)kernel;
	sum->word[0] += world.counted[row];
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
	world.counted[row] = 0;
	world.recycled[row]++;
	return 0;
}

int jb_kernel_each_drop(struct jb_kernel *kernel, jb_drop_fn fn, void *ctx)
{
	(void)kernel;
	for (int i = 0; i < DROPS; i++)
		if (world.drop[i].packets)
			fn(ctx, &world.drop[i].key, world.drop[i].packets);
	return 0;
}

int jb_kernel_take_drop(struct jb_kernel *kernel, const struct jb_drop_key *key, __u64 *packets)
{
	(void)kernel;
	for (int i = 0; i < DROPS; i++)
		if (world.drop[i].packets && !memcmp(key, &world.drop[i].key, sizeof(*key))) {
			*packets += world.drop[i].packets;
			world.drop[i].packets = 0;
			return 0;
		}
	return -ENOENT;
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

int jb_container_names_new(struct jb_container_names **ret, const char *root)
{
	assert_string_equal(root, "");
	*ret = (struct jb_container_names *)&world;
	return 0;
}

void jb_container_names_free(struct jb_container_names *names)
{
	assert_true(!names || names == (struct jb_container_names *)&world);
}

int jb_container_names_find(struct jb_container_names *names, const struct jb_container *container,
			    char ret[JB_CONTAINER_UNIT_SIZE])
{
	(void)names;
	assert_string_equal(container->pod, "");
	for (int i = 0; i < CONTAINERS; i++)
		if (world.container[i].id && !strcmp(world.container[i].id, container->id)) {
			strcpy(ret, world.container[i].unit);
			return 0;
		}
	return -ENOENT;
}

/* Containers of pods are told by their ids. */
static inline bool find_pod(void *ctx, const char *uid, const char *container_id,
			    struct jb_pod_name *ret)
{
	(void)ctx;
	for (int i = 0; i < PODS; i++) {
		if (!world.pod[i].uid || strcmp(world.pod[i].uid, uid) != 0)
			continue;
		*ret = world.pod[i].name;
		for (int c = 0; c < CONTAINERS; c++)
			if (world.pod_container[c].id &&
			    !strcmp(world.pod_container[c].id, container_id))
				strcpy(ret->container, world.pod_container[c].name);
		return true;
	}
	return false;
}

static inline void row(__u32 index, __u64 cgroup, __u32 slot, __u64 counted)
{
	world.key[index] = (struct jb_row_key){.cgroup_id = cgroup, .slot = slot};
	world.linked[index] = true;
	world.counted[index] = counted;
}

/* One more packet, or `packets`, of the cgroup was dropped. */
static inline void drop(__u64 cgroup, __u32 protocol, __u32 reason, __u64 packets)
{
	struct jb_drop_key key = {cgroup, reason, protocol};
	int at = -1;

	for (int i = 0; i < DROPS; i++) {
		if (world.drop[i].packets && !memcmp(&key, &world.drop[i].key, sizeof(key))) {
			world.drop[i].packets += packets;
			return;
		}
		if (!world.drop[i].packets && at < 0)
			at = i;
	}
	assert_true(at >= 0);
	world.drop[at].key = key;
	world.drop[at].packets = packets;
}

static inline void cgroup(int place, __u64 id, const char *path)
{
	world.cgroup[place].id = id;
	world.cgroup[place].path = path;
}

static inline void tick(void)
{
	now += TICK;
	assert_int_equal(jb_registry_tick(reg, in_use, now), 0);
}

static inline void ticks(int n)
{
	while (n--)
		tick();
}

static inline const char *name_of(const struct jb_owner_totals *owner)
{
	return *owner->identity->unit ? owner->identity->unit : owner->identity->pod;
}

/* The owner of that name, or NULL; never told twice. */
static inline const struct jb_owner_totals *find_owner(const struct jb_owner_list *list,
						       const char *name)
{
	const struct jb_owner_totals *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(name_of(&list->owner[i]), name))
			continue;
		assert_null(found);
		found = &list->owner[i];
	}
	return found;
}

/* What is told of an owner's slots, `n` from `slot` on; -1 if nothing is. */
static inline long slots_of(const char *name, __u32 slot, __u32 n)
{
	const struct jb_owner_totals *owner;
	struct jb_owner_list list;
	int place[ROWS];
	long sum = -1;

	assert_int_equal(jb_registry_totals(reg, &list, place), 0);
	owner = find_owner(&list, name);
	for (__u32 i = slot; owner && i < slot + n; i++)
		if (owner->seen[i])
			sum = (sum < 0 ? 0 : sum) + (long)owner->totals[i].word[0];
	jb_owner_list_free(&list);
	return sum;
}

static inline long slot_of(const char *name, __u32 slot)
{
	return slots_of(name, slot, 1);
}

/* RTP at ingress, all media. */
static inline long packets_of(const char *name)
{
	return slots_of(name, RTP_IN, JB_MEDIA_MAX);
}

/* Packets dropped for a reason; -1 if that isn't told. */
static inline long drops_of(const char *name, __u32 protocol, __u32 reason)
{
	const struct jb_owner_totals *owner;
	struct jb_owner_list list;
	int place[ROWS];
	long found = -1;

	assert_int_equal(jb_registry_totals(reg, &list, place), 0);
	owner = find_owner(&list, name);
	for (size_t i = 0; owner && i < owner->n_drops; i++) {
		if (owner->drops[i].protocol != protocol || owner->drops[i].reason != reason)
			continue;
		assert_int_equal(found, -1);
		found = (long)owner->drops[i].packets;
	}
	jb_owner_list_free(&list);
	return found;
}

static inline int setup_with(__u32 max_series, __u64 grace_ns, const char *inside)
{
	const struct jb_registry_options options = {.cgroup_root = "/",
						    .inside = inside,
						    .grace_ns = grace_ns,
						    .host_root = "",
						    .find_pod = find_pod,
						    .max_series = max_series,
						    .slot_series = slot_series};

	memset(&world, 0, sizeof(world));
	memset(in_use, 0, sizeof(in_use));
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
		slot_series[slot] = slot < JB_SLOT_TCP ? 1 : 3;
	slot_series[jb_slot_rtp(JB_INGRESS, 0)] = slot_series[jb_slot_rtp(JB_EGRESS, 0)] = 10;
	now = 1000 * JB_SECOND_NS;
	return jb_registry_new(&reg, NULL, &options);
}

static inline int setup(void **state)
{
	(void)state;
	return setup_with(1000000, GRACE, "");
}

static inline int teardown(void **state)
{
	(void)state;
	jb_registry_free(reg);
	reg = NULL;
	return 0;
}

/* As setup(), for what that has set up already. */
static inline void restart_with(__u32 max_series, __u64 grace_ns, const char *inside)
{
	jb_registry_free(reg);
	assert_int_equal(setup_with(max_series, grace_ns, inside), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
