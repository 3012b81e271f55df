/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of this room share of struct jb_kernel. */
#ifndef JB_KERNEL_PRIVATE_H
#define JB_KERNEL_PRIVATE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <jitterbug/candidate.h>
#include <jitterbug/config.h>
#include <jitterbug/event.h>
#include <jitterbug/fault.h>
#include <jitterbug/retire.h>
#include <jitterbug/rtx.h>
#include <jitterbug/stream.h>
#include <jitterbug/totals.h>
#include "jitterbug.skel.h"
#include "kernel/object.h"
#include "kernel/snapshot.h"

struct jb_kernel {
	struct jb_bpf *skel;
	struct jb_rtp_totals *totals; /* mapped: row * shards + shard */
	size_t totals_size;
	struct ring_buffer *events;
	__u32 shards;
	__u32 rows;
	jb_workload_fn on_workload;
	void *on_workload_ctx;
};

#endif
