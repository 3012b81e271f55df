/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What takes real sockets: see live.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <jitterbug/framing.h>
#include "live.h"
#include "parallel.h"
#include "wire.h"

#define RTP_LEN 100

/* A TCP port of none but this kind of socket. */
#define OTHER_TCP_PORT 20003

static struct jb_live *ready(void **state)
{
	struct jb_live *live = *state;

	if (!live->ready)
		skip();
	return live;
}

static void check_udp(const struct jb_harness *h, enum jb_direction direction, __u64 packets,
		      __u64 bytes)
{
	union jb_totals grown;

	jb_harness_grown(h, JB_SLOT_UDP, &grown);
	assert_int_equal(grown.udp.packets[direction], packets);
	assert_int_equal(grown.udp.bytes[direction], bytes);
}

/* --- UDP */

/* A raw socket gets a copy of each datagram: it is one all the same. */
static void test_raw_socket(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	int a = jb_live_udp(6000, 6001), b = jb_live_udp(6001, 6000);
	char buffer[100];

	assert_true(raw >= 0);
	jb_harness_mark(h);
	for (int i = 0; i < 10; i++) {
		jb_live_pass(a, b, "\x05hello", 6);
		assert_int_equal(recv(raw, buffer, sizeof(buffer), 0), 20 + 8 + 6);
	}
	check_udp(h, JB_EGRESS, 10, 60);
	check_udp(h, JB_INGRESS, 10, 60);
	close(raw);
	close(a);
	close(b);
}

/* A UDP socket at port 17, which is a raw socket's for UDP, is one that is counted. */
static void test_port_17(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	int a = jb_live_udp(6000, 17), b = jb_live_udp(17, 6000);

	jb_harness_mark(h);
	jb_live_pass(a, b, "\x05hello", 6);
	jb_live_pass(b, a, "\x05hello", 6);
	check_udp(h, JB_EGRESS, 2, 12);
	check_udp(h, JB_INGRESS, 2, 12);
	close(a);
	close(b);
}

/* A short header belongs to a connection that began on its socket; the other end's knows it, too.
 */
static void test_quic(void **state)
{
	static const char initial[] = "\xc3\0\0\0\1\x08"
				      "abcdefgh\0rest of it, and more";
	struct jb_harness *h = &ready(state)->h;
	int a = jb_live_udp(6000, 6001), b = jb_live_udp(6001, 6000);
	union jb_totals grown;

	jb_harness_mark(h);
	jb_live_pass(a, b, "\x55 short", 7);
	jb_live_pass(a, b, initial, sizeof(initial));
	jb_live_pass(a, b, "\x55 short", 7);
	jb_live_pass(b, a, "\x55 short", 7);
	jb_harness_grown(h, JB_SLOT_UDP, &grown);
	assert_int_equal(grown.udp.other[JB_EGRESS][JB_UDP_QUIC], 3);
	assert_int_equal(grown.udp.other[JB_INGRESS][JB_UDP_QUIC], 3);
	check_udp(h, JB_EGRESS, 4, 3 * 7 + sizeof(initial));
	close(a);
	close(b);
}

#define FLOOD_SEGMENT 40
#define FLOOD_LEN     (60 * FLOOD_SEGMENT) /* the more segments, the longer within the hook */

static void flood(struct jb_sender *sender)
{
	static const char nothing[FLOOD_LEN] = {[0 ... FLOOD_LEN - 1] = '\x05'};
	const int *fd = sender->ctx;

	while (!sender->stop) {
		/* Nobody reads: what finds no room is dropped behind the hooks. */
		if (send(*fd, nothing, sizeof(nothing), 0) != sizeof(nothing))
			sender->refused++;
		sender->sent++;
	}
}

/* Whether the socket is known for QUIC after a long header amid what another CPU sends. */
static bool is_remembered(struct jb_harness *h)
{
	static const char initial[] = "\xc3\0\0\0\1\x08"
				      "abcdefgh\0rest of it, and more";
	int a = jb_live_udp(6000, 6001), b = jb_live_udp(6001, 6000), size = FLOOD_SEGMENT;
	struct jb_sender sender = {.h = h, .run = flood, .ctx = &a, .index = 1};
	union jb_totals before, after;

	assert_int_equal(setsockopt(a, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	jb_parallel_start(&sender);
	while (sender.sent < 20)
		;
	assert_int_equal(send(a, initial, sizeof(initial), 0), sizeof(initial));
	sender.stop = true;
	jb_parallel_join(&sender);
	assert_int_equal(sender.refused, 0);
	jb_harness_slot(h, JB_SLOT_UDP, &before);
	assert_int_equal(send(a, "\x55 short", 7, 0), 7);
	jb_harness_slot(h, JB_SLOT_UDP, &after);
	close(a);
	close(b);
	return after.udp.other[JB_EGRESS][JB_UDP_QUIC] > before.udp.other[JB_EGRESS][JB_UDP_QUIC];
}

#define RACES 2000

/* What one CPU has found out of a socket, another one's packet doesn't undo. */
static void test_two_cpus_on_a_socket(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	int forgotten = 0;

	for (int i = 0; i < RACES; i++)
		forgotten += !is_remembered(h);
	if (forgotten)
		fail_msg("of %d sockets %d were forgotten to be QUIC's", RACES, forgotten);
}

/* STUN there and back: of the four places where it passes one has a round trip. */
static void test_stun(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	int a = jb_live_udp(6000, 6001), b = jb_live_udp(6001, 6000);
	struct jb_wire request = {}, answer = {};
	union jb_totals in, out;
	__u64 samples = 0;

	jb_wire_stun(&request, STUN_REQUEST, 1, 8);
	jb_wire_stun(&answer, STUN_SUCCESS, 1, 12);
	jb_harness_mark(h);
	jb_live_pass(a, b, request.data, request.len);
	jb_live_pass(b, a, answer.data, answer.len);
	jb_harness_grown(h, JB_SLOT_SIGNAL + JB_INGRESS, &in);
	jb_harness_grown(h, JB_SLOT_SIGNAL + JB_EGRESS, &out);
	assert_int_equal(in.signal.stun_requests, 1);
	assert_int_equal(out.signal.stun_requests, 1);
	for (int i = 0; i < JB_RTT_BUCKETS; i++) {
		samples += in.signal.stun_rtt.bucket[i];
		assert_int_equal(out.signal.stun_rtt.bucket[i], 0);
	}
	assert_int_equal(samples, 1);
	close(a);
	close(b);
}

/* --- packets that are not linear: those of UDP_SEGMENT have 28 octets in front */

static void frame(struct jb_wire *w, const struct jb_wire *datagram, __u16 size)
{
	assert_true(datagram->len <= size);
	jb_wire_octets(w, datagram->data, datagram->len);
}

/* Datagrams of 40 octets, each kind one; RTP enough to pass probation. */
static __u32 add_kinds(struct jb_wire *w)
{
	struct jb_wire stun = {}, rtcp = {}, channel = {}, dtls = {}, quic = {};
	__u32 count = 0;

	jb_wire_stun(&stun, STUN_REQUEST, 99, 20);
	jb_wire_rr(&rtcp, 1, 0);
	jb_wire_rtcp(&rtcp, 206, 1, 1, 1);
	jb_wire_rtcp(&rtcp, 202, 1, 1, 3);
	jb_wire_octets(&channel, "\x40\1\0\x24\x80\xc9\0\1\0\0\0\1\x81\xce\0\6\0\0\0\1", 20);
	jb_wire_fill(&channel, 0, 20);
	jb_wire_octets(&dtls, "\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x1b\1", 14);
	jb_wire_fill(&dtls, 0, 26);
	jb_wire_octets(&quic,
		       "\xc3\0\0\0\1\x08"
		       "abcdefgh",
		       14);
	jb_wire_fill(&quic, 0, 26);
	frame(w, &stun, 40), count++;
	frame(w, &rtcp, 40), count++;
	frame(w, &channel, 40), count++;
	frame(w, &dtls, 40), count++;
	frame(w, &quic, 40), count++;
	for (__u32 i = 0; i < JB_PROBATION; i++, count++) {
		jb_wire_u32(w, 0x80000000 + i);
		jb_wire_u32(w, 160 * i);
		jb_wire_u32(w, 0x1234);
		jb_wire_fill(w, 0x5a, 28);
	}
	return count;
}

static void test_not_linear(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	int a = jb_live_udp(6000, 6001), b = jb_live_udp(6001, 6000), size = 40;
	union jb_totals udp, signal, rtp;
	struct jb_wire w = {};
	__u32 count = add_kinds(&w);

	assert_int_equal(w.len, 40 * count);
	assert_int_equal(setsockopt(a, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)), 0);
	jb_harness_mark(h);
	jb_live_pass(a, b, w.data, w.len);
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
		check_udp(h, direction, count, w.len);
		jb_harness_grown(h, JB_SLOT_UDP, &udp);
		assert_int_equal(udp.udp.other[direction][JB_UDP_QUIC], 1);
		assert_int_equal(udp.udp.other[direction][JB_UDP_CHANNEL_DATA], 1);
		jb_harness_grown(h, JB_SLOT_SIGNAL + direction, &signal);
		assert_int_equal(signal.signal.stun_requests, 1);
		assert_int_equal(signal.signal.rtcp[JB_RTCP_RR], 2);
		assert_int_equal(signal.signal.rtcp[JB_RTCP_SDES], 1);
		assert_int_equal(signal.signal.feedback[JB_RTCP_PLI], 2);
		jb_harness_grown(h, jb_slot_rtp(direction, JB_MEDIA_AUDIO), &rtp);
		assert_int_equal(rtp.rtp.counter[JB_RTP_PACKETS], JB_PROBATION);
	}
	jb_harness_check_faults(h, "not linear", JB_FAULT_MAX, 0);
	close(a);
	close(b);
}

/* --- RTP over TCP */

static void frame_rtp(struct jb_wire *w, __u16 size, __u16 n)
{
	jb_wire_u16(w, size);
	jb_wire_u16(w, 0x8000);
	jb_wire_u16(w, n);
	jb_wire_u32(w, 160 * n);
	jb_wire_u32(w, 0xabcd);
	jb_wire_fill(w, 0x5a, size - 12);
}

/* Both ends' sockets are on the port, so what goes out of one comes into the other. */
static void check_framed(const struct jb_harness *h, const char *name, __u64 packets, __u64 bytes)
{
	union jb_totals grown;

	jb_harness_grown(h, JB_SLOT_TCP + JB_LEG_DIRECT, &grown);
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		if (grown.tcp.rtp_packets[direction] != packets ||
		    grown.tcp.rtp_bytes[direction] != bytes)
			fail_msg("%s: direction %d: %llu packets and %llu octets instead of %llu "
				 "and %llu",
				 name, direction, grown.tcp.rtp_packets[direction],
				 grown.tcp.rtp_bytes[direction], packets, bytes);
}

/* Sends the octets in segments of `size` each. */
static void send_in_pieces(const int fds[2], const struct jb_wire *w, size_t size)
{
	for (size_t at = 0; at < w->len; at += size)
		jb_live_pass(fds[0], fds[1], w->data + at, w->len - at < size ? w->len - at : size);
}

/* However the frames are cut up, once the first is found. */
static void test_framing(void **state)
{
	static const size_t sizes[] = {3000, 1000, 102, 101, 100, 51, 34, 17, 15};
	struct jb_harness *h = &ready(state)->h;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct jb_wire w = {};
		char name[40];
		int fds[2];

		for (int n = 0; n < 20; n++)
			frame_rtp(&w, RTP_LEN, n);
		snprintf(name, sizeof(name), "segments of %zu octets", sizes[i]);
		jb_live_tcp(JB_HARNESS_ICE_TCP_PORT, fds);
		jb_harness_mark(h);
		send_in_pieces(fds, &w, sizes[i]);
		check_framed(h, name, 20, 20 * RTP_LEN);
		close(fds[0]);
		close(fds[1]);
	}
}

/* Lengths in segments of their own never show where a frame begins. */
static void test_framing_never_found(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	struct jb_wire w = {};
	int fds[2];

	for (int n = 0; n < 20; n++)
		frame_rtp(&w, RTP_LEN, n);
	jb_live_tcp(JB_HARNESS_ICE_TCP_PORT, fds);
	jb_harness_mark(h);
	for (size_t at = 0; at < w.len; at += 2 + RTP_LEN) {
		jb_live_pass(fds[0], fds[1], w.data + at, 2);
		jb_live_pass(fds[0], fds[1], w.data + at + 2, RTP_LEN);
	}
	check_framed(h, "never found", 0, 0);
	close(fds[0]);
	close(fds[1]);
}

/* The other way of the same connection is another stream of frames. */
static void test_framing_both_ways(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	struct jb_wire w = {};
	int fds[2], back[2];

	for (int n = 0; n < 20; n++)
		frame_rtp(&w, RTP_LEN, n);
	jb_live_tcp(JB_HARNESS_ICE_TCP_PORT, fds);
	back[0] = fds[1];
	back[1] = fds[0];
	jb_harness_mark(h);
	for (size_t at = 0; at < w.len; at += 60) {
		const size_t size = w.len - at < 60 ? w.len - at : 60;

		jb_live_pass(fds[0], fds[1], w.data + at, size);
		jb_live_pass(back[0], back[1], w.data + at, size);
	}
	check_framed(h, "both ways", 40, 40 * RTP_LEN);
	close(fds[0]);
	close(fds[1]);
}

/* On other ports nobody looks. */
static void test_framing_of_other_ports(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	struct jb_wire w = {};
	int fds[2];

	for (int n = 0; n < 20; n++)
		frame_rtp(&w, RTP_LEN, n);
	jb_live_tcp(OTHER_TCP_PORT, fds);
	jb_harness_mark(h);
	send_in_pieces(fds, &w, 1000);
	jb_harness_check_still(h, "other ports", 0);
	close(fds[0]);
	close(fds[1]);
}

/* Sent at once: one packet of more frames than are followed, told; found again at the next. */
static void test_framing_in_large_packets(void **state)
{
	struct jb_harness *h = &ready(state)->h;
	struct jb_wire w = {}, next = {};
	union jb_totals grown;
	int fds[2];

	for (int n = 0; n < 200; n++)
		frame_rtp(&w, 12, n);
	frame_rtp(&next, RTP_LEN, 200);
	jb_live_tcp(JB_HARNESS_ICE_TCP_PORT, fds);
	jb_harness_mark(h);
	jb_live_pass(fds[0], fds[1], w.data, w.len);
	check_framed(h, "200 frames at once", JB_FRAMING_FRAMES_MAX, JB_FRAMING_FRAMES_MAX * 12);
	jb_harness_check_faults(h, "200 frames at once", JB_FAULT_FRAMES_TRUNCATED, 2);
	jb_live_pass(fds[0], fds[1], next.data, next.len);
	jb_harness_grown(h, JB_SLOT_TCP + JB_LEG_DIRECT, &grown);
	assert_int_equal(grown.tcp.rtp_packets[JB_EGRESS], JB_FRAMING_FRAMES_MAX + 1);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_socket),
		cmocka_unit_test(test_port_17),
		cmocka_unit_test(test_quic),
		cmocka_unit_test(test_two_cpus_on_a_socket),
		cmocka_unit_test(test_stun),
		cmocka_unit_test(test_not_linear),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_framing_never_found),
		cmocka_unit_test(test_framing_both_ways),
		cmocka_unit_test(test_framing_of_other_ports),
		cmocka_unit_test(test_framing_in_large_packets),
	};

	return cmocka_run_group_tests_name("live", tests, jb_live_setup, jb_live_teardown);
}
