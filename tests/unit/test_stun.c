/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/stun.h>

/* The header of RFC 5769 2.1 with another type and length. */
static bool parse(struct jb_stun *ret, __u16 type, __u16 attributes, __u32 length)
{
	__u8 b[JB_STUN_HEADER_LEN] __attribute__((aligned(4))) = {type >> 8,
								  type & 0xff,
								  attributes >> 8,
								  attributes & 0xff,
								  0x21,
								  0x12,
								  0xa4,
								  0x42,
								  0xb7,
								  0xe7,
								  0xa7,
								  0x01,
								  0xbc,
								  0x34,
								  0xd6,
								  0x86,
								  0xfa,
								  0x87,
								  0xdf,
								  0xae};

	return jb_stun_parse(ret, b, length);
}

static void test_messages(void **state)
{
	static const struct {
		const char *name;
		__u16 type, attributes, method;
		enum jb_stun_class klass;
	} messages[] = {
		{"RFC 5769 2.1 Binding request", 0x0001, 0x58, 1, JB_STUN_REQUEST},
		{"RFC 5769 2.2 Binding response", 0x0101, 0x3c, 1, JB_STUN_SUCCESS},
		{"Binding error", 0x0111, 0x24, 1, JB_STUN_ERROR},
		{"Binding indication (keepalive)", 0x0011, 0, 1, JB_STUN_INDICATION},
		{"Allocate request", 0x0003, 0x08, 3, JB_STUN_REQUEST},
		{"Allocate error (401)", 0x0113, 0x54, 3, JB_STUN_ERROR},
		{"Refresh success", 0x0104, 0x20, 4, JB_STUN_SUCCESS},
		{"Send indication", 0x0016, 0x00a4, 6, JB_STUN_INDICATION},
		{"Data indication", 0x0017, 0x00a4, 7, JB_STUN_INDICATION},
		{"CreatePermission request", 0x0008, 0x78, 8, JB_STUN_REQUEST},
		{"ChannelBind success", 0x0109, 0x20, 9, JB_STUN_SUCCESS},
		{"GOOG_PING request", 0x0200, 0x18, 0x80, JB_STUN_REQUEST},
		{"GOOG_PING response", 0x0300, 0x18, 0x80, JB_STUN_SUCCESS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct jb_stun stun;
		__u16 attributes = messages[i].attributes;

		assert_true(parse(&stun, messages[i].type, attributes, 20 + attributes));
		assert_int_equal(stun.method, messages[i].method);
		assert_int_equal(stun.klass, messages[i].klass);
		assert_int_equal(stun.transaction[0], 0xb7e7a701);
		assert_int_equal(stun.transaction[1], 0xbc34d686);
		assert_int_equal(stun.transaction[2], 0xfa87dfae);
		assert_int_equal(stun.zero, 0);
	}
}

/* Each type is a method and a class of its own. */
static void test_all_types(void **state)
{
	static __u8 seen[JB_STUN_CLASS_MAX][0x1000];
	struct jb_stun stun;

	(void)state;
	for (unsigned int type = 0; type < 0x10000; type++) {
		assert_int_equal(parse(&stun, type, 0, 20), type < 0x4000);
		if (type >= 0x4000)
			continue;
		assert_true(stun.klass < JB_STUN_CLASS_MAX && stun.method < 0x1000);
		assert_int_equal(seen[stun.klass][stun.method]++, 0);
	}
}

static void test_lengths(void **state)
{
	struct jb_stun stun;

	(void)state;
	for (__u32 attributes = 0; attributes < 0x10000; attributes++)
		assert_int_equal(parse(&stun, 1, attributes, 20 + attributes), !(attributes & 3));
	for (__u32 length = 0; length < 0x20000; length++)
		assert_int_equal(parse(&stun, 1, 0x58, length), length == 20 + 0x58);
}

static void test_cookie(void **state)
{
	(void)state;
	for (int bit = 0; bit < 32; bit++) {
		__u8 b[JB_STUN_HEADER_LEN]
			__attribute__((aligned(4))) = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
		struct jb_stun stun;

		assert_true(jb_stun_parse(&stun, b, sizeof(b)));
		b[4 + bit / 8] ^= 1 << bit % 8;
		memset(&stun, 0x5a, sizeof(stun));
		assert_false(jb_stun_parse(&stun, b, sizeof(b)));
		assert_int_equal(stun.method, 0x5a5a); /* untouched */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_all_types),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
