/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/framing.h>

#include "random.h"
#include "reader.h"

#define SEQ 0xfffffe00 /* of a stream's first octet: the numbers wrap soon */

/* A stream as it was written: frames of ICE-TCP. */
struct stream {
	__u8 octets[1 << 18];
	__u32 length;
	struct jb_framing_count truth;
};

static const __u8 stun_head[] = {0, 1, 0, 0x50, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4};
static const __u8 dtls_head[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0};
static const __u8 rtp_head[] = {0x80, 111, 0x12, 0x34, 0, 0, 3, 0xc0, 0xca, 0xfe, 0xba, 0xbe};
static const __u8 rtcp_head[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0xca, 0xfe, 0xba, 0xbe};

/* The octets behind `head` (12) would be frames of nothing, if the place were wrong. */
static void add(struct stream *s, const __u8 *head, __u32 size)
{
	__u8 *b = s->octets + s->length;

	assert_true(s->length + 2 + size <= sizeof(s->octets));
	b[0] = size >> 8;
	b[1] = size & 0xff;
	memset(b + 2, 0x47, size);
	if (size)
		memcpy(b + 2, head, size < 12 ? size : 12);
	s->length += 2 + size;
	if (head == rtp_head) {
		s->truth.packets++;
		s->truth.bytes += size;
	}
}

/* One of each kind, then `packets` of 60..1200 octets. */
static struct stream *new_stream(__u32 packets)
{
	struct stream *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	add(s, stun_head, 0x64);
	add(s, dtls_head, 300);
	add(s, rtcp_head, 12 + 14);
	add(s, NULL, 0);
	for (__u32 i = 0; i < packets; i++)
		add(s, rtp_head, 60 + i * 379 % 1140);
	add(s, rtcp_head, 8 + 18);
	return s;
}

static enum jb_framing_result feed(struct jb_framing *f, const struct stream *s, __u32 from,
				   __u32 length, struct jb_framing_count *count)
{
	struct jb_memory m = {s->octets + from, length, NULL};

	assert_true(from <= s->length && length <= s->length - from);
	return jb_framing_segment(f, SEQ + from, length, jb_memory_read, &m, count);
}

static void assert_truth(const struct jb_framing_count *count, const struct stream *s)
{
	assert_int_equal(count->packets, s->truth.packets);
	assert_int_equal(count->bytes, s->truth.bytes);
}

static void test_a_frame_each_segment(void **state)
{
	struct stream *s = new_stream(100);
	struct jb_framing f = {0};
	struct jb_framing_count count = {0};
	__u32 at = 0;

	(void)state;
	while (at < s->length) {
		__u32 size = 2 + jb_be16(s->octets + at);

		assert_int_equal(feed(&f, s, at, size, &count), JB_FRAMING_OK);
		at += size;
	}
	assert_truth(&count, s);
	free(s);
}

/* In segments of every length from 14 on, which is what finds the place takes. */
static void test_segments_of_every_length(void **state)
{
	struct stream *s = new_stream(40);

	(void)state;
	for (__u32 mss = 14; mss < 3000; mss++) {
		struct jb_framing f = {0};
		struct jb_framing_count count = {0};

		for (__u32 at = 0; at < s->length; at += mss)
			assert_int_equal(feed(&f, s, at,
					      mss < s->length - at ? mss : s->length - at, &count),
					 JB_FRAMING_OK);
		assert_truth(&count, s);
	}
	free(s);
}

/* Octet by octet, once the place is known; empty frames as well. */
static void test_octet_by_octet(void **state)
{
	struct stream *s = new_stream(3);
	struct jb_framing f = {0};
	struct jb_framing_count count = {0};

	(void)state;
	for (int i = 0; i < 5; i++)
		add(s, NULL, 0);
	add(s, rtp_head, 12);
	assert_int_equal(feed(&f, s, 0, 14, &count), JB_FRAMING_OK);
	for (__u32 at = 14; at < s->length; at++)
		assert_int_equal(feed(&f, s, at, 1, &count), JB_FRAMING_OK);
	assert_truth(&count, s);
	free(s);
}

/* Each segment again, and overlapping ones: what was sent before, and more. */
static void test_retransmission(void **state)
{
	struct stream *s = new_stream(50);
	struct jb_random random = {5};

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct jb_framing f = {0};
		struct jb_framing_count count = {0};
		__u32 end = 0;

		while (end < s->length) {
			__u32 back = jb_random_below(&random, end + 1);
			__u32 more = 14 + jb_random_below(&random, 1500);

			if (more > s->length - end)
				more = s->length - end;
			feed(&f, s, end - back, jb_random_below(&random, back + 1), &count);
			assert_int_equal(feed(&f, s, end - back, back + more, &count),
					 JB_FRAMING_OK);
			end += more;
		}
		assert_truth(&count, s);
	}
	free(s);
}

/* What is lost within a frame does no harm. */
static void test_hole_within_a_frame(void **state)
{
	struct stream *s = new_stream(0);
	struct jb_framing f = {0};
	struct jb_framing_count count = {0};
	__u32 begin = s->length;

	(void)state;
	add(s, rtp_head, 1200);
	add(s, rtp_head, 1200);
	assert_int_equal(feed(&f, s, 0, begin + 4, &count), JB_FRAMING_OK);
	assert_int_equal(feed(&f, s, begin + 1200, 1204, &count), JB_FRAMING_OK);
	assert_truth(&count, s);
	free(s);
}

/* A hole over a frame's beginning: found again at the next segment that begins with one. */
static void test_hole(void **state)
{
	struct stream *s = new_stream(0);
	struct jb_framing f = {0};
	struct jb_framing_count count = {0};
	__u32 begin = s->length;

	(void)state;
	for (int i = 0; i < 10; i++)
		add(s, rtp_head, 98);
	assert_int_equal(feed(&f, s, 0, begin + 200, &count), JB_FRAMING_OK);
	assert_int_equal(count.packets, 2);
	/* 200..300 is missing, then the middle of a frame: */
	assert_int_equal(feed(&f, s, begin + 350, 50, &count), JB_FRAMING_UNSYNCED);
	assert_int_equal(count.packets, 2);
	assert_int_equal(f.state, JB_FRAMING_LOST);
	assert_int_equal(feed(&f, s, begin + 400, 200, &count), JB_FRAMING_OK);
	assert_int_equal(count.packets, 4);
	/* What was missing comes late, and is not counted. */
	assert_int_equal(feed(&f, s, begin + 200, 150, &count), JB_FRAMING_OK);
	assert_int_equal(count.packets, 4);
	/* A hole, and at once a frame: */
	assert_int_equal(feed(&f, s, begin + 700, 300, &count), JB_FRAMING_OK);
	assert_int_equal(count.packets, 7);
	assert_int_equal(count.bytes, 7 * 98);
	free(s);
}

/* While the place is lost, what was seen before is not counted when it comes again. */
static void test_retransmission_while_lost(void **state)
{
	struct stream *s = new_stream(0);
	struct jb_framing f = {0};
	struct jb_framing_count count = {0};
	__u32 begin = s->length;

	(void)state;
	for (int i = 0; i < 4; i++)
		add(s, rtp_head, 98);
	s->octets[begin + 300] = 0x47; /* the fourth frame makes no sense */
	s->octets[begin + 302] = 0x47;
	assert_int_equal(feed(&f, s, 0, s->length, &count), JB_FRAMING_UNSYNCED);
	assert_int_equal(count.packets, 3);
	assert_int_equal(feed(&f, s, begin, 200, &count), JB_FRAMING_OK);
	assert_int_equal(count.packets, 3);
	add(s, rtp_head, 98);
	assert_int_equal(feed(&f, s, begin + 200, 300, &count), JB_FRAMING_UNSYNCED);
	assert_int_equal(count.packets, 3);
	add(s, rtp_head, 98);
	assert_int_equal(feed(&f, s, begin + 500, 100, &count), JB_FRAMING_OK);
	assert_int_equal(count.packets, 4);
	free(s);
}

static void test_more_frames_than_are_followed(void **state)
{
	(void)state;
	for (int frames = 60; frames < 70; frames++) {
		struct stream *s = calloc(1, sizeof(*s));
		struct jb_framing f = {0};
		struct jb_framing_count count = {0};

		assert_non_null(s);
		for (int i = 0; i < frames; i++)
			add(s, rtp_head, 30);
		assert_int_equal(feed(&f, s, 0, s->length, &count),
				 frames > 64 ? JB_FRAMING_TRUNCATED : JB_FRAMING_OK);
		assert_int_equal(count.packets, frames > 64 ? 64 : frames);
		assert_int_equal(f.state, frames > 64 ? JB_FRAMING_LOST : JB_FRAMING_SYNCED);
		add(s, rtp_head, 30);
		assert_int_equal(feed(&f, s, s->length - 32, 32, &count), JB_FRAMING_OK);
		assert_int_equal(count.packets, (frames > 64 ? 64 : frames) + 1);
		free(s);
	}
}

/* What a stream is found by: `size`, and the frame's first octets. */
static void test_what_is_a_start(void **state)
{
	static const struct {
		const char *what;
		__u32 size;
		__u8 b[12];
		bool start;
	} starts[] = {
		{"STUN", 0x64, {0, 1, 0, 0x50, 0x21, 0x12, 0xa4, 0x42}, true},
		{"STUN of another length", 0x68, {0, 1, 0, 0x50, 0x21, 0x12, 0xa4, 0x42}, false},
		{"STUN without cookie", 0x64, {0, 1, 0, 0x50, 0x21, 0x12, 0xa4, 0x43}, false},
		{"ClientHello", 205, {22, 0xfe, 0xff}, true},
		{"DTLS data", 100, {23, 0xfe, 0xfd, 0, 1}, true},
		{"TLS", 205, {22, 3, 1}, false},
		{"DTLS 1.3, no proof", 100, {0x2e, 0xfe, 0xfd}, false},
		{"RTP", 12, {0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, true},
		{"RTP, marked", 1200, {0x90, 0x80 | 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, true},
		{"RTP too short", 11, {0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, false},
		{"RTP of SSRC 0", 100, {0x80, 111, 0, 1, 0, 0, 0, 1}, false},
		{"RTP of a reserved type", 100, {0x80, 72, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, false},
		{"RTP, large", 2048, {0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, true},
		{"RTP, too large", 2049, {0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, false},
		{"PLI", 12, {0x81, 206, 0, 2, 0, 0, 0, 1}, true},
		{"PLI, SRTCP", 26, {0x81, 206, 0, 2, 0, 0, 0, 1}, true},
		{"RR alone", 8, {0x80, 201, 0, 1, 0, 0, 0, 1}, true},
		{"RTCP beyond its frame", 12, {0x81, 206, 0, 3, 0, 0, 0, 1}, false},
		{"empty", 0, {0}, false},
		{"HTTP", 0x4745, "T / HTTP/1.1", false},
		{"ChannelData", 100, {0x40, 0, 0, 96}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		__u8 octets[14] = {starts[i].size >> 8, starts[i].size & 0xff};
		struct jb_memory m = {octets, sizeof(octets), NULL};
		struct jb_framing f = {0};
		struct jb_framing_count count = {0};

		memcpy(octets + 2, starts[i].b, 12);
		jb_framing_segment(&f, 7, 14, jb_memory_read, &m, &count);
		assert_int_equal(f.state, starts[i].start ? JB_FRAMING_SYNCED : JB_FRAMING_LOST);
		if (starts[i].start && starts[i].size >= 12)
			assert_int_equal(f.next, 7 + 2 + starts[i].size);
		for (__u32 less = 1; less < 14; less++) { /* proves nothing */
			f = (struct jb_framing){0};
			assert_int_equal(
				jb_framing_segment(&f, 7, less, jb_memory_read, &m, &count),
				JB_FRAMING_UNSYNCED);
		}
	}
}

/* In a stream that was found: the frame's size and first octet, all of them. */
static void test_what_is_a_frame(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++)
		for (int size = 0; size < 20; size++) {
			enum jb_packet_kind kind = jb_packet_kind(first, 111);
			bool media = kind == JB_PACKET_STUN || kind == JB_PACKET_DTLS ||
				     kind == JB_PACKET_RTP;
			__u8 octets[4] = {0, size, first, 111};
			struct jb_memory m = {octets, sizeof(octets), NULL};
			struct jb_framing f = {.next = 7, .state = JB_FRAMING_SYNCED};
			struct jb_framing_count count = {0};

			jb_framing_segment(&f, 7, size ? 4 : 2, jb_memory_read, &m, &count);
			assert_int_equal(f.state, !size || (media && size >= 8) ? JB_FRAMING_SYNCED
										: JB_FRAMING_LOST);
			assert_int_equal(count.packets, kind == JB_PACKET_RTP && size >= 8);
		}
}

static void test_nothing_in_it(void **state)
{
	struct jb_framing f = {0};
	struct jb_framing_count count = {0};
	struct jb_memory m = {NULL, 0, NULL};

	(void)state;
	assert_int_equal(jb_framing_segment(&f, 99, 0, jb_memory_read, &m, &count), JB_FRAMING_OK);
	assert_int_equal(f.state, JB_FRAMING_NEW);
}

static void test_reader_that_fails(void **state)
{
	struct stream *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	add(s, rtp_head, 30);
	add(s, rtp_head, 30);
	for (int call = 0; call <= 4; call++) {
		int fail_at = call;
		struct jb_memory m = {s->octets, s->length, &fail_at};
		struct jb_framing f = {0};
		struct jb_framing_count count = {0};

		assert_int_equal(jb_framing_segment(&f, SEQ, s->length, jb_memory_read, &m, &count),
				 call < 4 ? JB_FRAMING_UNREADABLE : JB_FRAMING_OK);
		assert_int_equal(f.state, call < 4 ? JB_FRAMING_LOST : JB_FRAMING_SYNCED);
		assert_int_equal(count.packets, call < 2 ? 0 : call - 2);
	}
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_frame_each_segment),
		cmocka_unit_test(test_segments_of_every_length),
		cmocka_unit_test(test_octet_by_octet),
		cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_hole_within_a_frame),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_retransmission_while_lost),
		cmocka_unit_test(test_more_frames_than_are_followed),
		cmocka_unit_test(test_what_is_a_start),
		cmocka_unit_test(test_what_is_a_frame),
		cmocka_unit_test(test_nothing_in_it),
		cmocka_unit_test(test_reader_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
