/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "connections/info.h"

static struct jb_connection_info a_connection(void)
{
	return (struct jb_connection_info){
		.namespace_ = "livekit",
		.pod = "livekit-server-86d4c",
		.container = "server",
		.unit = "",
		.peer_namespace = "",
		.peer_pod = "",
		.peer_unit = "redis.service",
		.state = "established",
		.role = "client",
		.leg = "plain_out",
		.local_address = "10.244.12.134",
		.remote_address = "203.0.113.117",
		.local_port = 54321,
		.remote_port = 44300,
		.srtt_ns = 250000,
		.rttvar_ns = 125000,
		.min_rtt_ns = 1000,
		.cwnd = 10,
		.retransmits = 3,
		.bytes_sent = 1234567,
		.bytes_received = 50,
		.age_ns = 61000000000,
	};
}

static void assert_json(const struct jb_connection_info *info, const char *text)
{
	struct jb_buffer out = {};

	jb_connection_json(info, &out);
	assert_string_equal(out.data, text);
	jb_buffer_free(&out);
}

static void test_json(void **state)
{
	struct jb_connection_info info = a_connection();

	(void)state;
	assert_json(&info,
		    "{\"namespace\":\"livekit\",\"pod\":\"livekit-server-86d4c\","
		    "\"container\":\"server\",\"unit\":\"\","
		    "\"peer_namespace\":\"\",\"peer_pod\":\"\",\"peer_unit\":\"redis.service\","
		    "\"local_address\":\"10.244.12.134\",\"local_port\":54321,"
		    "\"remote_address\":\"203.0.113.117\",\"remote_port\":44300,"
		    "\"state\":\"established\",\"role\":\"client\",\"leg\":\"plain_out\","
		    "\"srtt_seconds\":0.00025,\"rttvar_seconds\":0.000125,"
		    "\"min_rtt_seconds\":0.000001,\"cwnd\":10,\"retransmits\":3,"
		    "\"bytes_sent\":1234567,\"bytes_received\":50,\"age_seconds\":61}");
}

/* A socket that was there before the agent, and has not measured a round trip. */
static void test_none(void **state)
{
	static const char *const keys[] = {"srtt_seconds", "rttvar_seconds", "min_rtt_seconds",
					   "age_seconds"};
	struct jb_connection_info info = a_connection();
	struct jb_buffer out = {};
	json_t *root;

	(void)state;
	info.srtt_ns = info.rttvar_ns = info.min_rtt_ns = info.age_ns = JB_RECORD_NONE;
	jb_connection_json(&info, &out);
	root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_true(json_is_null(json_object_get(root, keys[i])));
	json_decref(root);
	jb_buffer_free(&out);
}

/* The names of the columns that a table has by itself. */
static size_t shown(const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX])
{
	const char *bad;
	int length;
	int count = jb_record_columns(&jb_connection_record, jb_connection_record.shown, columns,
				      &bad, &length);

	assert_true(count > 0);
	return (size_t)count;
}

static void test_cells(void **state)
{
	static const char *const texts[] = {"livekit/livekit-server-86d4c",
					    "10.244.12.134:54321",
					    "203.0.113.117:44300",
					    "established",
					    "client",
					    "plain_out",
					    "0.25",
					    "10",
					    "3",
					    "1234.6",
					    "0.1",
					    "1m01s"};
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_connection_info info = a_connection();
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

static void test_table_fits(void **state)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_connection_info info = a_connection();
	char *text, *line, *rest;
	size_t size, count = shown(columns), lines = 0;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	info.srtt_ns = 1234560000;
	info.cwnd = 1234;
	info.bytes_sent = info.bytes_received = 9876543210;
	info.age_ns = 359999000000000;
	assert_int_equal(jb_record_print(&jb_connection_record, &info, 1, columns, count, file), 0);
	fclose(file);
	for (rest = text; (line = strsep(&rest, "\n")) && *line; lines++)
		assert_in_range(strlen(line), 1, 160);
	assert_int_equal(lines, 2);
	free(text);
}

/* A later key doesn't matter where an earlier one differs. */
static void test_order(void **state)
{
	struct jb_connection_info infos[] = {
		{"", "", "", "a", .local_address = "9", .local_port = 9, .remote_port = 9},
		{"", "", "", "b", .local_address = "1", .local_port = 9, .remote_port = 9},
		{"", "", "", "b", .local_address = "2", .local_port = 8, .remote_address = "9"},
		{"", "", "", "b", .local_address = "2", .local_port = 9, .remote_address = "1",
		 .remote_port = 9},
		{"", "", "", "b", .local_address = "2", .local_port = 9, .remote_address = "2",
		 .remote_port = 8},
		{"", "", "", "b", .local_address = "2", .local_port = 9, .remote_address = "2",
		 .remote_port = 9},
		{"n", "p", "", "", .local_address = "0"},
		{"n", "q", "", "", .local_address = "0"},
		{"o", "a", "", "", .local_address = "0"},
	};
	size_t count = sizeof(infos) / sizeof(*infos);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int order = jb_connection_record.compare(&infos[i], &infos[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),  cmocka_unit_test(test_none),
		cmocka_unit_test(test_cells), cmocka_unit_test(test_table_fits),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
