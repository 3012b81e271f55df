/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/drops.h"

#include <errno.h>
#include "kernel/batch.h"
#include "kernel/private.h"

struct visit {
	jb_drop_fn fn;
	void *ctx;
};

static void visit_drop(void *ctx, const void *key, const void *value)
{
	const struct visit *visit = ctx;

	visit->fn(visit->ctx, key, *(const __u64 *)value);
}

int jb_kernel_each_drop(struct jb_kernel *kernel, jb_drop_fn fn, void *ctx)
{
	struct visit visit = {fn, ctx};

	return jb_batch_each(bpf_map__fd(kernel->skel->maps.jb_drops), sizeof(struct jb_drop_key),
			     sizeof(__u64), 0, visit_drop, &visit);
}

int jb_kernel_take_drop(struct jb_kernel *kernel, const struct jb_drop_key *key, __u64 *packets)
{
	__u64 value;

	if (bpf_map_lookup_and_delete_elem(bpf_map__fd(kernel->skel->maps.jb_drops), key, &value))
		return -errno;
	*packets += value;
	return 0;
}

const struct jb_drop_reasons *jb_kernel_drop_reasons(const struct jb_kernel *kernel)
{
	return &kernel->reasons;
}
