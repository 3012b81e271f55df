/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the page tells of who talks to whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "page_text.h"

#define CONNECTIONS "jitterbug_edge_connections_total{"
#define BYTES       "jitterbug_edge_bytes_total{"
#define VERDICTS    "jitterbug_policy_observed_connections_total{"
#define POD         "namespace=\"media\",pod=\"sfu-0\",container=\"\""

static struct jb_edges *edges;
static struct jb_who self, peer;
static enum jb_edge_verdict verdict;

static enum jb_who_answer find_self(void *ctx, const struct jb_ends *ends, struct jb_who *ret)
{
	(void)ctx;
	(void)ends;
	*ret = self;
	return JB_WHO_KNOWN;
}

static enum jb_who_answer find_peer(void *ctx, const struct jb_ends *ends, bool last,
				    struct jb_who *ret)
{
	(void)ctx;
	(void)ends;
	(void)last;
	*ret = peer;
	return JB_WHO_KNOWN;
}

static enum jb_edge_verdict judge(void *ctx, const struct jb_edge_case *edge,
				  char ret_policies[JB_EDGE_POLICIES])
{
	(void)ctx;
	(void)edge;
	(void)ret_policies;
	return verdict;
}

static int setup_edges(void **state)
{
	const struct jb_edges_options options = {
		.whois = {find_self, find_peer, NULL},
		.judge = judge,
		.destinations = 1,
		.max_owners = 8,
		.max_edges = 8,
		.max_waiting = 8,
		.wait_ns = JB_EDGES_WAIT_NS,
	};
	int err = jb_edges_new(&edges, &options);

	setup(state);
	page.edges = edges;
	verdict = JB_VERDICT_ALLOWED;
	self = (struct jb_who){.namespace_ = "media", .pod = "sfu-0", .workload = "sfu"};
	peer = (struct jb_who){.namespace_ = "redis", .pod = "redis-0", .workload = "redis"};
	return err;
}

static int teardown_edges(void **state)
{
	jb_edges_free(edges);
	return teardown(state);
}

static void meet(enum jb_reporter reporter, enum jb_edge_protocol protocol, __u64 connections)
{
	const struct jb_edge_note note = {
		.reporter = reporter,
		.protocol = protocol,
		.port = 6379,
		.counts = {connections, 1, 20, 300},
	};

	jb_edges_note(edges, &note, 1);
	jb_edges_settle(edges, 1);
}

static void test_labels(void **state)
{
	(void)state;
	meet(JB_REPORTER_SOURCE, JB_EDGE_TCP, 5);
	meet(JB_REPORTER_DESTINATION, JB_EDGE_RTP, 6);
	meet(JB_REPORTER_UNKNOWN, JB_EDGE_TCP, 0);
	render(JB_EXPOSITION_TEXT);
#define TO_REDIS   "dst_namespace=\"redis\",dst_workload=\"redis\"} "
#define FROM_REDIS "src_namespace=\"redis\",src_workload=\"redis\"} "
	assert_line(CONNECTIONS POD ",reporter=\"source\",protocol=\"tcp\"," TO_REDIS "5");
	assert_line(BYTES POD ",reporter=\"source\",protocol=\"tcp\"," TO_REDIS "320");
	assert_line(BYTES POD ",reporter=\"unknown\",protocol=\"tcp\"," TO_REDIS "320");
	assert_line(CONNECTIONS POD ",reporter=\"unknown\",protocol=\"tcp\"," TO_REDIS "0");
	assert_int_equal(count(BYTES), 3);
	/* the second place is ~other's: there is one place for source and destination */
	assert_line(CONNECTIONS POD ",reporter=\"destination\",protocol=\"rtp\","
				    "src_namespace=\"\",src_workload=\"~other\"} 6");
	assert_line("jitterbug_agent_edges_folded_total 1");
	assert_line("jitterbug_agent_edges_lost_total 0");
}

static void test_a_source(void **state)
{
	(void)state;
	meet(JB_REPORTER_DESTINATION, JB_EDGE_TCP, 5);
	render(JB_EXPOSITION_TEXT);
	assert_line(CONNECTIONS POD ",reporter=\"destination\",protocol=\"tcp\"," FROM_REDIS "5");
	assert_int_equal(count(CONNECTIONS), 1);
}

static void test_units(void **state)
{
	(void)state;
	self = (struct jb_who){.unit = "sfu.service", .workload = "sfu.service"};
	peer = (struct jb_who){.workload = JB_WHO_EXTERNAL};
	meet(JB_REPORTER_SOURCE, JB_EDGE_TCP, 5);
	render(JB_EXPOSITION_TEXT);
	assert_line(CONNECTIONS SFU ",reporter=\"source\",protocol=\"tcp\","
				    "dst_namespace=\"\",dst_workload=\"external\"} 5");
}

static void test_verdicts(void **state)
{
	(void)state;
	meet(JB_REPORTER_SOURCE, JB_EDGE_TCP, 5);
	verdict = JB_VERDICT_DENIED;
	meet(JB_REPORTER_SOURCE, JB_EDGE_TCP, 0); /* a failure */
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(VERDICTS), 0);
	page.policies = true;
	render(JB_EXPOSITION_TEXT);
	assert_line(VERDICTS POD ",verdict=\"allowed\"} 6");
	assert_line(VERDICTS POD ",verdict=\"denied\"} 1");
	assert_line(VERDICTS POD ",verdict=\"no_policy\"} 0");
	assert_line(VERDICTS POD ",verdict=\"unknown\"} 0");
	assert_int_equal(count(VERDICTS), 4);
	assert_int_equal(count(CONNECTIONS), 1); /* whatever the verdict */
}

/* Owners that have nothing judged are told of as well. */
static void test_verdicts_from_0(void **state)
{
	(void)state;
	page.policies = true;
	meet(JB_REPORTER_SOURCE, JB_EDGE_RTP, 5);
	render(JB_EXPOSITION_TEXT);
	assert_line(VERDICTS POD ",verdict=\"allowed\"} 0");
	assert_int_equal(count(VERDICTS), 4);
}

static void test_not_measured(void **state)
{
	(void)state;
	meet(JB_REPORTER_SOURCE, JB_EDGE_TCP, 5);
	page.edges = NULL;
	page.policies = true;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count("jitterbug_edge"), 0);
	assert_int_equal(count("jitterbug_policy"), 0);
	assert_int_equal(count("jitterbug_agent_edges"), 0);
}

/* Names of whatever kind are written as all others. */
static void test_escapes(void **state)
{
	(void)state;
	peer = (struct jb_who){.unit = "a\"b\n.service", .workload = "a\"b\n.service"};
	meet(JB_REPORTER_SOURCE, JB_EDGE_TCP, 5);
	render(JB_EXPOSITION_TEXT);
	assert_line(CONNECTIONS POD ",reporter=\"source\",protocol=\"tcp\","
				    "dst_namespace=\"\",dst_workload=\"a\\\"b\\n.service\"} 5");
}

/* What the agent says of its page is what is on it, and each family is there once. */
static void test_series_are_counted(void **state)
{
	static const char *const families[] = {"edge_connections", "edge_bytes",
					       "policy_observed_connections"};
	static const unsigned int series[] = {3, 3, 4};
	char line[128];

	(void)state;
	page.policies = true;
	meet(JB_REPORTER_SOURCE, JB_EDGE_TCP, 5);
	meet(JB_REPORTER_DESTINATION, JB_EDGE_TCP, 5);
	meet(JB_REPORTER_SOURCE, JB_EDGE_RTP, 5);
	render(JB_EXPOSITION_OPENMETRICS);
	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "jitterbug_agent_series{family=\"%s\"} %u",
			 families[i], series[i]);
		assert_line(line);
		snprintf(line, sizeof(line), "# TYPE jitterbug_%s ", families[i]);
		assert_int_equal(count(line), 1);
	}
	assert_line("jitterbug_agent_series{family=\"agent_edges_lost\"} 1");
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_edges, teardown_edges)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_labels),   TEST(test_a_source),           TEST(test_units),
		TEST(test_verdicts), TEST(test_verdicts_from_0),    TEST(test_not_measured),
		TEST(test_escapes),  TEST(test_series_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
