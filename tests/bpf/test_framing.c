/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP over TCP (RFC 4571), one segment at a time: a test run's socket has port 0, which is one of
 * the harness' --ice-tcp-ports, and lives for one run only. What goes over several segments is in
 * test_live.c.
 */
#include <jitterbug/framing.h>
#include "harness.h"
#include "wire.h"

#define RTP_LEN 172
/* So many heads of frames are looked at in one segment. */
#define FRAMES_MAX JB_FRAMING_FRAMES_MAX

static void frame_rtp(struct jb_wire *w, __u16 size)
{
	jb_wire_u16(w, size);
	jb_wire_u32(w, 0x80000001);
	jb_wire_u32(w, 160);
	jb_wire_u32(w, 0xabcd);
	jb_wire_fill(w, 0x5a, size - 12);
}

static void frame_rtcp(struct jb_wire *w)
{
	jb_wire_u16(w, 8);
	jb_wire_rr(w, 1, 0);
}

static void frame_stun(struct jb_wire *w)
{
	jb_wire_u16(w, 20);
	jb_wire_stun(w, STUN_REQUEST, 1, 0);
}

static void one(struct jb_wire *w)
{
	frame_rtp(w, RTP_LEN);
}

static void many(struct jb_wire *w)
{
	for (int i = 0; i < 10; i++)
		frame_rtp(w, RTP_LEN + i);
}

static void mixed(struct jb_wire *w)
{
	frame_stun(w);
	frame_rtp(w, RTP_LEN);
	frame_rtcp(w);
	jb_wire_u16(w, 0); /* an empty frame */
	frame_rtp(w, RTP_LEN);
}

static void cut_payload(struct jb_wire *w)
{
	many(w);
	w->len -= 100;
}

static void cut_head(struct jb_wire *w)
{
	many(w);
	jb_wire_u16(w, RTP_LEN);
	jb_wire_u8(w, 0x80);
}

static void nonsense_behind(struct jb_wire *w)
{
	one(w);
	jb_wire_octets(w, "GET / HTTP/1.1\r\n\r\n", 18);
	one(w);
}

static void no_frame(struct jb_wire *w)
{
	jb_wire_octets(w, "GET / HTTP/1.1\r\n\r\n", 18);
	one(w);
}

static void from_the_middle(struct jb_wire *w)
{
	jb_wire_fill(w, 0x5a, 50);
	one(w);
}

static void twelve_octets(struct jb_wire *w)
{
	one(w);
	w->len = 12;
}

static void too_large_to_begin_with(struct jb_wire *w)
{
	one(w);
	w->data[0] = 0xff;
}

static void as_many_as_are_followed(struct jb_wire *w)
{
	for (int i = 0; i < FRAMES_MAX; i++)
		frame_rtp(w, 12);
}

static void more_than_are_followed(struct jb_wire *w)
{
	as_many_as_are_followed(w);
	frame_rtp(w, 12);
}

static void nothing(struct jb_wire *w)
{
	(void)w;
}

struct segment {
	const char *name;
	void (*build)(struct jb_wire *w);
	__u64 packets, bytes;
	__u64 truncated;
};

static const struct segment segments[] = {
	{"one frame", one, 1, RTP_LEN, 0},
	{"ten frames", many, 10, 10 * RTP_LEN + 45, 0},
	{"STUN, RTP, RTCP, an empty one, RTP", mixed, 2, 2 * RTP_LEN, 0},
	{"the last cut in its payload", cut_payload, 10, 10 * RTP_LEN + 45, 0},
	{"the last cut in its head", cut_head, 10, 10 * RTP_LEN + 45, 0},
	{"nonsense behind", nonsense_behind, 1, RTP_LEN, 0},
	{"no frame", no_frame, 0, 0, 0},
	{"from the middle of a frame", from_the_middle, 0, 0, 0},
	{"too short to tell", twelve_octets, 0, 0, 0},
	{"65,000 octets to begin with", too_large_to_begin_with, 0, 0, 0},
	{"64 frames", as_many_as_are_followed, 64, 64 * 12, 0},
	{"65 frames", more_than_are_followed, 64, 64 * 12, 1},
	{"no payload", nothing, 0, 0, 0},
};

static void check_counted(const struct jb_harness *h, const char *name, enum jb_direction direction,
			  __u64 packets, __u64 bytes)
{
	union jb_totals want = {}, grown;

	want.tcp.rtp_packets[direction] = packets;
	want.tcp.rtp_bytes[direction] = bytes;
	jb_harness_grown(h, JB_SLOT_TCP + JB_PATH_DIRECT, &grown);
	for (size_t i = 0; i < sizeof(grown) / sizeof(__u64); i++)
		if (grown.word[i] != want.word[i])
			fail_msg("%s: word %zu: %llu instead of %llu", name, i, grown.word[i],
				 want.word[i]);
	jb_harness_check_still(h, name, 1 << (JB_SLOT_TCP + JB_PATH_DIRECT));
}

static void check_segment(struct jb_harness *h, const struct segment *s,
			  enum jb_direction direction, int version, int times)
{
	struct jb_test_packet p;
	struct jb_wire w = {};

	s->build(&w);
	jb_test_segment(&p, version, 0xffffff00, w.data, w.len); /* wraps within */
	jb_harness_mark(h);
	assert_int_equal(jb_harness_try_repeatedly(h, direction, &p, NULL, times), 1);
	check_counted(h, s->name, direction, s->packets, s->bytes);
	jb_harness_check_faults(h, s->name, JB_FAULT_FRAMES_TRUNCATED, s->truncated);
}

/* Once, and sent again and again on one connection: each frame counts once. */
static void test_segments(void **state)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			for (int times = 1; times <= 5; times += 4)
				for (size_t i = 0; i < sizeof(segments) / sizeof(*segments); i++)
					check_segment(*state, &segments[i], direction, version,
						      times);
}

/* TCP's header says where the payload begins. */
static void test_hostile_headers(void **state)
{
	struct jb_harness *h = *state;
	struct jb_wire w = {};

	one(&w);
	for (int doff = 0; doff < 16; doff++) {
		struct jb_test_packet p;

		jb_test_segment(&p, 4, 1, w.data, w.len);
		p.data[p.ip + 20 + 12] = doff << 4;
		jb_harness_mark(h);
		jb_harness_run(h, JB_EGRESS, &p);
		check_counted(h, "data offset", JB_EGRESS, doff == 5, doff == 5 ? RTP_LEN : 0);
	}
}

static void test_cut_anywhere(void **state)
{
	struct jb_harness *h = *state;
	struct jb_test_packet whole;
	struct jb_wire w = {};

	one(&w);
	jb_test_segment(&whole, 4, 1, w.data, w.len);
	jb_harness_mark(h);
	/* As long as the first octets of RTP's header are there, up to its SSRC, it counts. */
	for (size_t len = 14 + 20; len < 14 + 40 + 2 + 12; len++) {
		struct jb_test_packet p = whole;

		p.len = len;
		jb_harness_run(h, JB_EGRESS, &p);
	}
	check_counted(h, "cut", JB_EGRESS, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests_name("framing", tests, jb_harness_setup, jb_harness_teardown);
}
