/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/memory.h"

#define JB_PAGE          4096ULL
#define JB_HTAB_ELEMENT  48 /* struct htab_elem before its key */
#define JB_HTAB_BUCKET   16
#define JB_RINGBUF_PAGES 3 /* meta data, consumer and producer positions */

static __u64 round_up(__u64 n, __u64 to)
{
	return (n + to - 1) / to * to;
}

static __u64 power_of_two(__u64 n)
{
	__u64 p = 1;

	while (p < n)
		p *= 2;
	return p;
}

static __u64 hash_bytes(const struct jb_map_definition *map, __u32 cpus)
{
	__u64 element = JB_HTAB_ELEMENT + round_up(map->key_size, 8) + round_up(map->value_size, 8);
	__u64 elements = map->max_entries;

	/* Preallocated: one spare element a CPU, so that an update in place needs none. */
	if (map->type == BPF_MAP_TYPE_HASH)
		elements += cpus;
	return power_of_two(map->max_entries) * JB_HTAB_BUCKET + elements * element;
}

__u64 jb_memory_of_map(const struct jb_map_definition *map, __u32 cpus)
{
	__u64 values = round_up(map->value_size, 8) * map->max_entries;

	switch (map->type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
		return hash_bytes(map, cpus);
	case BPF_MAP_TYPE_ARRAY:
		return map->flags & BPF_F_MMAPABLE ? round_up(values, JB_PAGE) + JB_PAGE : values;
	case BPF_MAP_TYPE_QUEUE:
		return (__u64)map->value_size * (map->max_entries + 1);
	case BPF_MAP_TYPE_RINGBUF:
		return map->max_entries + JB_RINGBUF_PAGES * JB_PAGE;
	default:
		return 0;
	}
}
