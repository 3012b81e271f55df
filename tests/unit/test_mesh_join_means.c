/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The join, of clients that were waited for: what their requests are to the means of the edge. */
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

static void settle_named(const char *client_name)
{
	world.client = client_name;
	settle();
}

/* Those of a page that is older than the edge's latest add to its sums. */
static void test_means_of_a_newer_page(void **state)
{
	struct jb_mesh_news slow = requests(inbound(JB_MESH_MUTUAL, "peers"), 10, 9000);

	(void)state;
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	tell_news(slow);
	world.client = "peer-9";
	tell_news(by(JB_MESH_MUTUAL, 10));
	tell_rtt(JB_LEG_MESH_IN, 9, 70000);
	settle();
	assert_from("peer-9", 20);
	assert_int_equal(from("peer-9").request_ns, 9250 * MS);
	assert_mean(from("peer-9").latency_s, 0.025);
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 20, 800 * MS);
	assert_mean(from("peer-9").network_s, 0.010);
}

/* Nor do they take away that requests of the newer one wait for a round trip. */
static void test_means_of_a_newer_page_that_waits(void **state)
{
	(void)state;
	tell_news(by(JB_MESH_MUTUAL, 10));
	world.client = "peer-9";
	tell_news(by(JB_MESH_MUTUAL, 10));
	settle();
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	settle();
	assert_network((struct jb_mesh_edge[]){from("peer-9")}, 20, 200 * MS);
	assert_mean(from("peer-9").network_s, 0.010);
}

/* The last page that told of them counts. */
static void test_means_of_two_pages(void **state)
{
	(void)state;
	tell_news(by(JB_MESH_MUTUAL, 10));
	world.client = "peer-9";
	tell_news(requests(inbound(JB_MESH_PLAIN, ""), 1, 3));
	world.client = NULL;
	tell_news(requests(inbound(JB_MESH_MUTUAL, "peers"), 10, 750));
	settle_named("peer-9");
	assert_mean(from("peer-9").latency_s, 0.050);
}

/* Those of the same page, or of a newer one, are its means. */
static void test_means_of_the_latest_page(void **state)
{
	struct jb_mesh_news slow = requests(inbound(JB_MESH_PLAIN, ""), 10, 750);

	(void)state;
	tell_rtt(JB_LEG_MESH_IN, 9, 10000);
	tell_rtt(JB_LEG_PLAIN_IN, 9, 30000);
	tell_page("web", (struct jb_mesh_news[]){by(JB_MESH_MUTUAL, 10), slow}, 2);
	settle_named("peer-9");
	assert_mean(from("peer-9").latency_s, 0.050);
	assert_mean(from("peer-9").network_s, 0.020);
	world.client = NULL;
	tell_news(slow);
	tell_page("emoji", (struct jb_mesh_news[]){slow}, 1); /* another edge's */
	settle_named("peer-9");
	assert_mean(from("peer-9").latency_s, 0.075);
	assert_mean(from("peer-9").network_s, 0.030);
	assert_from("peer-9", 30);
}

/* Octets make no page the latest one. */
static void test_means_of_requests(void **state)
{
	(void)state;
	tell_news(by(JB_MESH_MUTUAL, 10));
	world.client = "peer-9";
	tell_news(requests(inbound(JB_MESH_PLAIN, ""), 1, 3));
	world.client = NULL;
	tell_news(octets(inbound(JB_MESH_MUTUAL, "peers"), 1, 1));
	settle_named("peer-9");
	assert_mean(from("peer-9").latency_s, 0.003);
	assert_from("peer-9", 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_means_of_a_newer_page), TEST(test_means_of_a_newer_page_that_waits),
		TEST(test_means_of_two_pages),    TEST(test_means_of_the_latest_page),
		TEST(test_means_of_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
