/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/rtp.h>

#include "random.h"

struct memory {
	const __u8 *octets;
	__u32 length;
	int *fail_at; /* which call fails, counted down; NULL: none */
};

static long memory_read(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct memory *m = packet;

	assert_true(offset <= m->length && size <= m->length - offset);
	if (m->fail_at && (*m->fail_at)-- == 0)
		return -14;
	memcpy(ret, m->octets + offset, size);
	return 0;
}

static enum jb_rtp_result parse(const __u8 *octets, __u32 length, struct jb_rtp *ret)
{
	struct memory m = {octets, length, NULL};

	return jb_rtp_parse(ret, memory_read, &m, length);
}

/* A header of version 2 with `csrcs` and, unless negative, `words` of extension; its length. */
static __u32 build(__u8 *octets, int csrcs, int words)
{
	static const __u8 fixed[] = {0x80, 0xef, 0x12, 0x34, 0x89, 0xab,
				     0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98};
	__u32 length = 12 + 4 * csrcs;

	memcpy(octets, fixed, sizeof(fixed));
	memset(octets + 12, 0xc5, 4 * csrcs);
	octets[0] |= csrcs;
	if (words < 0)
		return length;
	octets[0] |= 0x10;
	octets[length] = 0xbe;
	octets[length + 1] = 0xde;
	octets[length + 2] = words >> 8;
	octets[length + 3] = words & 0xff;
	return length + 4 + 4 * words;
}

static void test_kinds_of_all_first_octets(void **state)
{
	static const struct {
		int from, to;
		enum jb_packet_kind kind;
	} ranges[] = {{0, 3, JB_PACKET_STUN},           {4, 15, JB_PACKET_OTHER},
		      {16, 19, JB_PACKET_ZRTP},         {20, 63, JB_PACKET_DTLS},
		      {64, 79, JB_PACKET_CHANNEL_DATA}, {80, 127, JB_PACKET_QUIC},
		      {128, 191, JB_PACKET_RTP},        {192, 255, JB_PACKET_QUIC}};
	int told = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		for (int first = ranges[i].from; first <= ranges[i].to; first++, told++)
			assert_int_equal(jb_packet_kind(first, 0), ranges[i].kind);
	assert_int_equal(told, 256);
}

static void test_second_octet_tells_rtcp_only_after_version_2(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++)
		for (int second = 0; second < 256; second++) {
			bool rtcp = first >= 128 && first <= 191 && second >= 192 && second <= 223;

			assert_int_equal(jb_packet_kind(first, second) == JB_PACKET_RTCP, rtcp);
			if (!rtcp)
				assert_int_equal(jb_packet_kind(first, second),
						 jb_packet_kind(first, 0));
		}
}

static void test_fields(void **state)
{
	__u8 octets[64];
	struct jb_rtp rtp;
	__u32 length = build(octets, 0, -1);

	(void)state;
	assert_int_equal(parse(octets, length, &rtp), JB_RTP_OK);
	assert_int_equal(rtp.payload_type, 111);
	assert_int_equal(rtp.sequence, 0x1234);
	assert_int_equal(rtp.timestamp, 0x89abcdef);
	assert_int_equal(rtp.ssrc, 0xfedcba98);
	assert_int_equal(rtp.padding_only, 0);
	assert_int_equal(rtp.header_len, 12);
	octets[1] &= 0x7f;
	assert_int_equal(parse(octets, length, &rtp), JB_RTP_OK);
}

/* Every number of CSRCs with every small extension, cut at every length. */
static void test_truncated_at_every_length(void **state)
{
	__u8 octets[256] = {0};

	(void)state;
	for (int csrcs = 0; csrcs <= 15; csrcs++)
		for (int words = -1; words <= 5; words++) {
			__u32 header = build(octets, csrcs, words);

			for (__u32 length = 0; length <= header + 8; length++) {
				enum jb_rtp_result expected = length < 12       ? JB_RTP_TRUNCATED
							      : length < header ? JB_RTP_BOUNDS
										: JB_RTP_OK;
				struct jb_rtp rtp;

				assert_int_equal(parse(octets, length, &rtp), expected);
				if (expected == JB_RTP_OK)
					assert_int_equal(rtp.header_len, header);
			}
		}
}

static void test_longest_extension(void **state)
{
	__u32 length = 12 + 60 + 4 + 4 * 65535;
	__u8 *octets = calloc(1, length);
	struct jb_rtp rtp;

	(void)state;
	assert_non_null(octets);
	assert_int_equal(build(octets, 15, 65535), length);
	assert_int_equal(parse(octets, length, &rtp), JB_RTP_OK);
	assert_int_equal(rtp.header_len, length);
	assert_int_equal(parse(octets, length - 1, &rtp), JB_RTP_BOUNDS);
	assert_int_equal(parse(octets, 1500, &rtp), JB_RTP_BOUNDS);
	free(octets);
}

static void test_what_cannot_be_rtp(void **state)
{
	__u8 octets[64];
	struct jb_rtp rtp;
	__u32 length = build(octets, 0, -1);

	(void)state;
	for (int second = 0; second < 256; second++) {
		bool reserved = (second & 0x7f) >= 64 && (second & 0x7f) <= 95;

		octets[1] = second;
		assert_int_equal(parse(octets, length, &rtp), reserved ? JB_RTP_NOT : JB_RTP_OK);
	}
	octets[1] = 111;
	for (int version = 0; version < 4; version++) {
		octets[0] = version << 6;
		assert_int_equal(parse(octets, length, &rtp),
				 version == 2 ? JB_RTP_OK : JB_RTP_NOT);
	}
	octets[0] = 0x80;
	memset(octets + 8, 0, 4);
	assert_int_equal(parse(octets, length, &rtp), JB_RTP_NOT);
	octets[11] = 1;
	assert_int_equal(parse(octets, length, &rtp), JB_RTP_OK);
}

/* Whether `payload` octets of `fill` that end in `count` are told to be padding only. */
static bool padding_only(__u32 payload, __u8 fill, __u8 count)
{
	__u8 octets[2048];
	struct jb_rtp rtp;
	__u32 header = build(octets, 0, -1);

	octets[0] |= 0x20;
	memset(octets + header, fill, payload);
	octets[header + payload - 1] = count;
	assert_int_equal(parse(octets, header + payload, &rtp), JB_RTP_OK);
	return rtp.padding_only;
}

static void test_padding_only_of_every_length(void **state)
{
	(void)state;
	for (__u32 count = 1; count <= 255; count++)
		assert_true(padding_only(count, 0, count));
	for (__u32 payload = 1; payload <= 255 + 16; payload++)
		assert_true(padding_only(payload, 0x5a, 0xa7)); /* encrypted */
}

static void test_padded_media_is_media(void **state)
{
	(void)state;
	for (__u32 count = 1; count <= 159; count++)
		assert_false(padding_only(160, 0, count));
	assert_false(padding_only(255 + 16 + 1, 0x5a, 0xa7));
	assert_false(padding_only(1200, 0x5a, 0xa7));
	assert_false(padding_only(1200, 0, 255));
	assert_false(padding_only(1200, 0, 0));
}

static void test_padding_without_room(void **state)
{
	__u8 octets[256];
	struct jb_rtp rtp;

	(void)state;
	for (int csrcs = 0; csrcs <= 15; csrcs++)
		for (int words = -1; words <= 3; words++) {
			__u32 length = build(octets, csrcs, words);

			octets[0] |= 0x20;
			assert_int_equal(parse(octets, length, &rtp), JB_RTP_BAD_PADDING);
		}
}

static void test_no_padding_bit_no_padding(void **state)
{
	__u8 octets[64] = {0};
	struct jb_rtp rtp;
	__u32 header = build(octets, 0, -1);

	(void)state;
	octets[header + 3] = 4;
	assert_int_equal(parse(octets, header + 4, &rtp), JB_RTP_OK);
	assert_int_equal(rtp.padding_only, 0);
}

static void test_reader_that_fails(void **state)
{
	__u8 octets[64] = {0};
	__u32 length = build(octets, 1, 1) + 4;
	struct jb_rtp rtp;

	(void)state;
	octets[0] |= 0x20;
	for (int call = 0; call <= 3; call++) {
		int fail_at = call;
		struct memory m = {octets, length, &fail_at};

		assert_int_equal(jb_rtp_parse(&rtp, memory_read, &m, length),
				 call < 3 ? JB_RTP_UNREADABLE : JB_RTP_OK);
	}
}

/* Never reads beyond the packet (memory_read asserts it), never tells a header longer than it. */
static void test_random_octets(void **state)
{
	struct jb_random random = {1};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		__u8 octets[96];
		struct jb_rtp rtp;
		__u32 length = jb_random_below(&random, sizeof(octets) + 1);

		for (__u32 j = 0; j < length; j++)
			octets[j] = jb_random_next(&random) >> 56;
		if (length > 15 && i % 2) {
			octets[0] = 0x80 | (octets[0] & 0x3f);
			octets[14 + 4 * (octets[0] & 15) % (length - 15)] = 0;
		}
		if (parse(octets, length, &rtp) == JB_RTP_OK) {
			assert_true(rtp.header_len >= 12 && rtp.header_len <= length);
			assert_true(rtp.payload_type < 64 || rtp.payload_type > 95);
			assert_true(rtp.payload_type < 128 && rtp.ssrc && rtp.padding_only <= 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_all_first_octets),
		cmocka_unit_test(test_second_octet_tells_rtcp_only_after_version_2),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_truncated_at_every_length),
		cmocka_unit_test(test_longest_extension),
		cmocka_unit_test(test_what_cannot_be_rtp),
		cmocka_unit_test(test_padding_only_of_every_length),
		cmocka_unit_test(test_padded_media_is_media),
		cmocka_unit_test(test_padding_without_room),
		cmocka_unit_test(test_no_padding_bit_no_padding),
		cmocka_unit_test(test_reader_that_fails),
		cmocka_unit_test(test_random_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
