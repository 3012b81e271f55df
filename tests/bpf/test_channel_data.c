/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TURN's ChannelData: what a relay's channel carries is measured as if it came without. */
#include <string.h>
#include "harness.h"
#include "wire.h"

#define ROUNDS  10
#define RTP_LEN 172

struct wrapping {
	const char *name;
	__u16 channel;
	int length; /* added to the true one */
	int pad;    /* octets behind */
	bool taken;
};

static const struct wrapping wrappings[] = {
	{"the first channel", 0x4000, 0, 0, true},
	{"the last channel", 0x4fff, 0, 0, true},
	{"reserved channel", 0x5000, 0, 0, false},
	{"two octets more than it says, as of padding", 0x4001, -2, 0, true},
	{"three octets more", 0x4001, -3, 0, true},
	{"four octets more", 0x4001, -4, 0, false},
	{"padded beyond", 0x4001, 0, 4, false},
	{"one octet less than it says", 0x4001, 1, 0, false},
	{"length 65535", 0x4001, 65535 - RTP_LEN, 0, false},
};

/* RTP as number `n` of a stream, in a channel. */
static void wrap(struct jb_wire *w, const struct wrapping *s, __u32 ssrc, __u16 n)
{
	jb_wire_u16(w, s->channel);
	jb_wire_u16(w, RTP_LEN + s->length);
	jb_wire_u16(w, 0x8000); /* PCMU */
	jb_wire_u16(w, n);
	jb_wire_u32(w, n * 160);
	jb_wire_u32(w, ssrc);
	jb_wire_fill(w, 0x5a, RTP_LEN - 12);
	jb_wire_fill(w, 0, s->pad);
}

static void check_rtp(const struct jb_harness *h, const char *name, enum jb_direction direction,
		      __u64 packets, __u64 bytes)
{
	union jb_totals grown;

	jb_harness_grown(h, jb_slot_rtp(direction, JB_MEDIA_AUDIO), &grown);
	if (grown.rtp.counter[JB_RTP_PACKETS] != packets ||
	    grown.rtp.counter[JB_RTP_BYTES] != bytes)
		fail_msg("%s: %llu packets of RTP, %llu octets", name,
			 grown.rtp.counter[JB_RTP_PACKETS], grown.rtp.counter[JB_RTP_BYTES]);
}

static void check_udp(const struct jb_harness *h, const char *name, enum jb_direction direction,
		      __u64 packets, __u64 bytes, __u64 channel_data)
{
	union jb_totals want = {}, grown;

	want.udp.packets[direction] = packets;
	want.udp.bytes[direction] = bytes;
	want.udp.other[direction][JB_UDP_CHANNEL_DATA] = channel_data;
	jb_harness_grown(h, JB_SLOT_UDP, &grown);
	for (size_t i = 0; i < sizeof(grown) / sizeof(__u64); i++)
		if (grown.word[i] != want.word[i])
			fail_msg("%s: UDP's word %zu: %llu instead of %llu", name, i, grown.word[i],
				 want.word[i]);
}

static void check_wrapping(struct jb_harness *h, const struct wrapping *s,
			   enum jb_direction direction, int version)
{
	static __u32 ssrc;
	const __u64 rtp = s->taken ? ROUNDS : 0;
	__u64 bytes = 0;

	ssrc++;
	jb_harness_mark(h);
	for (int n = 0; n < ROUNDS; n++) {
		struct jb_wire w = {};

		wrap(&w, s, ssrc, n);
		jb_harness_datagram(h, direction, version, w.data, w.len);
		bytes += w.len;
	}
	check_rtp(h, s->name, direction, rtp, rtp * (RTP_LEN + s->length));
	check_udp(h, s->name, direction, ROUNDS, bytes, rtp);
	jb_harness_check_faults(h, s->name, JB_FAULT_MAX, 0);
	assert_int_equal(jb_harness_retire_all(h), s->taken);
}

static void test_rtp_inside(void **state)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			for (size_t i = 0; i < sizeof(wrappings) / sizeof(*wrappings); i++)
				check_wrapping(*state, &wrappings[i], direction, version);
}

/* A packet of three datagrams, one of them without a channel: one stream all the same. */
static void test_segments(void **state)
{
	struct jb_harness *h = *state;
	const struct wrapping plain = {.channel = 0x4001};
	const struct __sk_buff ctx = {.gso_size = 4 + RTP_LEN};
	struct jb_test_packet p;
	struct jb_wire w = {};

	for (int n = 0; n < 6; n++)
		wrap(&w, &plain, 0x7000, n);
	jb_wire_octets(&w, w.data + 4, RTP_LEN); /* the last segment is short */
	w.data[w.len - RTP_LEN + 3] = 6;
	jb_test_datagram(&p, 4, w.data, w.len);
	jb_harness_mark(h);
	assert_int_equal(jb_harness_try(h, JB_INGRESS, &p, &ctx), 1);
	check_rtp(h, "segments", JB_INGRESS, 7, 7 * RTP_LEN);
	check_udp(h, "segments", JB_INGRESS, 7, w.len, 6);
	assert_int_equal(jb_harness_retire_all(h), 1);
}

struct inner {
	const char *name;
	const char *data;
	size_t len;
	__u64 channel_data, requests, receiver_reports;
};

#define BYTES(s) s, sizeof(s) - 1

static const struct inner inners[] = {
	{"STUN inside",
	 BYTES("\x40\1\0\x14\0\1\0\0\x21\x12\xa4\x42"
	       "abcdefghijkl"),
	 1, 1, 0},
	{"RTCP inside", BYTES("\x40\1\0\x08\x80\xc9\0\1\0\0\0\1"), 1, 0, 1},
	{"a channel in a channel", BYTES("\x40\1\0\x0c\x40\1\0\x08\x80\xc9\0\1\0\0\0\1"), 1, 0, 0},
	{"two octets inside", BYTES("\x40\1\0\2\x05\5"), 1, 0, 0},
	{"one octet inside", BYTES("\x40\1\0\1\x80"), 0, 0, 0},
	{"one octet inside, padded", BYTES("\x40\1\0\1\x80\0\0\0"), 0, 0, 0},
	{"nothing inside", BYTES("\x40\1\0\0"), 0, 0, 0},
	{"header alone, length 4", BYTES("\x40\1\0\4"), 0, 0, 0},
	{"three octets", BYTES("\x40\1\0"), 0, 0, 0},
	{"two octets", BYTES("\x40\1"), 0, 0, 0},
	{"DNS query", BYTES("\x40\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), 0, 0, 0},
	{"DNS answer",
	 BYTES("\x4f\xff\x81\x80\0\1\0\1\0\0\0\0\1a\0\0\1\0\1\1a\0\0\1\0\1\0\0\0\1"
	       "\0\4abcd"),
	 0, 0, 0},
};

static void check_inner(struct jb_harness *h, const struct inner *s, enum jb_direction direction)
{
	union jb_totals signal;

	jb_harness_mark(h);
	jb_harness_datagram(h, direction, 4, s->data, s->len);
	check_udp(h, s->name, direction, 1, s->len, s->channel_data);
	jb_harness_grown(h, JB_SLOT_SIGNAL + direction, &signal);
	if (signal.signal.stun_requests != s->requests ||
	    signal.signal.rtcp[JB_RTCP_RR] != s->receiver_reports)
		fail_msg("%s: %llu STUN requests, %llu receiver reports", s->name,
			 signal.signal.stun_requests, signal.signal.rtcp[JB_RTCP_RR]);
	jb_harness_check_still(h, s->name, 1 << JB_SLOT_UDP | 1 << (JB_SLOT_SIGNAL + direction));
	jb_harness_check_faults(h, s->name, JB_FAULT_MAX, 0);
	memset(h->kernel->stun, 0, JB_PAIRS * sizeof(*h->kernel->stun));
}

static void test_others_inside(void **state)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (size_t i = 0; i < sizeof(inners) / sizeof(*inners); i++)
			check_inner(*state, &inners[i], direction);
}

static void test_cut_anywhere(void **state)
{
	struct jb_harness *h = *state;
	const struct wrapping plain = {.channel = 0x4001};
	struct jb_wire w = {};

	wrap(&w, &plain, 0x8000, 1);
	jb_harness_mark(h);
	for (size_t len = 0; len < w.len; len++)
		jb_harness_datagram(h, JB_INGRESS, 6, w.data, len);
	check_rtp(h, "cut", JB_INGRESS, 0, 0);
	check_udp(h, "cut", JB_INGRESS, w.len, w.len * (w.len - 1) / 2, 0);
	assert_int_equal(jb_harness_held(h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rtp_inside),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_others_inside),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests_name("ChannelData", tests, jb_harness_setup,
					   jb_harness_teardown);
}
