/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the page tells beside RTP: each family with its labels, and when it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics/traffic.h"
#include "page_text.h"

#define QUALITY(d) (owners[0].totals[JB_SLOT_QUALITY + (d)].quality)
#define SIGNAL(d)  (owners[0].totals[JB_SLOT_SIGNAL + (d)].signal)
#define UDP        (owners[0].totals[JB_SLOT_UDP].udp)
#define TCP(leg)   (owners[0].totals[JB_SLOT_TCP + (leg)].tcp)
#define J          "jitterbug_"

static void see(__u32 slot)
{
	owners[0].seen[slot] = true;
}

static void test_quality(void **state)
{
	(void)state;
	see(JB_SLOT_QUALITY + JB_EGRESS);
	QUALITY(JB_EGRESS).stream_ns = 15000000000;
	QUALITY(JB_EGRESS).impaired_ns = 2500000000;
	QUALITY(JB_EGRESS).impairment_ns[JB_IMPAIRED_JITTER] = 1;
	QUALITY(JB_EGRESS).impairment_ns[JB_IMPAIRED_SOURCE_GAP] = 2500000000;
	QUALITY(JB_EGRESS).mos[0] = 1;
	QUALITY(JB_EGRESS).mos[8] = 2;
	QUALITY(JB_EGRESS).mos_micro = 9250000;
	render(JB_EXPOSITION_TEXT);
	assert_line(J "rtp_stream_seconds_total{" SFU ",direction=\"egress\"} 15.0");
	assert_line(J "rtp_stream_impaired_seconds_total{" SFU ",direction=\"egress\"} 2.5");
#define IMPAIRMENT J "rtp_stream_impairment_seconds_total{" SFU ",direction=\"egress\",reason="
	assert_line(IMPAIRMENT "\"loss\"} 0.0");
	assert_line(IMPAIRMENT "\"jitter\"} 0.000000001");
	assert_line(IMPAIRMENT "\"freeze\"} 0.0");
	assert_line(IMPAIRMENT "\"source_gap\"} 2.5");
	assert_int_equal(count(J "rtp_stream_"), 6);
	assert_int_equal(count(J "rtp_mos"), 0);
	page.full = true;
	render(JB_EXPOSITION_TEXT);
#define MOS J "rtp_mos_estimate"
	assert_line(MOS "_bucket{" SFU ",direction=\"egress\",le=\"1.0\"} 1");
	assert_line(MOS "_bucket{" SFU ",direction=\"egress\",le=\"4.0\"} 1");
	assert_line(MOS "_bucket{" SFU ",direction=\"egress\",le=\"4.25\"} 3");
	assert_line(MOS "_count{" SFU ",direction=\"egress\"} 3");
	assert_line(MOS "_sum{" SFU ",direction=\"egress\"} 9.25");
}

static void test_rtcp(void **state)
{
	static const char *const types[] = {"sr", "rr", "sdes", "bye", "app", "xr"};
	static const char *const feedback[] = {"nack", "pli", "fir", "transport_cc", "remb"};
	char line[256];

	(void)state;
	see(JB_SLOT_SIGNAL + JB_INGRESS);
	for (int i = 0; i < JB_RTCP_TYPE_MAX; i++)
		SIGNAL(JB_INGRESS).rtcp[i] = 10 + i;
	for (int i = 0; i < JB_RTCP_FEEDBACK_MAX; i++)
		SIGNAL(JB_INGRESS).feedback[i] = 20 + i;
	SIGNAL(JB_INGRESS).reported_lost = 30;
	jb_rtt_observe(&SIGNAL(JB_INGRESS).rtcp_rtt, 40000000);
	render(JB_EXPOSITION_TEXT);
	for (int i = 0; i < JB_RTCP_TYPE_MAX; i++) {
		snprintf(line, sizeof(line),
			 "%srtcp_packets_total{%s,direction=\"%s\",type=\"%s\"} %d", J, SFU,
			 "ingress", types[i], 10 + i);
		assert_line(line);
	}
	for (int i = 0; i < JB_RTCP_FEEDBACK_MAX; i++) {
		snprintf(line, sizeof(line),
			 "%srtcp_feedback_total{%s,direction=\"%s\",type=\"%s\"} %d", J, SFU,
			 "ingress", feedback[i], 20 + i);
		assert_line(line);
	}
	assert_line(J "rtcp_reported_lost_packets_total{" SFU ",direction=\"ingress\"} 30");
	assert_line(J "rtcp_round_trip_seconds_bucket{" SFU ",le=\"0.025\"} 0");
	assert_line(J "rtcp_round_trip_seconds_bucket{" SFU ",le=\"0.05\"} 1");
	assert_line(J "rtcp_round_trip_seconds_sum{" SFU "} 0.04");
	assert_int_equal(count(J "rtcp_packets_total"), JB_RTCP_TYPE_MAX);
}

/* Round trips are the workload's own requests: told with what comes in, and by no direction. */
static void test_stun(void **state)
{
	(void)state;
	see(JB_SLOT_SIGNAL + JB_EGRESS);
	SIGNAL(JB_EGRESS).stun_requests = 5;
	SIGNAL(JB_EGRESS).stun_timeouts = 2;
	jb_rtt_observe(&SIGNAL(JB_EGRESS).stun_rtt, 1);
	render(JB_EXPOSITION_TEXT);
	assert_line(J "stun_requests_total{" SFU ",direction=\"egress\"} 5");
	assert_line(J "stun_timeouts_total{" SFU ",direction=\"egress\"} 2");
	assert_int_equal(count(J "stun_round_trip"), 0);
	see(JB_SLOT_SIGNAL + JB_INGRESS);
	jb_rtt_observe(&SIGNAL(JB_INGRESS).stun_rtt, 40000000);
	render(JB_EXPOSITION_TEXT);
	assert_line(J "stun_round_trip_seconds_count{" SFU "} 1");
	assert_line(J "stun_round_trip_seconds_sum{" SFU "} 0.04");
	assert_line(J "stun_requests_total{" SFU ",direction=\"ingress\"} 0");
}

static void test_udp(void **state)
{
	(void)state;
	see(JB_SLOT_UDP);
	UDP.packets[JB_INGRESS] = 1;
	UDP.packets[JB_EGRESS] = 2;
	UDP.bytes[JB_INGRESS] = 3;
	UDP.bytes[JB_EGRESS] = 4;
	UDP.other[JB_INGRESS][JB_UDP_CHANNEL_DATA] = 5;
	UDP.other[JB_EGRESS][JB_UDP_QUIC] = 6;
	UDP.buffer_drops = 7;
	render(JB_EXPOSITION_TEXT);
	assert_line(J "udp_packets_total{" SFU ",direction=\"ingress\"} 1");
	assert_line(J "udp_packets_total{" SFU ",direction=\"egress\"} 2");
	assert_line(J "udp_bytes_total{" SFU ",direction=\"ingress\"} 3");
	assert_line(J "udp_bytes_total{" SFU ",direction=\"egress\"} 4");
#define OTHER J "udp_other_packets_total{" SFU
	assert_line(OTHER ",direction=\"ingress\",kind=\"quic\"} 0");
	assert_line(OTHER ",direction=\"ingress\",kind=\"channel_data\"} 5");
	assert_line(OTHER ",direction=\"egress\",kind=\"quic\"} 6");
	assert_line(OTHER ",direction=\"egress\",kind=\"channel_data\"} 0");
	assert_line(J "udp_receive_buffer_drops_total{" SFU "} 7");
	page.has[JB_FEATURE_RECEIVE_BUFFER] = false;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(J "udp_receive_buffer"), 0);
}

/* Of workloads with RTP that comes in; with --metrics full of all. */
static void test_receive_queue(void **state)
{
	(void)state;
	see(JB_SLOT_UDP);
	see(jb_slot_rtp(JB_EGRESS, JB_MEDIA_AUDIO));
	UDP.queue[1] = 4;
	UDP.queue[9] = 8;
	UDP.queue_ns = 6000000000;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(J "udp_receive_queue"), 0);
	see(jb_slot_rtp(JB_INGRESS, JB_MEDIA_VIDEO));
	render(JB_EXPOSITION_TEXT);
#define QUEUE J "udp_receive_queue_seconds"
	assert_line(QUEUE "_bucket{" SFU ",le=\"0.0001\"} 0");
	assert_line(QUEUE "_bucket{" SFU ",le=\"0.0005\"} 4");
	assert_line(QUEUE "_bucket{" SFU ",le=\"0.5\"} 4");
	assert_line(QUEUE "_bucket{" SFU ",le=\"+Inf\"} 12");
	assert_line(QUEUE "_sum{" SFU "} 6.0");
	owners[0].seen[jb_slot_rtp(JB_INGRESS, JB_MEDIA_VIDEO)] = false;
	page.full = true;
	render(JB_EXPOSITION_TEXT);
	assert_line(QUEUE "_count{" SFU "} 12");
	page.has[JB_FEATURE_RECEIVE_QUEUE] = false;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(QUEUE), 0);
}

static void test_dtls_in_full(void **state)
{
	(void)state;
	see(JB_SLOT_UDP);
	UDP.dtls[JB_DTLS_BUCKETS - 2] = 1;
	UDP.dtls_ns = 3500000000;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(J "dtls"), 0);
	page.full = true;
	render(JB_EXPOSITION_TEXT);
	assert_line(J "dtls_handshake_seconds_bucket{" SFU ",le=\"2.5\"} 0");
	assert_line(J "dtls_handshake_seconds_bucket{" SFU ",le=\"5.0\"} 1");
	assert_line(J "dtls_handshake_seconds_sum{" SFU "} 3.5");
}

static void test_tcp_by_leg(void **state)
{
	(void)state;
	see(JB_SLOT_TCP + JB_LEG_DIRECT);
	jb_rtt_observe(&TCP(JB_LEG_DIRECT).rtt, 300000);
	jb_rtt_observe(&TCP(JB_LEG_DIRECT).connect, 2000000000);
	TCP(JB_LEG_DIRECT).retransmitted = 3;
	TCP(JB_LEG_DIRECT).bytes[JB_INGRESS] = 4;
	TCP(JB_LEG_DIRECT).bytes[JB_EGRESS] = 5;
	render(JB_EXPOSITION_TEXT);
#define DIRECT SFU ",leg=\"direct\""
	assert_line(J "tcp_round_trip_seconds_bucket{" DIRECT ",le=\"0.00025\"} 0");
	assert_line(J "tcp_round_trip_seconds_bucket{" DIRECT ",le=\"0.0005\"} 1");
	assert_line(J "tcp_round_trip_seconds_sum{" DIRECT "} 0.0003");
	assert_line(J "tcp_connect_seconds_bucket{" DIRECT ",le=\"1.0\"} 0");
	assert_line(J "tcp_connect_seconds_bucket{" DIRECT ",le=\"+Inf\"} 1");
	assert_line(J "tcp_retransmitted_segments_total{" DIRECT "} 3");
	assert_line(J "tcp_bytes_total{" DIRECT ",direction=\"ingress\"} 4");
	assert_line(J "tcp_bytes_total{" DIRECT ",direction=\"egress\"} 5");
	for (const char *at = out.data; (at = strstr(at, "leg=\"")); at++)
		assert_memory_equal(at, "leg=\"direct\"", 12);
}

/* Of a node's talk with itself only the mean. */
static void test_loopback_has_no_buckets(void **state)
{
	(void)state;
	see(JB_SLOT_TCP + JB_LEG_LOOPBACK);
	jb_rtt_observe(&TCP(JB_LEG_LOOPBACK).rtt, 1000);
	jb_rtt_observe(&TCP(JB_LEG_LOOPBACK).rtt, 2000000000);
	TCP(JB_LEG_LOOPBACK).bytes[JB_EGRESS] = 9;
	render(JB_EXPOSITION_TEXT);
#define LOOPBACK SFU ",leg=\"loopback\""
	assert_line(J "tcp_round_trip_seconds_bucket{" LOOPBACK ",le=\"+Inf\"} 2");
	assert_line(J "tcp_round_trip_seconds_count{" LOOPBACK "} 2");
	assert_line(J "tcp_round_trip_seconds_sum{" LOOPBACK "} 2.000001");
	assert_int_equal(count(J "tcp_round_trip_seconds"), 3);
	assert_int_equal(count(J "tcp_connect_seconds"), 3);
	assert_line(J "tcp_bytes_total{" LOOPBACK ",direction=\"egress\"} 9");
}

/* What of a pod in the mesh is told once it is there. */
static void test_quiet_legs(void **state)
{
#define MESH_IN   SFU ",leg=\"mesh_in\""
#define APP_OUT   SFU ",leg=\"app_out\""
#define OPENED(n) J "tcp_connections_opened_total{" SFU ",role=\"server\"} " #n
	(void)state;
	see(JB_SLOT_TCP + JB_LEG_MESH_IN);
	see(JB_SLOT_TCP + JB_LEG_APP_OUT);
	TCP(JB_LEG_MESH_IN).opened[JB_TCP_SERVER] = 3;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count("leg="), 0);
	assert_line(OPENED(3));
	TCP(JB_LEG_MESH_IN).bytes[JB_INGRESS] = 1;
	jb_rtt_observe(&TCP(JB_LEG_APP_OUT).rtt, 1000);
	render(JB_EXPOSITION_TEXT);
	assert_line(J "tcp_bytes_total{" MESH_IN ",direction=\"egress\"} 0");
	assert_line(J "tcp_round_trip_seconds_count{" APP_OUT "} 1");
	assert_int_equal(count(J "tcp_round_trip_seconds"), 3); /* without buckets */
	assert_int_equal(count(J "tcp_connect_seconds"), 0);
	assert_line(J "tcp_retransmitted_segments_total{" MESH_IN "} 0");
}

static void test_tcp_over_all_legs(void **state)
{
	(void)state;
	for (int leg = 0; leg <= JB_LEG_LOOPBACK; leg++) {
		see(JB_SLOT_TCP + leg);
		for (int i = 0; i < JB_TCP_ROLE_MAX; i++)
			TCP(leg).opened[i] = 10 + i;
		for (int i = 0; i < JB_TCP_END_MAX; i++)
			TCP(leg).closed[i] = 20 + i;
		for (int i = 0; i < JB_TCP_FAILURE_MAX; i++)
			TCP(leg).failed[i] = 30 + i;
		TCP(leg).listen_overflows = 40;
	}
	render(JB_EXPOSITION_TEXT);
	assert_line(J "tcp_connections_opened_total{" SFU ",role=\"client\"} 20");
	assert_line(J "tcp_connections_opened_total{" SFU ",role=\"server\"} 22");
	assert_line(J "tcp_connections_closed_total{" SFU ",reason=\"orderly\"} 40");
	assert_line(J "tcp_connections_closed_total{" SFU ",reason=\"reset_local\"} 42");
	assert_line(J "tcp_connections_closed_total{" SFU ",reason=\"reset_remote\"} 44");
	assert_line(J "tcp_connections_closed_total{" SFU ",reason=\"timeout\"} 46");
	assert_line(J "tcp_connect_failures_total{" SFU ",reason=\"refused\"} 60");
	assert_line(J "tcp_connect_failures_total{" SFU ",reason=\"timeout\"} 62");
	assert_line(J "tcp_connect_failures_total{" SFU ",reason=\"unreachable\"} 64");
	assert_line(J "tcp_connect_failures_total{" SFU ",reason=\"reset\"} 66");
	assert_line(J "tcp_listen_overflows_total{" SFU "} 80");
	assert_int_equal(count(J "rtp_tcp_"), 0); /* until there is such */
	TCP(JB_LEG_LOOPBACK).rtp_packets[JB_EGRESS] = 50;
	TCP(JB_LEG_DIRECT).rtp_bytes[JB_INGRESS] = 60;
	render(JB_EXPOSITION_TEXT);
	assert_line(J "rtp_tcp_packets_total{" SFU ",direction=\"ingress\"} 0");
	assert_line(J "rtp_tcp_packets_total{" SFU ",direction=\"egress\"} 50");
	assert_line(J "rtp_tcp_bytes_total{" SFU ",direction=\"ingress\"} 60");
}

static void test_what_is_missing_has_no_family(void **state)
{
	static const struct {
		enum jb_feature feature;
		const char *family;
	} families[] = {
		{JB_FEATURE_MEDIA, "udp_packets"},
		{JB_FEATURE_MEDIA, "rtcp_packets"},
		{JB_FEATURE_MEDIA, "rtp_stream_seconds"},
		{JB_FEATURE_TCP, "tcp_connections_opened"},
		{JB_FEATURE_TCP, "tcp_connect_seconds"},
		{JB_FEATURE_TCP, "tcp_round_trip_seconds"},
		{JB_FEATURE_LISTEN_OVERFLOWS, "tcp_listen_overflows"},
		{JB_FEATURE_RECEIVE_BUFFER, "udp_receive_buffer_drops"},
		{JB_FEATURE_RECEIVE_QUEUE, "udp_receive_queue_seconds"},
		{JB_FEATURE_DROPS, "dropped_packets"},
	};
	static const struct jb_owner_drop drops[] = {{JB_DROP_UDP, 1, 1}};

	(void)state;
	memset(owners[0].seen, true, sizeof(owners[0].seen));
	owners[0].drops = drops;
	owners[0].n_drops = 1;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		char name[64];

		snprintf(name, sizeof(name), "# TYPE " J "%s", families[i].family);
		render(JB_EXPOSITION_TEXT);
		assert_int_equal(count(name), 1);
		page.has[families[i].feature] = false;
		render(JB_EXPOSITION_TEXT);
		assert_int_equal(count(name), 0);
		page.has[families[i].feature] = true;
	}
}

static void test_drops(void **state)
{
	static char names[3][JB_DROP_REASON_NAME] = {"", "", "no_socket"};
	static const struct jb_drop_reasons reasons = {names, 3};
	static const struct jb_owner_drop drops[] = {{JB_DROP_UDP, 2, 11},
						     {JB_DROP_TCP, 2, 12},
						     {JB_DROP_ICMP, 1, 13},
						     {JB_DROP_OTHER, 2 << 16 | 5, 14},
						     {JB_DROP_OTHER, JB_OTHER_REASONS, 15}};

	(void)state;
	owners[1].drops = drops;
	owners[1].n_drops = sizeof(drops) / sizeof(*drops);
	page.reasons = &reasons;
	render(JB_EXPOSITION_TEXT);
#define DROPPED J "dropped_packets_total{namespace=\"media\",pod=\"sfu-0\",container=\"\",protocol="
	assert_line(DROPPED "\"udp\",reason=\"no_socket\"} 11");
	assert_line(DROPPED "\"tcp\",reason=\"no_socket\"} 12");
	assert_line(DROPPED "\"icmp\",reason=\"reason_1\"} 13");
	assert_line(DROPPED "\"other\",reason=\"subsystem_2_5\"} 14");
	assert_line(DROPPED "\"other\",reason=\"~other\"} 15");
	assert_int_equal(count(J "dropped_packets_total{"), 5);
}

static void test_impaired_start(void **state)
{
	(void)state;
	see(JB_SLOT_QUALITY + JB_INGRESS);
	see(JB_SLOT_QUALITY + JB_EGRESS);
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(J "rtp_impaired_start"), 0);
	owners[0].impaired_since_s[JB_EGRESS] = 1700000001;
	render(JB_EXPOSITION_TEXT);
	assert_line(J "rtp_impaired_start_timestamp_seconds{" SFU
		      ",direction=\"egress\"} 1700000001");
	assert_int_equal(count(J "rtp_impaired_start"), 1);
}

/* Bounds in seconds are the kernel's in nanoseconds. */
static void test_bounds(void **state)
{
	static const struct {
		enum jb_traffic_bounds bounds;
		const __u64 *ns;
		unsigned int count;
	} tables[] = {{JB_TRAFFIC_RTT, jb_rtt_bounds_ns, JB_RTT_BOUNDS},
		      {JB_TRAFFIC_DTLS, jb_rtt_bounds_ns, JB_DTLS_BOUNDS},
		      {JB_TRAFFIC_QUEUE, jb_queue_bounds_ns, JB_QUEUE_BOUNDS}};

	(void)state;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		unsigned int n;
		const double *bounds = jb_traffic_bounds(tables[i].bounds, &n);

		assert_int_equal(n, tables[i].count);
		for (unsigned int j = 0; j < n; j++)
			assert_int_equal((__u64)(bounds[j] * 1e9 + 0.5), tables[i].ns[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_quality),
		TEST(test_rtcp),
		TEST(test_stun),
		TEST(test_udp),
		TEST(test_receive_queue),
		TEST(test_dtls_in_full),
		TEST(test_tcp_by_leg),
		TEST(test_loopback_has_no_buckets),
		TEST(test_quiet_legs),
		TEST(test_tcp_over_all_legs),
		TEST(test_what_is_missing_has_no_family),
		TEST(test_drops),
		TEST(test_impaired_start),
		TEST(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
