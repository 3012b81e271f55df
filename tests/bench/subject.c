/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "subject.h"
#include "bench.skel.h"

/* A bench's object takes the real one's maps in place of its own. */
static int share_maps(struct jb_bench_bpf *bench, const struct jb_bpf *real)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, bench->obj) {
		const struct bpf_map *from = bpf_object__find_map_by_name(real->obj,
									  bpf_map__name(map));
		int err = bpf_map__is_internal(map) ? 0 /* .bss, .rodata */
			  : from                    ? bpf_map__reuse_fd(map, bpf_map__fd(from))
						    : -ENOENT;

		if (err)
			return err;
	}
	return 0;
}

/* One that differs from the real one by its configuration. */
static int load_bench(struct jb_bench_bpf **ret, const struct jb_bpf *real, bool queues)
{
	struct jb_bench_bpf *bench = jb_bench_bpf__open();
	struct jb_config *config;
	int err;

	if (!bench)
		return -errno;
	*ret = bench;
	config = (struct jb_config *)&bench->rodata->jb_config;
	*config = *(const struct jb_config *)&real->rodata->jb_config;
	config->full = true;
	config->queues &= queues;
	config->ice_tcp_ports[0] |= 1; /* the socket of a test run has the port 0 */
	err = share_maps(bench, real);
	return err ? err : jb_bench_bpf__load(bench);
}

static int load_benches(struct jb_subject *s)
{
	const struct jb_bpf *real = s->kernel->skel;
	int err = load_bench(&s->bench, real, false) ?: load_bench(&s->queued, real, true);

	if (err)
		return err;
	s->shared = (struct jb_bench *)&s->bench->bss->jb_bench;
	s->queued_shared = (struct jb_bench *)&s->queued->bss->jb_bench;
	s->noop = bpf_program__fd(s->bench->progs.jb_bench_noop);
	s->ktime = bpf_program__fd(s->bench->progs.jb_bench_ktime);
	s->real_ingress = bpf_program__fd(real->progs.jb_media_ingress);
	s->real_egress = bpf_program__fd(real->progs.jb_media_egress);
	s->next_ingress = bpf_program__fd(s->bench->progs.jb_media_ingress);
	s->next_egress = bpf_program__fd(s->bench->progs.jb_media_egress);
	s->queued_ingress = bpf_program__fd(s->queued->progs.jb_media_ingress);
	return 0;
}

bool jb_subject_load(struct jb_subject *s, __u32 max_streams)
{
	__u64 ports[65536 / 64] = {[JB_BENCH_ICE_TCP_PORT / 64] = 1ULL
								  << JB_BENCH_ICE_TCP_PORT % 64};
	const struct jb_kernel_options options = {
		.max_streams = max_streams, .max_workloads = 1024, .ice_tcp_ports = ports};
	char error[JB_KERNEL_ERROR_LEN];
	int err;

	memset(s, 0, sizeof(*s));
	if (jb_kernel_load(&s->kernel, &options, error)) {
		fprintf(stderr, "bench: %s\n", error);
		return false;
	}
	err = load_benches(s);
	if (err)
		fprintf(stderr, "bench: load the bench's object: %s\n", strerror(-err));
	return !err;
}

void jb_subject_free(struct jb_subject *s)
{
	jb_bench_bpf__destroy(s->queued);
	jb_bench_bpf__destroy(s->bench);
	jb_kernel_free(s->kernel);
}

int jb_subject_attach_noops(const struct jb_subject *subject, const char *path)
{
	const struct bpf_object_skeleton *s = subject->bench->skeleton;
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = cgroup < 0 ? -errno : 0;

	for (int i = 0; i < s->prog_cnt && !err; i++) {
		struct bpf_program *program = *s->progs[i].prog;

		if (strncmp(s->progs[i].name, "jb_bench_noop", strlen("jb_bench_noop")))
			continue;
		*s->progs[i].link = strncmp(bpf_program__section_name(program), "tp_btf", 6)
					    ? bpf_program__attach_cgroup(program, cgroup)
					    : bpf_program__attach(program);
		if (!*s->progs[i].link)
			err = -errno;
	}
	if (cgroup >= 0)
		close(cgroup);
	return err;
}

void jb_subject_detach_noops(const struct jb_subject *subject)
{
	jb_bench_bpf__detach(subject->bench);
}

const struct bpf_object *jb_subject_noops(const struct jb_subject *subject)
{
	return subject->bench->obj;
}

int jb_subject_admit(const struct jb_subject *s, int program, const struct jb_test_packet *packet,
		     __u32 first, __u32 count)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->data, .data_size_in = packet->len,
		    .repeat = count * JB_PROBATION);

	*s->shared = *s->queued_shared = (struct jb_bench){.run = JB_PROBATION, .ssrc = first};
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

struct sums {
	const struct jb_kernel *kernel;
	__u64 stun_requests, stun_answers, framed;
};

static void add_row(void *ctx, const struct jb_row_key *key, __u32 row)
{
	union jb_totals totals = {};
	struct sums *sums = ctx;

	jb_kernel_add_totals(sums->kernel, row, &totals);
	if (key->slot == JB_SLOT_SIGNAL + JB_EGRESS)
		sums->stun_requests += totals.signal.stun_requests;
	if (key->slot == JB_SLOT_SIGNAL + JB_INGRESS)
		for (int i = 0; i < JB_RTT_BUCKETS; i++)
			sums->stun_answers += totals.signal.stun_rtt.bucket[i];
	if (key->slot == JB_SLOT_TCP + JB_PATH_DIRECT)
		sums->framed += totals.tcp.rtp_packets[JB_INGRESS];
}

int jb_subject_check(const struct jb_subject *s, __u16 duplicates_port)
{
	struct odd odd = {.duplicates_port = duplicates_port};
	struct sums sums = {.kernel = s->kernel};
	int err = jb_kernel_each_stream(s->kernel, count_odd, &odd)
			  ?: jb_kernel_each_row(s->kernel, add_row, &sums);

	if (err)
		return err;
	/* Later requests take the places of a few. */
	if (odd.count || !sums.framed || !sums.stun_requests ||
	    sums.stun_answers < sums.stun_requests / 2)
		return -EBADMSG;
	return 0;
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
