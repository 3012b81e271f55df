/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What takes real sockets: see live.h. */
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include "live.h"
#include "parallel.h"
#include "wire.h"

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
	struct jb_harness *h = &jb_live_ready(state)->h;
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
	struct jb_harness *h = &jb_live_ready(state)->h;
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
	struct jb_harness *h = &jb_live_ready(state)->h;
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

#define RACES 1000

/* What one CPU has found out of a socket, another one's packet doesn't undo. */
static void test_two_cpus_on_a_socket(void **state)
{
	struct jb_harness *h = &jb_live_ready(state)->h;
	int forgotten = 0;

	for (int i = 0; i < RACES; i++)
		forgotten += !is_remembered(h);
	if (forgotten)
		fail_msg("of %d sockets %d were forgotten to be QUIC's", RACES, forgotten);
}

/* STUN there and back: of the four places where it passes one has a round trip. */
static void test_stun(void **state)
{
	struct jb_harness *h = &jb_live_ready(state)->h;
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
	struct jb_harness *h = &jb_live_ready(state)->h;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_socket), cmocka_unit_test(test_port_17),
		cmocka_unit_test(test_quic),       cmocka_unit_test(test_two_cpus_on_a_socket),
		cmocka_unit_test(test_stun),       cmocka_unit_test(test_not_linear),
	};

	return cmocka_run_group_tests_name("live", tests, jb_live_setup, jb_live_teardown);
}
