/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the maps cost: the figure we export against the kernel's, and the budget of the design. */
#include <string.h>
#include "harness.h"
#include "kernel/memory.h"

#define MIB          (1024.0 * 1024.0)
#define BUDGET_MIB   96 /* of maps and resident memory together, at the default sizes */
#define RESIDENT_MIB 24 /* allowed to the process itself */
#define TOLERANCE    0.03

static const __u32 cpu_counts[] = {2, 64, 128};
#define CPU_COUNTS (sizeof(cpu_counts) / sizeof(*cpu_counts))

static const struct bpf_map *map_at(const struct jb_harness *h, int i)
{
	return *h->kernel->skel->skeleton->maps[i].map;
}

/* Storage with sockets costs by the socket, nothing by the map but its few buckets. */
static bool is_of_sockets(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_SK_STORAGE;
}

static void check_map(const struct jb_kernel_map_info *info, const struct bpf_map *map)
{
	double kernel, off;

	assert_string_equal(info->name, bpf_map__name(map));
	if (is_of_sockets(map)) {
		assert_int_equal(info->bytes, 0);
		assert_int_equal(info->entries, JB_ENTRIES_UNKNOWN);
		return;
	}
	kernel = jb_harness_memlock(map);
	off = (info->bytes - kernel) / kernel;
	print_message("             %-20s %10llu, the kernel says %10.0f (%+.2f%%)\n", info->name,
		      info->bytes, kernel, off * 100);
	if (off > TOLERANCE || off < -TOLERANCE)
		fail_msg("%s is told as %llu octets and takes %.0f", info->name, info->bytes,
			 kernel);
}

/* Before 90a5527d7686 (6.4) the kernel says what fits in, not what it takes. */
static bool kernel_tells_entries_only(const struct jb_harness *h)
{
	const struct bpf_map *map = h->kernel->skel->maps.jb_streams;
	__u64 entries = (__u64)bpf_map__max_entries(map) *
			(bpf_map__key_size(map) + bpf_map__value_size(map));

	return jb_harness_memlock(map) == entries;
}

static void test_against_the_kernel(void **state)
{
	struct jb_harness *h = *state;
	struct jb_kernel_map_info info;
	__u32 i;

	if (kernel_tells_entries_only(h)) {
		print_message("             this kernel doesn't tell what a map takes\n");
		skip();
	}
	for (i = 0; jb_kernel_map(h->kernel, i, &info); i++)
		check_map(&info, map_at(h, i));
	assert_int_equal(i, h->kernel->skel->skeleton->map_cnt);
	assert_false(jb_kernel_map(h->kernel, i, &info));
}

/* As on a machine of so many CPUs; the totals have a shard for each, up to JB_SHARDS_MAX. */
static __u64 bytes_of(const struct jb_harness *h, const struct bpf_map *map, __u32 cpus)
{
	struct jb_map_definition definition = {.type = bpf_map__type(map),
					       .key_size = bpf_map__key_size(map),
					       .value_size = bpf_map__value_size(map),
					       .max_entries = bpf_map__max_entries(map),
					       .flags = bpf_map__map_flags(map)};

	if (map == h->kernel->skel->maps.jb_totals)
		definition.max_entries = h->kernel->rows *
					 (cpus < JB_SHARDS_MAX ? cpus : JB_SHARDS_MAX);
	return jb_memory_of_map(&definition, cpus);
}

static void test_budget(void **state)
{
	struct jb_harness *h = *state;
	double sum[CPU_COUNTS] = {};

	print_message("             %-20s %10s %10s %10s\n", "MiB, by CPUs", "2", "64", "128");
	for (int i = 0; i < h->kernel->skel->skeleton->map_cnt; i++) {
		double mib[CPU_COUNTS];

		for (size_t c = 0; c < CPU_COUNTS; c++) {
			mib[c] = bytes_of(h, map_at(h, i), cpu_counts[c]) / MIB;
			assert_true(mib[c] > 0 || is_of_sockets(map_at(h, i)));
			sum[c] += mib[c];
		}
		print_message("             %-20s %10.2f %10.2f %10.2f\n",
			      h->kernel->skel->skeleton->maps[i].name, mib[0], mib[1], mib[2]);
	}
	print_message("             %-20s %10.2f %10.2f %10.2f\n", "sum", sum[0], sum[1], sum[2]);
	for (size_t c = 0; c < CPU_COUNTS; c++)
		assert_true(sum[c] <= BUDGET_MIB - RESIDENT_MIB);
}

/* The running machine is one of the table's kind: the same sum by both ways. */
static void test_this_machine(void **state)
{
	struct jb_harness *h = *state;
	struct jb_kernel_map_info info;
	__u64 told = 0, computed = 0;

	for (__u32 i = 0; jb_kernel_map(h->kernel, i, &info); i++) {
		told += info.bytes;
		computed += bytes_of(h, map_at(h, i), jb_kernel_possible_cpus());
	}
	if (h->kernel->shards == JB_SHARDS_MAX || h->kernel->shards == jb_kernel_possible_cpus())
		assert_int_equal(told, computed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_the_kernel),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests_name("memory", tests, jb_harness_setup, jb_harness_teardown);
}
