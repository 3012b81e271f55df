/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs make of one shape of packet: a table of shapes, what must be counted of each
 * and which fault told. Every packet passes, both ways: jb_harness_run() asserts it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>
#include "harness.h"

/* Each shape is sent so often, with the sequence number moving if it has one. */
#define ROUNDS    JB_PROBATION
#define CHAIN_MAX 10
#define NO_FAULT  JB_FAULT_MAX

struct extension {
	__u8 type;
	__u8 units;        /* of 8 octets, beyond the first */
	__u8 length_field; /* if it doesn't count units */
	__u16 fragment;    /* offset and flags of a fragment header */
};

struct shape {
	const char *name;
	int version; /* of IP */
	int options; /* of IPv4, words */
	__u8 protocol;
	__u8 first_octet; /* of the IP header; 0: the right one */
	__u16 fragment;   /* IPv4's flags and offset */
	int udp_length;   /* added to what the UDP header says */
	int chain_len;
	struct extension chain[CHAIN_MAX]; /* IPv6 extension headers */
	const char *payload;               /* NULL: rtp */
	size_t payload_len;
	struct jb_test_rtp rtp;
	/* expected after ROUNDS packets */
	__u32 streams;
	__u32 packets;
	enum jb_fault fault;
	__u32 faults;
};

#define V4                      .version = 4
#define V6                      .version = 6
#define PLAIN_RTP               .rtp = {.extension = -1, .size = 160}
#define RTP(words, octets, ...) .rtp = {.extension = words, .size = octets, __VA_ARGS__}
#define BYTES(s)                .payload = s, .payload_len = sizeof(s) - 1
#define CHAIN(n)                .chain_len = n, .chain
#define MEASURED                .streams = 1, .packets = ROUNDS, .fault = NO_FAULT
#define NOTHING                 .fault = NO_FAULT
#define FAULT(id)               .fault = JB_FAULT_##id, .faults = ROUNDS

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
	{"TURN ChannelData", V4, BYTES("\x40\0\0\x0c\x80\0\0\1\0\0\0\0\0\0\0\1"), NOTHING},
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

static void add_chain(struct jb_test_packet *p, const struct shape *s, __u8 protocol)
{
	for (int i = 0; i < s->chain_len; i++) {
		const struct extension *e = &s->chain[i];
		__u8 *at = p->data + p->len;

		jb_test_ipv6_extension(p, i + 1 < s->chain_len ? e[1].type : protocol, e->units);
		if (e->length_field)
			at[1] = e->length_field;
		at[2] = e->fragment >> 8;
		at[3] = e->fragment;
	}
}

static void add_transport(struct jb_test_packet *p, const struct shape *s, __u8 protocol)
{
	if (protocol == IPPROTO_TCP)
		jb_test_tcp(p);
	else if (protocol == IPPROTO_UDP)
		jb_test_udp(p, 5004, 5006);
	if (s->payload)
		jb_test_payload(p, s->payload, s->payload_len);
	else if (protocol == IPPROTO_UDP)
		jb_test_rtp(p, &s->rtp);
}

static void build(struct jb_test_packet *p, const struct shape *s)
{
	__u8 protocol = s->protocol ?: IPPROTO_UDP;
	__u16 udp_length;

	if (s->version == 4)
		jb_test_ipv4(p, protocol, s->options);
	else
		jb_test_ipv6(p, s->chain_len ? s->chain[0].type : protocol);
	add_chain(p, s, protocol);
	add_transport(p, s, protocol);
	jb_test_finish(p);
	if (s->first_octet)
		p->data[p->ip] = s->first_octet;
	if (s->version == 4) {
		p->data[p->ip + 6] = s->fragment >> 8;
		p->data[p->ip + 7] = s->fragment;
	}
	if (s->udp_length) {
		udp_length = p->len - p->payload + 8 + s->udp_length;
		p->data[p->payload - 4] = udp_length >> 8;
		p->data[p->payload - 3] = udp_length;
	}
}

/* Asserts that `expected` is the only fault, and how often it was told. */
static void check_faults(const struct jb_harness *h, const char *name, enum jb_fault expected,
			 __u64 times)
{
	for (int i = 0; i < JB_FAULT_MAX; i++) {
		__u64 want = i == (int)expected ? times : 0;

		if (jb_harness_fault(h, i) != want)
			fail_msg("%s: fault %d: %llu times instead of %llu", name, i,
				 jb_harness_fault(h, i), want);
	}
}

/* The invariant of all tables: what was sent and began a stream is counted, nothing else. */
static void check_shape(struct jb_harness *h, struct shape *s, enum jb_direction direction)
{
	static struct jb_harness_streams streams;
	static __u32 ssrc;
	struct jb_test_packet p;
	__u64 before = jb_harness_counter(h, direction, JB_MEDIA_MAX, JB_RTP_PACKETS);
	__u64 after;

	/* Each on its own: what is left in probation of one must not end as a fault of the next. */
	if (!s->rtp.ssrc)
		s->rtp.ssrc = 0x1000 + ++ssrc;
	build(&p, s);
	jb_harness_mark(h);
	for (int i = 0; i < ROUNDS; i++) {
		if (!s->payload && p.payload)
			jb_test_set_sequence(&p, 65534 + i, i * 160);
		jb_harness_run(h, direction, &p);
	}
	jb_harness_streams(h, &streams);
	after = jb_harness_counter(h, direction, JB_MEDIA_MAX, JB_RTP_PACKETS);
	if (streams.count != s->streams || after - before != s->packets)
		fail_msg("%s: %u streams and %llu packets instead of %u and %u", s->name,
			 streams.count, after - before, s->streams, s->packets);
	check_faults(h, s->name, s->fault, s->faults);
	assert_int_equal(jb_kernel_retire(h->kernel, streams.hash, streams.count, 0), s->streams);
}

static void check_table(void **state, const struct shape *table, size_t count)
{
	struct jb_harness h;

	(void)state;
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
		jb_harness_load(&h, 64, 64);
		for (size_t i = 0; i < count; i++) {
			struct shape shape = table[i];

			check_shape(&h, &shape, direction);
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

/* Eight extension headers are followed, a ninth is a fault. */
static void test_ipv6_chains(void **state)
{
	struct jb_harness *h = *state;

	for (int n = 1; n <= 9; n++) {
		struct shape s = {"chain", V6, PLAIN_RTP, MEASURED};
		char name[40];

		snprintf(name, sizeof(name), "chain of %d extension headers", n);
		s.name = name;
		s.chain_len = n;
		for (int i = 0; i < n; i++)
			s.chain[i] = (struct extension){.type = IPPROTO_DSTOPTS, .units = i % 3};
		if (n > 8) {
			s.streams = s.packets = 0;
			s.fault = JB_FAULT_IPV6_EXTENSIONS;
			s.faults = ROUNDS;
		}
		check_shape(h, &s, JB_INGRESS);
	}
}

static void test_reserved_payload_types(void **state)
{
	for (int type = 0; type < 128; type++) {
		struct shape s = {"payload type", V4, RTP(-1, 160, .payload_type = type), MEASURED};
		char name[24];

		snprintf(name, sizeof(name), "payload type %d", type);
		s.name = name;
		if (type >= 64 && type <= 95) {
			s.streams = s.packets = 0;
			s.fault = NO_FAULT;
		}
		check_shape(*state, &s, JB_EGRESS);
	}
}

/* Sends the first `len` octets; false if the kernel refuses so short a packet. */
static bool run_cut(struct jb_harness *h, const struct jb_test_packet *whole, size_t len)
{
	struct jb_test_packet p = *whole;
	int result;

	p.len = len;
	jb_harness_mark(h);
	result = jb_harness_try(h, JB_INGRESS, &p, NULL);
	if (result == -EINVAL)
		return false;
	assert_int_equal(result, 1);
	return true;
}

/* Captured short, the headers promising more: no octet beyond the packet is believed. */
static void test_cut_anywhere(void **state)
{
	struct jb_harness *h = *state;
	int refused = 0, run = 0;

	for (int version = 4; version <= 6; version += 2) {
		const struct jb_test_rtp rtp = {.ssrc = 77, .csrcs = 2, .extension = 2, .size = 20};
		struct jb_test_packet p;
		size_t udp;

		jb_test_rtp_packet(&p, version, &rtp);
		udp = p.payload - 8;
		for (size_t len = 1; len < p.len; len++) {
			if (!run_cut(h, &p, len)) {
				refused++;
				continue;
			}
			run++;
			check_faults(h, "cut", len < udp ? JB_FAULT_IP_HEADER : JB_FAULT_UDP_LENGTH,
				     1);
		}
	}
	assert_int_equal(jb_harness_held(h), 0);
	assert_true(run >= 2 * (8 + 12));
	print_message("             %d lengths run, %d too short for the kernel\n", run, refused);
}

/* A datagram of every length: the UDP header tells the truth, RTP doesn't. */
static void test_short_datagrams(void **state)
{
	const struct jb_test_rtp rtp = {.ssrc = 78, .csrcs = 15, .extension = 7, .size = 20};
	const size_t header = 12 + 15 * 4 + 4 + 7 * 4;
	struct jb_test_packet whole;

	jb_test_rtp_packet(&whole, 4, &rtp);
	for (size_t n = 0; n < header; n++) {
		struct jb_test_packet p = whole;
		enum jb_fault fault = n < 2    ? NO_FAULT
				      : n < 12 ? JB_FAULT_RTP_TRUNCATED
					       : JB_FAULT_RTP_BOUNDS;

		p.len = p.payload + n;
		jb_test_finish(&p);
		jb_harness_mark(*state);
		jb_harness_run(*state, JB_EGRESS, &p);
		check_faults(*state, "short datagram", fault, 1);
	}
	assert_int_equal(jb_harness_held(*state), 0);
	whole.len = whole.payload + header;
	jb_test_finish(&whole);
	jb_harness_run(*state, JB_EGRESS, &whole);
	assert_int_equal(jb_harness_held(*state), 1);
}

/* What a shape counts besides packets. */
static void test_bytes_and_padding(void **state)
{
	struct jb_harness *h = *state;
	struct jb_test_rtp rtp = {.ssrc = 79, .extension = -1, .size = 160, .padding = 160};
	struct jb_test_packet p;
	struct jb_rtp_totals before, after;

	jb_harness_totals(h, JB_INGRESS, JB_MEDIA_AUDIO, &before);
	jb_test_rtp_packet(&p, 4, &rtp);
	jb_harness_run_in_order(h, JB_INGRESS, &p, 1, JB_PROBATION + 10);
	jb_harness_totals(h, JB_INGRESS, JB_MEDIA_AUDIO, &after);
	assert_int_equal(after.counter[JB_RTP_PACKETS] - before.counter[JB_RTP_PACKETS], 14);
	assert_int_equal(after.counter[JB_RTP_BYTES] - before.counter[JB_RTP_BYTES], 14 * 172);
	assert_int_equal(after.counter[JB_RTP_FRAMES] - before.counter[JB_RTP_FRAMES], 0);
	assert_int_equal(after.counter[JB_RTP_PADDING] - before.counter[JB_RTP_PADDING], 14);
	assert_int_equal(after.counter[JB_RTP_STARTED] - before.counter[JB_RTP_STARTED], 1);
}

static void test_shorter_probation_on_media_ports(void **state)
{
	static const __u16 ports[] = {30001, JB_HARNESS_MEDIA_PORT};
	static struct jb_harness_streams streams;
	struct jb_test_packet p;

	jb_harness_retire_all(*state);
	for (int known = 0; known < 2; known++) {
		__u32 wanted = known ? JB_PROBATION_KNOWN : JB_PROBATION;

		jb_harness_rtp(&p, ports[known], 80);
		jb_harness_run_in_order(*state, JB_INGRESS, &p, 65535, wanted - 1);
		jb_harness_streams(*state, &streams);
		assert_int_equal(streams.count, known);
		jb_harness_run_in_order(*state, JB_INGRESS, &p, 65535 + wanted - 1, 1);
		jb_harness_streams(*state, &streams);
		assert_int_equal(streams.count, known + 1);
	}
}

/* A GSO packet's linear area may end after the UDP header. */
static void test_non_linear(void **state)
{
	const struct __sk_buff ctx = {.data_end = 14 + 20 + 8}; /* of newer kernels' test runs */
	struct jb_test_packet p;
	__u64 before = jb_harness_counter(*state, JB_INGRESS, JB_MEDIA_MAX, JB_RTP_PACKETS);

	jb_harness_rtp(&p, 30002, 81);
	if (jb_harness_try(*state, JB_INGRESS, &p, &ctx) == -EINVAL) {
		print_message("             this kernel's test run makes no non-linear packets\n");
		skip();
	}
	jb_harness_mark(*state);
	for (int i = 1; i < 8; i++) {
		jb_test_set_sequence(&p, i, i * 160);
		assert_int_equal(jb_harness_try(*state, JB_INGRESS, &p, &ctx), 1);
	}
	assert_int_equal(jb_harness_fault(*state, JB_FAULT_PACKET_UNREADABLE), 0);
	assert_int_equal(jb_harness_counter(*state, JB_INGRESS, JB_MEDIA_MAX, JB_RTP_PACKETS),
			 before + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip),
		cmocka_unit_test(test_rtp),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_ipv6_chains),
		cmocka_unit_test(test_reserved_payload_types),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_short_datagrams),
		cmocka_unit_test(test_bytes_and_padding),
		cmocka_unit_test(test_shorter_probation_on_media_ports),
		cmocka_unit_test(test_non_linear),
	};

	return cmocka_run_group_tests_name("packets", tests, jb_harness_setup, jb_harness_teardown);
}
