/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/dtls.h>

#include "random.h"
#include "reader.h"

struct datagram {
	__u8 octets[2048];
	__u32 length;
};

static enum jb_dtls_step step_of(const __u8 *octets, __u32 length)
{
	struct jb_memory m = {octets, length, NULL};

	return jb_dtls_step(jb_memory_read, &m, length);
}

/* Appends a record of `size` octets, the first of which is `message`. */
static void add(struct datagram *d, int type, int minor, int epoch, __u32 size, int message)
{
	__u8 *b = d->octets + d->length;

	memset(b, 0, 13 + size);
	b[0] = type;
	b[1] = 0xfe;
	b[2] = minor;
	b[3] = epoch >> 8;
	b[4] = epoch & 0xff;
	b[10] = 5; /* record number */
	b[11] = size >> 8;
	b[12] = size & 0xff;
	if (size)
		b[13] = message;
	d->length += 13 + size;
}

/* The datagrams of a handshake of OpenSSL 3.0, as `openssl s_client -dtls1_2` has it. */
static void test_openssl_handshake(void **state)
{
	static const struct {
		struct {
			int type, minor, epoch, size, message;
		} records[3];
		enum jb_dtls_step step;
	} flights[] = {
		{{{22, 0xff, 0, 192, 1}}, JB_DTLS_HELLO},
		{{{22, 0xff, 0, 35, 3}}, JB_DTLS_NOTHING}, /* HelloVerifyRequest */
		{{{22, 0xff, 0, 212, 1}}, JB_DTLS_HELLO},  /* with the cookie */
		{{{22, 0xfd, 0, 73, 2}, {22, 0xfd, 0, 129, 11}}, JB_DTLS_NOTHING},
		{{{22, 0xfd, 0, 215, 11}}, JB_DTLS_NOTHING},
		{{{22, 0xfd, 0, 175, 12}, {22, 0xfd, 0, 12, 14}}, JB_DTLS_NOTHING},
		{{{22, 0xfd, 0, 45, 16}, {20, 0xfd, 0, 1, 1}, {22, 0xfd, 1, 48, 0x34}},
		 JB_DTLS_FINISH},
		{{{22, 0xfd, 0, 194, 4}}, JB_DTLS_NOTHING},
		{{{20, 0xfd, 0, 1, 1}, {22, 0xfd, 1, 48, 0x91}}, JB_DTLS_FINISH},
		{{{23, 0xfd, 1, 100, 0x77}}, JB_DTLS_FINISH}, /* data */
		{{{21, 0xfd, 0, 2, 2}}, JB_DTLS_NOTHING},     /* alert in clear */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flights) / sizeof(flights[0]); i++) {
		struct datagram d = {.length = 0};

		for (int j = 0; j < 3 && flights[i].records[j].type; j++)
			add(&d, flights[i].records[j].type, flights[i].records[j].minor,
			    flights[i].records[j].epoch, flights[i].records[j].size,
			    flights[i].records[j].message);
		assert_int_equal(step_of(d.octets, d.length), flights[i].step);
	}
}

static void test_client_hello_cut_at_every_length(void **state)
{
	struct datagram d = {.length = 0};

	(void)state;
	add(&d, 22, 0xff, 0, 192, 1);
	for (__u32 length = 0; length <= d.length; length++)
		assert_int_equal(step_of(d.octets, length),
				 length == d.length ? JB_DTLS_HELLO : JB_DTLS_NOTHING);
	for (__u32 size = 0; size < 20; size++) {
		d.length = 0;
		add(&d, 22, 0xfd, 0, size, 1);
		assert_int_equal(step_of(d.octets, d.length),
				 size >= 12 ? JB_DTLS_HELLO : JB_DTLS_NOTHING);
	}
}

static void test_types_and_epochs(void **state)
{
	(void)state;
	for (int type = 0; type < 32; type++)
		for (int epoch = 0; epoch <= 0x101; epoch++) {
			struct datagram d = {.length = 0};
			bool record = type >= 20 && type <= 26;

			add(&d, type, 0xfd, epoch, 40, 2);
			assert_int_equal(step_of(d.octets, d.length),
					 record && (epoch || type == 20) ? JB_DTLS_FINISH
									 : JB_DTLS_NOTHING);
		}
}

static void test_versions(void **state)
{
	(void)state;
	for (int minor = 0; minor < 256; minor++) {
		struct datagram d = {.length = 0};

		add(&d, 22, minor, 0, 100, 1);
		assert_int_equal(step_of(d.octets, d.length),
				 minor == 0xff || minor == 0xfd ? JB_DTLS_HELLO : JB_DTLS_NOTHING);
		d.octets[1] = 3; /* TLS over UDP is no DTLS */
		assert_int_equal(step_of(d.octets, d.length), JB_DTLS_NOTHING);
	}
}

static void test_change_cipher_spec_has_content(void **state)
{
	struct datagram d = {.length = 0};

	(void)state;
	add(&d, 20, 0xfd, 0, 0, 0);
	assert_int_equal(step_of(d.octets, d.length), JB_DTLS_NOTHING);
	d.octets[d.length] = 0; /* octets behind it are not its own */
	assert_int_equal(step_of(d.octets, d.length + 1), JB_DTLS_NOTHING);
	d.length = 0;
	add(&d, 20, 0xfd, 0, 1, 1);
	assert_int_equal(step_of(d.octets, d.length), JB_DTLS_FINISH);
}

static void test_the_first_that_shows_anything(void **state)
{
	struct datagram d = {.length = 0};

	(void)state;
	add(&d, 22, 0xfd, 0, 100, 1);
	add(&d, 20, 0xfd, 0, 1, 1);
	assert_int_equal(step_of(d.octets, d.length), JB_DTLS_HELLO);
}

static void test_eight_records(void **state)
{
	(void)state;
	for (int before = 0; before < 12; before++) {
		struct datagram d = {.length = 0};

		for (int i = 0; i < before; i++)
			add(&d, 22, 0xfd, 0, 50, 11);
		add(&d, 22, 0xfd, 0, 100, 1);
		assert_int_equal(step_of(d.octets, d.length),
				 before < 8 ? JB_DTLS_HELLO : JB_DTLS_NOTHING);
	}
}

static __u32 random_of(const struct datagram *d, __u32 length)
{
	struct jb_memory m = {d->octets, length, NULL};

	return jb_dtls_random(jb_memory_read, &m, length);
}

/* The octets of a ClientHello behind the four that may tell the time. */
static void test_random(void **state)
{
	static const __u8 random[] = {0x5f, 0, 0, 1, 0, 0xca, 0xfe, 0xba, 0xbe};
	struct datagram d = {.length = 0};

	(void)state;
	add(&d, 22, 0xff, 0, 192, 1);
	memcpy(d.octets + 27, random, sizeof(random));
	assert_int_equal(random_of(&d, d.length), 0xcafebabe);
	for (__u32 length = 0; length < 36; length++)
		assert_int_equal(random_of(&d, length), 0);
	for (int i = 19; i < 22; i++) { /* a later fragment's are others */
		d.octets[i] = 1;
		assert_int_equal(random_of(&d, d.length), 0);
		d.octets[i] = 0;
	}
	for (int i = 0; i < 14; i++) {
		if (i >= 5 && i < 11) /* record number */
			continue;
		d.octets[i] ^= 0x80;
		assert_int_equal(random_of(&d, d.length), i < 11 || i == 13 ? 0 : 0xcafebabe);
		d.octets[i] ^= 0x80;
	}
}

/* Each form of DTLS 1.3's unified header with each length of ciphertext, alone and padded. */
static void test_unified_header(void **state)
{
	(void)state;
	for (int first = 0x20; first < 0x40; first++)
		for (__u32 size = 0; size < 40; size++) {
			bool cid = first & 0x10, has_length = first & 0x04;
			__u32 at = first & 0x08 ? 3 : 2;
			__u32 header = at + (has_length ? 2 : 0);
			struct datagram d = {.octets = {first}, .length = header + size};
			enum jb_dtls_step expected = size >= 16 ? JB_DTLS_FINISH : JB_DTLS_NOTHING;

			if (has_length)
				d.octets[at + 1] = size;
			assert_int_equal(step_of(d.octets, d.length), expected);
			if (has_length && !cid && size)
				assert_int_equal(step_of(d.octets, d.length - 1), JB_DTLS_NOTHING);
			if (has_length && !cid)
				assert_int_equal(step_of(d.octets, d.length + 100), expected);
		}
}

/* A server's first flight in 1.3: ServerHello in clear, the rest under the handshake's keys. */
static void test_dtls_13_server_flight(void **state)
{
	struct datagram d = {.length = 0};

	(void)state;
	add(&d, 22, 0xfd, 0, 90, 2);
	assert_int_equal(step_of(d.octets, d.length), JB_DTLS_NOTHING);
	d.octets[d.length] = 0x2e;
	d.octets[d.length + 4] = 60;
	assert_int_equal(step_of(d.octets, d.length + 5 + 60), JB_DTLS_FINISH);
	assert_int_equal(step_of(d.octets, d.length + 5 + 59), JB_DTLS_NOTHING);
}

static void test_connection_id(void **state)
{
	struct datagram d = {.length = 0};

	(void)state;
	add(&d, 25, 0xfd, 1, 30, 0);
	d.octets[11] = 0xff; /* an octet of the id */
	assert_int_equal(step_of(d.octets, d.length), JB_DTLS_FINISH);
	d.octets[4] = 0; /* never in clear */
	assert_int_equal(step_of(d.octets, d.length), JB_DTLS_NOTHING);
}

static void test_reader_that_fails(void **state)
{
	struct datagram d = {.length = 0};

	(void)state;
	add(&d, 22, 0xfd, 0, 50, 11);
	add(&d, 22, 0xfd, 0, 50, 1);
	for (int call = 0; call <= 2; call++) {
		int fail_at = call;
		struct jb_memory m = {d.octets, d.length, &fail_at};

		assert_int_equal(jb_dtls_step(jb_memory_read, &m, d.length),
				 call == 2 ? JB_DTLS_HELLO : JB_DTLS_NOTHING);
	}
}

/* Never reads beyond the datagram (the reader asserts it). */
static void test_random_octets(void **state)
{
	struct jb_random random = {3};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct datagram d = {.length = 0};
		__u32 records = jb_random_below(&random, 10);

		for (__u32 j = 0; j < records; j++)
			add(&d, 20 + jb_random_below(&random, 8), 0xfd, 0,
			    jb_random_below(&random, 30), jb_random_below(&random, 4));
		for (int j = 0; j < 2 && d.length; j++)
			d.octets[jb_random_below(&random, d.length)] = jb_random_next(&random);
		step_of(d.octets, jb_random_below(&random, d.length + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openssl_handshake),
		cmocka_unit_test(test_client_hello_cut_at_every_length),
		cmocka_unit_test(test_types_and_epochs),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_change_cipher_spec_has_content),
		cmocka_unit_test(test_the_first_that_shows_anything),
		cmocka_unit_test(test_eight_records),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_unified_header),
		cmocka_unit_test(test_dtls_13_server_flight),
		cmocka_unit_test(test_connection_id),
		cmocka_unit_test(test_reader_that_fails),
		cmocka_unit_test(test_random_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
