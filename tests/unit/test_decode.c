/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/decode.h"

#include "frame.h"
#include "random.h"

#define MTU 1500

enum { PAYLOAD = 20, UDP = 8 + PAYLOAD };

static const char text[] = "twenty octets of it.";

static void put_datagram(struct maker *m)
{
	put_udp(m, 40000, 50000, PAYLOAD);
	memcpy(m->data + m->length, text, PAYLOAD);
	m->length += PAYLOAD;
}

static void put_whole_ipv4(struct maker *m)
{
	put_ipv4(m, UDP);
	put_datagram(m);
}

static enum jb_decode decode(enum jb_link link, const struct maker *m, struct jb_datagram *ret)
{
	struct jb_frame frame = made(m);

	return jb_decode_frame(link, &frame, MTU, ret);
}

static void assert_datagram(enum jb_link link, const struct maker *m)
{
	struct jb_datagram d;

	assert_int_equal(decode(link, m, &d), JB_DECODE_UDP);
	assert_int_equal(d.source_port, 40000);
	assert_int_equal(d.destination_port, 50000);
	assert_int_equal(d.original, PAYLOAD);
	assert_int_equal(d.captured, PAYLOAD);
	assert_memory_equal(d.payload, text, PAYLOAD);
}

static void assert_verdict(enum jb_link link, const struct maker *m, enum jb_decode verdict)
{
	struct jb_datagram d;

	assert_string_equal(jb_decode_names[decode(link, m, &d)], jb_decode_names[verdict]);
}

static void test_ethernet_and_addresses(void **state)
{
	static const __u8 source[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
	static const __u8 destination[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2};
	struct maker m = {};
	struct jb_datagram d;

	(void)state;
	put_ethernet(&m, 0x0800);
	put_whole_ipv4(&m);
	assert_datagram(JB_LINK_ETHERNET, &m);
	assert_int_equal(decode(JB_LINK_ETHERNET, &m, &d), JB_DECODE_UDP);
	assert_memory_equal(&d.source, source, 16);
	assert_memory_equal(&d.destination, destination, 16);
}

static void test_ethernet_trailer_is_no_payload(void **state)
{
	struct maker m = {};

	(void)state;
	put_ethernet(&m, 0x0800);
	put_whole_ipv4(&m);
	put_zeros(&m, 6);
	assert_datagram(JB_LINK_ETHERNET, &m);
}

static void test_vlan_tags(void **state)
{
	static const uint16_t types[] = {0x88a8, 0x9100, 0x8100, 0x8100};

	(void)state;
	for (int tags = 1; tags <= 5; tags++) {
		struct maker m = {};

		put_ethernet(&m, tags > 4 ? 0x8100 : types[4 - tags]);
		for (int i = 1; i < tags; i++) {
			put16(&m, 100);
			put16(&m, 0x8100);
		}
		put16(&m, 200);
		put16(&m, 0x0800);
		put_whole_ipv4(&m);
		if (tags <= 4)
			assert_datagram(JB_LINK_ETHERNET, &m);
		else
			assert_verdict(JB_LINK_ETHERNET, &m, JB_DECODE_NOT_IP);
	}
}

static void test_linux_cooked(void **state)
{
	struct maker v1 = {}, v2 = {};

	(void)state;
	put_zeros(&v1, 14);
	put16(&v1, 0x0800);
	put_whole_ipv4(&v1);
	assert_datagram(JB_LINK_LINUX_SLL, &v1);
	put16(&v2, 0x0800);
	put_zeros(&v2, 18);
	put_whole_ipv4(&v2);
	assert_datagram(JB_LINK_LINUX_SLL2, &v2);
}

static void test_raw(void **state)
{
	struct maker v4 = {}, v6 = {}, v5 = {};

	(void)state;
	put_whole_ipv4(&v4);
	assert_datagram(JB_LINK_RAW, &v4);
	put_ipv6(&v6, 17, UDP);
	put_datagram(&v6);
	assert_datagram(JB_LINK_RAW, &v6);
	put8(&v5, 0x50);
	put_zeros(&v5, 60);
	assert_verdict(JB_LINK_RAW, &v5, JB_DECODE_NOT_IP);
}

static void test_null(void **state)
{
	static const uint32_t families[] = {2, 0x02000000};
	struct maker bad = {};

	(void)state;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		struct maker m = {};

		put32(&m, families[i]);
		put_whole_ipv4(&m);
		assert_datagram(JB_LINK_NULL, &m);
	}
	put32(&bad, 7);
	put_whole_ipv4(&bad);
	assert_verdict(JB_LINK_NULL, &bad, JB_DECODE_NOT_IP);
}

static void test_what_is_not_udp(void **state)
{
	struct maker arp = {}, tcp = {}, esp = {}, mismatch = {};

	(void)state;
	put_ethernet(&arp, 0x0806);
	put_zeros(&arp, 28);
	assert_verdict(JB_LINK_ETHERNET, &arp, JB_DECODE_NOT_IP);
	put_ipv4_as(&tcp, 6, 0, 5, 20);
	put_zeros(&tcp, 20);
	assert_verdict(JB_LINK_RAW, &tcp, JB_DECODE_NOT_UDP);
	put_ipv6(&esp, 50, UDP);
	put_datagram(&esp);
	assert_verdict(JB_LINK_RAW, &esp, JB_DECODE_NOT_UDP);
	put_ethernet(&mismatch, 0x86dd);
	put_whole_ipv4(&mismatch);
	put_zeros(&mismatch, 20);
	assert_verdict(JB_LINK_ETHERNET, &mismatch, JB_DECODE_IP_HEADER);
}

static void test_ipv4_options(void **state)
{
	struct maker m = {}, small = {}, beyond = {};

	(void)state;
	put_ipv4_as(&m, 17, 0, 15, UDP);
	put_datagram(&m);
	assert_datagram(JB_LINK_RAW, &m);
	put_ipv4_as(&small, 17, 0, 4, UDP);
	put_datagram(&small);
	assert_verdict(JB_LINK_RAW, &small, JB_DECODE_IP_HEADER);
	put_ipv4(&beyond, UDP);
	beyond.data[0] = 0x4f; /* longer than the packet */
	put_datagram(&beyond);
	assert_verdict(JB_LINK_RAW, &beyond, JB_DECODE_IP_HEADER);
}

static void test_ipv4_fragments(void **state)
{
	static const struct {
		uint16_t field;
		enum jb_decode verdict;
	} cases[] = {
		{0x4000, JB_DECODE_UDP},      /* don't fragment */
		{0x8000, JB_DECODE_UDP},      /* reserved */
		{0x2000, JB_DECODE_FRAGMENT}, /* the first */
		{0x2001, JB_DECODE_FRAGMENT}, /* in between */
		{0x0001, JB_DECODE_FRAGMENT}, /* the last */
		{0x1fff, JB_DECODE_FRAGMENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct maker m = {};

		put_ipv4_as(&m, 17, cases[i].field, 5, UDP);
		put_datagram(&m);
		assert_verdict(JB_LINK_RAW, &m, cases[i].verdict);
	}
}

/* Each kind of extension header once: hop-by-hop, routing, destination, mobility, AH, atomic. */
static void test_ipv6_chain(void **state)
{
	struct maker m = {};

	(void)state;
	put_ipv6(&m, 0, 8 + 16 + 8 + 8 + 24 + 8 + UDP);
	put8(&m, 43);
	put_zeros(&m, 7);
	put8(&m, 60);
	put8(&m, 1); /* 16 octets */
	put_zeros(&m, 14);
	put8(&m, 135);
	put_zeros(&m, 7);
	put8(&m, 51);
	put_zeros(&m, 7);
	put8(&m, 44);
	put8(&m, 4); /* 24 octets */
	put_zeros(&m, 22);
	put8(&m, 17);
	put_zeros(&m, 7);
	put_datagram(&m);
	assert_datagram(JB_LINK_RAW, &m);
}

static void test_ipv6_chain_too_long(void **state)
{
	(void)state;
	for (uint32_t headers = 7; headers <= 8; headers++) {
		struct maker m = {};

		put_ipv6(&m, 60, 8 * headers + UDP);
		for (uint32_t i = 0; i < headers; i++) {
			put8(&m, i + 1 < headers ? 60 : 17);
			put_zeros(&m, 7);
		}
		put_datagram(&m);
		assert_verdict(JB_LINK_RAW, &m,
			       headers < 8 ? JB_DECODE_UDP : JB_DECODE_IPV6_EXTENSIONS);
	}
}

static void test_ipv6_fragments(void **state)
{
	static const uint16_t fields[] = {0x0001, 0x0008, 0x0009, 0xfff8};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		struct maker m = {};

		put_ipv6(&m, 44, 8 + UDP);
		put8(&m, 17);
		put8(&m, 0);
		put16(&m, fields[i]);
		put32(&m, 4711);
		put_datagram(&m);
		assert_verdict(JB_LINK_RAW, &m, JB_DECODE_FRAGMENT);
	}
}

static void test_ipv6_extension_beyond_the_packet(void **state)
{
	struct maker m = {};

	(void)state;
	put_ipv6(&m, 0, 8 + UDP);
	put8(&m, 17);
	put8(&m, 200);
	put_zeros(&m, 6);
	put_datagram(&m);
	assert_verdict(JB_LINK_RAW, &m, JB_DECODE_IP_HEADER);
}

static void test_udp_length(void **state)
{
	static const struct {
		uint32_t payload; /* as announced, of 20 */
		enum jb_decode verdict;
	} cases[] = {
		{PAYLOAD, JB_DECODE_UDP},
		{PAYLOAD - 1, JB_DECODE_UDP}, /* the rest belongs to nobody */
		{0, JB_DECODE_UDP},
		{PAYLOAD + 1, JB_DECODE_UDP_LENGTH},
		{(uint32_t)-1, JB_DECODE_UDP_LENGTH}, /* 7 */
		{(uint32_t)-8, JB_DECODE_UDP_LENGTH}, /* 0 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct maker m = {};
		struct jb_datagram d;

		put_ipv4(&m, UDP);
		put_udp(&m, 1, 2, cases[i].payload);
		put_zeros(&m, PAYLOAD);
		assert_int_equal(decode(JB_LINK_RAW, &m, &d), cases[i].verdict);
		if (cases[i].verdict == JB_DECODE_UDP)
			assert_int_equal(d.original, cases[i].payload);
	}
}

static void test_merged(void **state)
{
	(void)state;
	for (uint32_t total = MTU; total <= MTU + 1; total++) {
		struct maker m = {};
		struct jb_frame frame;
		struct jb_datagram d;

		put_ipv4(&m, total - 20);
		put_udp(&m, 1, 2, total > MTU ? 100 : total - 28); /* of one segment: tun */
		put_zeros(&m, PAYLOAD);
		frame = made(&m);
		frame.original = total;
		assert_int_equal(jb_decode_frame(JB_LINK_RAW, &frame, MTU, &d),
				 total > MTU ? JB_DECODE_MERGED : JB_DECODE_UDP);
		assert_int_equal(jb_decode_frame(JB_LINK_RAW, &frame, total - 1, &d),
				 JB_DECODE_MERGED);
	}
}

static void test_merged_without_a_total_length(void **state)
{
	struct maker m = {};
	struct jb_frame frame;
	struct jb_datagram d;

	(void)state;
	put_ipv4(&m, (uint32_t)-20);
	put_udp(&m, 1, 2, 100);
	frame = made(&m);
	frame.original = 30000;
	assert_int_equal(jb_decode_frame(JB_LINK_RAW, &frame, MTU, &d), JB_DECODE_MERGED);
	frame.original = 28 + 100;
	assert_int_equal(jb_decode_frame(JB_LINK_RAW, &frame, MTU, &d), JB_DECODE_UDP);
	assert_int_equal(d.original, 100);
}

/* However much is cut off: the original length is told, or the packet is unreadable. */
static void test_snapped(void **state)
{
	struct maker m = {};

	(void)state;
	put_ethernet(&m, 0x86dd);
	put_ipv6(&m, 60, 8 + UDP);
	put8(&m, 17);
	put_zeros(&m, 7);
	put_datagram(&m);
	for (uint32_t captured = 0; captured <= m.length; captured++) {
		struct jb_frame frame = made(&m);
		struct jb_datagram d;
		enum jb_decode verdict;

		frame.captured = captured;
		verdict = jb_decode_frame(JB_LINK_ETHERNET, &frame, MTU, &d);
		if (captured < m.length - PAYLOAD) {
			assert_int_equal(verdict, JB_DECODE_UNREADABLE);
			continue;
		}
		assert_int_equal(verdict, JB_DECODE_UDP);
		assert_int_equal(d.original, PAYLOAD);
		assert_int_equal(d.captured, captured - (m.length - PAYLOAD));
	}
}

/* Frames that really end there are malformed, not snapped. */
static void test_short_frames(void **state)
{
	struct maker m = {};

	(void)state;
	put_ethernet(&m, 0x0800);
	put_whole_ipv4(&m);
	for (uint32_t length = 0; length < m.length; length++) {
		struct maker cut = m;

		cut.length = length;
		assert_verdict(JB_LINK_ETHERNET, &cut,
			       length < 14 ? JB_DECODE_LINK_HEADER : JB_DECODE_IP_HEADER);
	}
	m = (struct maker){};
	put_ipv4(&m, 7);
	put_zeros(&m, 7);
	assert_verdict(JB_LINK_RAW, &m, JB_DECODE_UDP_LENGTH);
}

/* Of frames with octets changed at random no octet beyond them is read (the heap tells). */
static void test_random_frames(void **state)
{
	struct jb_random random = {.state = 1};
	struct maker m = {};
	unsigned int whole = 0;

	(void)state;
	put_ethernet(&m, 0x86dd);
	put_ipv6(&m, 60, 8 + UDP);
	put8(&m, 17);
	put_zeros(&m, 7);
	put_datagram(&m);
	for (int i = 0; i < 20000; i++) {
		uint32_t captured = jb_random_below(&random, m.length + 1);
		uint8_t *data = malloc(captured + !captured);
		struct jb_frame frame = {.data = data, .captured = captured, .original = m.length};
		struct jb_datagram d;

		memcpy(data, m.data, captured);
		for (int j = 0; j < 3 && captured; j++)
			data[jb_random_below(&random, captured)] = (uint8_t)jb_random_next(&random);
		if (jb_decode_frame((enum jb_link)jb_random_below(&random, JB_LINK_MAX), &frame,
				    MTU, &d) == JB_DECODE_UDP) {
			assert_true(d.captured <= d.original);
			assert_true(d.payload >= data && d.payload + d.captured <= data + captured);
			whole++;
		}
		free(data);
	}
	assert_true(whole > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethernet_and_addresses),
		cmocka_unit_test(test_ethernet_trailer_is_no_payload),
		cmocka_unit_test(test_vlan_tags),
		cmocka_unit_test(test_linux_cooked),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_what_is_not_udp),
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_ipv4_fragments),
		cmocka_unit_test(test_ipv6_chain),
		cmocka_unit_test(test_ipv6_chain_too_long),
		cmocka_unit_test(test_ipv6_fragments),
		cmocka_unit_test(test_ipv6_extension_beyond_the_packet),
		cmocka_unit_test(test_udp_length),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_merged_without_a_total_length),
		cmocka_unit_test(test_snapped),
		cmocka_unit_test(test_short_frames),
		cmocka_unit_test(test_random_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
