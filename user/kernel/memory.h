/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a map costs, from its definition alone: told before anything is loaded, for any machine. */
#ifndef JB_KERNEL_MEMORY_H
#define JB_KERNEL_MEMORY_H

#include <jitterbug/types.h>

struct jb_map_definition {
	enum bpf_map_type type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 flags;
};

/* Octets of kernel memory on a machine of `cpus` possible CPUs; 0 for a type not used here. */
__u64 jb_memory_of_map(const struct jb_map_definition *map, __u32 cpus);

#endif
