/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/trust.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define BEGIN "-----BEGIN "

static void clean(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

/* Why libcrypto has failed last. */
static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text ? text : "it can't be read";
}

static bool read_subject(X509 *certificate, struct jb_trust_anchor *anchor)
{
	BIO *out = BIO_new(BIO_s_mem());
	int len = -1;

	if (out &&
	    X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
		len = BIO_read(out, anchor->subject, sizeof(anchor->subject) - 1);
		if (len < 0 && !BIO_pending(out)) /* the empty name */
			len = 0;
	}
	BIO_free(out);
	anchor->subject[len < 0 ? 0 : len] = '\0';
	clean(anchor->subject);
	return len >= 0;
}

/* What isn't all there would name another one. */
static bool read_serial(X509 *certificate, struct jb_trust_anchor *anchor)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *text = number ? BN_bn2hex(number) : NULL;
	bool fits = text && strlen(text) < sizeof(anchor->serial);

	if (fits)
		snprintf(anchor->serial, sizeof(anchor->serial), "%s", text);
	OPENSSL_free(text);
	BN_free(number);
	return fits;
}

static bool read_expiry(X509 *certificate, struct jb_trust_anchor *anchor)
{
	struct tm time;

	if (!ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time))
		return false;
	anchor->expiry_s = timegm(&time);
	return true;
}

/* What is wrong, or NULL. */
static const char *read_certificate(const unsigned char *der, long len, struct jb_trust_anchor *ret)
{
	const unsigned char *end = der;
	X509 *certificate = d2i_X509(NULL, &end, len);
	const char *wrong = NULL;

	if (!certificate)
		return reason();
	if (end != der + len)
		wrong = "more than a certificate";
	else if (!read_subject(certificate, ret))
		wrong = "the subject can't be told";
	else if (!read_serial(certificate, ret))
		wrong = "the serial number is too long";
	else if (!read_expiry(certificate, ret))
		wrong = "no time until which it is valid";
	X509_free(certificate);
	return wrong;
}

static void add(struct jb_trust_bundle *bundle, const struct jb_trust_anchor *anchor)
{
	for (size_t i = 0; i < bundle->count; i++) {
		struct jb_trust_anchor *known = &bundle->anchor[i];

		if (strcmp(known->subject, anchor->subject) != 0 ||
		    strcmp(known->serial, anchor->serial) != 0)
			continue;
		if (known->expiry_s > anchor->expiry_s)
			known->expiry_s = anchor->expiry_s;
		return;
	}
	if (bundle->count < JB_TRUST_ANCHORS_MAX)
		bundle->anchor[bundle->count++] = *anchor;
	else
		bundle->no_room++;
}

/* Reads a block of PEM and what is behind it. What is wrong, or NULL. */
static const char *read_block(const char *pem, size_t len, struct jb_trust_anchor *ret)
{
	const char *wrong = "not a certificate";
	BIO *in = BIO_new_mem_buf(pem, (int)len);
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long der_len;

	ERR_clear_error();
	if (!in || !PEM_read_bio(in, &name, &header, &der, &der_len))
		wrong = reason();
	else if (!strcmp(name, PEM_STRING_X509) || !strcmp(name, PEM_STRING_X509_OLD))
		wrong = read_certificate(der, der_len, ret);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(in);
	ERR_clear_error();
	return wrong;
}

/* The next line that begins a block; NULL: there is none. */
static const char *find_block(const char *pem, const char *at, const char *end)
{
	while ((at = memmem(at, (size_t)(end - at), BEGIN, strlen(BEGIN)))) {
		if (at == pem || at[-1] == '\n' || at[-1] == '\r')
			return at;
		at++;
	}
	return NULL;
}

/* One after the other, so that a broken one spoils no other. */
static void read_all(const char *pem, size_t len, struct jb_trust_bundle *bundle)
{
	const char *end = pem + len, *at = find_block(pem, pem, end), *next;

	for (size_t number = 1; at; number++, at = next) {
		struct jb_trust_anchor anchor = {};
		const char *wrong;

		next = find_block(pem, at + 1, end);
		wrong = read_block(at, (size_t)((next ? next : end) - at), &anchor);
		if (!wrong)
			add(bundle, &anchor);
		else if (!bundle->refused++)
			snprintf(bundle->why, sizeof(bundle->why), "block %zu of PEM: %.200s",
				 number, wrong);
	}
	clean(bundle->why);
}

int jb_trust_read(const char *pem, size_t len, struct jb_trust_bundle *ret_bundle, char *error)
{
	struct jb_trust_bundle bundle = {};

	if (len > JB_TRUST_PEM_MAX) {
		snprintf(error, JB_TRUST_LINE, "%zu octets: more than %d", len, JB_TRUST_PEM_MAX);
		return -E2BIG;
	}
	read_all(pem, len, &bundle);
	if (!bundle.count) {
		snprintf(error, JB_TRUST_LINE, "no certificate%s%.230s", *bundle.why ? ": " : "",
			 bundle.why);
		return -EBADMSG;
	}
	*ret_bundle = bundle;
	return 0;
}
