/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The registry under random lives of workloads: whatever comes and goes, nothing that was counted
 * is lost or told twice, no counter falls, and the page keeps within --max-series.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "random.h"
#include "registry_world.h"

enum { NAMES = 8, STEPS = 3000, SERIES = 60, REASONS = 24 };

static const char *const names[NAMES] = {"/in/a", "/in/b", "/in/c", "/in/d",
					 "/in/e", "/in/f", "/in/g", "/out"};

/* What one owner told: by slot, and by protocol and reason of drops, the last for all others. */
struct told {
	__u64 slot[JB_SLOT_MAX];
	__u64 drops[JB_DROP_PROTOCOL_MAX][REASONS + 1];
	__u64 sum;
	__u32 series;
	bool there;
};

static struct jb_random seed;
static __u64 next_id;
static __u64 truth;                        /* all that was counted, but of /out */
static __u64 ended;                        /* of it, what owners took along that have ended */
static struct told told[NAMES + 1], other; /* the last name: unknown */
static int recycled[ROWS];
static bool taken[ROWS];

static bool is_outside(__u64 id)
{
	return id % NAMES == NAMES - 1;
}

/* An id tells its name. */
static void birth(void)
{
	int place = (int)jb_random_below(&seed, CGROUPS);
	__u32 name = jb_random_below(&seed, NAMES);

	if (world.cgroup[place].path)
		return;
	next_id += NAMES;
	cgroup(place, next_id + name, names[name]);
}

/* Whose name is not found while it lives is unknown, wherever it was: so it is looked up first. */
static void death(void)
{
	assert_int_equal(jb_registry_refresh(reg, now), 0);
	cgroup((int)jb_random_below(&seed, CGROUPS), 0, NULL);
}

static bool is_alive(__u64 id)
{
	for (int i = 0; i < CGROUPS; i++)
		if (world.cgroup[i].path && world.cgroup[i].id == id)
			return true;
	return false;
}

static __u64 some_cgroup(void)
{
	__u32 place = jb_random_below(&seed, CGROUPS);

	return world.cgroup[place].path ? world.cgroup[place].id : 0;
}

static void take_row(void)
{
	struct jb_row_key key = {.cgroup_id = some_cgroup(),
				 .slot = jb_random_below(&seed, JB_SLOT_MAX)};
	__u32 index = JB_UNKNOWN_ROWS + jb_random_below(&seed, ROWS - JB_UNKNOWN_ROWS);

	for (__u32 i = 0; i < ROWS; i++)
		if (world.linked[i] && !memcmp(&key, &world.key[i], sizeof(key)))
			return;
	if (!key.cgroup_id || taken[index])
		return;
	taken[index] = true;
	row(index, key.cgroup_id, key.slot, 0);
}

static void count_row(void)
{
	__u32 index = jb_random_below(&seed, ROWS);
	bool mine = index >= JB_UNKNOWN_ROWS;
	__u64 n = jb_random_below(&seed, 100);

	if (index == JB_EDGE_ROW ||
	    (mine && !(taken[index] && (in_use[index] || is_alive(world.key[index].cgroup_id)))))
		return;
	world.counted[index] += n;
	if (!mine || !is_outside(world.key[index].cgroup_id))
		truth += n;
}

static void use_row(void)
{
	__u32 index = JB_UNKNOWN_ROWS + jb_random_below(&seed, ROWS - JB_UNKNOWN_ROWS);

	if (taken[index])
		in_use[index] = jb_random_below(&seed, 4) == 0;
}

static void drop_packets(void)
{
	__u64 id = some_cgroup();
	__u64 n = 1 + jb_random_below(&seed, 9);
	__u32 protocol = jb_random_below(&seed, 2);
	__u32 reason = jb_random_below(&seed, REASONS);
	__u32 there = 0;

	for (int i = 0; i < DROPS; i++)
		there += world.drop[i].packets > 0;
	if (there == DROPS)
		return;
	drop(id, protocol, reason, n);
	if (!id || !is_outside(id))
		truth += n;
}

static void act(void)
{
	__u32 action = jb_random_below(&seed, 100);

	if (action < 6)
		birth();
	else if (action < 10)
		death();
	else if (action < 35)
		take_row();
	else if (action < 70)
		count_row();
	else if (action < 80)
		use_row();
	else
		drop_packets();
}

/* The series that `slot` adds to those of the slots before it. */
static __u32 cost_of(const struct jb_owner_totals *owner, __u32 slot)
{
	if (slot >= JB_SLOT_SIGNAL)
		return slot_series[slot];
	for (__u32 i = slot / JB_MEDIA_MAX * JB_MEDIA_MAX; i < slot; i++)
		if (owner->seen[i])
			return 0;
	return slot_series[jb_slot_rtp(slot / JB_MEDIA_MAX, 0)];
}

static void read_owner(const struct jb_owner_totals *owner, struct told *to)
{
	for (__u32 i = 0; i < JB_SLOT_MAX; i++) {
		if (!owner->seen[i])
			continue;
		to->slot[i] = owner->totals[i].word[0];
		to->sum += to->slot[i];
		to->series += cost_of(owner, i);
		to->there = true;
	}
	for (size_t i = 0; i < owner->n_drops; i++) {
		const struct jb_owner_drop *d = &owner->drops[i];
		bool others = d->reason == JB_OTHER_REASONS;

		to->drops[d->protocol][others ? REASONS : d->reason] += d->packets;
		to->sum += d->packets;
		to->series++;
		to->there = true;
	}
}

/* What was told before is told with no less, or all of it is gone. */
static void compare(struct told *before, const struct told *after, bool may_end)
{
	if (!after->there) {
		assert_true(may_end || !before->there);
		ended += before->sum;
	} else {
		for (__u32 i = 0; i < JB_SLOT_MAX; i++)
			assert_true(after->slot[i] >= before->slot[i]);
		for (int p = 0; p < JB_DROP_PROTOCOL_MAX; p++)
			for (int r = 0; r <= REASONS; r++)
				assert_true(after->drops[p][r] >= before->drops[p][r]);
	}
	*before = *after;
}

/* What is held back until its workload has a name. */
static __u64 nameless(void)
{
	__u64 sum = 0;

	for (__u32 i = JB_UNKNOWN_ROWS; i < ROWS; i++)
		if (taken[i] && !is_outside(world.key[i].cgroup_id) &&
		    !jb_registry_identity(reg, i))
			sum += world.counted[i];
	for (int i = 0; i < DROPS; i++) {
		__u64 id = world.drop[i].key.cgroup_id;

		if (world.drop[i].packets && !is_outside(id) && !jb_registry_cgroup(reg, id))
			sum += world.drop[i].packets;
	}
	return sum;
}

static void check(void)
{
	struct jb_owner_list list;
	__u32 series = 0;
	__u64 sum = 0;
	int place[ROWS];

	assert_int_equal(jb_registry_totals(reg, &list, place), 0);
	assert_null(find_owner(&list, names[NAMES - 1]));
	for (int i = 0; i <= NAMES + 1; i++) {
		const char *name = i < NAMES ? names[i] : i == NAMES ? "unknown" : "~other";
		const struct jb_owner_totals *owner = find_owner(&list, name);
		struct told after = {};

		if (owner)
			read_owner(owner, &after);
		compare(i <= NAMES ? &told[i] : &other, &after, i < NAMES);
		sum += after.sum;
		series += i < NAMES ? after.series : 0;
	}
	assert_int_equal(sum + nameless() + ended, truth);
	assert_true(series <= SERIES);
	jb_owner_list_free(&list);
}

static void free_recycled(void)
{
	for (int i = 0; i < ROWS; i++)
		if (recycled[i] != world.recycled[i]) {
			recycled[i] = world.recycled[i];
			taken[i] = false;
		}
}

static void live(uint64_t with)
{
	seed = (struct jb_random){with};
	next_id = NAMES;
	truth = ended = 0;
	memset(told, 0, sizeof(told));
	memset(&other, 0, sizeof(other));
	memset(recycled, 0, sizeof(recycled));
	memset(taken, 0, sizeof(taken));
	restart_with(SERIES, GRACE, "/in");
	for (int step = 0; step < STEPS; step++) {
		act();
		if (jb_random_below(&seed, 8))
			continue;
		if (jb_random_below(&seed, 2)) {
			world.walk_result = jb_random_below(&seed, 4) == 0;
			tick();
		} else {
			assert_int_equal(jb_registry_refresh(reg, now), 0);
		}
		free_recycled();
		check();
	}
}

static void test_random_lives(void **state)
{
	__u64 recyclings = 0, folded = 0;

	(void)state;
	for (uint64_t i = 1; i <= 40; i++) {
		live(i);
		for (int r = 0; r < ROWS; r++)
			recyclings += world.recycled[r];
		folded += jb_registry_folded(reg);
	}
	assert_true(recyclings > 1000 && folded > 1000); /* something happened */
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_random_lives)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
