/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "kernel/batch.h"
#include "kernel/private.h"
#include "kernel/snapshot.h"

struct stream_visit {
	jb_stream_fn fn;
	void *ctx;
};

static void visit_stream(void *ctx, const void *key, const void *value)
{
	const struct stream_visit *visit = ctx;
	const struct jb_stream *stream = value;

	if (!stream->dead)
		visit->fn(visit->ctx, *(const __u64 *)key, stream);
}

int jb_kernel_each_stream(struct jb_kernel *kernel, jb_stream_fn fn, void *ctx)
{
	struct stream_visit visit = {fn, ctx};

	return jb_batch_each(bpf_map__fd(kernel->skel->maps.jb_streams), sizeof(__u64),
			     sizeof(struct jb_stream), BPF_F_LOCK, visit_stream, &visit);
}

struct row_visit {
	jb_row_fn fn;
	void *ctx;
};

static void visit_row(void *ctx, const void *key, const void *value)
{
	const struct row_visit *visit = ctx;

	visit->fn(visit->ctx, key, ((const struct jb_row *)value)->index);
}

int jb_kernel_each_row(struct jb_kernel *kernel, jb_row_fn fn, void *ctx)
{
	struct row_visit visit = {fn, ctx};

	return jb_batch_each(bpf_map__fd(kernel->skel->maps.jb_rows), sizeof(struct jb_row_key),
			     sizeof(struct jb_row), 0, visit_row, &visit);
}

/* The first of a row's shards. */
static union jb_totals *shard_of(const struct jb_kernel *kernel, __u32 row)
{
	return &kernel->totals[(size_t)row * kernel->shards];
}

#define JB_TOTALS_WORDS (sizeof(union jb_totals) / sizeof(__u64))

void jb_kernel_add_totals(const struct jb_kernel *kernel, __u32 row, union jb_totals *sum)
{
	for (__u32 shard = 0; shard < kernel->shards; shard++) {
		const union jb_totals *from = &shard_of(kernel, row)[shard];

		for (size_t i = 0; i < JB_TOTALS_WORDS; i++)
			sum->word[i] += __atomic_load_n(&from->word[i], __ATOMIC_RELAXED);
	}
}

void jb_kernel_count(struct jb_kernel *kernel, __u32 row, const union jb_totals *more)
{
	union jb_totals *to = shard_of(kernel, row);

	for (size_t i = 0; i < JB_TOTALS_WORDS; i++)
		if (more->word[i])
			__atomic_fetch_add(&to->word[i], more->word[i], __ATOMIC_RELAXED);
}

/* What was asked after `now_ns`, when the pass began, has no age yet. */
static __u64 pair_age_ns(const struct jb_pair *pair, __u64 now_ns)
{
	bool later = (__s32)(jb_pair_time(now_ns) - pair->at) < 0;

	return later ? 0 : jb_pair_age_ns(pair, now_ns);
}

static void expire_pair(struct jb_kernel *kernel, struct jb_pair *pair, __u64 now_ns,
			__u8 *row_in_use)
{
	static const union jb_totals timeout = {.signal.stun_timeouts = 1};
	__u64 id = __atomic_load_n(&pair->id, __ATOMIC_ACQUIRE);
	__u32 row = pair->row & ~JB_PAIR_AGAIN;
	__u64 age_ns = pair_age_ns(pair, now_ns);
	__u64 left = age_ns < JB_PAIR_KEPT_NS ? id & ~JB_PAIR_WAITING : 0;
	bool waiting = id & JB_PAIR_WAITING;

	if (!id || row >= kernel->rows)
		return;
	/* Nothing more is counted of what has timed out. */
	if (waiting)
		row_in_use[row] = 1;
	if (age_ns < JB_STUN_TIMEOUT_NS || left == id)
		return;
	if (__atomic_compare_exchange_n(&pair->id, &id, left, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED) &&
	    waiting)
		jb_kernel_count(kernel, row, &timeout);
}

void jb_kernel_expire_stun(struct jb_kernel *kernel, __u64 now_ns, __u8 *row_in_use)
{
	for (__u32 i = 0; i < JB_PAIRS; i++)
		expire_pair(kernel, &kernel->stun[i], now_ns, row_in_use);
}

__u32 jb_kernel_rows(const struct jb_kernel *kernel)
{
	return kernel->rows;
}

int jb_kernel_unlink_row(struct jb_kernel *kernel, const struct jb_row_key *key)
{
	return bpf_map_delete_elem(bpf_map__fd(kernel->skel->maps.jb_rows), key) ? -errno : 0;
}

int jb_kernel_recycle_row(struct jb_kernel *kernel, __u32 row)
{
	int fd = bpf_map__fd(kernel->skel->maps.jb_free_rows);

	memset(shard_of(kernel, row), 0, kernel->shards * sizeof(*kernel->totals));
	return bpf_map_update_elem(fd, NULL, &row, 0) ? -errno : 0;
}

static int retire_batch(struct jb_kernel *kernel, const __u64 *hash, __u32 count, __u64 idle_ns)
{
	struct {
		struct jb_retire head;
		__u64 hash[JB_RETIRE_BATCH];
	} request = {.head = {.idle_ns = idle_ns, .count = count}};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &request, .data_size_in = sizeof(request),
		    .repeat = 1);

	memcpy(request.hash, hash, count * sizeof(*hash));
	if (bpf_prog_test_run_opts(bpf_program__fd(kernel->skel->progs.jb_retire), &opts))
		return -errno;
	return (int)opts.retval < 0 ? -EIO : (int)opts.retval;
}

int jb_kernel_retire(struct jb_kernel *kernel, const __u64 *hash, __u32 count, __u64 idle_ns)
{
	int retired = 0;

	while (count) {
		__u32 n = count < JB_RETIRE_BATCH ? count : JB_RETIRE_BATCH;
		int r = retire_batch(kernel, hash, n, idle_ns);

		if (r < 0)
			return r;
		retired += r;
		hash += n;
		count -= n;
	}
	return retired;
}

static int on_event(void *ctx, void *data, size_t size)
{
	struct jb_kernel *kernel = ctx;
	const struct jb_event_workload *event = data;

	if (size < sizeof(*event))
		return 0;
	if (event->slot < JB_SLOT_SIGNAL)
		jb_kernel_time_queues(kernel, true);
	kernel->on_workload(kernel->on_workload_ctx, event->cgroup_id);
	return 0;
}

int jb_kernel_events(struct jb_kernel *kernel, jb_workload_fn fn, void *ctx)
{
	kernel->on_workload = fn;
	kernel->on_workload_ctx = ctx;
	kernel->events = ring_buffer__new(bpf_map__fd(kernel->skel->maps.jb_events), on_event,
					  kernel, NULL);
	return kernel->events ? 0 : -errno;
}

int jb_kernel_events_fd(const struct jb_kernel *kernel)
{
	return ring_buffer__epoll_fd(kernel->events);
}

int jb_kernel_consume(struct jb_kernel *kernel)
{
	return ring_buffer__consume(kernel->events);
}
