/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jitterbug/fault.h>
#include "metrics/page.h"

#define UNIT(name) "namespace=\"\",pod=\"\",container=\"\",unit=\"" name "\""

static const __u64 faults[JB_FAULT_MAX] = {[JB_FAULT_FRAGMENT] = 7};
static const struct jb_identity sfu = {"", "", "", "sfu.service"};
static const struct jb_identity pod = {"media", "sfu-0", "", ""};
static const struct jb_identity other = {"", "~other", "", ""};

static struct jb_owner_totals owners[3];
static struct jb_page page;
static struct jb_buffer out;

static int setup(void **state)
{
	static const struct jb_feature features[] = {{"rtp", true}, {"tcp", false}};
	static const struct jb_kernel_program_info programs[] = {{"in", true, true, 1500000000},
								 {"retire", false, false, 5}};
	static const struct jb_kernel_map_info maps[] = {{"streams", 65536, 12, 4096},
							 {"ring", 1, JB_ENTRIES_UNKNOWN, 8}};

	(void)state;
	memset(owners, 0, sizeof(owners));
	owners[0].identity = &sfu;
	owners[1].identity = &pod;
	owners[2].identity = &other;
	page = (struct jb_page){.owners = owners,
				.n_owners = 3,
				.version = "1.2.3",
				.features = features,
				.n_features = 2,
				.programs = programs,
				.n_programs = 2,
				.maps = maps,
				.n_maps = 2,
				.faults = faults,
				.folded = 3};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	jb_buffer_free(&out);
	return 0;
}

static void render(enum jb_exposition_format format)
{
	jb_buffer_reset(&out);
	assert_int_equal(jb_page_render(&page, format, &out), 0);
}

static void assert_line(const char *line)
{
	char wanted[512];

	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (!strstr(out.data, wanted))
		fail_msg("no line \"%s\"", line);
}

/* Lines of the page that begin with `prefix`. */
static unsigned int count(const char *prefix)
{
	unsigned int n = 0;

	for (const char *line = out.data; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += !strncmp(line, prefix, strlen(prefix));
	}
	return n;
}

static void test_counters(void **state)
{
	struct jb_rtp_totals *in = &owners[0].rtp[JB_INGRESS][JB_MEDIA_AUDIO];
	struct jb_rtp_totals *eg = &owners[0].rtp[JB_EGRESS][JB_MEDIA_VIDEO];

	(void)state;
	owners[0].seen[JB_INGRESS][JB_MEDIA_AUDIO] = true;
	owners[0].seen[JB_EGRESS][JB_MEDIA_VIDEO] = true;
	in->counter[JB_RTP_PACKETS] = 18446744073709551615ULL;
	in->counter[JB_RTP_LOST] = 5;
	eg->counter[JB_RTP_LOST] = 6;
	eg->counter[JB_RTP_GAP] = 99;
	eg->counter[JB_RTP_FREEZE_NS] = 1500000001;
	owners[0].rtp[JB_EGRESS][JB_MEDIA_UNKNOWN].counter[JB_RTP_FREEZE_NS] = 1;
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
	owners[0].seen[JB_EGRESS][JB_MEDIA_VIDEO] = false;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count("jitterbug_rtp_packets_total{" UNIT("sfu.service")), 4);
	assert_int_equal(count("jitterbug_rtp_source_gap"), 0);
}

static void test_identities(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		owners[i].seen[JB_INGRESS][0] = true;
	render(JB_EXPOSITION_TEXT);
	assert_line("jitterbug_rtp_freezes_total{" UNIT("sfu.service") ",direction=\"ingress\"} 0");
	assert_line("jitterbug_rtp_freezes_total{namespace=\"media\",pod=\"sfu-0\",container=\"\","
		    "direction=\"ingress\"} 0");
	assert_line("jitterbug_rtp_freezes_total{namespace=\"\",pod=\"~other\",container=\"\","
		    "direction=\"ingress\"} 0");
}

static void test_jitter(void **state)
{
	struct jb_rtp_totals *t = &owners[0].rtp[JB_INGRESS][JB_MEDIA_AUDIO];

	(void)state;
	owners[0].seen[JB_INGRESS][JB_MEDIA_AUDIO] = true;
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
	(void)state;
	render(JB_EXPOSITION_TEXT);
	assert_line("jitterbug_agent_build_info{version=\"1.2.3\"} 1");
	assert_line("jitterbug_agent_feature_available{feature=\"rtp\"} 1");
	assert_line("jitterbug_agent_feature_available{feature=\"tcp\"} 0");
	assert_line("jitterbug_agent_program_attached{program=\"in\"} 1");
	assert_int_equal(count("jitterbug_agent_program_attached{"), 1);
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
	owners[0].seen[JB_INGRESS][0] = owners[1].seen[JB_EGRESS][0] = true;
	render(JB_EXPOSITION_TEXT);
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		snprintf(line, sizeof(line), "jitterbug_agent_series{family=\"%s\"} %u",
			 families[i].family, count(families[i].prefix));
		assert_line(line);
	}
}

static void test_series_per_owner(void **state)
{
	(void)state;
	page.n_owners = 1;
	for (int full = 0; full <= 1; full++) {
		for (int d = 0; d < JB_DIRECTION_MAX; d++)
			owners[0].seen[d][JB_MEDIA_AUDIO] = true;
		page.full = full;
		render(JB_EXPOSITION_TEXT);
		assert_int_equal(count("jitterbug_rtp_"), jb_page_series_per_owner(full));
	}
	assert_true(jb_page_series_per_owner(false) <= 450); /* the design's budget */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identities, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jitter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_agent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_series_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_series_per_owner, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
