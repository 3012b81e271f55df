/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The join proper: the kernel's round trips for the proxies' requests, and waiting for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mesh_world.h"

#define MS 1000000ULL

static void tell_requests(__u32 far, double n)
{
	tell_news(requests(outbound(far, JB_MESH_MUTUAL, "voting"), n, 25 * n));
}

static void assert_to_voting(__u64 n, __u64 ns)
{
	struct jb_mesh_edge edge = to("voting");

	assert_network(&edge, n, ns);
}

static void test_network_time(void **state)
{
	(void)state;
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	tell_requests(9, 100);
	assert_to_voting(100, 2000 * MS);
	assert_int_equal(to("voting").request_ns, 2500 * MS);
	assert_mean(to("voting").latency_s, 0.025);
	assert_mean(to("voting").network_s, 0.020);
}

/* The mean of what came since the last page; if nothing did, the last one. */
static void test_mean_since_the_last_page(void **state)
{
	(void)state;
	tell_rtt(JB_LEG_MESH_OUT, 9, 10000);
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	tell_rtt(JB_LEG_MESH_OUT, 9, 60000);
	tell_rtt(JB_LEG_MESH_OUT, 9, 0); /* none */
	tell_requests(9, 10);
	assert_to_voting(10, 300 * MS);
	tell_requests(9, 10);
	assert_to_voting(20, 600 * MS);
	tell_rtt(JB_LEG_MESH_OUT, 9, 50000);
	tell_requests(9, 10);
	assert_to_voting(30, 1100 * MS);
	assert_mean(to("voting").network_s, 0.050);
}

/* All ports of a meshed one are one connection; another address, leg or port is another. */
static void test_what_is_one_far_end(void **state)
{
	struct jb_mesh_news news = requests(outbound(9, JB_MESH_MUTUAL, "voting"), 1, 1);

	(void)state;
	tell_rtt(JB_LEG_MESH_OUT, 9, 1000);
	news.far.target_port = 80;
	tell_news(news);
	news.far.target_port = 81;
	tell_news(news);
	assert_to_voting(2, 2 * MS);
	news.far.tls = JB_MESH_PLAIN;
	tell_news(news);
	tell_requests(8, 1);
	assert_to_voting(2, 2 * MS);
	tell_rtt(JB_LEG_PLAIN_OUT, 9, 5000); /* of port 8080 */
	news.far.target_port = 8080;
	tell_news(news);
	assert_to_voting(3, 7 * MS);
	settle();
	assert_to_voting(3, 7 * MS);
	assert_stats(remotes, 4);
}

static void test_two_far_ends_of_a_workload(void **state)
{
	struct jb_mesh_news news[2] = {
		requests(outbound(9, JB_MESH_MUTUAL, "voting"), 10, 100),
		requests(outbound(8, JB_MESH_MUTUAL, "voting"), 30, 100),
	};

	(void)state;
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	tell_rtt(JB_LEG_MESH_OUT, 8, 40000);
	tell_page("web", news, 2);
	assert_to_voting(40, 10 * 20 * MS + 30 * 40 * MS);
	assert_mean(to("voting").network_s, 0.035);
	assert_mean(to("voting").latency_s, 0.005);
	/* one is not known */
	news[1].far.target = address(7);
	tell_page("web", news, 2);
	assert_to_voting(50, 1600 * MS);
	assert_mean(to("voting").network_s, 0.020);
}

static void test_waiting(void **state)
{
	(void)state;
	tell_requests(9, 100);
	settle();
	assert_to_voting(0, 0);
	assert_true(isnan(to("voting").network_s));
	now += 10 * SECOND;
	tell_requests(9, 50);
	now += 5 * SECOND;
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	tell_rtt(JB_LEG_MESH_OUT, 9, 40000);
	settle();
	assert_to_voting(150, 4500 * MS);
	assert_mean(to("voting").network_s, 0.030);
	settle();
	assert_to_voting(150, 4500 * MS);
	/* from now on there is a round trip */
	tell_requests(9, 10);
	assert_to_voting(160, 4800 * MS);
}

static void test_waiting_ends(void **state)
{
	(void)state;
	tell_requests(9, 100);
	now += JB_MESH_WAIT_NS - 1;
	settle();
	tell_requests(9, 7);
	now += 1;
	settle(); /* with the first the others go */
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	settle();
	assert_to_voting(0, 0);
	assert_int_equal(to("voting").requests[JB_MESH_MUTUAL][JB_MESH_CLASS_SUCCESS], 107);
	assert_int_equal(to("voting").request_ns, 2675 * MS);
	tell_requests(9, 1);
	assert_to_voting(1, 20 * MS);
}

/* Up to the last moment. */
static void test_waiting_long(void **state)
{
	(void)state;
	tell_requests(9, 100);
	now += JB_MESH_WAIT_NS - 1;
	settle();
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	now += 10 * SECOND;
	settle();
	assert_to_voting(100, 2000 * MS);
}

/* A page that comes in between takes the round trip; those that wait have it nevertheless. */
static void test_waiting_while_others_do_not(void **state)
{
	(void)state;
	tell_requests(9, 100);
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	tell_requests(9, 10);
	assert_to_voting(10, 200 * MS);
	settle();
	assert_to_voting(110, 2200 * MS);
	assert_mean(to("voting").network_s, 0.020);
}

/* Nobody's round trip is known on the latest page, whatever was on the one before. */
static void test_mean_is_of_the_latest_page(void **state)
{
	(void)state;
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	tell_requests(9, 1);
	assert_mean(to("voting").network_s, 0.020);
	tell_requests(8, 1);
	assert_true(isnan(to("voting").network_s));
	assert_mean(to("voting").latency_s, 0.025);
	assert_to_voting(1, 20 * MS);
}

static void test_far_ends_that_pages_do_not_name(void **state)
{
	(void)state;
	tell_rtt(JB_LEG_PLAIN_OUT, 9, 20000);
	tell_news(requests(outbound(9, JB_MESH_PLAIN, ""), 10, 10));
	assert_network((struct jb_mesh_edge[]){to("peer-9")}, 10, 200 * MS);
}

/* Two names of one address: they can't both wait. */
static void test_waiting_of_two_names(void **state)
{
	(void)state;
	tell_requests(9, 100);
	tell_news(requests(outbound(9, JB_MESH_MUTUAL, "emoji"), 5, 5));
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	settle();
	assert_to_voting(100, 2000 * MS);
	assert_network((struct jb_mesh_edge[]){to("emoji")}, 0, 0);
	tell_news(requests(outbound(9, JB_MESH_MUTUAL, "emoji"), 5, 5));
	assert_network((struct jb_mesh_edge[]){to("emoji")}, 5, 100 * MS);
}

/* The mean is of the latest page, also if it was waited for. */
static void test_mean_of_a_page_that_waited(void **state)
{
	struct jb_mesh_news other = requests(outbound(8, JB_MESH_MUTUAL, "voting"), 100, 100);

	(void)state;
	tell_requests(9, 100);
	tell_rtt(JB_LEG_MESH_OUT, 8, 10000);
	tell_news(other);
	assert_mean(to("voting").network_s, 0.010);
	tell_rtt(JB_LEG_MESH_OUT, 9, 30000);
	settle(); /* that was the page before */
	assert_mean(to("voting").network_s, 0.010);
	assert_to_voting(200, 4000 * MS);
}

/* Neither does it wait for a round trip. */
static void test_without_target(void **state)
{
	(void)state;
	tell_requests(0, 10);
	assert_stats(remotes, 0);
	settle();
	assert_to_voting(0, 0);
	assert_int_equal(to("voting").request_ns, 250 * MS);
}

/* Responses are what there are times of. */
static void test_requests_without_answer(void **state)
{
	struct jb_mesh_news news = outbound(9, JB_MESH_MUTUAL, "voting");

	(void)state;
	tell_rtt(JB_LEG_MESH_OUT, 9, 20000);
	news.by[JB_MESH_FAILURES] = 5;
	tell_news(news);
	assert_to_voting(0, 0);
	assert_true(isnan(to("voting").latency_s));
	assert_int_equal(to("voting").requests[JB_MESH_MUTUAL][JB_MESH_CLASS_FAILURE], 5);
}

static void tell_of_client(enum jb_mesh_tls tls, const char *name, double n)
{
	world.client = name;
	tell_news(requests(inbound(tls, "peers"), n, 25 * n));
}

/* Of all connections of that client's workload, by leg. */
static void test_clients(void **state)
{
	(void)state;
	strange(0, 7, "peers", "peer-9");
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	tell_rtt(JB_LEG_MESH_IN, 7, 30000);
	tell_rtt(JB_LEG_MESH_IN, 8, 1);
	tell_rtt(JB_LEG_PLAIN_IN, 9, 500000);
	tell_rtt(JB_LEG_MESH_OUT, 9, 800000);
	tell_of_client(JB_MESH_MUTUAL, "peer-9", 10);
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 10, 200 * MS);
	assert_mean(from("peer-9").network_s, 0.020);
	tell_of_client(JB_MESH_MUTUAL, "peer-9", 5); /* the last known */
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 15, 300 * MS);
	tell_of_client(JB_MESH_PLAIN, "peer-9", 1);
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 16, 800 * MS);
	assert_stats(remotes, 4);
}

static void test_clients_are_waited_for(void **state)
{
	(void)state;
	tell_of_client(JB_MESH_MUTUAL, "peer-9", 10);
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 0, 0);
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	settle();
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 10, 100 * MS);
}

/* Somebody's round trip isn't anybody's. */
static void test_clients_nobody_knows(void **state)
{
	struct jb_mesh_edge edge;

	(void)state;
	strange(0, 9, "peers", "unknown");
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	world.several = true;
	tell_of_client(JB_MESH_MUTUAL, "peer-9", 10);
	settle();
	edge = from("unknown");
	assert_network(&edge, 0, 0);
	assert_mean(edge.latency_s, 0.025);
}

/* The one idle for longest gives way, with the requests that wait there. */
static void test_more_far_ends_than_room(void **state)
{
	(void)state;
	options.max_remotes = 4;
	restart();
	tell_requests(1, 1);
	for (__u32 far = 2; far <= 4; far++)
		tell_rtt(JB_LEG_MESH_OUT, far, far * 1000);
	tell_rtt(JB_LEG_MESH_OUT, 2, 2000);
	tell_rtt(JB_LEG_MESH_OUT, 5, 5000); /* for 1 */
	tell_rtt(JB_LEG_MESH_OUT, 6, 6000); /* for 3, for 2 was heard of again */
	assert_stats(remotes, 4);
	settle();
	assert_to_voting(0, 0);
	for (__u32 far = 4; far <= 6; far++)
		tell_requests(far, 1);
	tell_requests(2, 1);
	assert_to_voting(4, 17 * MS);
	tell_requests(3, 1); /* for 4 */
	assert_to_voting(4, 17 * MS);
	assert_stats(remotes, 4);
	now += JB_MESH_WAIT_NS;
	settle();
	assert_to_voting(4, 17 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_network_time),
		TEST(test_mean_since_the_last_page),
		TEST(test_what_is_one_far_end),
		TEST(test_two_far_ends_of_a_workload),
		TEST(test_waiting),
		TEST(test_waiting_ends),
		TEST(test_waiting_long),
		TEST(test_waiting_while_others_do_not),
		TEST(test_mean_is_of_the_latest_page),
		TEST(test_far_ends_that_pages_do_not_name),
		TEST(test_waiting_of_two_names),
		TEST(test_mean_of_a_page_that_waited),
		TEST(test_without_target),
		TEST(test_requests_without_answer),
		TEST(test_clients),
		TEST(test_clients_are_waited_for),
		TEST(test_clients_nobody_knows),
		TEST(test_more_far_ends_than_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
