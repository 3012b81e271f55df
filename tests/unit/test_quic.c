/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/quic.h>

#include "dns.h"

/* A long header with ids of these lengths; what of them is in the first 8 octets is 0x5a. */
static bool is_long(int first, __u32 version, int destination, int source, __u32 length)
{
	__u8 b[8] __attribute__((aligned(4))) = {first,
						 version >> 24,
						 version >> 16 & 0xff,
						 version >> 8 & 0xff,
						 version & 0xff,
						 destination,
						 0x5a,
						 0x5a};

	if (destination <= 1)
		b[6 + destination] = source;
	return jb_quic_is_long(b, length);
}

static void test_packets(void **state)
{
	static const struct {
		const char *what;
		int first;
		__u32 version;
		int destination, source;
		__u32 length;
	} packets[] = {
		{"Initial of Chromium", 0xc3, 1, 8, 0, 1250},
		{"Initial of RFC 9001 A.2", 0xc0, 1, 8, 0, 1200},
		{"Initial of a server to no id", 0xcf, 1, 0, 8, 1252},
		{"Handshake to no id", 0xe5, 1, 0, 8, 60},
		{"Handshake of quiche", 0xed, 1, 20, 20, 77},
		{"0-RTT", 0xd1, 1, 8, 8, 300},
		{"Retry of RFC 9001 A.4", 0xff, 1, 0, 8, 36},
		{"Initial of QUIC v2", 0xd3, 0x6b3343cf, 8, 0, 1200},
		{"Initial of draft 29", 0xc9, 0xff00001d, 8, 0, 1200},
		{"Version Negotiation", 0xc0, 0, 0, 8, 27},
		{"Version Negotiation, ids of 8", 0xf2, 0, 8, 8, 31},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++)
		assert_true(is_long(packets[i].first, packets[i].version, packets[i].destination,
				    packets[i].source, packets[i].length));
}

static void test_first_octets(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++)
		assert_int_equal(is_long(first, 1, 8, 0, 1200), first >= 0xc0);
}

static void test_versions(void **state)
{
	(void)state;
	for (__u64 version = 0; version <= 0xffffffff; version += 251)
		assert_int_equal(is_long(0xc0, version, 8, 0, 1200),
				 version <= 1 || (version > 0xff000000 && version <= 0xff0000ff));
	assert_true(is_long(0xc0, 0, 8, 0, 1200));
	assert_true(is_long(0xc0, 1, 8, 0, 1200));
	assert_false(is_long(0xc0, 2, 8, 0, 1200));
	assert_true(is_long(0xc0, 0x6b3343cf, 8, 0, 1200));
	assert_false(is_long(0xc0, 0x6b3343ce, 8, 0, 1200));
	assert_false(is_long(0xc0, 0xff000000, 8, 0, 1200));
	assert_true(is_long(0xc0, 0xff000001, 8, 0, 1200));
	assert_true(is_long(0xc0, 0xff0000ff, 8, 0, 1200));
	assert_false(is_long(0xc0, 0xff000100, 8, 0, 1200));
}

static void test_connection_ids(void **state)
{
	(void)state;
	for (int length = 0; length < 256; length++) {
		assert_int_equal(is_long(0xc0, 1, length, 0, 1200), length <= 20);
		assert_int_equal(is_long(0xc0, 1, 0, length, 1200), length <= 20);
		assert_int_equal(is_long(0xc0, 1, 1, length, 1200), length <= 20);
		assert_int_equal(is_long(0xc0, 0, 0, length, 1200), length >= 8 && length <= 20);
		assert_int_equal(is_long(0xc0, 0, 1, length, 1200), length >= 8 && length <= 20);
	}
}

static void test_lengths(void **state)
{
	(void)state;
	for (__u32 length = 8; length < 100; length++)
		for (int id = 0; id <= 20; id++) {
			assert_int_equal(is_long(0xc0, 1, 0, id, length), length >= 24U + id);
			assert_int_equal(is_long(0xc0, 0, 0, id, length),
					 id >= 8 && length >= 11U + id);
			if (id >= 2)
				assert_int_equal(is_long(0xc0, 1, id, 0, length),
						 length >= 24U + id);
		}
}

static void test_dns_is_not_quic(void **state)
{
	(void)state;
	for (size_t i = 0; i < JB_DNS_MAX; i++)
		for (__u32 id = 0; id < 0x10000; id++) {
			__u8 head[8] __attribute__((aligned(4)));

			jb_dns_head(head, &jb_dns[i], id);
			for (__u32 length = 17; length < 1500; length += 61)
				assert_false(jb_quic_is_long(head, length));
			assert_false(jb_quic_is_long(head, jb_dns[i].length));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),  cmocka_unit_test(test_first_octets),
		cmocka_unit_test(test_versions), cmocka_unit_test(test_connection_ids),
		cmocka_unit_test(test_lengths),  cmocka_unit_test(test_dns_is_not_quic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
