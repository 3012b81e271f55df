/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/channel_data.h>

#include "dns.h"

static __u32 inner(int first, __u16 inner_length, __u32 length)
{
	__u8 b[4] = {first, 1, inner_length >> 8, inner_length & 0xff};

	return jb_channel_data_length(b, length);
}

/* Padded to a multiple of 4, or not at all. */
static void test_every_length(void **state)
{
	(void)state;
	for (__u32 length = 0; length < 200; length++)
		for (__u32 outer = 0; outer < 220; outer++) {
			bool fits = outer == 4 + length || outer == 4 + (length + 3) / 4 * 4;

			assert_int_equal(inner(0x40, length, outer), fits ? length : 0);
		}
	assert_int_equal(inner(0x40, 0xffff, 4 + 0xffff), 0xffff);
	assert_int_equal(inner(0x40, 0xffff, 4 + 0xfffe), 0);
	assert_int_equal(inner(0x40, 172, 4 + 172), 172); /* G.711, 20 ms */
	assert_int_equal(inner(0x40, 1201, 4 + 1204), 1201);
	assert_int_equal(inner(0x40, 1201, 4 + 1203), 0);
}

static void test_channels(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++)
		assert_int_equal(inner(first, 100, 104), first >= 0x40 && first <= 0x4f ? 100 : 0);
}

static void test_dns_is_not_channel_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < JB_DNS_MAX; i++)
		for (__u32 id = 0; id < 0x10000; id++) {
			__u8 head[8];

			jb_dns_head(head, &jb_dns[i], id);
			assert_int_equal(jb_channel_data_length(head, jb_dns[i].length), 0);
		}
}

/* The one query that can't be told from it, as the header says: of 260 octets. */
static void test_dns_of_one_length_is(void **state)
{
	(void)state;
	for (__u32 length = 12; length < 0x8000; length++) {
		__u8 head[8];

		jb_dns_head(head, &jb_dns[0], 0x4001);
		assert_int_equal(jb_channel_data_length(head, length), length == 260 ? 256 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_dns_is_not_channel_data),
		cmocka_unit_test(test_dns_of_one_length_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
