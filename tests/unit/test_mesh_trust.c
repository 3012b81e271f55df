/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "certificates.h"
#include "mesh/trust.h"

#define ROOT "CN=root.linkerd.cluster.local"
#define HALF                                                                                       \
	"-----BEGIN CERTIFICATE-----\nMIIBZDCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAiMRIwEAYDVQQKDAlK\n"
#define KEY     "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
#define NO_CERT "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

/* In memory of just that size, so that a sanitizer sees who reads beyond. */
static int read_octets(const char *pem, size_t len, struct jb_trust_bundle *ret, char *error)
{
	char *copy = malloc(len + 1);
	int err;

	memcpy(copy, pem, len);
	copy = realloc(copy, len ? len : 1);
	err = jb_trust_read(copy, len, ret, error);
	free(copy);
	return err;
}

static struct jb_trust_bundle read_bundle(const char *pem)
{
	struct jb_trust_bundle bundle;
	char error[JB_TRUST_LINE];

	if (read_octets(pem, strlen(pem), &bundle, error))
		fail_msg("%s", error);
	return bundle;
}

static void check(const struct jb_trust_anchor *anchor, const char *subject, const char *serial,
		  int64_t expiry_s)
{
	assert_string_equal(anchor->subject, subject);
	assert_string_equal(anchor->serial, serial);
	assert_int_equal(anchor->expiry_s, expiry_s);
}

static void test_anchors(void **state)
{
	struct jb_trust_bundle bundle = read_bundle("# now\n" FIRST_ANCHOR
						    "\nissuer: x\n" NEXT_ANCHOR OLD_ANCHOR
						    "the end " ETERNAL_ANCHOR "\n" ETERNAL_ANCHOR);

	(void)state;
	assert_int_equal(bundle.count, 4);
	assert_int_equal(bundle.refused + bundle.no_room, 0);
	assert_string_equal(bundle.why, "");
	check(&bundle.anchor[0], ROOT, "0A1B", 2398377600);
	check(&bundle.anchor[1], ROOT, "C0FFEE0102030405060708090A0B0C0D0E0F10", 5243574896);
	check(&bundle.anchor[2], "CN=a b,O=J\\, S\\C3\\B6hne", "01", 1609459200);
	check(&bundle.anchor[3], "CN=forever", "7F", 253402300799);
}

static void test_line_breaks(void **state)
{
	static const char pem[] = FIRST_ANCHOR OLD_ANCHOR;
	char other[2 * sizeof(pem)] = "", *end = other;
	struct jb_trust_bundle bundle;

	(void)state;
	for (const char *c = pem; *c; c++) {
		if (*c == '\n')
			*end++ = '\r';
		*end++ = *c;
	}
	bundle = read_bundle(other);
	assert_int_equal(bundle.count, 2);
	end[-2] = '\0'; /* no line break at the end */
	bundle = read_bundle(other);
	assert_int_equal(bundle.count, 2);
}

static void test_one_name_is_one_anchor(void **state)
{
	static const char *const pems[] = {FIRST_ANCHOR SAME_ANCHOR, SAME_ANCHOR FIRST_ANCHOR};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct jb_trust_bundle bundle = read_bundle(pems[i]);

		assert_int_equal(bundle.count, 1);
		check(&bundle.anchor[0], ROOT, "0A1B", 2240611200);
	}
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *pem;
		size_t refused;
		const char *why;
	} cases[] = {
		{KEY FIRST_ANCHOR, 1, "block 1 of PEM: not a certificate"},
		{FIRST_ANCHOR KEY KEY, 2, "block 2 of PEM: not a certificate"},
		{NO_CERT FIRST_ANCHOR KEY, 2, "block 1 of PEM: "},
		{HALF FIRST_ANCHOR, 1, "block 1 of PEM: "},
		{FIRST_ANCHOR HALF, 1, "block 2 of PEM: "},
		{"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n" FIRST_ANCHOR, 1,
		 "block 1 of PEM: "},
		{"-----BEGIN \n" FIRST_ANCHOR, 1, "block 1 of PEM: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct jb_trust_bundle bundle = read_bundle(cases[i].pem);

		assert_int_equal(bundle.count, 1);
		assert_string_equal(bundle.anchor[0].serial, "0A1B");
		assert_int_equal(bundle.refused, cases[i].refused);
		assert_ptr_equal(strstr(bundle.why, cases[i].why), bundle.why);
	}
}

static void test_no_certificate(void **state)
{
	static const struct {
		const char *pem, *error;
	} cases[] = {
		{"", "no certificate"},
		{"hello\n", "no certificate"},
		{"  " FIRST_ANCHOR, "no certificate"},
		{"\xff\xfe\n-----BEGIN", "no certificate"},
		{KEY, "no certificate: block 1 of PEM: not a certificate"},
		{HALF, "no certificate: block 1 of PEM: "},
		{NO_CERT, "no certificate: block 1 of PEM: "},
		{"-----BEGIN \n", "no certificate: block 1 of PEM: "},
	};
	struct jb_trust_bundle bundle = {.count = 7};
	char error[JB_TRUST_LINE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(read_octets(cases[i].pem, strlen(cases[i].pem), &bundle, error),
				 -EBADMSG);
		assert_ptr_equal(strstr(error, cases[i].error), error);
		assert_int_equal(bundle.count, 7);
	}
	assert_int_equal(read_octets("\0\n" FIRST_ANCHOR, sizeof(FIRST_ANCHOR) + 1, &bundle, error),
			 0);
	assert_int_equal(bundle.count, 1);
}

static void test_too_large(void **state)
{
	char *pem = malloc(JB_TRUST_PEM_MAX + 1), error[JB_TRUST_LINE];
	struct jb_trust_bundle bundle = {.count = 7};

	(void)state;
	memset(pem, 'x', JB_TRUST_PEM_MAX + 1);
	memcpy(pem, FIRST_ANCHOR, strlen(FIRST_ANCHOR));
	assert_int_equal(jb_trust_read(pem, JB_TRUST_PEM_MAX + 1, &bundle, error), -E2BIG);
	assert_string_equal(error, "262145 octets: more than 262144");
	assert_int_equal(bundle.count, 7);
	assert_int_equal(jb_trust_read(pem, JB_TRUST_PEM_MAX, &bundle, error), 0);
	assert_int_equal(bundle.count, 1);
	/* As many blocks as there can be. */
	for (int i = 0; i + 12 <= JB_TRUST_PEM_MAX; i += 12)
		memcpy(pem + i, "-----BEGIN \n", 12);
	assert_int_equal(jb_trust_read(pem, JB_TRUST_PEM_MAX, &bundle, error), -EBADMSG);
	free(pem);
}

/* Appends a certificate to what is in `out`. */
static void make(BIO *out, const char *name, const char *serial)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509_NAME *subject = X509_NAME_new();
	X509 *certificate = X509_new();
	BIGNUM *number = NULL;

	assert_true(BN_hex2bn(&number, serial));
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	for (size_t i = 0; i < strlen(name); i += 60) /* 64 octets are a name's bound */
		assert_true(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
						       (const unsigned char *)name + i,
						       strnlen(name + i, 60), -1, 0));
	X509_set_subject_name(certificate, subject);
	X509_set_pubkey(certificate, key);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "20460101000000Z");
	assert_true(X509_sign(certificate, key, NULL));
	assert_true(PEM_write_bio_X509(out, certificate));
	BN_free(number);
	X509_NAME_free(subject);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static struct jb_trust_bundle read_made(BIO *made)
{
	struct jb_trust_bundle bundle;
	char error[JB_TRUST_LINE], *pem;
	long len = BIO_get_mem_data(made, &pem);

	assert_int_equal(read_octets(pem, (size_t)len, &bundle, error), 0);
	BIO_free(made);
	return bundle;
}

static void test_many(void **state)
{
	BIO *made = BIO_new(BIO_s_mem());
	struct jb_trust_bundle bundle;
	char serial[8];

	(void)state;
	for (int i = 0; i < JB_TRUST_ANCHORS_MAX + 3; i++) {
		snprintf(serial, sizeof(serial), "%02X", i + 1);
		make(made, "x", serial);
	}
	make(made, "x", "01"); /* is there */
	bundle = read_made(made);
	assert_int_equal(bundle.count, JB_TRUST_ANCHORS_MAX);
	assert_int_equal(bundle.no_room, 3);
	check(&bundle.anchor[JB_TRUST_ANCHORS_MAX - 1], "CN=x", "10", 2398377600);
}

static void test_long_ones(void **state)
{
	char name[400], serial[65];
	BIO *made = BIO_new(BIO_s_mem());
	struct jb_trust_bundle bundle;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(serial, 'A', 64);
	serial[64] = '\0';
	make(made, name, "01");
	make(made, "longest", serial + 2);
	make(made, "too long", serial);
	make(made, "", "02");
	make(made, "a\nb\x7f\"+\xe2\x82\xac", "03");
	bundle = read_made(made);
	assert_int_equal(bundle.count, 4);
	assert_int_equal(strlen(bundle.anchor[0].subject), sizeof(bundle.anchor->subject) - 1);
	assert_string_equal(bundle.anchor[1].serial, serial + 2);
	assert_string_equal(bundle.anchor[2].subject, "");
	assert_string_equal(bundle.anchor[3].subject, "CN=a\\0Ab\\7F\\\"\\+\\E2\\82\\AC");
	assert_int_equal(bundle.refused, 1);
	assert_string_equal(bundle.why, "block 3 of PEM: the serial number is too long");
}

static void test_more_than_a_certificate(void **state)
{
	unsigned char der[1024] = "", *end = der;
	BIO *in = BIO_new_mem_buf(FIRST_ANCHOR, -1), *made = BIO_new(BIO_s_mem());
	X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
	int len = i2d_X509(certificate, NULL);
	struct jb_trust_bundle bundle;

	(void)state;
	assert_in_range(len, 1, sizeof(der) - 1);
	i2d_X509(certificate, &end);
	assert_true(PEM_write_bio(made, "CERTIFICATE", "", der, len + 1));
	assert_true(PEM_write_bio(made, "X509 CERTIFICATE", "", der, len));
	X509_free(certificate);
	BIO_free(in);
	bundle = read_made(made);
	assert_int_equal(bundle.count, 1);
	assert_int_equal(bundle.refused, 1);
	assert_string_equal(bundle.why, "block 1 of PEM: more than a certificate");
}

/* Each octet changed, and each beginning: nothing worse than what is refused. */
static void test_broken_ones(void **state)
{
	static const char pem[] = FIRST_ANCHOR NEXT_ANCHOR;
	struct jb_trust_bundle bundle;
	char copy[sizeof(pem)], error[JB_TRUST_LINE];

	(void)state;
	for (size_t i = 0; i < sizeof(pem) - 1; i++) {
		int err = read_octets(pem, i, &bundle, error);

		/* The END of the last line counts without its line break. */
		assert_int_equal(err, i < sizeof(FIRST_ANCHOR) - 2 ? -EBADMSG : 0);
		memcpy(copy, pem, sizeof(pem));
		copy[i] ^= 1 << i % 7;
		if (i == sizeof(FIRST_ANCHOR) - 2) /* what stands between them */
			continue;
		if (read_octets(copy, sizeof(pem) - 1, &bundle, error))
			fail_msg("octet %zu: %s", i, error);
		assert_true(bundle.count + bundle.refused <= 2 && bundle.count > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anchors),
		cmocka_unit_test(test_line_breaks),
		cmocka_unit_test(test_one_name_is_one_anchor),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_no_certificate),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_long_ones),
		cmocka_unit_test(test_more_than_a_certificate),
		cmocka_unit_test(test_broken_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
