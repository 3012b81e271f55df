/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads a whole hash map in batches (kernel 5.6). */
#ifndef JB_KERNEL_BATCH_H
#define JB_KERNEL_BATCH_H

#include <stddef.h>
#include <jitterbug/types.h>

#define JB_BATCH 1024

typedef void (*jb_batch_fn)(void *ctx, const void *key, const void *value);

/* elem_flags: BPF_F_LOCK copies each value under its spin lock. 0 or -errno. */
int jb_batch_each(int map, size_t key_size, size_t value_size, __u64 elem_flags, jb_batch_fn fn,
		  void *ctx);

#endif
