/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The join, the proxies' side: what pages tell of pods and edges, and who that is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mesh_world.h"

static struct jb_mesh_target target;
static struct jb_mesh_facts facts;
static struct jb_mesh_result result;

static int setup_page(void **state)
{
	target = (struct jb_mesh_target){.namespace_ = "ns", .pod = "web"};
	facts = (struct jb_mesh_facts){};
	result = (struct jb_mesh_result){.target = &target, .error = "", .facts = &facts};
	return setup(state);
}

static void tell_result(void)
{
	jb_mesh_join_result(join, &result, now);
}

static void test_attempts(void **state)
{
	struct jb_mesh_pod pod;

	(void)state;
	result.bytes = 5000;
	result.duration_ns = 7;
	tell_result();
	pod = web();
	assert_true(pod.asked && pod.success);
	assert_int_equal(pod.scrape_bytes, 5000);
	assert_int_equal(pod.scrape_ns, 7);
	assert_string_equal(pod.error, "");
	result = (struct jb_mesh_result){
		.target = &target, .failure = JB_MESH_FORBIDDEN, .error = "403", .duration_ns = 9};
	tell_result();
	result.failure = JB_MESH_TIMEOUT;
	result.error = "no answer";
	tell_result();
	pod = web();
	assert_true(pod.asked);
	assert_false(pod.success);
	assert_string_equal(pod.error, "no answer");
	assert_int_equal(pod.scrape_bytes, 5000); /* of the latest that was fine */
	assert_int_equal(pod.scrape_ns, 9);
	for (int f = 0; f < JB_MESH_FAILURE_MAX; f++)
		assert_int_equal(pod.failures[f], f == JB_MESH_FINE || f == JB_MESH_FORBIDDEN ||
							  f == JB_MESH_TIMEOUT);
}

/* A page that broke off tells of nothing but that. */
static void test_nothing_of_a_page_that_failed(void **state)
{
	struct jb_mesh_news news = requests(outbound(9, JB_MESH_MUTUAL, "voting"), 5, 5);

	(void)state;
	result.failure = JB_MESH_BROKEN;
	result.facts = NULL;
	result.news = &news;
	result.n_news = 1;
	tell_result();
	assert_stats(edges, 0);
	assert_int_equal(web().failures[JB_MESH_BROKEN], 1);
}

/* Nobody took what came before the latest attempt. */
static void test_what_came_before(void **state)
{
	struct jb_mesh_news news = requests(outbound(9, JB_MESH_MUTUAL, "voting"), 5, 5);

	(void)state;
	result.failure = JB_MESH_BROKEN;
	result.earlier[JB_MESH_FINE] = 2;
	result.earlier[JB_MESH_TIMEOUT] = 3;
	result.bytes = 17;
	result.news = &news;
	result.n_news = 1;
	tell_result();
	assert_stats(edges, 1);
	assert_true(web().has_proxy);
	assert_false(web().success);
	assert_int_equal(web().scrape_bytes, 0);
	assert_int_equal(web().failures[JB_MESH_FINE], 2);
	assert_int_equal(web().failures[JB_MESH_TIMEOUT], 3);
	assert_int_equal(web().failures[JB_MESH_BROKEN], 1);
}

static void test_facts(void **state)
{
	(void)state;
	facts.skipped = 10;
	tell_result();
	assert_false(web().certificate_told);
	facts = (struct jb_mesh_facts){.certificate_expiry_s = 1.75e9,
				       .certificate_refresh_errors = 2,
				       .version = "2.366.0",
				       .skipped = 3};
	tell_result();
	facts.certificate_refresh_errors = 1;
	tell_result();
	assert_true(web().certificate_told);
	assert_true(web().certificate_expiry_s == 1.75e9);
	assert_int_equal(web().certificate_refresh_errors, 3);
	assert_string_equal(web().version, "2.366.0");
	assert_stats(skipped, 16);
	facts = (struct jb_mesh_facts){.certificate_expiry_s = NAN};
	tell_result();
	assert_true(web().certificate_expiry_s == 0);
	assert_true(web().certificate_told); /* the errors still are */
	facts.certificate_expiry_s = INFINITY;
	tell_result();
	assert_true(web().certificate_expiry_s == 0);
}

static void test_certificate(void **state)
{
	(void)state;
	facts.certificate_expiry_s = 1.75e9;
	tell_result();
	assert_true(web().certificate_told);
	restart();
	facts = (struct jb_mesh_facts){.certificate_refresh_errors = 1};
	tell_result();
	assert_true(web().certificate_told);
}

/* Within less than the proxy counts. */
static void test_requests_in_no_time(void **state)
{
	struct jb_mesh_news news = outbound(9, JB_MESH_MUTUAL, "voting");

	(void)state;
	news.by[JB_MESH_RESPONSES] = 5; /* their ends are counted later */
	tell_news(news);
	assert_true(to("voting").tls_seen[JB_MESH_MUTUAL]);
	assert_true(to("voting").latency_s == 0);
	assert_int_equal(to("voting").request_ns, 0);
}

static void test_requests(void **state)
{
	struct jb_mesh_news news[3] = {outbound(9, JB_MESH_MUTUAL, "voting"),
				       outbound(8, JB_MESH_MUTUAL, "voting"),
				       outbound(8, JB_MESH_PLAIN, "voting")};
	struct jb_mesh_edge edge;

	(void)state;
	news[0].by[JB_MESH_SUCCESSES] = 10;
	news[0].by[JB_MESH_FAILURES] = 3;
	news[0].by[JB_MESH_RESPONSES] = 13;
	news[0].by[JB_MESH_RESPONSE_MS] = 100;
	news[1].by[JB_MESH_SUCCESSES] = 5;
	news[1].by[JB_MESH_RESPONSES] = 5;
	news[1].by[JB_MESH_RESPONSE_MS] = 8.5;
	news[2].by[JB_MESH_FAILURES] = 2; /* never answered */
	tell_page("web", news, 3);
	edge = to("voting");
	assert_int_equal(edge.requests[JB_MESH_MUTUAL][JB_MESH_CLASS_SUCCESS], 15);
	assert_int_equal(edge.requests[JB_MESH_MUTUAL][JB_MESH_CLASS_FAILURE], 3);
	assert_int_equal(edge.requests[JB_MESH_PLAIN][JB_MESH_CLASS_SUCCESS], 0);
	assert_int_equal(edge.requests[JB_MESH_PLAIN][JB_MESH_CLASS_FAILURE], 2);
	assert_true(edge.tls_seen[JB_MESH_MUTUAL] && edge.tls_seen[JB_MESH_PLAIN]);
	assert_false(edge.tls_seen[JB_MESH_OPAQUE]);
	assert_int_equal(edge.request_ns, 108500000);
	assert_mean(edge.latency_s, 0.1085 / 18);
	assert_true(isnan(edge.network_s));
	assert_int_equal(edge.mtls_bytes + edge.other_bytes, 0);
	assert_stats(edges, 1);
	/* the mean is of the latest page, the sums of all */
	tell_page("web", &news[1], 1);
	edge = to("voting");
	assert_int_equal(edge.requests[JB_MESH_MUTUAL][JB_MESH_CLASS_SUCCESS], 20);
	assert_int_equal(edge.request_ns, 117000000);
	assert_mean(edge.latency_s, 0.0085 / 5);
}

static void test_servers(void **state)
{
	struct jb_mesh_news news = requests(outbound(9, JB_MESH_MUTUAL, ""), 1, 1);

	(void)state;
	tell_news(news);
	assert_int_equal(world.who_port, 0); /* 4143, whatever the page says */
	assert_int_equal(to("peer-9").request_ns, 1000000);
	news.far.tls = JB_MESH_PLAIN;
	tell_news(news);
	assert_int_equal(world.who_port, 8080);
	assert_int_equal(to("peer-9").request_ns, 2000000);
	world.who_asked = 0;
	tell_news(requests(outbound(9, JB_MESH_PLAIN, "voting"), 1, 1));
	tell_news(requests(outbound(0, JB_MESH_PLAIN, ""), 1, 1));
	assert_int_equal(world.who_asked, 0);
	assert_int_equal(to("voting").request_ns, 1000000);
	assert_int_equal(edge_of("web", JB_MESH_SOURCE, "", "unknown").request_ns, 1000000);
}

static void assert_asked(enum jb_tcp_leg leg, const char *of, __u16 port)
{
	assert_string_equal(world.client_question.namespace_, "ns");
	assert_string_equal(world.client_question.pod, "web");
	assert_int_equal(world.client_question.leg, leg);
	assert_string_equal(world.client_question.of, of);
	assert_int_equal(world.client_question.port, port);
}

static void test_clients(void **state)
{
	(void)state;
	world.client = "gateway";
	tell_news(requests(inbound(JB_MESH_MUTUAL, "edge"), 1, 1));
	assert_asked(JB_LEG_MESH_IN, "edge", 0);
	tell_news(requests(inbound(JB_MESH_PLAIN, ""), 2, 2));
	assert_asked(JB_LEG_PLAIN_IN, "", 8080);
	tell_news(requests(inbound(JB_MESH_OPAQUE, ""), 4, 4));
	assert_asked(JB_LEG_PLAIN_IN, "", 8080);
	assert_int_equal(from("gateway").request_ns, 7000000);
	assert_int_equal(from("gateway").requests[JB_MESH_OPAQUE][JB_MESH_CLASS_SUCCESS], 4);
	world.several = true;
	tell_news(requests(inbound(JB_MESH_MUTUAL, "edge"), 10, 10));
	tell_news(requests(inbound(JB_MESH_PLAIN, ""), 20, 20));
	world.several = false;
	world.client = ""; /* of whom there is no name */
	tell_news(requests(inbound(JB_MESH_PLAIN, ""), 1, 1));
	assert_int_equal(edge_of("web", JB_MESH_DESTINATION, "edge", "unknown").request_ns,
			 10000000);
	assert_int_equal(edge_of("web", JB_MESH_DESTINATION, "", "unknown").request_ns, 21000000);
	assert_stats(edges, 3);
}

static void test_proxy_bytes(void **state)
{
	static const struct {
		enum jb_mesh_side side;
		enum jb_mesh_tls tls;
		enum jb_tcp_leg leg;
		bool plaintext;
	} cases[] = {
		{JB_MESH_OUTBOUND_SRC, JB_MESH_PLAIN, JB_LEG_APP_OUT, false},
		{JB_MESH_OUTBOUND_DST, JB_MESH_MUTUAL, JB_LEG_MESH_OUT, false},
		{JB_MESH_OUTBOUND_DST, JB_MESH_PLAIN, JB_LEG_PLAIN_OUT, true},
		{JB_MESH_OUTBOUND_DST, JB_MESH_OPAQUE, JB_LEG_PLAIN_OUT, false},
		{JB_MESH_INBOUND_SRC, JB_MESH_MUTUAL, JB_LEG_MESH_IN, false},
		{JB_MESH_INBOUND_SRC, JB_MESH_PLAIN, JB_LEG_PLAIN_IN, true},
		{JB_MESH_INBOUND_SRC, JB_MESH_OPAQUE, JB_LEG_PLAIN_IN, false},
		{JB_MESH_INBOUND_DST, JB_MESH_PLAIN, JB_LEG_APP_IN, false},
		{JB_MESH_INBOUND_DST, JB_MESH_MUTUAL, JB_LEG_APP_IN, false},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct jb_mesh_news news = {.far = {.side = cases[i].side, .tls = cases[i].tls}};
		enum jb_tcp_leg leg = cases[i].leg;
		struct jb_mesh_pod pod;

		restart();
		world.client = "gateway";
		tell_news(octets(news, 300, 20));
		tell_news(octets(news, 0, 1));
		pod = web();
		for (enum jb_tcp_leg l = 0; l < JB_LEG_MAX; l++) {
			assert_int_equal(pod.legs[l], l == leg);
			assert_int_equal(pod.proxy_bytes[l][JB_INGRESS], l == leg ? 300 : 0);
			assert_int_equal(pod.proxy_bytes[l][JB_EGRESS], l == leg ? 21 : 0);
			assert_int_equal(pod.plaintext_bytes[l],
					 l == leg && cases[i].plaintext ? 321 : 0);
			assert_int_equal(pod.kernel_bytes[l][JB_INGRESS], 0);
		}
		assert_stats(edges, !jb_tcp_leg_is_local(leg));
	}
}

static void test_bytes_of_edges(void **state)
{
	(void)state;
	world.client = "gateway";
	tell_news(octets(outbound(9, JB_MESH_MUTUAL, "voting"), 300, 20));
	tell_news(octets(outbound(9, JB_MESH_PLAIN, "voting"), 4000, 0));
	tell_news(octets(outbound(9, JB_MESH_OPAQUE, "voting"), 0, 50000));
	tell_news(octets(inbound(JB_MESH_MUTUAL, "edge"), 1, 2));
	tell_news(octets(inbound(JB_MESH_PLAIN, ""), 3, 4));
	assert_int_equal(to("voting").mtls_bytes, 320);
	assert_int_equal(to("voting").other_bytes, 54000);
	assert_int_equal(from("gateway").mtls_bytes, 3);
	assert_int_equal(from("gateway").other_bytes, 7);
	assert_false(to("voting").tls_seen[JB_MESH_MUTUAL]);
	assert_true(isnan(to("voting").latency_s));
}

/* Connections alone make no edge, unless the page tells with whom they are. */
static void test_news_of_nothing(void **state)
{
	struct jb_mesh_news news = inbound(JB_MESH_PLAIN, "");

	(void)state;
	tell_news(news);
	news.by[JB_MESH_OPENED] = 5;
	tell_news(news);
	news.far.side = JB_MESH_SIDE_MAX;
	tell_news(octets(requests(news, 1, 1), 1, 1));
	news.far.side = JB_MESH_OUTBOUND_DST;
	news.far.tls = JB_MESH_TLS_MAX;
	tell_news(octets(requests(news, 1, 1), 1, 1));
	assert_stats(edges, 0);
	assert_stats(remotes, 0);
	assert_false(web().legs[JB_LEG_PLAIN_OUT]);
	tell_news(outbound(9, JB_MESH_PLAIN, "voting"));
	assert_stats(edges, 1);
	assert_int_equal(to("voting").requests[JB_MESH_PLAIN][JB_MESH_CLASS_SUCCESS], 0);
}

/* The proxy never got through to it: its page has the name, and the kernel the failure. */
static void test_who_is_never_reached(void **state)
{
	struct a_contact failed = of_proxy(JB_LEG_MESH_OUT, 9);

	(void)state;
	tell_news(outbound(9, JB_MESH_MUTUAL, "redis"));
	failed.kernel.what = JB_CONTACT_FAILED;
	failed.kernel.reason = JB_TCP_NO_ANSWER;
	tell(failed);
	assert_int_equal(to("redis").failures[JB_TCP_NO_ANSWER], 1);
	assert_stats(edges, 1);
}

/* What is no whole yet is carried on to the next page. */
static void test_rests(void **state)
{
	struct jb_mesh_news news = requests(outbound(9, JB_MESH_PLAIN, "voting"), 0.25, 0.0000005);

	(void)state;
	tell_rtt(JB_LEG_PLAIN_OUT, 9, 3);
	for (int i = 0; i < 1001; i++)
		tell_news(octets(news, 0.5, 0.125));
	assert_int_equal(to("voting").requests[JB_MESH_PLAIN][JB_MESH_CLASS_SUCCESS], 250);
	assert_int_equal(to("voting").request_ns, 500);
	assert_int_equal(to("voting").other_bytes, 625);
	assert_int_equal(web().proxy_bytes[JB_LEG_PLAIN_OUT][JB_INGRESS], 500);
	assert_int_equal(web().proxy_bytes[JB_LEG_PLAIN_OUT][JB_EGRESS], 125);
	assert_int_equal(web().plaintext_bytes[JB_LEG_PLAIN_OUT], 625);
	assert_network((struct jb_mesh_edge[]){to("voting")}, 250, 250 * 3000 + 750);
}

/* Whoever writes a page can put any number on it. */
static void test_numbers_out_of_this_world(void **state)
{
	static const double numbers[] = {NAN, -NAN, INFINITY, -INFINITY, -5, -0.0, 0};
	struct jb_mesh_news news = outbound(9, JB_MESH_MUTUAL, "voting");

	(void)state;
	tell_rtt(JB_LEG_MESH_OUT, 9, 1000);
	tell_news(octets(requests(news, 10, 30), 100, 10));
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		tell_news(octets(requests(news, numbers[i], numbers[i]), numbers[i], numbers[i]));
	assert_int_equal(to("voting").requests[JB_MESH_MUTUAL][JB_MESH_CLASS_SUCCESS], 10);
	assert_int_equal(to("voting").request_ns, 30000000);
	assert_int_equal(to("voting").mtls_bytes, 110);
	assert_mean(to("voting").latency_s, 0.003);
	assert_mean(to("voting").network_s, 0.001);
	for (int i = 0; i < 4; i++)
		tell_news(octets(requests(news, 1e19, 1e300), 1e308, 1e308));
	assert_true(to("voting").requests[JB_MESH_MUTUAL][JB_MESH_CLASS_SUCCESS] == ~0ULL);
	assert_true(to("voting").request_ns == ~0ULL);
	assert_true(to("voting").network_ns == ~0ULL);
	assert_true(to("voting").mtls_bytes == ~0ULL);
	tell_news(requests(news, 1e-300, 1e300));
	assert_true(isnan(to("voting").latency_s));
	tell_news(requests(news, 2, 8));
	assert_true(to("voting").request_ns == ~0ULL);
	assert_mean(to("voting").latency_s, 0.004);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_page, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attempts),
		TEST(test_nothing_of_a_page_that_failed),
		TEST(test_what_came_before),
		TEST(test_facts),
		TEST(test_certificate),
		TEST(test_requests_in_no_time),
		TEST(test_requests),
		TEST(test_servers),
		TEST(test_clients),
		TEST(test_proxy_bytes),
		TEST(test_bytes_of_edges),
		TEST(test_news_of_nothing),
		TEST(test_who_is_never_reached),
		TEST(test_rests),
		TEST(test_numbers_out_of_this_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
