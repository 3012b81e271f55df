/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics/traffic.h"

#include "kernel/names.h"
#include "workloads/leg.h"

#define IDENTITY    "namespace", "pod", "container", "unit"
#define LABELS(...) .labels = JB_LABELS(IDENTITY, ##__VA_ARGS__)
#define WORD(field) (__builtin_offsetof(union jb_totals, field) / sizeof(__u64))

/* Which slots. */
#define SIGNAL     .slot = JB_SLOT_SIGNAL, .slots = JB_DIRECTION_MAX, .slot_names = jb_direction_names
#define SIGNAL_IN  .slot = JB_SLOT_SIGNAL + JB_INGRESS, .slots = 1
#define QUALITY    .slot = JB_SLOT_QUALITY, .slots = JB_DIRECTION_MAX, .slot_names = jb_direction_names
#define UDP        .slot = JB_SLOT_UDP, .slots = 1
#define TCP_BY_LEG .slot = JB_SLOT_TCP, .slots = JB_LEG_MAX, .slot_names = jb_tcp_leg_names
#define TCP        .slot = JB_SLOT_TCP, .slots = JB_LEG_MAX

/* What of them, and by which names it is split. */
#define COUNTER(slots, field) slots, .word = WORD(field)
#define HISTOGRAM(slots, of, buckets, total)                                                       \
	slots, .bounds = JB_TRAFFIC_##of, .word = WORD(buckets), .sum = WORD(total)
#define BY(count, of) .n = {count}, .names = {of}
#define BY_DIRECTION  BY(JB_DIRECTION_MAX, jb_direction_names)

const struct jb_traffic_family jb_traffic_families[] = {
	{{"rtp_stream_seconds", "Time that RTP streams had packets.", JB_FAMILY_COUNTER,
	  JB_FAMILY_NANOSECONDS, LABELS("direction")},
	 COUNTER(QUALITY, quality.stream_ns)},
	{{"rtp_stream_impaired_seconds",
	  "Of it, time impaired by loss, jitter, a freeze or a source gap.", JB_FAMILY_COUNTER,
	  JB_FAMILY_NANOSECONDS, LABELS("direction")},
	 COUNTER(QUALITY, quality.impaired_ns)},
	{{"rtp_stream_impairment_seconds",
	  "Of it, time impaired for each reason; several may hold at once.", JB_FAMILY_COUNTER,
	  JB_FAMILY_NANOSECONDS, LABELS("direction", "reason")},
	 COUNTER(QUALITY, quality.impairment_ns),
	 BY(JB_IMPAIRED_MAX, jb_impairment_names)},
	{{"rtp_mos_estimate",
	  "Estimated MOS of audio (E-model of G.107, narrow band, without the network's "
	  "delay), each stream every 5 s.",
	  JB_FAMILY_HISTOGRAM, LABELS("direction")},
	 .when = JB_TRAFFIC_FULL,
	 HISTOGRAM(QUALITY, MOS, quality.mos, quality.mos_micro)},
	{{"rtcp_packets", "RTCP packets; of SRTCP the first of each datagram.", JB_FAMILY_COUNTER,
	  LABELS("direction", "type")},
	 COUNTER(SIGNAL, signal.rtcp),
	 BY(JB_RTCP_TYPE_MAX, jb_rtcp_type_names)},
	{{"rtcp_feedback", "RTCP feedback; of SRTCP where it is first in its datagram.",
	  JB_FAMILY_COUNTER, LABELS("direction", "type")},
	 COUNTER(SIGNAL, signal.feedback),
	 BY(JB_RTCP_FEEDBACK_MAX, jb_rtcp_feedback_names)},
	{{"rtcp_reported_lost_packets",
	  "RTP packets lost according to the RTCP reports in clear that pass: ingress is "
	  "what the other side misses.",
	  JB_FAMILY_COUNTER, LABELS("direction")},
	 COUNTER(SIGNAL, signal.reported_lost)},
	{{"rtcp_round_trip_seconds",
	  "From an RTCP sender report in clear to the report that answers it, less the "
	  "time it waited there.",
	  JB_FAMILY_HISTOGRAM, LABELS()},
	 HISTOGRAM(SIGNAL_IN, RTT, signal.rtcp_rtt.bucket, signal.rtcp_rtt.sum_ns)},
	{{"stun_round_trip_seconds",
	  "From a STUN request that the workload sent once to its answer.", JB_FAMILY_HISTOGRAM,
	  LABELS()},
	 HISTOGRAM(SIGNAL_IN, RTT, signal.stun_rtt.bucket, signal.stun_rtt.sum_ns)},
	{{"stun_requests", "STUN transactions begun.", JB_FAMILY_COUNTER, LABELS("direction")},
	 COUNTER(SIGNAL, signal.stun_requests)},
	{{"stun_timeouts", "Of these, not answered within 10 s.", JB_FAMILY_COUNTER,
	  LABELS("direction")},
	 COUNTER(SIGNAL, signal.stun_timeouts)},
	{{"dtls_handshake_seconds",
	  "From the first ClientHello until both sides send under the new keys.",
	  JB_FAMILY_HISTOGRAM, LABELS()},
	 .when = JB_TRAFFIC_FULL,
	 HISTOGRAM(UDP, DTLS, udp.dtls, udp.dtls_ns)},
	{{"udp_packets", "UDP datagrams, each of those passed in one piece counted.",
	  JB_FAMILY_COUNTER, LABELS("direction")},
	 COUNTER(UDP, udp.packets),
	 BY_DIRECTION},
	{{"udp_bytes", "UDP payload bytes.", JB_FAMILY_COUNTER, LABELS("direction")},
	 COUNTER(UDP, udp.bytes),
	 BY_DIRECTION},
	{{"udp_other_packets", "QUIC and TURN ChannelData datagrams.", JB_FAMILY_COUNTER,
	  LABELS("direction", "kind")},
	 COUNTER(UDP, udp.other),
	 .n = {JB_DIRECTION_MAX, JB_UDP_OTHER_MAX},
	 .names = {jb_direction_names, jb_udp_other_names}},
	{{"udp_receive_buffer_drops",
	  "Datagrams dropped because the socket's receive buffer was full.", JB_FAMILY_COUNTER,
	  LABELS()},
	 .feature = JB_FEATURE_RECEIVE_BUFFER,
	 COUNTER(UDP, udp.buffer_drops)},
	{{"udp_receive_queue_seconds",
	  "Time that datagrams waited for the application to read them.", JB_FAMILY_HISTOGRAM,
	  LABELS()},
	 .feature = JB_FEATURE_RECEIVE_QUEUE,
	 .when = JB_TRAFFIC_MEDIA,
	 HISTOGRAM(UDP, QUEUE, udp.queue, udp.queue_ns)},
	{{"tcp_round_trip_seconds", "TCP round trips, as the kernel measures them.",
	  JB_FAMILY_HISTOGRAM, LABELS("leg")},
	 .feature = JB_FEATURE_TCP,
	 HISTOGRAM(TCP_BY_LEG, RTT, tcp.rtt.bucket, tcp.rtt.sum_ns)},
	{{"tcp_connect_seconds", "From connect() until the connection stands.", JB_FAMILY_HISTOGRAM,
	  LABELS("leg")},
	 .feature = JB_FEATURE_TCP,
	 HISTOGRAM(TCP_BY_LEG, RTT, tcp.connect.bucket, tcp.connect.sum_ns)},
	{{"tcp_retransmitted_segments",
	  "TCP segments sent again, SYN and SYN-ACK included; up to 5 s late.", JB_FAMILY_COUNTER,
	  LABELS("leg")},
	 .feature = JB_FEATURE_TCP,
	 COUNTER(TCP_BY_LEG, tcp.retransmitted)},
	{{"tcp_bytes", "TCP payload bytes, each counted once; up to 5 s late.", JB_FAMILY_COUNTER,
	  LABELS("leg", "direction")},
	 .feature = JB_FEATURE_TCP,
	 COUNTER(TCP_BY_LEG, tcp.bytes),
	 BY_DIRECTION},
	{{"tcp_connections_opened", "TCP connections that came to stand.", JB_FAMILY_COUNTER,
	  LABELS("role")},
	 .feature = JB_FEATURE_TCP,
	 COUNTER(TCP, tcp.opened),
	 BY(JB_TCP_ROLE_MAX, jb_tcp_role_names)},
	{{"tcp_connections_closed", "TCP connections that ended, and how.", JB_FAMILY_COUNTER,
	  LABELS("reason")},
	 .feature = JB_FEATURE_TCP,
	 COUNTER(TCP, tcp.closed),
	 BY(JB_TCP_END_MAX, jb_tcp_end_names)},
	{{"tcp_connect_failures",
	  "Connects that failed; timeout: no answer until the kernel or the application "
	  "gave up.",
	  JB_FAMILY_COUNTER, LABELS("reason")},
	 .feature = JB_FEATURE_TCP,
	 COUNTER(TCP, tcp.failed),
	 BY(JB_TCP_FAILURE_MAX, jb_tcp_failure_names)},
	{{"tcp_listen_overflows",
	  "Handshake packets that found the accept queue full (ListenOverflows).",
	  JB_FAMILY_COUNTER, LABELS()},
	 .feature = JB_FEATURE_LISTEN_OVERFLOWS,
	 COUNTER(TCP, tcp.listen_overflows)},
	{{"rtp_tcp_packets", "RTP packets framed in TCP at --ice-tcp-ports (RFC 4571).",
	  JB_FAMILY_COUNTER, LABELS("direction")},
	 .when = JB_TRAFFIC_COUNTED,
	 COUNTER(TCP, tcp.rtp_packets),
	 BY_DIRECTION},
	{{"rtp_tcp_bytes", "Their bytes, without the framing.", JB_FAMILY_COUNTER,
	  LABELS("direction")},
	 .when = JB_TRAFFIC_COUNTED,
	 COUNTER(TCP, tcp.rtp_bytes),
	 BY_DIRECTION},
};
const unsigned int jb_traffic_families_count = sizeof(jb_traffic_families) /
					       sizeof(*jb_traffic_families);

const struct jb_family jb_family_dropped_packets = {
	"dropped_packets", "Packets that this node's kernel dropped, by its own reasons.",
	JB_FAMILY_COUNTER, LABELS("protocol", "reason")};
const struct jb_family jb_family_impaired_start = {
	"rtp_impaired_start_timestamp_seconds",
	"Since when RTP streams have been impaired, pass after pass; absent if none is.",
	JB_FAMILY_GAUGE, LABELS("direction")};

/* In seconds, as jb_rtt_bounds_ns and jb_queue_bounds_ns; a test compares them. */
static const double rtt_bounds[JB_DTLS_BOUNDS] = {
	0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 5};
static const double queue_bounds[JB_QUEUE_BOUNDS] = {0.0001, 0.0005, 0.001, 0.005, 0.01,
						     0.02,   0.05,   0.1,   0.5};
static const double mos_bounds[JB_MOS_BOUNDS] = {1, 2, 2.5, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5};

const double *jb_traffic_bounds(enum jb_traffic_bounds bounds, unsigned int *ret_count)
{
	switch (bounds) {
	case JB_TRAFFIC_RTT:
		*ret_count = JB_RTT_BOUNDS;
		return rtt_bounds;
	case JB_TRAFFIC_DTLS:
		*ret_count = JB_DTLS_BOUNDS;
		return rtt_bounds;
	case JB_TRAFFIC_QUEUE:
		*ret_count = JB_QUEUE_BOUNDS;
		return queue_bounds;
	case JB_TRAFFIC_MOS:
		*ret_count = JB_MOS_BOUNDS;
		return mos_bounds;
	default:
		*ret_count = 0;
		return NULL;
	}
}
