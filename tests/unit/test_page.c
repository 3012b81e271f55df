/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "page_text.h"

static void test_counters(void **state)
{
	struct jb_rtp_totals *in = &owners[0].totals[jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO)].rtp;
	struct jb_rtp_totals *eg = &owners[0].totals[jb_slot_rtp(JB_EGRESS, JB_MEDIA_VIDEO)].rtp;

	(void)state;
	owners[0].seen[jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO)] = true;
	owners[0].seen[jb_slot_rtp(JB_EGRESS, JB_MEDIA_VIDEO)] = true;
	in->counter[JB_RTP_PACKETS] = 18446744073709551615ULL;
	in->counter[JB_RTP_LOST] = 5;
	eg->counter[JB_RTP_LOST] = 6;
	eg->counter[JB_RTP_GAP] = 99;
	eg->counter[JB_RTP_FREEZE_NS] = 1500000001;
	owners[0].totals[jb_slot_rtp(JB_EGRESS, JB_MEDIA_UNKNOWN)].rtp.counter[JB_RTP_FREEZE_NS] =
		1;
	owners[0].streams[JB_INGRESS][JB_MEDIA_AUDIO] = 2;
	render(JB_EXPOSITION_TEXT);
	assert_line("jitterbug_rtp_packets_total{" UNIT(
		"sfu.service") ",direction=\"ingress\",media=\"audio\"} 18446744073709551615");
	assert_line("jitterbug_rtp_lost_packets_total{" UNIT("sfu.service") ",media=\"audio\"} 5");
	assert_line("jitterbug_rtp_source_gap_packets_total{" UNIT(
		"sfu.service") ",media=\"video\"} 6");
	assert_line("jitterbug_rtp_gap_packets_total{" UNIT("sfu.service") ",media=\"video\"} 0");
	assert_line("jitterbug_rtp_freeze_seconds_total{" UNIT(
		"sfu.service") ",direction=\"egress\"} 1.500000002");
	assert_line("jitterbug_rtp_streams{" UNIT(
		"sfu.service") ",direction=\"ingress\",media=\"audio\"} 2");
	/* a direction that was seen is told whole, one that was not not at all */
	assert_int_equal(count("jitterbug_rtp_packets_total{" UNIT("sfu.service")), 8);
	owners[0].seen[jb_slot_rtp(JB_EGRESS, JB_MEDIA_VIDEO)] = false;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count("jitterbug_rtp_packets_total{" UNIT("sfu.service")), 4);
	assert_int_equal(count("jitterbug_rtp_source_gap"), 0);
}

static void test_identities(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		owners[i].seen[jb_slot_rtp(JB_INGRESS, 0)] = true;
	render(JB_EXPOSITION_TEXT);
	assert_line("jitterbug_rtp_freezes_total{" UNIT("sfu.service") ",direction=\"ingress\"} 0");
	assert_line("jitterbug_rtp_freezes_total{namespace=\"media\",pod=\"sfu-0\",container=\"\","
		    "direction=\"ingress\"} 0");
	assert_line("jitterbug_rtp_freezes_total{namespace=\"\",pod=\"~other\",container=\"\","
		    "direction=\"ingress\"} 0");
}

static void test_jitter(void **state)
{
	struct jb_rtp_totals *t = &owners[0].totals[jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO)].rtp;

	(void)state;
	owners[0].seen[jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO)] = true;
	t->jitter[0] = 3;
	t->jitter[5] = 2;
	t->jitter[10] = 1;
	t->jitter_ns = 2500000000;
	t->deviation[1] = 4;
	render(JB_EXPOSITION_TEXT);
#define JITTER "jitterbug_rtp_jitter_seconds"
#define AUDIO  UNIT("sfu.service") ",direction=\"ingress\",media=\"audio\""
	assert_line(JITTER "_bucket{" AUDIO ",le=\"0.001\"} 3");
	assert_line(JITTER "_bucket{" AUDIO ",le=\"0.02\"} 3");
	assert_line(JITTER "_bucket{" AUDIO ",le=\"0.03\"} 5");
	assert_line(JITTER "_bucket{" AUDIO ",le=\"1.0\"} 5");
	assert_line(JITTER "_bucket{" AUDIO ",le=\"+Inf\"} 6");
	assert_line(JITTER "_count{" AUDIO "} 6");
	assert_line(JITTER "_sum{" AUDIO "} 2.5");
	assert_int_equal(count(JITTER "_count{"), 2); /* audio and video only */
	assert_int_equal(count("jitterbug_rtp_deviation"), 0);
	page.full = true;
	render(JB_EXPOSITION_TEXT);
	assert_line("jitterbug_rtp_deviation_seconds_bucket{" AUDIO ",le=\"0.002\"} 4");
}

static void test_agent(void **state)
{
	static const struct jb_kernel_program_info programs[] = {
		{.name = "in",
		 .attaches = true,
		 .attached = true,
		 .misses = 7,
		 .runtime_ns = 1500000000},
		{.name = "retire", .runtime_ns = 5}};
	static const struct jb_kernel_map_info maps[] = {{"streams", 65536, 12, 4096},
							 {"ring", 1, JB_ENTRIES_UNKNOWN, 8}};

	(void)state;
	page.programs = programs;
	page.n_programs = 2;
	page.maps = maps;
	page.n_maps = 2;
	page.folded = 3;
	page.has[JB_FEATURE_RECEIVE_QUEUE] = false;
	render(JB_EXPOSITION_TEXT);
	assert_line("jitterbug_agent_build_info{version=\"1.2.3\"} 1");
	assert_line("jitterbug_agent_feature_available{feature=\"media\"} 1");
	assert_line("jitterbug_agent_feature_available{feature=\"receive_queue\"} 0");
	assert_int_equal(count("jitterbug_agent_feature_available{"), JB_FEATURE_MAX);
	assert_line("jitterbug_agent_program_attached{program=\"in\"} 1");
	assert_int_equal(count("jitterbug_agent_program_attached{"), 1);
	assert_line("jitterbug_agent_program_misses_total{program=\"in\"} 7");
	assert_int_equal(count("jitterbug_agent_program_misses_total{"), 1);
	assert_int_equal(count("jitterbug_agent_program_runtime"), 0);
	assert_line("jitterbug_agent_map_entries{map=\"streams\"} 12");
	assert_int_equal(count("jitterbug_agent_map_entries{"), 1);
	assert_int_equal(count("jitterbug_agent_map_bytes{"), 2);
	assert_line("jitterbug_agent_faults_total{fault=\"fragment\"} 7");
	assert_int_equal(count("jitterbug_agent_faults_total{"), JB_FAULT_MAX);
	assert_line("jitterbug_agent_series_folded_total 3");
	page.runtime_known = true;
	render(JB_EXPOSITION_OPENMETRICS);
	assert_line("jitterbug_agent_program_runtime_seconds_total{program=\"in\"} 1.5");
	assert_line("# TYPE jitterbug_agent_faults counter");
	assert_string_equal(out.data + out.len - 6, "# EOF\n");
}

/* What the agent says of its page is what is on it. */
static void test_series_are_counted(void **state)
{
	static const struct {
		const char *family, *prefix;
	} families[] = {{"rtp_packets", "jitterbug_rtp_packets_total{"},
			{"rtp_jitter_seconds", "jitterbug_rtp_jitter_seconds_"},
			{"agent_faults", "jitterbug_agent_faults_total{"},
			{"rtp_lost_packets", "jitterbug_rtp_lost_packets_total{"}};
	char line[256];

	(void)state;
	owners[0].seen[jb_slot_rtp(JB_INGRESS, 0)] = owners[1].seen[jb_slot_rtp(JB_EGRESS, 0)] =
		true;
	render(JB_EXPOSITION_TEXT);
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		snprintf(line, sizeof(line), "jitterbug_agent_series{family=\"%s\"} %u",
			 families[i].family, count(families[i].prefix));
		assert_line(line);
	}
}

static const struct jb_pods_status pods_status = {
	.source = JB_PODS_KUBELET,
	.requests = {[JB_PODS_API] = 3, [JB_PODS_KUBELET] = 2},
	.failures = {[JB_PODS_FORBIDDEN] = 3},
	.watch_restarts = 4,
	.refused = 5,
	.pods = {.present = 6, .gone = 100, .refused = 10},
};

static void test_kubernetes(void **state)
{
#define K "jitterbug_agent_kubernetes_"
	(void)state;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(K), 0);
	page.pods_status = &pods_status;
	render(JB_EXPOSITION_TEXT);
	assert_line(K "source{source=\"api\"} 0");
	assert_line(K "source{source=\"kubelet\"} 1");
	assert_line(K "source{source=\"files\"} 0");
	assert_line(K "requests_total{source=\"api\"} 3");
	assert_line(K "requests_total{source=\"kubelet\"} 2");
	assert_line(K "requests_total{source=\"files\"} 0");
	assert_line(K "failures_total{failure=\"forbidden\"} 3");
	assert_line(K "failures_total{failure=\"server\"} 0");
	assert_int_equal(count(K "failures_total{"), JB_PODS_FAILURE_MAX - 1);
	assert_line(K "watch_restarts_total 4");
	assert_line(K "pods 6");
	assert_line(K "refused_total 15");
}

/* A page on which everything is, so that no family is forgotten. */
static void see_everything(void)
{
	static const struct jb_owner_drop drops[] = {{JB_DROP_UDP, 2, 1}};

	for (int i = 0; i < OWNERS; i++) {
		memset(owners[i].seen, true, sizeof(owners[i].seen));
		for (int d = 0; d < JB_DIRECTION_MAX; d++)
			owners[i].impaired_since_s[d] = 1700000000;
		owners[i].totals[JB_SLOT_TCP].tcp.rtp_packets[0] = 1;
		owners[i].totals[JB_SLOT_TCP].tcp.rtp_bytes[0] = 1;
		owners[i].drops = drops;
		owners[i].n_drops = 1;
	}
	page.full = true;
	page.pods_status = &pods_status;
}

/* The families told of are all on the page, with all their series. */
static void test_every_family_is_counted(void **state)
{
	unsigned int told = 0, families = 0;

	(void)state;
	see_everything();
	render(JB_EXPOSITION_TEXT);
	for (const char *line = out.data; (line = strstr(line, "jitterbug_agent_series{"));
	     line++) {
		const char *value = strstr(line, "} ");

		assert_non_null(value);
		told += strtoul(value + 2, NULL, 10);
		families++;
	}
	assert_int_equal(told, count("jitterbug_") - families);
	assert_int_equal(count("# TYPE "), families + 1); /* and that of agent_series itself */
	assert_int_equal(count("# HELP "), families + 1);
}

/* Bounds are written in seconds here, in nanoseconds where the kernel compares. */
static void test_jitter_bounds(void **state)
{
	struct jb_rtp_totals *t = &owners[0].totals[jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO)].rtp;
	const char *at;

	(void)state;
	owners[0].seen[jb_slot_rtp(JB_INGRESS, JB_MEDIA_AUDIO)] = true;
	for (int i = 0; i < JB_JITTER_BUCKETS; i++)
		t->jitter[i] = 1;
	render(JB_EXPOSITION_TEXT);
	at = out.data;
	for (unsigned int i = 0; i < JB_JITTER_BOUNDS; i++) {
		double bound;
		char *end;

		at = strstr(at, JITTER "_bucket{" AUDIO ",le=\"");
		assert_non_null(at);
		at = strstr(at, ",le=\"") + 5;
		bound = strtod(at, &end);
		assert_int_equal((__u64)(bound * 1e9 + 0.5), jb_jitter_bounds_ns[i]);
		assert_memory_equal(end, "\"} ", 3);
		assert_int_equal(strtoul(end + 3, NULL, 10), i + 1);
	}
}

static void test_pods(void **state)
{
	static const struct jb_pod sfu = {.namespace_ = "media",
					  .name = "sfu-0",
					  .uid = "1-2",
					  .node = "n1",
					  .ip = "10.0.0.1",
					  .created_by_kind = "StatefulSet",
					  .created_by_name = "sfu",
					  .host_network = true};
	static const struct jb_pod known_by_name = {.namespace_ = "a",
						    .name = "b",
						    .uid = "3",
						    .node = "",
						    .ip = "",
						    .created_by_kind = "",
						    .created_by_name = "",
						    .names_only = true};
	static const struct jb_pod *const pods[] = {&sfu, &known_by_name};

	(void)state;
	page.pods = pods;
	page.n_pods = 2;
	render(JB_EXPOSITION_TEXT);
	assert_line("jitterbug_pod_info{namespace=\"media\",pod=\"sfu-0\",container=\"\","
		    "node=\"n1\",uid=\"1-2\",pod_ip=\"10.0.0.1\",host_network=\"true\","
		    "created_by_kind=\"StatefulSet\",created_by_name=\"sfu\",meshed=\"false\"} 1");
	assert_line("jitterbug_pod_info{namespace=\"a\",pod=\"b\",container=\"\",node=\"\","
		    "uid=\"3\",pod_ip=\"\",host_network=\"\",created_by_kind=\"\","
		    "created_by_name=\"\",meshed=\"\"} 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_counters),
		TEST(test_identities),
		TEST(test_jitter),
		TEST(test_agent),
		TEST(test_pods),
		TEST(test_kubernetes),
		TEST(test_series_are_counted),
		TEST(test_every_family_is_counted),
		TEST(test_jitter_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
