/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How an edge is listed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "edges/view.h"

#define NOW (1000 * JB_SECOND_NS)

static struct jb_edge_info an_info(void)
{
	return (struct jb_edge_info){
		.reporter = "source",
		.namespace_ = "livekit",
		.pod = "livekit-server-86d4c",
		.unit = "",
		.peer_namespace = "redis",
		.peer_workload = "redis-master",
		.peer_pod = "redis-master-0",
		.protocol = "tcp",
		.verdict = "allowed",
		.policies = "redis/clients",
		.leg = "mesh_out",
		.port = 6379,
		.connections = 12,
		.failures = 3,
		.bytes_sent = 1234567,
		.bytes_received = 50,
		.idle_ns = 1500000000,
		.age_ns = 61000000000,
		.mesh_requests = 100,
		.mesh_failures = 1,
		.mesh_latency_ns = 25000000,
		.mesh_network_ns = 20000000,
		.mesh_residence_ns = 5000000,
		.mesh_retransmits = 2,
	};
}

static void test_json(void **state)
{
	struct jb_edge_info info = an_info();
	struct jb_buffer out = {};

	(void)state;
	jb_edge_json(&info, &out);
	assert_string_equal(
		out.data,
		"{\"reporter\":\"source\",\"namespace\":\"livekit\","
		"\"pod\":\"livekit-server-86d4c\",\"unit\":\"\",\"peer_namespace\":\"redis\","
		"\"peer_workload\":\"redis-master\",\"peer_pod\":\"redis-master-0\","
		"\"protocol\":\"tcp\",\"port\":6379,\"connections\":12,\"failures\":3,"
		"\"bytes_sent\":1234567,\"bytes_received\":50,\"leg\":\"mesh_out\","
		"\"mesh_requests\":100,\"mesh_failures\":1,\"mesh_latency_seconds\":0.025,"
		"\"mesh_network_seconds\":0.02,\"mesh_residence_seconds\":0.005,"
		"\"mesh_retransmits\":2,\"verdict\":\"allowed\","
		"\"policies\":\"redis/clients\",\"idle_seconds\":1.5,\"age_seconds\":61}");
	jb_buffer_free(&out);
}

/* The tool reads what the agent writes. */
static void test_json_and_back(void **state)
{
	struct jb_edge_info info = an_info(), back;
	struct jb_buffer out = {};
	const char *bad;
	json_t *root;

	(void)state;
	info.port = JB_RECORD_NONE;
	jb_edge_json(&info, &out);
	root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(jb_record_parse(&jb_edge_record, root, &back, &bad), 0);
	assert_int_equal(back.port, JB_RECORD_NONE);
	assert_int_equal(jb_edge_compare(&info, &back), 0);
	assert_int_equal(back.idle_ns, info.idle_ns);
	assert_string_equal(back.policies, "redis/clients");
	json_decref(root);
	jb_buffer_free(&out);
}

/* The names of the columns that a table has by itself. */
static size_t shown(const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX])
{
	const char *bad;
	int length;
	int count = jb_record_columns(&jb_edge_record, jb_edge_record.shown, columns, &bad,
				      &length);

	assert_true(count > 0);
	return (size_t)count;
}

static void test_cells(void **state)
{
	static const char *const texts[] = {"source",
					    "livekit/livekit-server-86d4c",
					    "redis/redis-master",
					    "mesh_out",
					    "6379",
					    "12",
					    "3",
					    "1234.6",
					    "0.1",
					    "25.00",
					    "allowed"};
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_edge_info info = an_info();
	size_t count = shown(columns);

	(void)state;
	assert_int_equal(count, sizeof(texts) / sizeof(*texts));
	for (size_t i = 0; i < count; i++) {
		struct jb_buffer out = {};

		jb_record_text(&info, columns[i], &out);
		assert_string_equal(out.data, texts[i]);
		jb_buffer_free(&out);
	}
}

static void assert_peer(const char *namespace_, const char *workload, const char *text)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_edge_info info = an_info();
	struct jb_buffer out = {};

	shown(columns);
	info.peer_namespace = namespace_;
	info.peer_workload = workload;
	jb_record_text(&info, columns[2], &out);
	assert_string_equal(out.data, text);
	jb_buffer_free(&out);
}

static void test_peers(void **state)
{
	(void)state;
	assert_peer("ns", "workload", "ns/workload");
	assert_peer("", "external", "external");
	assert_peer("", "~other", "~other");
	assert_peer("", "", "-"); /* an agent that doesn't tell it */
}

static void test_table_fits(void **state)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_edge_info info = an_info();
	char *text, *line, *rest;
	size_t size, count = shown(columns), lines = 0;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	info.reporter = "destination";
	info.pod = "livekit-server-86d4c8b9f7-x2x7q";
	info.peer_namespace = "monitoring";
	info.peer_workload = "prometheus-server";
	info.port = 65535;
	info.connections = 12345678;
	info.failures = 123456;
	info.bytes_sent = info.bytes_received = 9876543210;
	info.verdict = "no_policy";
	info.leg = "plain_out";
	info.mesh_latency_ns = 1234567890;
	info.idle_ns = 359999000000000;
	assert_int_equal(jb_record_print(&jb_edge_record, &info, 1, columns, count, file), 0);
	fclose(file);
	for (rest = text; (line = strsep(&rest, "\n")) && *line; lines++)
		assert_in_range(strlen(line), 1, 160);
	assert_int_equal(lines, 2);
	free(text);
}

/* By what is compared first; the counts are nobody's name. */
static struct jb_edge_info ordered(const char *self, const char *peer, const char *reporter,
				   const char *protocol, uint64_t port, const char *verdict)
{
	static uint64_t any;
	struct jb_edge_info info = an_info();

	info.unit = self;
	info.namespace_ = info.pod = "";
	info.peer_namespace = peer;
	info.reporter = reporter;
	info.protocol = protocol;
	info.port = port;
	info.verdict = verdict;
	info.connections = info.bytes_sent = info.idle_ns = any++;
	return info;
}

/* A later key doesn't matter where an earlier one differs. */
static void test_order(void **state)
{
	struct jb_edge_info infos[] = {
		ordered("a", "z", "z", "z", 9, "z"),
		ordered("b", "a", "z", "z", 9, "z"),
		ordered("b", "b", "a", "z", 9, "z"),
		ordered("b", "b", "b", "a", 9, "z"),
		ordered("b", "b", "b", "b", 1, "z"),
		ordered("b", "b", "b", "b", 2, "a"),
		ordered("b", "b", "b", "b", 2, "b"),
		an_info(),
		an_info(),
		an_info(),
	};
	size_t count = sizeof(infos) / sizeof(*infos);

	(void)state;
	infos[8].peer_workload = "z"; /* behind redis-master */
	infos[9].pod = "z";
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int order = jb_edge_record.compare(&infos[i], &infos[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

static void assert_since(const struct jb_edge_info *before, uint64_t connections, uint64_t failures,
			 uint64_t sent, uint64_t received)
{
	struct jb_edge_info info = an_info();

	assert_int_equal(jb_edge_since(&info, before),
			 connections + failures + sent + received > 0);
	assert_int_equal(info.connections, connections);
	assert_int_equal(info.failures, failures);
	assert_int_equal(info.bytes_sent, sent);
	assert_int_equal(info.bytes_received, received);
	assert_int_equal(info.age_ns, an_info().age_ns);
}

static void test_since(void **state)
{
	struct jb_edge_info before = an_info();

	(void)state;
	assert_since(NULL, 12, 3, 1234567, 50);
	assert_since(&before, 0, 0, 0, 0);
	before.connections -= 2;
	assert_since(&before, 2, 0, 0, 0);
	before.failures--;
	assert_since(&before, 2, 1, 0, 0);
	before.bytes_sent -= 67;
	assert_since(&before, 2, 1, 67, 0);
	before.bytes_received = 0;
	assert_since(&before, 2, 1, 67, 50);
	before.bytes_received = 51; /* the agent was started anew */
	assert_since(&before, 12, 3, 1234567, 50);
	before = an_info();
	before.bytes_received = JB_RECORD_NONE;
	assert_since(&before, 0, 0, 0, 50);
}

static void test_view(void **state)
{
	static const struct jb_identity pod = {"media", "sfu-0", "", ""};
	static const struct jb_edge_counts counts = {1, 2, 3, 4};
	struct jb_edge edge = {
		.owner = &pod,
		.reporter = JB_REPORTER_DESTINATION,
		.protocol = JB_EDGE_RTP,
		.verdict = JB_VERDICT_NO_POLICY,
		.port = 0,
		.peer_namespace = "peers",
		.peer_workload = "peer",
		.peer_pod = "peer-0",
		.policies = "a/b",
		.counts = &counts,
		.first_ns = NOW - 5,
		.last_ns = NOW - 3,
	};
	struct jb_edge_info info;

	(void)state;
	jb_edge_view(&edge, NOW, &info);
	assert_string_equal(info.reporter, "destination");
	assert_string_equal(info.namespace_, "media");
	assert_string_equal(info.pod, "sfu-0");
	assert_string_equal(info.unit, "");
	assert_string_equal(info.peer_namespace, "peers");
	assert_string_equal(info.peer_workload, "peer");
	assert_string_equal(info.peer_pod, "peer-0");
	assert_string_equal(info.protocol, "rtp");
	assert_string_equal(info.verdict, "no_policy");
	assert_string_equal(info.policies, "a/b");
	assert_int_equal(info.port, JB_RECORD_NONE);
	assert_int_equal(info.connections, 1);
	assert_int_equal(info.failures, 2);
	assert_int_equal(info.bytes_sent, 3);
	assert_int_equal(info.bytes_received, 4);
	assert_int_equal(info.idle_ns, 3);
	assert_int_equal(info.age_ns, 5);
	edge.port = 443;
	edge.last_ns = NOW + 1; /* after the clock was read */
	jb_edge_view(&edge, NOW, &info);
	assert_int_equal(info.port, 443);
	assert_int_equal(info.idle_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),       cmocka_unit_test(test_json_and_back),
		cmocka_unit_test(test_cells),      cmocka_unit_test(test_peers),
		cmocka_unit_test(test_table_fits), cmocka_unit_test(test_order),
		cmocka_unit_test(test_since),      cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
