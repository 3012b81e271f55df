/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The join, of clients whose requests a page tells before the kernel tells who they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mesh_world.h"

#define MS 1000000ULL

/* In 25 ms each. */
static struct jb_mesh_news by(enum jb_mesh_tls tls, double n)
{
	return requests(inbound(tls, "peers"), n, 25 * n);
}

static __u64 successes(const struct jb_mesh_edge *edge)
{
	__u64 sum = 0;

	for (int tls = 0; tls < JB_MESH_TLS_MAX; tls++)
		sum += edge->requests[tls][JB_MESH_CLASS_SUCCESS];
	return sum;
}

static void assert_from(const char *peer, __u64 n)
{
	struct jb_mesh_edge edge = from(peer);

	assert_int_equal(successes(&edge), n);
}

static bool is_told(const char *peer)
{
	return jb_mesh_join_find(join, "ns", "web", JB_MESH_DESTINATION, "peers", peer,
				 (struct jb_mesh_edge[1]){});
}

static void settle_named(const char *client_name)
{
	world.client = client_name;
	settle();
}

static void test_known_later(void **state)
{
	struct jb_mesh_news news = octets(by(JB_MESH_MUTUAL, 10), 300, 20);
	struct jb_mesh_edge edge;

	(void)state;
	news.by[JB_MESH_FAILURES] = 3;
	tell_news(news);
	tell_news(news);
	settle();
	assert_stats(edges, 0);
	assert_stats(unnamed, 1);
	assert_stats(unnamed_requests, 26);
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	settle_named("peer-9");
	edge = from("peer-9");
	assert_int_equal(edge.requests[JB_MESH_MUTUAL][JB_MESH_CLASS_SUCCESS], 20);
	assert_int_equal(edge.requests[JB_MESH_MUTUAL][JB_MESH_CLASS_FAILURE], 6);
	assert_int_equal(edge.request_ns, 500 * MS);
	assert_int_equal(edge.mtls_bytes, 640);
	assert_network(&edge, 20, 200 * MS);
	assert_mean(edge.latency_s, 0.025);
	assert_mean(edge.network_s, 0.010);
	assert_stats(edges, 1);
	assert_stats(unnamed, 0);
	assert_stats(unnamed_requests, 0);
	settle();
	assert_from("peer-9", 20);
}

/* The octets of the pod itself don't wait. */
static void test_octets_of_the_pod(void **state)
{
	(void)state;
	tell_news(octets(inbound(JB_MESH_PLAIN, ""), 300, 20));
	assert_stats(unnamed, 1);
	assert_stats(unnamed_requests, 0);
	assert_int_equal(web().proxy_bytes[JB_LEG_PLAIN_IN][JB_INGRESS], 300);
	assert_int_equal(web().proxy_bytes[JB_LEG_PLAIN_IN][JB_EGRESS], 20);
	assert_int_equal(web().plaintext_bytes[JB_LEG_PLAIN_IN], 320);
	settle_named("peer-9");
	assert_int_equal(web().proxy_bytes[JB_LEG_PLAIN_IN][JB_INGRESS], 300);
	assert_int_equal(web().plaintext_bytes[JB_LEG_PLAIN_IN], 320);
	assert_int_equal(from("peer-9").other_bytes, 320);
	assert_true(isnan(from("peer-9").latency_s));
}

static void test_several_do_not_wait(void **state)
{
	(void)state;
	world.several = true;
	tell_news(by(JB_MESH_MUTUAL, 10));
	assert_from("unknown", 10);
	assert_stats(unnamed, 0);
}

/* They wait, and then there are more than one. */
static void test_several_later(void **state)
{
	(void)state;
	tell_news(by(JB_MESH_MUTUAL, 10));
	settle();
	world.several = true;
	settle();
	assert_from("unknown", 10);
	assert_stats(unnamed, 0);
	assert_stats(remotes, 0);
}

/* With the first the others go. */
static void test_never_known(void **state)
{
	(void)state;
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	tell_news(by(JB_MESH_MUTUAL, 10));
	now += JB_MESH_WAIT_NS - 1;
	settle();
	assert_stats(edges, 0);
	tell_news(by(JB_MESH_MUTUAL, 7));
	now += 1;
	settle();
	assert_from("unknown", 17);
	assert_network((struct jb_mesh_edge[]){from("unknown")}, 0, 0);
	assert_mean(from("unknown").latency_s, 0.025);
	settle_named("peer-9");
	assert_false(is_told("peer-9"));
}

/* Up to the last moment. */
static void test_known_very_late(void **state)
{
	(void)state;
	tell_news(by(JB_MESH_MUTUAL, 10));
	now += 10 * JB_MESH_WAIT_NS;
	settle_named("peer-9");
	assert_from("peer-9", 10);
	assert_false(is_told("unknown"));
}

/* As long as if they had come when they got their name. */
static void test_then_they_wait_for_a_round_trip(void **state)
{
	(void)state;
	tell_news(by(JB_MESH_MUTUAL, 10));
	now += JB_MESH_WAIT_NS - 1;
	settle_named("peer-9");
	assert_from("peer-9", 10);
	now += JB_MESH_WAIT_NS - 1;
	settle();
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 0, 0);
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	settle();
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 10, 100 * MS);
	assert_mean(from("peer-9").network_s, 0.010);
}

/* Nor go they with those that have waited for one before. */
static void test_round_trips_that_others_have_waited_for(void **state)
{
	(void)state;
	world.client = "peer-9";
	tell_news(by(JB_MESH_MUTUAL, 1));
	world.client = NULL;
	now += JB_MESH_WAIT_NS - 1;
	tell_news(by(JB_MESH_MUTUAL, 10));
	now += 1;
	settle_named("peer-9");
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	settle();
	assert_from("peer-9", 11);
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 10, 100 * MS);
}

/* The second time as the first. */
static void test_what_is_asked(void **state)
{
	(void)state;
	tell_news(requests(inbound(JB_MESH_PLAIN, ""), 1, 1));
	memset(&world.client_question, 0, sizeof(world.client_question));
	settle();
	assert_string_equal(world.client_question.namespace_, "ns");
	assert_string_equal(world.client_question.pod, "web");
	assert_string_equal(world.client_question.of, "");
	assert_int_equal(world.client_question.leg, JB_LEG_PLAIN_IN);
	assert_int_equal(world.client_question.port, 8080);
	settle_named("peer-9");
	world.client_asked = 0;
	settle(); /* there is nothing left to ask */
	assert_int_equal(world.client_asked, 0);
}

/* Mutual ones are one far end, whatever port or service account; plain ones are by port. */
static void test_what_is_one_far_end(void **state)
{
	struct jb_mesh_news news = by(JB_MESH_MUTUAL, 1);

	(void)state;
	tell_news(news);
	news.far.target_port = 81;
	tell_news(news);
	strcpy(news.far.workload, "another");
	tell_news(news);
	assert_stats(unnamed, 1);
	strcpy(news.far.namespace_, "others");
	tell_news(news);
	assert_stats(unnamed, 2);
	news.far.tls = JB_MESH_PLAIN;
	tell_news(news);
	news.far.tls = JB_MESH_OPAQUE;
	tell_news(news);
	assert_stats(unnamed, 4);
	news.far.target_port = 82;
	tell_news(news);
	assert_stats(unnamed, 5);
	assert_stats(unnamed_requests, 7);
	now += JB_MESH_WAIT_NS;
	settle();
	assert_from("unknown", 3);
	assert_int_equal(edge_of("web", JB_MESH_DESTINATION, "others", "unknown").request_ns,
			 100 * MS);
}

static struct jb_mesh_news at_port(__u16 port)
{
	struct jb_mesh_news news = requests(inbound(JB_MESH_PLAIN, ""), 1, 1);

	news.far.target_port = port;
	return news;
}

static __u64 from_nobody(void)
{
	struct jb_mesh_edge edge = edge_of("web", JB_MESH_DESTINATION, "", "unknown");

	return successes(&edge);
}

static void test_more_than_room(void **state)
{
	(void)state;
	for (__u16 port = 1; port <= JB_MESH_MAX_UNNAMED; port++)
		tell_news(at_port(port));
	assert_stats(edges, 0);
	tell_news(at_port(JB_MESH_MAX_UNNAMED + 1));
	assert_int_equal(from_nobody(), 1);
	tell_news(at_port(1)); /* has its place */
	tell_page("emoji", (struct jb_mesh_news[]){at_port(1)}, 1);
	assert_stats(unnamed, JB_MESH_MAX_UNNAMED + 1);
	assert_int_equal(from_nobody(), 1);
	settle_named("peer-9");
	assert_stats(unnamed, 0);
	assert_from("peer-9", JB_MESH_MAX_UNNAMED + 1);
	world.client = NULL;
	tell_news(at_port(JB_MESH_MAX_UNNAMED + 1)); /* now there is room */
	assert_int_equal(from_nobody(), 1);
	assert_stats(unnamed, 1);
}

static bool is_alive(void *ctx, const char *namespace_, const char *pod)
{
	(void)namespace_;
	return strcmp(pod, ctx) != 0;
}

static void test_sweep(void **state)
{
	(void)state;
	tell_news(by(JB_MESH_MUTUAL, 1));
	tell_page("emoji", (struct jb_mesh_news[]){by(JB_MESH_MUTUAL, 2)}, 1);
	jb_mesh_join_sweep(join, is_alive, "web");
	assert_stats(unnamed, 1);
	assert_stats(unnamed_requests, 2);
	jb_mesh_join_pod(join, "ns", "web");
	settle_named("peer-9");
	assert_false(is_told("peer-9"));
	assert_stats(edges, 1);
}

/* Each is asked for by its own name. */
static void test_pods_without_place(void **state)
{
	(void)state;
	options.max_pods = 1;
	restart();
	jb_mesh_join_pod(join, "ns", "a");
	tell_page("b", (struct jb_mesh_news[]){by(JB_MESH_MUTUAL, 1)}, 1);
	tell_page("c", (struct jb_mesh_news[]){by(JB_MESH_MUTUAL, 2)}, 1);
	assert_stats(unnamed, 2);
	assert_stats(folded, 2);
	settle_named("peer-9");
	assert_string_equal(world.client_question.pod, "c");
	assert_string_equal(world.client_question.of, "peers");
	assert_int_equal(world.client_question.leg, JB_LEG_MESH_IN);
	assert_int_equal(world.client_question.port, 0);
	assert_int_equal(edge_of("~other", JB_MESH_DESTINATION, "peers", "peer-9").request_ns,
			 75 * MS);
	assert_stats(folded, 2);
}

static void test_edges_without_place(void **state)
{
	(void)state;
	options.destinations = 1;
	restart();
	tell_retransmitted(JB_LEG_MESH_IN, 1, 1);
	tell_news(by(JB_MESH_MUTUAL, 1));
	assert_stats(folded, 0);
	settle_named("peer-9");
	assert_int_equal(edge_of("web", JB_MESH_DESTINATION, "", "~other").request_ns, 25 * MS);
	assert_stats(folded, 1);
}

/* Whoever writes a page can put any number on it, and again. */
static void test_numbers_out_of_this_world(void **state)
{
	static const double numbers[] = {5, NAN, -NAN, INFINITY, -INFINITY, -5, -0.0};
	struct jb_mesh_news news = inbound(JB_MESH_MUTUAL, "peers");

	(void)state;
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		tell_news(octets(requests(news, numbers[i], numbers[i]), 1, 1));
	assert_stats(unnamed_requests, 5);
	for (int i = 0; i < 3; i++)
		tell_news(octets(requests(news, 1e308, 1e308), 1e308, 1e308));
	assert_true(jb_mesh_join_stats(join).unnamed_requests == 1ULL << 63);
	settle_named("peer-9");
	assert_true(from("peer-9").mtls_bytes == 1ULL << 63);
	assert_from("peer-9", 1ULL << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_known_later),
		TEST(test_octets_of_the_pod),
		TEST(test_several_do_not_wait),
		TEST(test_several_later),
		TEST(test_never_known),
		TEST(test_known_very_late),
		TEST(test_then_they_wait_for_a_round_trip),
		TEST(test_round_trips_that_others_have_waited_for),
		TEST(test_what_is_asked),
		TEST(test_what_is_one_far_end),
		TEST(test_more_than_room),
		TEST(test_sweep),
		TEST(test_pods_without_place),
		TEST(test_edges_without_place),
		TEST(test_numbers_out_of_this_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
