/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RTP over TCP (RFC 4571) on real connections: frames over several segments, both ways. */
#include <stdio.h>
#include <unistd.h>
#include <jitterbug/framing.h>
#include "live.h"
#include "wire.h"

#define RTP_LEN 100

/* None of --ice-tcp-ports. */
#define OTHER_TCP_PORT 20003

static void frame_rtp(struct jb_wire *w, __u16 size, __u16 n)
{
	jb_wire_u16(w, size);
	jb_wire_u16(w, 0x8000);
	jb_wire_u16(w, n);
	jb_wire_u32(w, 160 * n);
	jb_wire_u32(w, 0xabcd);
	jb_wire_fill(w, 0x5a, size - 12);
}

/* RTP in TCP that passed in this direction, whatever the path. */
static void framed(const struct jb_harness *h, enum jb_direction direction, __u64 *ret_packets,
		   __u64 *ret_bytes)
{
	*ret_packets = 0;
	*ret_bytes = 0;
	for (int path = 0; path < JB_PATH_MAX; path++) {
		union jb_totals grown;

		jb_harness_grown(h, JB_SLOT_TCP + path, &grown);
		*ret_packets += grown.tcp.rtp_packets[direction];
		*ret_bytes += grown.tcp.rtp_bytes[direction];
	}
}

/* Both ends' sockets are on the port, so what goes out of one comes into the other. */
static void check_framed(const struct jb_harness *h, const char *name, __u64 packets, __u64 bytes)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
		__u64 p, b;

		framed(h, direction, &p, &b);
		if (p != packets || b != bytes)
			fail_msg("%s: direction %d: %llu packets and %llu octets instead of %llu "
				 "and %llu",
				 name, direction, p, b, packets, bytes);
	}
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
	struct jb_harness *h = &jb_live_ready(state)->h;

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
	struct jb_harness *h = &jb_live_ready(state)->h;
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
	struct jb_harness *h = &jb_live_ready(state)->h;
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
	struct jb_harness *h = &jb_live_ready(state)->h;
	struct jb_wire w = {};
	int fds[2];

	for (int n = 0; n < 20; n++)
		frame_rtp(&w, RTP_LEN, n);
	jb_live_tcp(OTHER_TCP_PORT, fds);
	jb_harness_mark(h);
	send_in_pieces(fds, &w, 1000);
	check_framed(h, "other ports", 0, 0);
	close(fds[0]);
	close(fds[1]);
}

/* Sent at once: one packet of more frames than are followed, told; found again at the next. */
static void test_framing_in_large_packets(void **state)
{
	struct jb_harness *h = &jb_live_ready(state)->h;
	struct jb_wire w = {}, next = {};
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
	check_framed(h, "and one more", JB_FRAMING_FRAMES_MAX + 1,
		     JB_FRAMING_FRAMES_MAX * 12 + RTP_LEN);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_framing_never_found),
		cmocka_unit_test(test_framing_both_ways),
		cmocka_unit_test(test_framing_of_other_ports),
		cmocka_unit_test(test_framing_in_large_packets),
	};

	return cmocka_run_group_tests_name("framing, live", tests, jb_live_setup, jb_live_teardown);
}
