/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "subject.h"
#include "bench.skel.h"

/* The bench's object takes the real one's maps in place of its own. */
static int share_maps(struct jb_bench_bpf *bench, const struct jb_bpf *real)
{
	const struct {
		struct bpf_map *to;
		const struct bpf_map *from;
	} maps[] = {
		{bench->maps.jb_streams, real->maps.jb_streams},
		{bench->maps.jb_candidates, real->maps.jb_candidates},
		{bench->maps.jb_totals, real->maps.jb_totals},
		{bench->maps.jb_rows, real->maps.jb_rows},
		{bench->maps.jb_free_rows, real->maps.jb_free_rows},
		{bench->maps.jb_video_types, real->maps.jb_video_types},
		{bench->maps.jb_events, real->maps.jb_events},
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++) {
		int err = bpf_map__reuse_fd(maps[i].to, bpf_map__fd(maps[i].from));

		if (err)
			return err;
	}
	return 0;
}

static int load_bench(struct jb_subject *s)
{
	const struct jb_bpf *real = s->kernel->skel;
	int err;

	s->bench = jb_bench_bpf__open();
	if (!s->bench)
		return -errno;
	memcpy(&s->bench->rodata->jb_config, &real->rodata->jb_config, sizeof(struct jb_config));
	err = share_maps(s->bench, real);
	if (!err)
		err = jb_bench_bpf__load(s->bench);
	if (err)
		return err;
	s->shared = (struct jb_bench *)&s->bench->bss->jb_bench;
	s->noop = bpf_program__fd(s->bench->progs.jb_bench_noop);
	s->ktime = bpf_program__fd(s->bench->progs.jb_bench_ktime);
	s->real_ingress = bpf_program__fd(real->progs.jb_media_ingress);
	s->next_ingress = bpf_program__fd(s->bench->progs.jb_media_ingress);
	s->next_egress = bpf_program__fd(s->bench->progs.jb_media_egress);
	return 0;
}

bool jb_subject_load(struct jb_subject *s, __u32 max_streams)
{
	const struct jb_kernel_options options = {
		.max_streams = max_streams, .max_workloads = 1024, .full = true};
	char error[JB_KERNEL_ERROR_LEN];
	int err;

	memset(s, 0, sizeof(*s));
	if (jb_kernel_load(&s->kernel, &options, error)) {
		fprintf(stderr, "bench: %s\n", error);
		return false;
	}
	err = load_bench(s);
	if (err)
		fprintf(stderr, "bench: load the bench's object: %s\n", strerror(-err));
	return !err;
}

void jb_subject_free(struct jb_subject *s)
{
	jb_bench_bpf__destroy(s->bench);
	jb_kernel_free(s->kernel);
}

int jb_subject_admit(const struct jb_subject *s, int program, const struct jb_test_packet *packet,
		     __u32 first, __u32 count)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->data, .data_size_in = packet->len,
		    .repeat = count * JB_PROBATION);

	*s->shared = (struct jb_bench){.run = JB_PROBATION, .ssrc = first};
	return bpf_prog_test_run_opts(program, &opts) ? -errno : 0;
}

int jb_subject_clear_candidates(const struct jb_subject *s)
{
	static const struct jb_candidate_set empty[JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS];
	static __u32 keys[JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS];
	__u32 count = JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS;

	for (__u32 i = 0; i < count; i++)
		keys[i] = i;
	return bpf_map_update_batch(bpf_map__fd(s->kernel->skel->maps.jb_candidates), keys, empty,
				    &count, NULL)
		       ? -errno
		       : 0;
}

struct idle {
	__u64 *hash;
	__u32 count, capacity, seen;
};

static void take_idle(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct idle *idle = ctx;

	idle->seen++;
	if (stream->key.source_port == JB_BENCH_PASSING_PORT && idle->count < idle->capacity)
		idle->hash[idle->count++] = hash;
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

int jb_subject_retire(const struct jb_subject *s, struct jb_subject_retirement *ret)
{
	struct idle idle = {.capacity = bpf_map__max_entries(s->kernel->skel->maps.jb_streams)};
	double begin, scanned;
	int result;

	idle.hash = calloc(idle.capacity, sizeof(*idle.hash));
	if (!idle.hash)
		return -ENOMEM;
	begin = cpu_ns();
	result = jb_kernel_each_stream(s->kernel, take_idle, &idle);
	scanned = cpu_ns();
	if (!result)
		result = jb_kernel_retire(s->kernel, idle.hash, idle.count, 0);
	free(idle.hash);
	if (result < 0)
		return result;
	ret->streams = idle.seen;
	ret->retired = result;
	ret->scan_ns = scanned - begin;
	ret->retire_ns = cpu_ns() - scanned;
	return 0;
}

struct odd {
	__u32 count;
	__u16 duplicates_port;
};

static void count_odd(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	const struct jb_receiver *r = &stream->receiver;
	struct odd *odd = ctx;

	(void)hash;
	if (stream->key.source_port == odd->duplicates_port)
		odd->count += r->unique != JB_PROBATION || r->packets != r->unique + r->duplicates;
	else
		odd->count += r->packets != r->unique || r->frames != r->packets || r->lost ||
			      r->clock == JB_CLOCK_UNKNOWN;
}

int jb_subject_check(const struct jb_subject *s, __u16 duplicates_port)
{
	struct odd odd = {.duplicates_port = duplicates_port};
	int err = jb_kernel_each_stream(s->kernel, count_odd, &odd);

	return err ? err : odd.count ? -EBADMSG : 0;
}

void jb_subject_print_memory(const struct jb_subject *s)
{
	struct jb_kernel_map_info map;
	__u64 sum = 0;

	printf("\n| map | entries | octets |\n|---|---:|---:|\n");
	for (__u32 i = 0; jb_kernel_map(s->kernel, i, &map); i++) {
		printf("| %s | %u | %llu |\n", map.name, map.capacity, map.bytes);
		sum += map.bytes;
	}
	printf("| sum | | %llu |\n", sum);
}
