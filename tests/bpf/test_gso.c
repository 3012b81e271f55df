/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One packet that holds several datagrams (UDP_SEGMENT, UDP_GRO): each is measured on its own. */
#include <string.h>
#include <netinet/in.h>
#include "harness.h"

#define RTP_LEN  172 /* 20 ms of G.711 */
#define SEGMENTS 18  /* a test run takes no more than a page */

/* An empty datagram from `port`; IPv4 or IPv6. */
static void begin(struct jb_test_packet *p, int version, __u16 port)
{
	if (version == 4)
		jb_test_ipv4(p, IPPROTO_UDP, 0);
	else
		jb_test_ipv6(p, IPPROTO_UDP);
	jb_test_udp(p, port, 5006);
}

/* Appends the stream's packet `n`; its numbers wrap after the sixth. */
static void add_segment(struct jb_test_packet *p, __u32 ssrc, __u32 n, __u16 len)
{
	const struct jb_test_rtp rtp = {.ssrc = ssrc,
					.sequence = 65530 + n,
					.timestamp = n * 160,
					.extension = -1,
					.size = len - 12};

	jb_test_rtp(p, &rtp);
}

static void run(struct jb_harness *h, struct jb_test_packet *p, __u32 gso_size, __u32 gso_segs)
{
	const struct __sk_buff ctx = {.gso_size = gso_size, .gso_segs = gso_segs};

	jb_test_finish(p);
	assert_int_equal(jb_harness_try(h, JB_EGRESS, p, &ctx), 1);
}

static void totals(struct jb_harness *h, struct jb_rtp_totals *ret)
{
	jb_harness_totals(h, JB_EGRESS, JB_MEDIA_MAX, ret);
}

static __u64 grown(const struct jb_rtp_totals *before, const struct jb_rtp_totals *after,
		   enum jb_rtp_counter counter)
{
	return after->counter[counter] - before->counter[counter];
}

/* SEGMENTS of RTP_LEN and a last one of `last`; what the kernel says of their number is no matter.
 */
static void check_segments(struct jb_harness *h, int version, __u32 gso_segs, __u16 last)
{
	static __u32 ssrc = 0x2000;
	static struct jb_harness_streams streams;
	struct jb_rtp_totals before, after;
	struct jb_test_packet p;

	totals(h, &before);
	jb_harness_mark(h);
	begin(&p, version, 5004);
	ssrc++;
	for (int i = 0; i < SEGMENTS; i++)
		add_segment(&p, ssrc, i, RTP_LEN);
	if (last)
		add_segment(&p, ssrc, SEGMENTS, last);
	run(h, &p, RTP_LEN, gso_segs);
	totals(h, &after);
	assert_int_equal(grown(&before, &after, JB_RTP_PACKETS), SEGMENTS + !!last);
	assert_int_equal(grown(&before, &after, JB_RTP_BYTES), SEGMENTS * RTP_LEN + last);
	assert_int_equal(grown(&before, &after, JB_RTP_FRAMES), SEGMENTS + !!last);
	assert_int_equal(grown(&before, &after, JB_RTP_LOST), 0);
	for (int i = 0; i < JB_FAULT_MAX; i++)
		assert_int_equal(jb_harness_fault(h, i), 0);
	jb_harness_streams(h, &streams);
	assert_int_equal(streams.count, 1);
	assert_int_equal(streams.stream[0].receiver.unique, SEGMENTS + !!last);
	assert_int_equal(jb_harness_retire_all(h), 1);
}

static void test_equal_segments(void **state)
{
	check_segments(*state, 4, SEGMENTS, 0);
	check_segments(*state, 6, SEGMENTS, 0);
}

static void test_short_last_segment(void **state)
{
	check_segments(*state, 4, SEGMENTS + 1, 100);
	check_segments(*state, 6, SEGMENTS + 1, 12);
}

/* gso_segs is 0 on packets from some drivers: it is never asked. */
static void test_number_of_segments_untold(void **state)
{
	check_segments(*state, 4, 0, 100);
	check_segments(*state, 6, 1, 0);
	check_segments(*state, 4, 60000, 0);
}

/* A merged packet's UDP length may be that of one segment (tun), or 0. */
static void test_udp_length_untold(void **state)
{
	static const __u16 lengths[] = {0, 8 + RTP_LEN, 0xffff};
	struct jb_rtp_totals before, after;
	struct jb_test_packet p;

	for (int i = 0; i < 3; i++) {
		const struct __sk_buff ctx = {.gso_size = RTP_LEN};

		begin(&p, 4, 5004);
		for (int s = 0; s < SEGMENTS; s++)
			add_segment(&p, 0x3000 + i, s, RTP_LEN);
		jb_test_finish(&p);
		p.data[p.payload - 4] = lengths[i] >> 8;
		p.data[p.payload - 3] = lengths[i];
		totals(*state, &before);
		assert_int_equal(jb_harness_try(*state, JB_EGRESS, &p, &ctx), 1);
		totals(*state, &after);
		assert_int_equal(grown(&before, &after, JB_RTP_PACKETS), SEGMENTS);
	}
	assert_int_equal(jb_harness_retire_all(*state), 3);
}

/* gso_size of the whole and beyond: one datagram. */
static void test_one_segment(void **state)
{
	static const __u32 sizes[] = {RTP_LEN, RTP_LEN + 1, 65535};
	struct jb_rtp_totals before, after;
	struct jb_test_packet p;

	for (int i = 0; i < 3; i++) {
		totals(*state, &before);
		for (int s = 0; s < JB_PROBATION; s++) {
			begin(&p, 4, 5004);
			add_segment(&p, 0x4000 + i, s, RTP_LEN);
			run(*state, &p, sizes[i], 1);
		}
		totals(*state, &after);
		assert_int_equal(grown(&before, &after, JB_RTP_PACKETS), JB_PROBATION);
	}
	assert_int_equal(jb_harness_retire_all(*state), 3);
}

/* Audio and video of one socket never share a GSO packet, but nothing says that they can't. */
static void test_streams_mixed_in_one_packet(void **state)
{
	static struct jb_harness_streams streams;
	struct jb_test_packet p;

	begin(&p, 4, 5004);
	for (int s = 0; s < SEGMENTS; s++)
		add_segment(&p, 0x5000 + s % 3, s / 3, RTP_LEN);
	run(*state, &p, RTP_LEN, SEGMENTS);
	jb_harness_streams(*state, &streams);
	assert_int_equal(streams.count, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(streams.stream[i].receiver.packets, SEGMENTS / 3);
	assert_int_equal(jb_harness_retire_all(*state), 3);
}

/* What isn't RTP in one segment doesn't hide the next ones. */
static void test_others_between(void **state)
{
	static const char stun[RTP_LEN] = "\0\1\0\x98\x21\x12\xa4\x42";
	struct jb_rtp_totals before, after;
	struct jb_test_packet p;

	totals(*state, &before);
	begin(&p, 6, 5004);
	for (int s = 0; s < 8; s++) {
		jb_test_payload(&p, stun, sizeof(stun));
		add_segment(&p, 0x6000, s, RTP_LEN);
	}
	run(*state, &p, RTP_LEN, 16);
	totals(*state, &after);
	assert_int_equal(grown(&before, &after, JB_RTP_PACKETS), 8);
	assert_int_equal(jb_harness_retire_all(*state), 1);
}

/* Segments of `size` octets that begin like RTP: how many are looked at, `faults` counted each. */
static void check_tiny(struct jb_harness *h, __u32 size, __u32 segments, __u64 truncated,
		       __u64 cut_off)
{
	struct jb_test_packet p;

	jb_harness_mark(h);
	begin(&p, 4, 5004);
	for (__u32 i = 0; i < segments; i++)
		jb_test_payload(&p, "\x80\0\0", size);
	run(h, &p, size, segments);
	assert_int_equal(jb_harness_fault(h, JB_FAULT_RTP_TRUNCATED), truncated);
	assert_int_equal(jb_harness_fault(h, JB_FAULT_SEGMENTS_TRUNCATED), cut_off);
	assert_int_equal(jb_harness_fault(h, JB_FAULT_PACKET_UNREADABLE), 0);
}

static void test_tiny_segments(void **state)
{
	check_tiny(*state, 1, 100, 0, 0);
	check_tiny(*state, 1, 512, 0, 0);
	check_tiny(*state, 2, 512, 512, 0);
	check_tiny(*state, 3, 100, 100, 0);
}

/* So many are followed; the rest is a fault, told once a packet. */
static void test_too_many_segments(void **state)
{
	check_tiny(*state, 1, 513, 0, 1);
	check_tiny(*state, 1, 3000, 0, 1);
	check_tiny(*state, 2, 513, 512, 1);
	check_tiny(*state, 2, 1500, 512, 1);
}

/* RTP without payload, as small as it gets. */
static void test_many_segments_of_rtp(void **state)
{
	struct jb_rtp_totals before, after;
	struct jb_test_packet p;

	totals(*state, &before);
	begin(&p, 4, 5004);
	for (int s = 0; s < 270; s++)
		add_segment(&p, 0x7000, s, 12);
	run(*state, &p, 12, 270);
	totals(*state, &after);
	assert_int_equal(grown(&before, &after, JB_RTP_PACKETS), 270);
	assert_int_equal(grown(&before, &after, JB_RTP_EXPECTED), 270 - JB_WINDOW);
	assert_int_equal(jb_harness_retire_all(*state), 1);
	totals(*state, &after);
	assert_int_equal(grown(&before, &after, JB_RTP_EXPECTED), 270);
	assert_int_equal(grown(&before, &after, JB_RTP_LOST), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_segments),
		cmocka_unit_test(test_short_last_segment),
		cmocka_unit_test(test_number_of_segments_untold),
		cmocka_unit_test(test_udp_length_untold),
		cmocka_unit_test(test_one_segment),
		cmocka_unit_test(test_streams_mixed_in_one_packet),
		cmocka_unit_test(test_others_between),
		cmocka_unit_test(test_tiny_segments),
		cmocka_unit_test(test_too_many_segments),
		cmocka_unit_test(test_many_segments_of_rtp),
	};

	return cmocka_run_group_tests_name("gso", tests, jb_harness_setup, jb_harness_teardown);
}
