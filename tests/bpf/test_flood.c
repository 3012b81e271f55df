/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random SSRCs at the very port on which calls begin: the calls are admitted, the flood isn't, and
 * nothing grows.
 */
#include <time.h>
#include "../unit/random.h"
#include "parallel.h"

#define CALLS       5
#define PACKET_NS   (20 * JB_MS_NS) /* 50 a second */
#define PACKETS     75              /* 1.5 s */
#define FIRST_SSRC  0x80000001U     /* the flood has none above 2^31 */
#define ADMITTED_NS JB_SECOND_NS
#define FLOODED     5000 /* random packets before the calls begin, and at least as many after */

static void flood(struct jb_sender *sender)
{
	struct jb_random random = {.state = 88172645463325252ULL};

	while (!sender->stop) {
		__u64 r = jb_random_next(&random);
		const struct jb_test_rtp rtp = {.ssrc = 1 + (r & 0x7ffffffe),
						.sequence = r >> 32,
						.timestamp = r >> 16,
						.payload_type = 0,
						.extension = -1,
						.size = 160};
		struct jb_test_packet p;

		jb_test_rtp_packet(&p, 4, &rtp);
		jb_parallel_send(sender, JB_INGRESS, &p);
	}
}

static void sleep_until(__u64 ns)
{
	const struct timespec at = {.tv_sec = ns / JB_SECOND_NS, .tv_nsec = ns % JB_SECOND_NS};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void call(struct jb_harness *h)
{
	__u64 begin = jb_parallel_now_ns();

	for (int n = 0; n < PACKETS; n++) {
		sleep_until(begin + n * PACKET_NS);
		for (int i = 0; i < CALLS; i++) {
			const struct jb_test_rtp rtp = {.ssrc = FIRST_SSRC + i,
							.sequence = 65500 + n,
							.timestamp = n * 160,
							.extension = -1,
							.size = 160};
			struct jb_test_packet p;

			jb_test_rtp_packet(&p, 4, &rtp);
			jb_harness_run(h, JB_INGRESS, &p);
		}
	}
}

static void check_calls(struct jb_harness *h)
{
	static struct jb_harness_streams streams;

	jb_harness_streams(h, &streams);
	assert_int_equal(streams.count, CALLS);
	for (int i = 0; i < CALLS; i++) {
		const struct jb_receiver *r = &streams.stream[i].receiver;
		__u64 missed = PACKETS - r->packets;

		assert_in_range(streams.stream[i].key.ssrc, FIRST_SSRC, FIRST_SSRC + CALLS - 1);
		print_message("             call %u: admitted with its packet %llu\n",
			      streams.stream[i].key.ssrc - FIRST_SSRC, missed + JB_PROBATION);
		assert_true((missed + JB_PROBATION) * PACKET_NS <= ADMITTED_NS);
		assert_int_equal(r->lost, 0);
	}
}

static void test_calls_in_a_flood(void **state)
{
	struct jb_harness *h = *state;
	const struct bpf_map *candidates = h->kernel->skel->maps.jb_candidates;
	__u64 memory = jb_harness_memlock(candidates);
	struct jb_sender sender = {.h = h, .run = flood, .index = 1};
	__u64 begin = jb_parallel_now_ns();
	__u64 held, failed;

	jb_parallel_start(&sender);
	while (sender.sent < FLOODED && jb_parallel_now_ns() < begin + 20 * JB_SECOND_NS)
		sleep_until(jb_parallel_now_ns() + PACKET_NS);
	call(h);
	sender.stop = true;
	jb_parallel_join(&sender);
	print_message("             %llu random packets, %.0f a second\n", sender.sent,
		      sender.sent * 1e9 / (jb_parallel_now_ns() - begin));

	assert_int_equal(sender.refused, 0);
	assert_true(sender.sent > 2 * FLOODED);
	check_calls(h);
	held = jb_harness_held(h);
	failed = jb_harness_fault(h, JB_FAULT_PROBATION_FAILED);
	assert_int_equal(jb_harness_counter(h, JB_INGRESS, JB_MEDIA_MAX, JB_RTP_PACKETS) + held +
				 failed,
			 sender.sent + CALLS * PACKETS);
	assert_int_equal(jb_harness_counter(h, JB_INGRESS, JB_MEDIA_MAX, JB_RTP_STARTED), CALLS);
	assert_in_range(held, 1, JB_CANDIDATE_SETS * JB_CANDIDATE_WAYS); /* of one workload */
	assert_int_equal(jb_harness_memlock(candidates), memory);
	assert_int_equal(jb_harness_fault(h, JB_FAULT_STREAMS_FULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_in_a_flood),
	};

	return cmocka_run_group_tests_name("flood", tests, jb_harness_setup, jb_harness_teardown);
}
