/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Dropped packets by workload, protocol and reason. */
#ifndef JB_KERNEL_DROPS_H
#define JB_KERNEL_DROPS_H

#include <jitterbug/drop.h>
#include "kernel/object.h"

typedef void (*jb_drop_fn)(void *ctx, const struct jb_drop_key *key, __u64 packets);

/* 0 or -errno. */
int jb_kernel_each_drop(struct jb_kernel *kernel, jb_drop_fn fn, void *ctx);

/* Takes a count out of the map; what it was is added to *packets. 0 or -errno. */
int jb_kernel_take_drop(struct jb_kernel *kernel, const struct jb_drop_key *key, __u64 *packets);

/* What the running kernel calls its reasons. */
const struct jb_drop_reasons *jb_kernel_drop_reasons(const struct jb_kernel *kernel);

#endif
