/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <bpf/bpf.h>
#include "kernel/batch.h"

static int each(int map, size_t key_size, size_t value_size, __u64 elem_flags, char *keys,
		char *values, jb_batch_fn fn, void *ctx)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = elem_flags);
	__u64 cursor = 0;
	bool more = true;

	for (void *from = NULL; more; from = &cursor) {
		__u32 count = JB_BATCH;

		if (bpf_map_lookup_batch(map, from, &cursor, keys, values, &count, &opts)) {
			if (errno != ENOENT)
				return -errno;
			more = false; /* the last ones */
		}
		for (__u32 i = 0; i < count; i++)
			fn(ctx, keys + i * key_size, values + i * value_size);
	}
	return 0;
}

int jb_batch_each(int map, size_t key_size, size_t value_size, __u64 elem_flags, jb_batch_fn fn,
		  void *ctx)
{
	char *keys = malloc(JB_BATCH * key_size);
	char *values = malloc(JB_BATCH * value_size);
	int err = -ENOMEM;

	if (keys && values)
		err = each(map, key_size, value_size, elem_flags, keys, values, fn, ctx);
	free(keys);
	free(values);
	return err;
}
