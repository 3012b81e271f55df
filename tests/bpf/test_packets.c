/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs make of one shape of packet after the other: the tables. Every packet passes,
 * both ways.
 */
#include "shape.h"

static const struct shape ip_shapes[] = {
	{"IPv4", V4, PLAIN_RTP, MEASURED},
	{"IPv4, one word of options", V4, .options = 1, PLAIN_RTP, MEASURED},
	{"IPv4, ten words of options", V4, .options = 10, PLAIN_RTP, MEASURED},
	{"IPv4, first fragment", V4, .fragment = 0x2000, PLAIN_RTP, FAULT(FRAGMENT)},
	{"IPv4, later fragment", V4, .fragment = 0x00b9, PLAIN_RTP, FAULT(FRAGMENT)},
	{"IPv4, don't fragment", V4, .fragment = 0x4000, PLAIN_RTP, MEASURED},
	{"IPv4, header length 4", V4, .first_octet = 0x44, PLAIN_RTP, FAULT(IP_HEADER)},
	{"IPv4, version 5", V4, .first_octet = 0x55, PLAIN_RTP, FAULT(IP_HEADER)},
	{"IPv4, ICMP", V4, .protocol = IPPROTO_ICMP, BYTES("\x08\0\0\0\0\1\0\1"), NOTHING},
	{"IPv4, TCP", V4, .protocol = IPPROTO_TCP, NOTHING},
	{"IPv4, ESP", V4, .protocol = IPPROTO_ESP, BYTES("\0\0\0\1\0\0\0\1"), NOTHING},
	{"IPv6", V6, PLAIN_RTP, MEASURED},
	{"IPv6, TCP", V6, .protocol = IPPROTO_TCP, NOTHING},
	{"IPv6, ICMPv6", V6, .protocol = IPPROTO_ICMPV6, BYTES("\x80\0\0\0\0\1\0\1"), NOTHING},
	{"IPv6, no next header", V6, .protocol = IPPROTO_NONE, PLAIN_RTP, NOTHING},
	{"IPv6, hop-by-hop", V6, CHAIN(1) = {{.type = IPPROTO_HOPOPTS}}, PLAIN_RTP, MEASURED},
	{"IPv6, routing of 40 octets", V6, CHAIN(1) = {{.type = IPPROTO_ROUTING, .units = 4}},
	 PLAIN_RTP, MEASURED},
	{"IPv6, destination options", V6, CHAIN(1) = {{.type = IPPROTO_DSTOPTS, .units = 1}},
	 PLAIN_RTP, MEASURED},
	{"IPv6, mobility", V6, CHAIN(1) = {{.type = IPPROTO_MH, .units = 2}}, PLAIN_RTP, MEASURED},
	{"IPv6, AH counts in words", V6,
	 CHAIN(1) = {{.type = IPPROTO_AH, .units = 2, .length_field = 4}}, PLAIN_RTP, MEASURED},
	{"IPv6, four kinds", V6,
	 CHAIN(4) = {{.type = IPPROTO_HOPOPTS},
		     {.type = IPPROTO_ROUTING, .units = 2},
		     {.type = IPPROTO_AH, .units = 2, .length_field = 4},
		     {.type = IPPROTO_DSTOPTS}},
	 PLAIN_RTP, MEASURED},
	{"IPv6, the only fragment (RFC 6946)", V6, CHAIN(1) = {{.type = IPPROTO_FRAGMENT}},
	 PLAIN_RTP, MEASURED},
	{"IPv6, first fragment", V6, CHAIN(1) = {{.type = IPPROTO_FRAGMENT, .fragment = 1}},
	 PLAIN_RTP, FAULT(FRAGMENT)},
	{"IPv6, later fragment", V6, CHAIN(1) = {{.type = IPPROTO_FRAGMENT, .fragment = 0x05c8}},
	 PLAIN_RTP, FAULT(FRAGMENT)},
	{"IPv6, fragment after hop-by-hop", V6,
	 CHAIN(2) = {{.type = IPPROTO_HOPOPTS}, {.type = IPPROTO_FRAGMENT, .fragment = 8}},
	 PLAIN_RTP, FAULT(FRAGMENT)},
	{"IPv6, TCP after destination options", V6, .protocol = IPPROTO_TCP,
	 CHAIN(1) = {{.type = IPPROTO_DSTOPTS}}, NOTHING},
	{"IPv6, extension beyond the packet", V6,
	 CHAIN(1) = {{.type = IPPROTO_DSTOPTS, .units = 0, .length_field = 255}}, BYTES("\x80"),
	 FAULT(UDP_LENGTH)},
	{"IPv6, two extensions, the first beyond the packet", V6,
	 CHAIN(2) = {{.type = IPPROTO_DSTOPTS, .units = 0, .length_field = 255},
		     {.type = IPPROTO_DSTOPTS}},
	 BYTES("\x80"), FAULT(IP_HEADER)},
};

static const struct shape rtp_shapes[] = {
	{"UDP length one too long", V4, .udp_length = 1, PLAIN_RTP, FAULT(UDP_LENGTH)},
	{"UDP length 65535", V4, .udp_length = 65535 - 180, PLAIN_RTP, FAULT(UDP_LENGTH)},
	{"UDP length 0", V4, .udp_length = -180, PLAIN_RTP, FAULT(UDP_LENGTH)},
	{"UDP length 7", V4, .udp_length = 7 - 180, PLAIN_RTP, FAULT(UDP_LENGTH)},
	{"UDP length 8: no payload", V4, .udp_length = 8 - 180, PLAIN_RTP, NOTHING},
	{"UDP length leaves out a tail", V4, .udp_length = -20, PLAIN_RTP, MEASURED},
	{"UDP length cuts the RTP header", V4, .udp_length = 8 + 11 - 180, PLAIN_RTP,
	 FAULT(RTP_TRUNCATED)},
	{"UDP length cuts the CSRCs", V4, .udp_length = 8 + 12 + 59 - 240,
	 RTP(-1, 160, .csrcs = 15), FAULT(RTP_BOUNDS)},
	{"15 CSRCs", V4, RTP(-1, 160, .csrcs = 15), MEASURED},
	{"15 CSRCs, no payload", V4, RTP(-1, 0, .csrcs = 15), MEASURED},
	{"15 CSRCs and none there", V4, BYTES("\x8f\0\0\1\0\0\0\0\0\0\0\1"), FAULT(RTP_BOUNDS)},
	{"empty extension", V4, RTP(0, 160), MEASURED},
	{"extension of 255 words", V6, RTP(255, 160), MEASURED},
	{"15 CSRCs and an extension", V6, RTP(3, 160, .csrcs = 15), MEASURED},
	{"extension without its header", V4, BYTES("\x90\0\0\1\0\0\0\0\0\0\0\1\xbe\xde\0"),
	 FAULT(RTP_BOUNDS)},
	{"extension one word too long", V4, BYTES("\x90\0\0\1\0\0\0\0\0\0\0\1\xbe\xde\0\1"),
	 FAULT(RTP_BOUNDS)},
	{"extension of 65535 words", V4,
	 BYTES("\x90\0\0\1\0\0\0\0\0\0\0\1\xbe\xde\xff\xff\0\0\0\0"), FAULT(RTP_BOUNDS)},
	{"padding", V4, RTP(-1, 160, .padding = 4), MEASURED},
	{"padding only", V4, RTP(-1, 160, .padding = 160), MEASURED},
	{"padding without an octet", V4, BYTES("\xa0\0\0\1\0\0\0\0\0\0\0\1"), FAULT(RTP_PADDING)},
	{"no payload", V4, RTP(-1, 0), MEASURED},
	{"marker and payload type 63", V4, RTP(-1, 160, .payload_type = 0x80 | 63), MEASURED},
	{"payload type 96", V4, RTP(-1, 160, .payload_type = 96), MEASURED},
	{"SSRC 0xffffffff", V6, RTP(-1, 160, .ssrc = 0xffffffff), MEASURED},
	{"SSRC 0", V4, BYTES("\x80\x60\0\1\0\0\0\0\0\0\0\0abcd"), NOTHING},
	{"version 1", V4, BYTES("\x40\0\0\1\0\0\0\0\0\0\0\1abcd"), NOTHING},
	{"version 3", V4, BYTES("\xc0\0\0\1\0\0\0\0\0\0\0\1abcd"), NOTHING},
	{"one packet again and again", V4, BYTES("\x80\0\0\1\0\0\0\0\0\0\0\1abcd"), NOTHING},
};

static const struct shape other_shapes[] = {
	{"RTCP sender report", V4, BYTES("\x80\xc8\0\6\0\0\0\1abcdefghijklmnopqrst"), NOTHING},
	{"RTCP receiver report", V6, BYTES("\x81\xc9\0\7\0\0\0\1abcdefghijklmnopqrstuvwx"),
	 NOTHING},
	{"RTCP, lowest type", V4, BYTES("\x80\xc0\0\1\0\0\0\1abcd"), NOTHING},
	{"RTCP, highest type", V4, BYTES("\x80\xdf\0\1\0\0\0\1abcd"), NOTHING},
	{"STUN binding request", V4,
	 BYTES("\0\1\0\0\x21\x12\xa4\x42"
	       "abcdefghijkl"),
	 NOTHING},
	{"STUN binding success", V6,
	 BYTES("\1\1\0\0\x21\x12\xa4\x42"
	       "abcdefghijkl"),
	 NOTHING},
	{"ZRTP", V4, BYTES("\x10\0\0\1ZRTP\0\0\0\1abcd"), NOTHING},
	{"DTLS client hello", V4, BYTES("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x10\1\0\0\4"), NOTHING},
	{"TURN ChannelData", V4, BYTES("\x40\0\0\x0c\x80\0\0\1\0\0\0\0\0\0\0\2"), NOTHING},
	{"QUIC long header", V4,
	 BYTES("\xc3\0\0\0\1\x08"
	       "abcdefgh"),
	 NOTHING},
	{"QUIC short header", V6,
	 BYTES("\x55"
	       "abcdefghijklmnop"),
	 NOTHING},
	{"DNS query", V4, BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), NOTHING},
	{"DNS query, its id like RTP", V4, BYTES("\x80\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"),
	 NOTHING},
	{"DNS query with EDNS, its id like RTP", V4,
	 BYTES("\x80\x34\1\0\0\1\0\0\0\0\0\1\1a\0\0\1\0\1"), NOTHING},
	{"WireGuard", V4, BYTES("\4\0\0\0abcdefghijklmnopqrstuvwxyz"), NOTHING},
	{"one octet", V4, BYTES("\x80"), NOTHING},
	{"two octets like RTP", V4, BYTES("\x80\0"), FAULT(RTP_TRUNCATED)},
	{"eleven octets like RTP", V4, BYTES("\x80\0\0\1\0\0\0\0\0\0\0"), FAULT(RTP_TRUNCATED)},
	{"no payload", V4, BYTES(""), NOTHING},
};

static void check_table(void **state, const struct shape *table, size_t count)
{
	struct jb_harness h;

	(void)state;
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
		jb_harness_load(&h, 64, 64);
		for (size_t i = 0; i < count; i++) {
			struct shape shape = table[i];

			jb_shape_check(&h, &shape, direction);
		}
		jb_harness_free(&h);
	}
	print_message("             %zu shapes, both ways\n", count);
}

#define ARRAY_AND_SIZE(a) a, sizeof(a) / sizeof(*(a))

static void test_ip(void **state)
{
	check_table(state, ARRAY_AND_SIZE(ip_shapes));
}

static void test_rtp(void **state)
{
	check_table(state, ARRAY_AND_SIZE(rtp_shapes));
}

static void test_others(void **state)
{
	check_table(state, ARRAY_AND_SIZE(other_shapes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip),
		cmocka_unit_test(test_rtp),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("packets", tests, NULL, NULL);
}
