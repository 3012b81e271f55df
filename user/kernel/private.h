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
#include <jitterbug/pair.h>
#include <jitterbug/retire.h>
#include <jitterbug/row.h>
#include <jitterbug/rtx.h>
#include <jitterbug/socket.h>
#include <jitterbug/stream.h>
#include "jitterbug.skel.h"
#include "kernel/features.h"
#include "kernel/object.h"
#include "kernel/programs.h"
#include "kernel/sockets.h"
#include "kernel/uplink.h"
#include "kernel/snapshot.h"

struct jb_kernel {
	struct jb_bpf *skel;
	struct jb_kernel_types types;
	struct jb_drop_reasons reasons;
	struct jb_uplink uplink;
	bool full;
	bool media_only;         /* the kernel refused a program that we can do without */
	union jb_totals *totals; /* mapped: row * shards + shard */
	size_t totals_size;
	__u64 *rows_used; /* mapped, by row */
	size_t rows_used_size;
	struct jb_pair *stun; /* mapped */
	size_t stun_size;
	struct ring_buffer *events;
	__u32 shards;
	__u32 rows;
	jb_workload_fn on_workload;
	void *on_workload_ctx;
	jb_contact_fn on_contact; /* NULL: nobody asks */
	void *on_contact_ctx;
};

/* Writes what failed, why, and what to do about it; returns err. */
int jb_kernel_fail(char *error, int err, const char *what);

#endif
