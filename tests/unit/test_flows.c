/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/flows.h"

static struct jb_flows flows;

static int setup(void **state)
{
	(void)state;
	flows = (struct jb_flows){};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	jb_flows_free(&flows);
	return 0;
}

struct told {
	__u64 cgroup;
	__u32 ssrc;
	__u16 port;
	__u8 direction;
	bool started, ended;
};

static void add(const struct told *told)
{
	const struct jb_stream stream = {
		.direction = told->direction,
		.receiver.packets = told->cgroup,
		.key = {.cgroup_id = told->cgroup,
			.ssrc = told->ssrc,
			.source_port = told->port,
			.destination_port = 9,
			.source.word = {0, 0, 0xffff, 1},
			.destination.word = {0, 0, 0xffff, 2}},
	};
	const struct jb_stream_news news = {.stream = &stream,
					    .bytes = told->cgroup * 10,
					    .started = told->started,
					    .ended = told->ended};

	jb_flows_add(&flows, &news);
}

/* Whose the other end of that cgroup's only flow is. */
static __u64 peer_of(__u64 cgroup)
{
	for (size_t i = 0; i < flows.count; i++)
		if (flows.flow[i].key.cgroup_id == cgroup)
			return flows.flow[i].peer_cgroup_id;
	fail_msg("no flow of %u", (unsigned int)cgroup);
	return 0;
}

static void test_two_ends(void **state)
{
	(void)state;
	add(&(struct told){100, 7, 5000, JB_EGRESS, 0, 0});
	add(&(struct told){300, 8, 5000, JB_EGRESS, 0,
			   0}); /* another stream, to somebody elsewhere */
	add(&(struct told){400, 7, 5001, JB_INGRESS, 0, 0});
	add(&(struct told){200, 7, 5000, JB_INGRESS, 0, 0});
	jb_flows_match(&flows);
	assert_int_equal(flows.count, 4);
	assert_int_equal(peer_of(100), 200);
	assert_int_equal(peer_of(200), 100);
	assert_int_equal(peer_of(300), 0);
	assert_int_equal(peer_of(400), 0);
}

/* Two network namespaces may use the same addresses: then it can't be told who talks to whom. */
static void test_more_than_two(void **state)
{
	(void)state;
	add(&(struct told){100, 7, 5000, JB_EGRESS, 0, 0});
	add(&(struct told){200, 7, 5000, JB_INGRESS, 0, 0});
	add(&(struct told){201, 7, 5000, JB_INGRESS, 0, 0});
	jb_flows_match(&flows);
	assert_int_equal(peer_of(100), 0);
	assert_int_equal(peer_of(200), 0);
	assert_int_equal(peer_of(201), 0);
}

static void test_an_end_and_a_beginning(void **state)
{
	(void)state;
	add(&(struct told){200, 7, 5000, JB_INGRESS, 0, 0});
	add(&(struct told){100, 7, 5000, JB_EGRESS, .started = true});
	add(&(struct told){100, 7, 5000, JB_EGRESS, .ended = true});
	jb_flows_match(&flows);
	for (size_t i = 0; i < flows.count; i++)
		assert_int_equal(flows.flow[i].peer_cgroup_id,
				 flows.flow[i].direction == JB_EGRESS ? 200 : 100);
	assert_true(flows.flow[0].ended);
}

static void test_receivers(void **state)
{
	(void)state;
	flows.receivers = true;
	add(&(struct told){1, 7, 5000, JB_EGRESS, 0, 0});
	add(&(struct told){2, 8, 5000, JB_EGRESS, .started = true});
	add(&(struct told){3, 9, 5000, JB_EGRESS, .ended = true});
	jb_flows_match(&flows);
	assert_null(flows.flow[0].receiver);
	assert_int_equal(flows.flow[1].receiver->packets, 2);
	assert_int_equal(flows.flow[2].receiver->packets, 3);
	jb_flows_clear(&flows);
	assert_int_equal(flows.count, 0);
	add(&(struct told){4, 7, 5000, JB_EGRESS, .started = true});
	assert_int_equal(flows.flow[0].bytes, 40);
	assert_false(flows.failed);
}

static void test_many(void **state)
{
	enum { MANY = 5000 };

	(void)state;
	for (__u32 i = 0; i < MANY; i++) {
		add(&(struct told){1 + i, i, 5000, JB_EGRESS, 0, 0});
		add(&(struct told){1 + MANY + i, MANY - 1 - i, 5000, JB_INGRESS, 0, 0});
	}
	jb_flows_match(&flows);
	assert_int_equal(flows.count, 2 * MANY);
	for (size_t i = 0; i < flows.count; i++) {
		const struct jb_flow *flow = &flows.flow[i];

		assert_int_equal(flow->peer_cgroup_id, flow->direction == JB_EGRESS
							       ? 2 * MANY - flow->key.ssrc
							       : 1 + flow->key.ssrc);
	}
}

static void test_none(void **state)
{
	(void)state;
	jb_flows_match(&flows);
	jb_flows_clear(&flows);
	assert_int_equal(flows.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_ends),  TEST(test_more_than_two), TEST(test_an_end_and_a_beginning),
		TEST(test_receivers), TEST(test_many),          TEST(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
