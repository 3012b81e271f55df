/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From maps to plain rows: streams, totals, events; and back, what user space adds to them. */
#ifndef JB_KERNEL_SNAPSHOT_H
#define JB_KERNEL_SNAPSHOT_H

#include <jitterbug/row.h>
#include <jitterbug/stream.h>
#include "kernel/object.h"

/* Each stream that is alive, copied under its lock. 0 or -errno. */
typedef void (*jb_stream_fn)(void *ctx, __u64 hash, const struct jb_stream *stream);
int jb_kernel_each_stream(struct jb_kernel *kernel, jb_stream_fn fn, void *ctx);

/* Each row that belongs to a workload. 0 or -errno. */
typedef void (*jb_row_fn)(void *ctx, const struct jb_row_key *key, __u32 row);
int jb_kernel_each_row(struct jb_kernel *kernel, jb_row_fn fn, void *ctx);

/* Rows there are, JB_UNKNOWN_ROWS included. */
__u32 jb_kernel_rows(const struct jb_kernel *kernel);

/* Adds all shards of the row to *sum. */
void jb_kernel_add_totals(const struct jb_kernel *kernel, __u32 row, union jb_totals *sum);

/* Adds *more to the row: what user space has found out. */
void jb_kernel_count(struct jb_kernel *kernel, __u32 row, const union jb_totals *more);

/*
 * Counts STUN requests older than JB_STUN_TIMEOUT_NS as timed out, forgets those older than
 * JB_PAIR_KEPT_NS; sets row_in_use[] of those that wait.
 */
void jb_kernel_expire_stun(struct jb_kernel *kernel, __u64 now_ns, __u8 *row_in_use);

/*
 * The two steps by which a row becomes another workload's. First it is unlinked: no new stream
 * finds it. Once no stream that found it before is left, and its counts are kept, it is recycled.
 * Each 0 or -errno.
 */
int jb_kernel_unlink_row(struct jb_kernel *kernel, const struct jb_row_key *key);
int jb_kernel_recycle_row(struct jb_kernel *kernel, __u32 row);

/*
 * Retires those of `count` streams that have been idle for `idle_ns`. Returns how many it retired,
 * or -errno.
 */
int jb_kernel_retire(struct jb_kernel *kernel, const __u64 *hash, __u32 count, __u64 idle_ns);

/*
 * Whether there is media, the time of which in receive queues is to be measured: what does that
 * runs at each recvmsg of the node. A row for RTP turns it on by itself. With --metrics full it is
 * always on.
 */
void jb_kernel_time_queues(struct jb_kernel *kernel, bool media);

/* Calls fn for each workload that took a row since; the descriptor polls readable then. */
typedef void (*jb_workload_fn)(void *ctx, __u64 cgroup_id);
int jb_kernel_events(struct jb_kernel *kernel, jb_workload_fn fn, void *ctx);
int jb_kernel_events_fd(const struct jb_kernel *kernel);
int jb_kernel_consume(struct jb_kernel *kernel);

#endif
