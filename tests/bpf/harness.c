/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include "harness.h"
#include "kernel/batch.h"

static void set_port(__u64 *ports, __u16 port)
{
	ports[port / 64] |= 1ULL << port % 64;
}

static void load(struct jb_harness *h, struct jb_kernel_options *options)
{
	static __u64 media_ports[65536 / 64], ice_tcp_ports[65536 / 64];
	char error[JB_KERNEL_ERROR_LEN];

	set_port(media_ports, JB_HARNESS_MEDIA_PORT);
	set_port(ice_tcp_ports, JB_HARNESS_ICE_TCP_PORT);
	set_port(ice_tcp_ports, 0);
	options->media_ports = media_ports;
	options->ice_tcp_ports = ice_tcp_ports;
	memset(h, 0, sizeof(*h));
	if (jb_kernel_load(&h->kernel, options, error))
		fail_msg("%s", error);
}

void jb_harness_load(struct jb_harness *h, __u32 max_streams, __u32 max_workloads)
{
	struct jb_kernel_options options = {
		.max_streams = max_streams, .max_workloads = max_workloads, .full = true};

	load(h, &options);
}

void jb_harness_load_essential(struct jb_harness *h)
{
	struct jb_kernel_options options = {.max_streams = 64, .max_workloads = 16};

	load(h, &options);
}

void jb_harness_load_uplink(struct jb_harness *h)
{
	struct jb_kernel_options options = {
		.max_streams = 64, .max_workloads = 16, .full = true, .uplink = "lo"};

	load(h, &options);
}

void jb_harness_free(struct jb_harness *h)
{
	jb_kernel_free(h->kernel);
	h->kernel = NULL;
}

int jb_harness_setup(void **state)
{
	struct jb_harness *h = malloc(sizeof(*h));

	assert_non_null(h);
	jb_harness_load(h, 65536, 1024);
	*state = h;
	return 0;
}

int jb_harness_setup_uplink(void **state)
{
	struct jb_harness *h = malloc(sizeof(*h));

	assert_non_null(h);
	jb_harness_load_uplink(h);
	*state = h;
	return 0;
}

int jb_harness_teardown(void **state)
{
	jb_harness_free(*state);
	free(*state);
	return 0;
}

int jb_harness_try_repeatedly(const struct jb_harness *h, enum jb_direction direction,
			      const struct jb_test_packet *packet, const struct __sk_buff *ctx,
			      int repeat)
{
	const struct bpf_program *program = direction == JB_INGRESS
						    ? h->kernel->skel->progs.jb_media_ingress
						    : h->kernel->skel->progs.jb_media_egress;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->data, .data_size_in = packet->len,
		    .ctx_in = ctx, .ctx_size_in = ctx ? sizeof(*ctx) : 0, .repeat = repeat);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts))
		return -errno;
	return opts.retval;
}

int jb_harness_try(const struct jb_harness *h, enum jb_direction direction,
		   const struct jb_test_packet *packet, const struct __sk_buff *ctx)
{
	return jb_harness_try_repeatedly(h, direction, packet, ctx, 1);
}

void jb_harness_run(const struct jb_harness *h, enum jb_direction direction,
		    const struct jb_test_packet *packet)
{
	assert_int_equal(jb_harness_try(h, direction, packet, NULL), 1);
}

void jb_harness_run_in_order(const struct jb_harness *h, enum jb_direction direction,
			     struct jb_test_packet *packet, __u16 sequence, __u32 count)
{
	for (__u32 i = 0; i < count; i++) {
		jb_test_set_sequence(packet, sequence + i, (sequence + i) * 160);
		jb_harness_run(h, direction, packet);
	}
}

void jb_harness_datagram(const struct jb_harness *h, enum jb_direction direction, int version,
			 const void *payload, size_t len)
{
	struct jb_test_packet p;

	jb_test_datagram(&p, version, payload, len);
	if (direction == JB_INGRESS)
		jb_test_reverse(&p);
	jb_harness_run(h, direction, &p);
}

void jb_harness_rtp(struct jb_test_packet *packet, __u16 source_port, __u32 ssrc)
{
	const struct jb_test_rtp rtp = {.ssrc = ssrc, .extension = -1, .size = 160};

	jb_test_ipv4(packet, IPPROTO_UDP, 0);
	jb_test_udp(packet, source_port, 5006);
	jb_test_rtp(packet, &rtp);
	jb_test_finish(packet);
}

struct slot_visit {
	const struct jb_harness *h;
	__u32 slot;
	union jb_totals *sum;
};

static void add_row(void *ctx, const struct jb_row_key *key, __u32 row)
{
	const struct slot_visit *v = ctx;

	if (key->slot == v->slot)
		jb_kernel_add_totals(v->h->kernel, row, v->sum);
}

void jb_harness_slot(const struct jb_harness *h, __u32 slot, union jb_totals *ret)
{
	struct slot_visit visit = {h, slot, ret};

	memset(ret, 0, sizeof(*ret));
	jb_kernel_add_totals(h->kernel, slot, ret); /* of no workload */
	assert_int_equal(jb_kernel_each_row(h->kernel, add_row, &visit), 0);
}

void jb_harness_totals(const struct jb_harness *h, enum jb_direction direction, enum jb_media media,
		       struct jb_rtp_totals *ret)
{
	const size_t words = sizeof(*ret) / sizeof(__u64);
	union jb_totals sum = {}, slot;

	for (int m = 0; m < JB_MEDIA_MAX; m++) {
		if (media != JB_MEDIA_MAX && (int)media != m)
			continue;
		jb_harness_slot(h, jb_slot_rtp(direction, m), &slot);
		for (size_t i = 0; i < words; i++)
			sum.word[i] += slot.word[i];
	}
	*ret = sum.rtp;
}

__u64 jb_harness_counter(const struct jb_harness *h, enum jb_direction direction,
			 enum jb_media media, enum jb_rtp_counter counter)
{
	struct jb_rtp_totals totals;

	jb_harness_totals(h, direction, media, &totals);
	return totals.counter[counter];
}

void jb_harness_mark(struct jb_harness *h)
{
	memcpy(h->faults, jb_kernel_faults(h->kernel), sizeof(h->faults));
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
		jb_harness_slot(h, slot, &h->slots[slot]);
}

__u64 jb_harness_fault(const struct jb_harness *h, enum jb_fault fault)
{
	return jb_kernel_faults(h->kernel)[fault] - h->faults[fault];
}

void jb_harness_grown(const struct jb_harness *h, __u32 slot, union jb_totals *ret)
{
	jb_harness_slot(h, slot, ret);
	for (size_t i = 0; i < sizeof(*ret) / sizeof(__u64); i++)
		ret->word[i] -= h->slots[slot].word[i];
}

void jb_harness_check_still(const struct jb_harness *h, const char *name, __u32 but_slots)
{
	const size_t words = sizeof(union jb_totals) / sizeof(__u64);
	union jb_totals grown;

	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++) {
		if (but_slots >> slot & 1)
			continue;
		jb_harness_grown(h, slot, &grown);
		for (size_t i = 0; i < words; i++)
			if (grown.word[i])
				fail_msg("%s: slot %u, word %zu: %llu more", name, slot, i,
					 grown.word[i]);
	}
}

void jb_harness_check_faults(const struct jb_harness *h, const char *name, enum jb_fault expected,
			     __u64 times)
{
	for (int i = 0; i < JB_FAULT_MAX; i++) {
		__u64 want = i == (int)expected ? times : 0;

		if (jb_harness_fault(h, i) != want)
			fail_msg("%s: fault %d: %llu times instead of %llu", name, i,
				 jb_harness_fault(h, i), want);
	}
}

static void take_stream(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct jb_harness_streams *streams = ctx;
	const struct jb_receiver *r = &stream->receiver;

	assert_true(streams->count < JB_HARNESS_STREAMS_MAX);
	assert_int_equal(r->ext - r->base + 1, r->unique + r->lost + jb_receiver_unseen(r));
	assert_true(r->packets >= r->unique || r->restarts);
	streams->hash[streams->count] = hash;
	streams->stream[streams->count++] = *stream;
}

void jb_harness_streams(const struct jb_harness *h, struct jb_harness_streams *ret)
{
	ret->count = 0;
	assert_int_equal(jb_kernel_each_stream(h->kernel, take_stream, ret), 0);
}

int jb_harness_retire_all(const struct jb_harness *h)
{
	struct jb_harness_streams *streams = malloc(sizeof(*streams));
	int retired;

	assert_non_null(streams);
	jb_harness_streams(h, streams);
	retired = jb_kernel_retire(h->kernel, streams->hash, streams->count, 0);
	free(streams);
	return retired;
}

static void add_held(void *ctx, const void *key, const void *value)
{
	const struct jb_candidate_set *set = value;

	(void)key;
	for (int i = 0; i < JB_CANDIDATE_WAYS; i++)
		if (set->way[i].hash && !set->way[i].admitted)
			*(__u64 *)ctx += set->way[i].held.packets + set->way[i].held.duplicates;
}

__u64 jb_harness_held(const struct jb_harness *h)
{
	__u64 held = 0;

	assert_int_equal(jb_batch_each(bpf_map__fd(h->kernel->skel->maps.jb_candidates),
				       sizeof(__u32), sizeof(struct jb_candidate_set), BPF_F_LOCK,
				       add_held, &held),
			 0);
	return held;
}

__u64 jb_harness_memlock(const struct bpf_map *map)
{
	unsigned long long bytes = 0;
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(file);
	assert_int_not_equal(bytes, 0);
	return bytes;
}
