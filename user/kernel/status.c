/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent tells of its own maps. */
#include "kernel/batch.h"
#include "kernel/memory.h"
#include "kernel/private.h"

static void count_one(void *ctx, const void *key, const void *value)
{
	(void)key;
	(void)value;
	++*(__u32 *)ctx;
}

static __u32 count_entries(const struct bpf_map *map)
{
	__u32 entries = 0;

	if (bpf_map__type(map) != BPF_MAP_TYPE_HASH && bpf_map__type(map) != BPF_MAP_TYPE_LRU_HASH)
		return JB_ENTRIES_UNKNOWN;
	if (jb_batch_each(bpf_map__fd(map), bpf_map__key_size(map), bpf_map__value_size(map), 0,
			  count_one, &entries))
		return JB_ENTRIES_UNKNOWN;
	return entries;
}

bool jb_kernel_map(const struct jb_kernel *kernel, __u32 index, struct jb_kernel_map_info *ret)
{
	const struct bpf_object_skeleton *s = kernel->skel->skeleton;
	const struct bpf_map *map;

	if (index >= (__u32)s->map_cnt)
		return false;
	map = *s->maps[index].map;
	const struct jb_map_definition definition = {
		.type = bpf_map__type(map),
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.max_entries = bpf_map__max_entries(map),
		.flags = bpf_map__map_flags(map),
	};
	*ret = (struct jb_kernel_map_info){
		.name = s->maps[index].name,
		.capacity = definition.max_entries,
		.entries = count_entries(map),
		.bytes = jb_memory_of_map(&definition, jb_kernel_possible_cpus()),
	};
	return true;
}
