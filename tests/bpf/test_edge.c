/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The second measuring point (--uplink): streams of nobody, and no counter of any workload. */
#include <errno.h>
#include <netinet/in.h>
#include "harness.h"

#define NEXT (-1) /* TCX_NEXT, TC_ACT_UNSPEC: whatever happens */

/* Without a device it came in by or goes out by: what the program returned, or -errno. */
static int try_edge(const struct jb_harness *h, enum jb_direction direction,
		    const struct jb_test_packet *p, const struct __sk_buff *ctx)
{
	const struct bpf_program *program = direction == JB_INGRESS
						    ? h->kernel->skel->progs.jb_edge_ingress
						    : h->kernel->skel->progs.jb_edge_egress;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = p->data, .data_size_in = p->len,
		    .ctx_in = ctx, .ctx_size_in = ctx ? sizeof(*ctx) : 0, .repeat = 1);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts))
		fail_msg("a test run of the edge: error %d", errno);
	return (int)opts.retval;
}

static void rtp(struct jb_test_packet *p, int version, __u16 n)
{
	const struct jb_test_rtp rtp = {
		.ssrc = 0x4711, .sequence = n, .timestamp = n * 160, .extension = -1, .size = 160};

	jb_test_rtp_packet(p, version, &rtp);
}

/* The same packets at the edge and at the socket: a stream at each, told apart by their keys. */
static void check_stream(struct jb_harness *h, enum jb_direction direction, int version)
{
	static struct jb_harness_streams streams;
	union jb_totals grown;
	struct jb_test_packet p;
	int edges = 0;

	jb_harness_mark(h);
	for (__u16 n = 65530; n != 10; n++) {
		rtp(&p, version, n);
		assert_int_equal(try_edge(h, direction, &p, NULL), NEXT);
		if (n % 4) /* a quarter is lost inside */
			jb_harness_run(h, direction, &p);
	}
	jb_harness_grown(h, jb_slot_rtp(direction, JB_MEDIA_AUDIO), &grown);
	assert_int_equal(grown.rtp.counter[JB_RTP_STARTED], 0); /* no four in a row */
	for (__u16 n = 10; n != 20; n++) {
		rtp(&p, version, n);
		assert_int_equal(try_edge(h, direction, &p, NULL), NEXT);
		jb_harness_run(h, direction, &p);
	}
	jb_harness_streams(h, &streams);
	assert_int_equal(streams.count, 2);
	for (int i = 0; i < 2; i++) {
		const struct jb_stream *s = &streams.stream[i];
		bool edge = s->key.cgroup_id == JB_EDGE_CGROUP;

		edges += edge;
		assert_int_equal(s->direction, direction);
		assert_int_equal(s->row == JB_EDGE_ROW, edge);
		assert_int_equal(s->quality_row == JB_EDGE_ROW, edge);
		assert_int_equal(s->key.source_port, 5004);
		assert_int_equal(s->receiver.packets, edge ? 26 : 11);
		assert_int_equal(s->receiver.lost, 0);
	}
	assert_int_equal(edges, 1);
	jb_harness_grown(h, jb_slot_rtp(direction, JB_MEDIA_AUDIO), &grown);
	assert_int_equal(grown.rtp.counter[JB_RTP_STARTED], 1);
	assert_int_equal(jb_harness_retire_all(h), 2);
}

static void test_streams(void **state)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			check_stream(*state, direction, version);
}

/* Merged packets; each datagram counts. */
static void test_segments(void **state)
{
	static struct jb_harness_streams streams;
	const struct __sk_buff ctx = {.gso_size = 172};
	struct jb_harness *h = *state;
	struct jb_test_packet p;

	rtp(&p, 4, 1);
	for (__u16 n = 2; n <= 10; n++) {
		const struct jb_test_rtp next = {.ssrc = 0x4711,
						 .sequence = n,
						 .timestamp = n * 160,
						 .extension = -1,
						 .size = 160};

		jb_test_rtp(&p, &next);
	}
	jb_test_finish(&p);
	jb_harness_mark(h);
	assert_int_equal(try_edge(h, JB_EGRESS, &p, &ctx), NEXT);
	jb_harness_streams(h, &streams);
	assert_int_equal(streams.count, 1);
	assert_int_equal(streams.stream[0].receiver.packets, 10);
	jb_harness_check_still(h, "segments", 0);
	jb_harness_check_faults(h, "segments", JB_FAULT_MAX, 0);
	assert_int_equal(jb_harness_retire_all(h), 1);
}

/* Everything else passes and is not counted, here. */
static void test_others(void **state)
{
	static const char stun[] = "\0\1\0\0\x21\x12\xa4\x42"
				   "abcdefghijkl";
	struct jb_harness *h = *state;
	struct jb_test_packet p;

	jb_harness_mark(h);
	for (int version = 4; version <= 6; version += 2) {
		jb_test_datagram(&p, version, stun, sizeof(stun) - 1);
		assert_int_equal(try_edge(h, JB_INGRESS, &p, NULL), NEXT);
		jb_test_datagram(&p, version, "\x80\xc9\0\1\0\0\0\1", 8);
		assert_int_equal(try_edge(h, JB_INGRESS, &p, NULL), NEXT);
		jb_test_datagram(&p, version, "\x80\0\0\1\0", 5); /* RTP cut short */
		assert_int_equal(try_edge(h, JB_EGRESS, &p, NULL), NEXT);
		jb_test_datagram(&p, version, "", 0);
		assert_int_equal(try_edge(h, JB_EGRESS, &p, NULL), NEXT);
		jb_test_segment(&p, version, 1, "hello", 5);
		assert_int_equal(try_edge(h, JB_INGRESS, &p, NULL), NEXT);
	}
	jb_harness_check_still(h, "others", 0);
	jb_harness_check_faults(h, "others", JB_FAULT_MAX, 0);
	assert_int_equal(jb_harness_held(h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("edge", tests, jb_harness_setup_uplink,
					   jb_harness_teardown);
}
