/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/rtcp.h>

#include "random.h"
#include "reader.h"

/* What GStreamer's rtpbin sends: SR of one report, SDES with a CNAME; 52 + 28 octets. */
static const __u8 sr_sdes[] __attribute__((aligned(4))) = {
	0x81, 200,  0,    12,   0x11, 0x22, 0x33, 0x44, /* SR, SSRC */
	0xe9, 0x3c, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f, /* NTP */
	0x00, 0x01, 0x86, 0xa0, 0x00, 0x00, 0x03, 0xe8, /* RTP timestamp, packets */
	0x00, 0x02, 0x71, 0x00,                         /* octets */
	0x55, 0x66, 0x77, 0x88, 0x40, 0x00, 0x00, 0x07, /* of whom; fraction, lost */
	0x00, 0x01, 0x12, 0x34, 0x00, 0x00, 0x00, 0x1f, /* highest, jitter */
	0x1a, 0x2b, 0x3c, 0x4d, 0x00, 0x01, 0x80, 0x00, /* LSR, DLSR: 1.5 s */
	0x81, 202,  0,    6,    0x11, 0x22, 0x33, 0x44, /* SDES */
	0x01, 16,   'u',  's',  'e',  'r',  '1',  '2',  '3', '4',
	'@',  'h',  'o',  's',  't',  '-',  'a',  'b',  0,   0};

/* libwebrtc's transport-cc, padded by 2 octets. */
static const __u8 transport_cc[]
	__attribute__((aligned(4))) = {0xaf, 205, 0, 5, 0, 0, 0, 1,    0x11, 0x22, 0x33, 0x44,
				       0,    1,   0, 1, 0, 0, 1, 0x00, 0x20, 0x01, 0,    2};

static const __u8 pli[]
	__attribute__((aligned(4))) = {0x81, 206, 0, 2, 0, 0, 0, 1, 0x11, 0x22, 0x33, 0x44};

static bool is_plain(const __u8 *octets, __u32 length)
{
	struct jb_memory m = {octets, length, NULL};

	return jb_rtcp_is_plain(jb_memory_read, &m, length);
}

static void test_types(void **state)
{
	static const int types[8] = {JB_RTCP_SR,  JB_RTCP_RR,        JB_RTCP_SDES,      JB_RTCP_BYE,
				     JB_RTCP_APP, JB_RTCP_TYPE_NONE, JB_RTCP_TYPE_NONE, JB_RTCP_XR};

	(void)state;
	assert_int_equal(JB_RTCP_TYPE_MAX, 6);
	for (int pt = 0; pt < 256; pt++)
		assert_int_equal(jb_rtcp_type(pt),
				 pt >= 200 && pt <= 207 ? types[pt - 200] : JB_RTCP_TYPE_NONE);
}

static void test_feedback(void **state)
{
	static const struct {
		int pt, format;
		enum jb_rtcp_feedback feedback;
	} known[] = {{205, 1, JB_RTCP_NACK},
		     {206, 1, JB_RTCP_PLI},
		     {206, 4, JB_RTCP_FIR},
		     {205, 15, JB_RTCP_TRANSPORT_CC},
		     {206, 15, JB_RTCP_REMB}};

	(void)state;
	for (int pt = 0; pt < 256; pt++)
		for (int format = 0; format < 32; format++) {
			enum jb_rtcp_feedback expected = JB_RTCP_FEEDBACK_NONE;

			for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
				if (known[i].pt == pt && known[i].format == format)
					expected = known[i].feedback;
			assert_int_equal(jb_rtcp_feedback(pt, format), expected);
		}
}

static void test_header(void **state)
{
	struct jb_rtcp rtcp;

	(void)state;
	for (__u32 left = 0; left < 200; left++)
		assert_int_equal(jb_rtcp_parse(&rtcp, sr_sdes, left), left >= 52);
	assert_int_equal(rtcp.length, 52);
	assert_int_equal(rtcp.ssrc, 0x11223344);
	assert_int_equal(rtcp.packet_type, 200);
	assert_int_equal(rtcp.count, 1);
	assert_true(jb_rtcp_parse(&rtcp, transport_cc, sizeof(transport_cc)));
	assert_int_equal(rtcp.length, sizeof(transport_cc));
	assert_int_equal(rtcp.packet_type, 205);
	assert_int_equal(rtcp.count, 15);
}

static void test_header_of_all_first_octets(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++)
		for (int second = 0; second < 256; second++) {
			__u8 b[8] __attribute__((aligned(4))) = {first, second, 0, 1};
			struct jb_rtcp rtcp;

			assert_int_equal(jb_rtcp_parse(&rtcp, b, 8),
					 first >> 6 == 2 && second >= 192 && second <= 223);
		}
}

static void test_header_without_ssrc(void **state)
{
	__u8 b[8] __attribute__((aligned(4))) = {0x80, 203, 0, 0, 1, 2, 3, 4};
	struct jb_rtcp rtcp;

	(void)state;
	assert_true(jb_rtcp_parse(&rtcp, b, 8));
	assert_int_equal(rtcp.length, 4);
	assert_int_equal(rtcp.ssrc, 0);
	assert_true(jb_rtcp_parse(&rtcp, b, 4));
	assert_false(jb_rtcp_parse(&rtcp, b, 3));
	b[3] = 1;
	assert_false(jb_rtcp_parse(&rtcp, b, 7));
	assert_true(jb_rtcp_parse(&rtcp, b, 8));
	assert_int_equal(rtcp.ssrc, 0x01020304);
	b[2] = 0xff;
	b[3] = 0xff;
	assert_true(jb_rtcp_parse(&rtcp, b, 0x40000));
	assert_int_equal(rtcp.length, 0x40000);
	assert_false(jb_rtcp_parse(&rtcp, b, 0x3ffff));
}

static void test_plain(void **state)
{
	__u8 all[512] = {0};
	__u32 length = sizeof(sr_sdes);

	(void)state;
	for (__u32 cut = 0; cut <= sizeof(sr_sdes); cut++)
		assert_int_equal(is_plain(sr_sdes, cut), cut == 52 || cut == sizeof(sr_sdes));
	assert_true(is_plain(transport_cc, sizeof(transport_cc)));
	assert_true(is_plain(pli, sizeof(pli)));
	memcpy(all, sr_sdes, length);
	memcpy(all + length, pli, sizeof(pli));
	length += sizeof(pli);
	assert_true(is_plain(all, length));
	memcpy(all + length, transport_cc, sizeof(transport_cc));
	assert_true(is_plain(all, length + sizeof(transport_cc)));
	/* Padding is for the last only. */
	memcpy(all + length + sizeof(transport_cc), pli, sizeof(pli));
	assert_false(is_plain(all, length + sizeof(transport_cc) + sizeof(pli)));
}

/* A sub-packet alone of `size` octets, as it is and with its P bit and `padding`. */
static bool holds(int count, int pt, __u32 size, int padding)
{
	__u8 octets[1024] = {0x80 | count, pt, (size / 4 - 1) >> 8, (size / 4 - 1) & 0xff};

	if (padding >= 0) {
		octets[0] |= 0x20;
		octets[size - 1] = padding;
	}
	return is_plain(octets, size);
}

static void test_plain_has_room(void **state)
{
	static const struct {
		int pt;
		__u32 fixed, each;
	} least[] = {{200, 28, 24}, {201, 8, 24}, {202, 4, 8},  {203, 4, 4},
		     {204, 12, 0},  {205, 12, 0}, {206, 12, 0}, {207, 8, 0},
		     {192, 8, 0},   {208, 8, 0},  {223, 8, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(least) / sizeof(least[0]); i++)
		for (int count = 0; count < 32; count++)
			for (__u32 size = 4; size < 800; size += 4) {
				__u32 least_size = least[i].fixed + count * least[i].each;

				assert_int_equal(holds(count, least[i].pt, size, -1),
						 size >= least_size);
			}
}

static void test_plain_padding(void **state)
{
	(void)state;
	for (int padding = 0; padding < 256; padding++) {
		assert_int_equal(holds(1, 206, 12 + 16, padding), padding >= 1 && padding <= 16);
		assert_false(holds(1, 206, 12, padding));
		assert_int_equal(holds(0, 203, 8, padding), padding >= 1 && padding <= 4);
	}
}

static void test_plain_counts_to_16(void **state)
{
	__u8 octets[17 * 12];

	(void)state;
	for (int i = 0; i < 17; i++) {
		memcpy(octets + 12 * i, pli, sizeof(pli));
		assert_int_equal(is_plain(octets, 12 * (i + 1)), i < 16);
	}
}

static void test_plain_reader_that_fails(void **state)
{
	(void)state;
	for (int call = 0; call <= 2; call++) {
		int fail_at = call;
		struct jb_memory m = {transport_cc, sizeof(transport_cc), &fail_at};

		assert_int_equal(jb_rtcp_is_plain(jb_memory_read, &m, m.length), call == 2);
	}
}

/* SRTCP: what is behind the 8th octet is random but for E and index; then a tag. */
static __u32 protect(__u8 *octets, const __u8 *clear, __u32 length, __u32 index, bool gcm,
		     struct jb_random *random)
{
	__u32 trailer = length + (gcm ? 16 : 0);
	__u32 total = length + (gcm ? 20 : 14);

	memcpy(octets, clear, 8);
	for (__u32 i = 8; i < total; i++)
		octets[i] = jb_random_next(random) >> 56;
	octets[trailer] = 0x80 | index >> 24;
	octets[trailer + 1] = index >> 16;
	octets[trailer + 2] = index >> 8;
	octets[trailer + 3] = index;
	return total;
}

static void test_srtcp_is_not_plain(void **state)
{
	struct jb_random random = {7};
	__u8 octets[128];

	(void)state;
	for (__u32 i = 0; i < 300000; i++) {
		__u32 index = i & 1 ? i : (__u32)jb_random_next(&random) >> 1;

		assert_false(is_plain(
			octets, protect(octets, sr_sdes, sizeof(sr_sdes), index, false, &random)));
		assert_false(is_plain(
			octets, protect(octets, sr_sdes, sizeof(sr_sdes), index, true, &random)));
		assert_false(
			is_plain(octets, protect(octets, pli, sizeof(pli), index, true, &random)));
	}
}

/* Not encrypted (RFC 3711 NULL cipher), only signed: E is 0, the index reads as version 0 or 1. */
static void test_signed_srtcp_is_not_plain(void **state)
{
	__u8 octets[sizeof(sr_sdes) + 4 + 16];

	(void)state;
	for (int tag = 4; tag <= 16; tag++)
		for (int index = 0; index < 0x80; index++) {
			memset(octets, 0, sizeof(octets));
			memcpy(octets, sr_sdes, sizeof(sr_sdes));
			octets[sizeof(sr_sdes)] = index;
			octets[sizeof(sr_sdes) + 1] = 203;
			assert_false(is_plain(octets, sizeof(sr_sdes) + 4 + tag));
			assert_false(is_plain(octets, sizeof(sr_sdes) + 4));
		}
}

/* An index with E that reads as the header of an RTCP packet without any content. */
static void test_index_like_a_header(void **state)
{
	__u8 octets[sizeof(pli) + 4];
	int plain = 0;

	(void)state;
	memcpy(octets, pli, sizeof(pli));
	for (__u32 index = 0; index < 1U << 31; index += 0x10000) {
		octets[12] = 0x80 | index >> 24;
		octets[13] = index >> 16;
		octets[14] = 0;
		octets[15] = 0;
		plain += is_plain(octets, sizeof(octets));
	}
	assert_int_equal(plain, 2);
}

static void test_report(void **state)
{
	struct jb_rtcp_report report;

	(void)state;
	jb_rtcp_report_parse(&report, sr_sdes + JB_RTCP_SR_REPORTS);
	assert_int_equal(report.ssrc, 0x55667788);
	assert_int_equal(report.fraction, 0x40);
	assert_int_equal(report.lost, 7);
	assert_int_equal(report.highest, 0x11234);
	assert_int_equal(report.jitter, 31);
	assert_int_equal(report.lsr, 0x1a2b3c4d);
	assert_int_equal(report.dlsr, 0x18000);
	assert_int_equal(jb_rtcp_ntp_middle(sr_sdes + JB_RTCP_SR_NTP), 0x1a2b3c4d);
}

static void test_lost_is_signed(void **state)
{
	static const struct {
		__u8 octets[3];
		__s32 lost;
	} values[] = {
		{{0, 0, 0}, 0},           {{0, 0, 1}, 1},           {{0x7f, 0xff, 0xff}, 8388607},
		{{0x80, 0, 0}, -8388608}, {{0xff, 0xff, 0xff}, -1}, {{0xff, 0xff, 0xf6}, -10}};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		__u8 b[JB_RTCP_REPORT_LEN] __attribute__((aligned(4))) = {0};
		struct jb_rtcp_report report;

		b[4] = 0xff;
		memcpy(b + 5, values[i].octets, 3);
		jb_rtcp_report_parse(&report, b);
		assert_int_equal(report.lost, values[i].lost);
		assert_int_equal(report.fraction, 0xff);
	}
}

static void test_dlsr(void **state)
{
	(void)state;
	assert_true(jb_rtcp_dlsr_ns(0) == 0);
	assert_true(jb_rtcp_dlsr_ns(1) == 15258);
	assert_true(jb_rtcp_dlsr_ns(0x18000) == 1500000000);
	assert_true(jb_rtcp_dlsr_ns(0x10000) == 1000000000);
	assert_true(jb_rtcp_dlsr_ns(0xffffffff) == 65535999984741ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_feedback),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_of_all_first_octets),
		cmocka_unit_test(test_header_without_ssrc),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_plain_has_room),
		cmocka_unit_test(test_plain_padding),
		cmocka_unit_test(test_plain_counts_to_16),
		cmocka_unit_test(test_plain_reader_that_fails),
		cmocka_unit_test(test_srtcp_is_not_plain),
		cmocka_unit_test(test_signed_srtcp_is_not_plain),
		cmocka_unit_test(test_index_like_a_header),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_lost_is_signed),
		cmocka_unit_test(test_dlsr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
