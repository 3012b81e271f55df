/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inventory/view.h"

static const struct jb_identity sfu = {"media", "sfu-0", "", ""};
static const struct jb_pod pod = {.namespace_ = "media",
				  .name = "sfu-0",
				  .node = "n1",
				  .ip = "10.0.0.1",
				  .created_by_kind = "ReplicaSet",
				  .workload = "sfu",
				  .phase = "Running",
				  .meshed = true};

static struct jb_owner_totals owner;
static struct jb_workload_view view;
static struct jb_workload_info info;

static int setup(void **state)
{
	(void)state;
	memset(&owner, 0, sizeof(owner));
	owner.identity = &sfu;
	view = (struct jb_workload_view){.owner = &owner, .pod = &pod, .tcp = true, .drops = true};
	memset(&info, 0xff, sizeof(info));
	return 0;
}

static union jb_totals *slot(__u32 slot)
{
	owner.seen[slot] = true;
	return &owner.totals[slot];
}

static void test_whose(void **state)
{
	(void)state;
	owner.cgroups = 3;
	jb_workload_view_info(&view, &info);
	assert_string_equal(info.namespace_, "media");
	assert_string_equal(info.pod, "sfu-0");
	assert_string_equal(info.container, "");
	assert_string_equal(info.unit, "");
	assert_string_equal(info.owner, "sfu");
	assert_string_equal(info.created_by_kind, "ReplicaSet");
	assert_string_equal(info.node, "n1");
	assert_string_equal(info.pod_ip, "10.0.0.1");
	assert_string_equal(info.host_network, "no");
	assert_string_equal(info.meshed, "yes");
	assert_string_equal(info.phase, "Running");
	assert_int_equal(info.cgroups, 3);
}

/* Each figure from its own place, by a number of its own. */
static void test_figures(void **state)
{
	static const struct jb_owner_drop drops[] = {{JB_DROP_UDP, 2, 1000}, {JB_DROP_TCP, 3, 1}};

	(void)state;
	slot(jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO))->rtp.counter[JB_RTP_PACKETS] = 1;
	slot(jb_slot_rtp(JB_INGRESS, JB_MEDIA_RTX))->rtp.counter[JB_RTP_PACKETS] = 2;
	slot(jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO))->rtp.counter[JB_RTP_LOST] = 4;
	slot(jb_slot_rtp(JB_EGRESS, JB_MEDIA_VIDEO))->rtp.counter[JB_RTP_PACKETS] = 8;
	slot(jb_slot_rtp(JB_EGRESS, JB_MEDIA_VIDEO))->rtp.counter[JB_RTP_LOST] = 16;
	slot(JB_SLOT_UDP)->udp.bytes[JB_INGRESS] = 32;
	slot(JB_SLOT_UDP)->udp.bytes[JB_EGRESS] = 64;
	slot(JB_SLOT_TCP + JB_LEG_DIRECT)->tcp.opened[JB_TCP_CLIENT] = 128;
	slot(JB_SLOT_TCP + JB_LEG_LOOPBACK)->tcp.opened[JB_TCP_SERVER] = 256;
	slot(JB_SLOT_TCP + JB_LEG_LOOPBACK)->tcp.retransmitted = 512;
	owner.streams[JB_INGRESS][JB_MEDIA_AUDIO] = 5;
	owner.streams[JB_INGRESS][JB_MEDIA_UNKNOWN] = 6;
	owner.streams[JB_EGRESS][JB_MEDIA_VIDEO] = 7;
	owner.impaired[JB_INGRESS] = 1;
	owner.impaired[JB_EGRESS] = 2;
	owner.drops = drops;
	owner.n_drops = 2;
	jb_workload_view_info(&view, &info);
	assert_int_equal(info.streams_in, 11);
	assert_int_equal(info.streams_out, 7);
	assert_int_equal(info.streams_impaired, 3);
	assert_int_equal(info.rtp_packets_in, 3);
	assert_int_equal(info.rtp_packets_out, 8);
	assert_int_equal(info.rtp_lost, 4);
	assert_int_equal(info.udp_bytes_in, 32);
	assert_int_equal(info.udp_bytes_out, 64);
	assert_int_equal(info.tcp_opened, 384);
	assert_int_equal(info.tcp_retransmits, 512);
	assert_int_equal(info.dropped_packets, 1001);
}

static void test_a_pod_that_is_not_known(void **state)
{
	static const struct jb_pod by_name = {.namespace_ = "media",
					      .name = "sfu-0",
					      .node = "",
					      .ip = "",
					      .created_by_kind = "",
					      .workload = "sfu-0",
					      .phase = "",
					      .names_only = true};

	(void)state;
	view.pod = NULL;
	jb_workload_view_info(&view, &info);
	assert_string_equal(info.pod, "sfu-0");
	assert_string_equal(info.owner, "");
	assert_string_equal(info.created_by_kind, "");
	assert_string_equal(info.node, "");
	assert_string_equal(info.pod_ip, "");
	assert_string_equal(info.host_network, "");
	assert_string_equal(info.meshed, "");
	assert_string_equal(info.phase, "");
	view.pod = &by_name;
	jb_workload_view_info(&view, &info);
	assert_string_equal(info.owner, "sfu-0");
	assert_string_equal(info.host_network, "");
	assert_string_equal(info.meshed, "");
}

static void test_what_is_not_measured_here(void **state)
{
	(void)state;
	view.tcp = view.drops = false;
	jb_workload_view_info(&view, &info);
	assert_int_equal(info.tcp_opened, JB_RECORD_NONE);
	assert_int_equal(info.tcp_retransmits, JB_RECORD_NONE);
	assert_int_equal(info.dropped_packets, JB_RECORD_NONE);
	assert_int_equal(info.udp_bytes_in, 0);
}

/* It is in ~other: 0 would be wrong. */
static void test_what_is_folded(void **state)
{
	(void)state;
	owner.folded[jb_slot_rtp(JB_INGRESS, 0)] = true;
	owner.folded[JB_SLOT_TCP + JB_LEG_LOOPBACK] = true;
	owner.drops_folded = true;
	jb_workload_view_info(&view, &info);
	assert_int_equal(info.streams_in, JB_RECORD_NONE);
	assert_int_equal(info.streams_impaired, JB_RECORD_NONE);
	assert_int_equal(info.rtp_packets_in, JB_RECORD_NONE);
	assert_int_equal(info.rtp_lost, JB_RECORD_NONE);
	assert_int_equal(info.streams_out, 0);
	assert_int_equal(info.rtp_packets_out, 0);
	assert_int_equal(info.tcp_opened, JB_RECORD_NONE);
	assert_int_equal(info.dropped_packets, JB_RECORD_NONE);
	assert_int_equal(info.udp_bytes_out, 0);
}

static void test_who_is_told(void **state)
{
	(void)state;
	assert_false(jb_workload_is_told(&owner));
	owner.seen[JB_SLOT_MAX - 1] = true;
	assert_true(jb_workload_is_told(&owner));
	setup(NULL);
	owner.folded[0] = true;
	assert_true(jb_workload_is_told(&owner));
	setup(NULL);
	owner.n_drops = 1;
	assert_true(jb_workload_is_told(&owner));
	setup(NULL);
	owner.drops_folded = true;
	assert_true(jb_workload_is_told(&owner));
}

static void test_json(void **state)
{
	struct jb_buffer out = {};

	(void)state;
	slot(jb_slot_rtp(JB_INGRESS, 0))->rtp.counter[JB_RTP_PACKETS] = 7;
	view.tcp = false;
	jb_workload_view_info(&view, &info);
	jb_workload_json(&info, &out);
	assert_string_equal(
		out.data,
		"{\"namespace\":\"media\",\"pod\":\"sfu-0\",\"container\":\"\",\"unit\":\"\","
		"\"owner\":\"sfu\",\"created_by_kind\":\"ReplicaSet\",\"node\":\"n1\","
		"\"pod_ip\":\"10.0.0.1\",\"host_network\":\"no\",\"meshed\":\"yes\","
		"\"phase\":\"Running\",\"cgroups\":0,\"streams_in\":0,\"streams_out\":0,"
		"\"streams_impaired\":0,\"rtp_packets_in\":7,\"rtp_packets_out\":0,\"rtp_lost\":0,"
		"\"udp_bytes_in\":0,\"udp_bytes_out\":0,\"tcp_opened\":null,"
		"\"tcp_retransmits\":null,\"dropped_packets\":0}");
	jb_buffer_free(&out);
}

/* The columns of a table exist and fit a screen of 160 characters, with large figures in them. */
static void test_table(void **state)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	const char *bad;
	char *text = NULL;
	size_t size;
	int length, count;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	slot(jb_slot_rtp(JB_INGRESS, 0))->rtp.counter[JB_RTP_PACKETS] = 1234567890;
	slot(JB_SLOT_UDP)->udp.bytes[JB_INGRESS] = 123456789012;
	jb_workload_view_info(&view, &info);
	count = jb_record_columns(&jb_workload_record, jb_workload_record.shown, columns, &bad,
				  &length);
	assert_true(count > 0);
	assert_int_equal(jb_record_print(&jb_workload_record, &info, 1, columns, count, file), 0);
	fclose(file);
	assert_non_null(strstr(text, "media/sfu-0"));
	assert_in_range(strcspn(text, "\n"), 1, 160);
	free(text);
}

static void test_order(void **state)
{
	static const struct jb_workload_info infos[] = {
		{.namespace_ = "", .pod = "", .unit = "/a"},
		{.namespace_ = "", .pod = "", .unit = "b.service"},
		{.namespace_ = "a", .pod = "z", .unit = ""},
		{.namespace_ = "b", .pod = "a", .unit = ""},
		{.namespace_ = "b", .pod = "b", .unit = ""},
	};

	(void)state;
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++) {
			int order = jb_workload_record.compare(&infos[i], &infos[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whose),
		TEST(test_figures),
		TEST(test_a_pod_that_is_not_known),
		TEST(test_what_is_not_measured_here),
		TEST(test_what_is_folded),
		TEST(test_who_is_told),
		TEST(test_json),
		TEST(test_table),
		TEST(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
