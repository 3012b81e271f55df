/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "web/guard.h"
#include "web/token.h"

struct peer {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

static struct peer peer(const char *address)
{
	struct peer p;

	memset(&p, 0, sizeof(p));
	if (inet_pton(AF_INET, address, &p.v4.sin_addr) == 1) {
		p.v4.sin_family = AF_INET;
		return p;
	}
	assert_int_equal(inet_pton(AF_INET6, address, &p.v6.sin6_addr), 1);
	p.v6.sin6_family = AF_INET6;
	return p;
}

static bool peer_is_loopback(const char *address)
{
	struct peer p = peer(address);

	return jb_guard_peer_is_loopback(&p.any);
}

static void test_peers(void **state)
{
	const struct sockaddr_un local = {.sun_family = AF_UNIX};

	(void)state;
	assert_true(peer_is_loopback("127.0.0.1"));
	assert_true(peer_is_loopback("127.255.255.254"));
	assert_true(peer_is_loopback("::1"));
	assert_true(peer_is_loopback("::ffff:127.0.0.1"));
	assert_true(peer_is_loopback("::ffff:127.9.9.9"));
	assert_false(peer_is_loopback("128.0.0.1"));
	assert_false(peer_is_loopback("126.255.255.255"));
	assert_false(peer_is_loopback("0.0.0.0"));
	assert_false(peer_is_loopback("10.0.0.127"));
	assert_false(peer_is_loopback("::"));
	assert_false(peer_is_loopback("::2"));
	assert_false(peer_is_loopback("::127.0.0.1"));
	assert_false(peer_is_loopback("::ffff:10.0.0.1"));
	assert_false(peer_is_loopback("fe80::1"));
	assert_false(jb_guard_peer_is_loopback(NULL));
	assert_false(jb_guard_peer_is_loopback((const struct sockaddr *)&local));
}

static void test_hosts(void **state)
{
	static const char *const good[] = {
		"localhost",  "LocalHost:9504",  "localhost:",
		"127.0.0.1",  "127.1.2.3:65535", "[::1]",
		"[::1]:9504", "[0:0::1]:1",      "[::ffff:127.0.0.1]:80",
	};
	static const char *const bad[] = {
		"",
		"evil.example",
		"evil.example:9504",
		"localhost.evil.example",
		"evil.localhost",
		"127.0.0.1.evil.example",
		"localhost:9504.evil.example",
		"localhost:123456",
		"localhost:-1",
		"localhost:1:2",
		"localhost ",
		" localhost",
		"user@localhost",
		"127.1",
		"2130706433",
		"0x7f.0.0.1",
		"0.0.0.0",
		"10.0.0.1:9504",
		"::1",
		"[::1",
		"[::1]x",
		"[::1]]",
		"[]",
		"[127.0.0.1]",
		"[localhost]",
		"[::1%lo]",
		"[::2]",
		"[::ffff:10.0.0.1]",
		":9504",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!jb_guard_host_is_loopback(good[i]))
			fail_msg("denied: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (jb_guard_host_is_loopback(bad[i]))
			fail_msg("allowed: %s", bad[i]);
	assert_false(jb_guard_host_is_loopback(NULL));
}

static struct jb_token token_of(const char *value)
{
	struct jb_token token = {.len = strlen(value)};

	memcpy(token.value, value, token.len);
	return token;
}

static void test_bearer(void **state)
{
	const struct jb_token token = token_of("s3cret");
	const struct jb_token none = {0};
	char longest[JB_TOKEN_MAX + 16];

	(void)state;
	assert_true(jb_token_matches(&token, "Bearer s3cret"));
	assert_true(jb_token_matches(&token, "bEARER   s3cret"));
	assert_false(jb_token_matches(&token, NULL));
	assert_false(jb_token_matches(&token, ""));
	assert_false(jb_token_matches(&token, "Bearer"));
	assert_false(jb_token_matches(&token, "Bearer "));
	assert_false(jb_token_matches(&token, "Bearers3cret"));
	assert_false(jb_token_matches(&token, "Basic s3cret"));
	assert_false(jb_token_matches(&token, "Bearer s3cre"));
	assert_false(jb_token_matches(&token, "Bearer s3cret0"));
	assert_false(jb_token_matches(&token, "Bearer s3cret "));
	assert_false(jb_token_matches(&token, "Bearer S3cret"));
	assert_false(jb_token_matches(&none, "Bearer "));
	assert_false(jb_token_matches(&none, "Bearer x"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest, "Bearer ", 7);
	assert_false(jb_token_matches(&token, longest));
}

static void test_allows(void **state)
{
	const struct jb_token token = token_of("s3cret");
	const struct peer near = peer("127.0.0.1");
	const struct peer far = peer("10.0.0.1");

	(void)state;
	assert_true(jb_guard_allows(&near.any, "localhost:9504", NULL, NULL));
	assert_false(jb_guard_allows(&near.any, "evil.example", NULL, NULL));
	assert_false(jb_guard_allows(&near.any, NULL, NULL, NULL));
	assert_false(jb_guard_allows(&far.any, "localhost:9504", NULL, NULL));
	assert_false(jb_guard_allows(&far.any, "node:9504", "Bearer s3cret", NULL));
	assert_false(jb_guard_allows(&far.any, "localhost", "Bearer wrong", &token));
	assert_true(jb_guard_allows(&far.any, "node:9504", "Bearer s3cret", &token));
	assert_true(jb_guard_allows(&near.any, "evil.example", "Bearer s3cret", &token));
	assert_true(jb_guard_allows(&near.any, "localhost", "Bearer wrong", &token));
}

struct directory {
	char path[64];
	char file[80];
	char other[80];
};

static int make_directory(void **state)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (!d)
		return -1;
	strcpy(d->path, "/tmp/jb_guard.XXXXXX");
	if (!mkdtemp(d->path))
		return -1;
	snprintf(d->file, sizeof(d->file), "%s/token", d->path);
	snprintf(d->other, sizeof(d->other), "%s/other", d->path);
	*state = d;
	return 0;
}

static int remove_directory(void **state)
{
	struct directory *d = *state;

	unlink(d->file);
	unlink(d->other);
	rmdir(d->path);
	free(d);
	return 0;
}

static void write_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int refresh_with(struct directory *d, struct jb_token *token, const char *text)
{
	write_bytes(d->file, text, strlen(text));
	return jb_token_refresh(token);
}

static void test_token_file(void **state)
{
	struct directory *d = *state;
	struct jb_token token = {.path = d->file};

	assert_int_equal(jb_token_refresh(&token), -ENOENT);
	assert_int_equal(refresh_with(d, &token, "first\r\n\n"), 0);
	assert_true(jb_token_matches(&token, "Bearer first"));
	assert_int_equal(jb_token_refresh(&token), 0);
	assert_true(jb_token_matches(&token, "Bearer first"));
	assert_int_equal(refresh_with(d, &token, "2nd"), 0);
	assert_true(jb_token_matches(&token, "Bearer 2nd"));
	assert_false(jb_token_matches(&token, "Bearer first"));
}

/* As a Kubernetes secret changes: another file under the same name, here of the same size. */
static void test_token_rotated(void **state)
{
	struct directory *d = *state;
	struct jb_token token = {.path = d->file};

	assert_int_equal(refresh_with(d, &token, "aaaa"), 0);
	write_bytes(d->other, "bbbb", 4);
	assert_int_equal(rename(d->other, d->file), 0);
	assert_int_equal(jb_token_refresh(&token), 0);
	assert_true(jb_token_matches(&token, "Bearer bbbb"));
	assert_false(jb_token_matches(&token, "Bearer aaaa"));
}

static void test_token_gone(void **state)
{
	struct directory *d = *state;
	struct jb_token token = {.path = d->file};

	assert_int_equal(refresh_with(d, &token, "aaaa"), 0);
	assert_int_equal(unlink(d->file), 0);
	assert_int_equal(jb_token_refresh(&token), -ENOENT);
	assert_false(jb_token_matches(&token, "Bearer aaaa"));
	assert_false(jb_token_matches(&token, "Bearer "));
	assert_int_equal(refresh_with(d, &token, "aaaa"), 0);
	assert_true(jb_token_matches(&token, "Bearer aaaa"));
}

static void test_token_errors(void **state)
{
	struct directory *d = *state;
	struct jb_token token = {.path = d->file};
	struct jb_token directory = {.path = d->path};
	struct jb_token fifo = {.path = d->other};
	char text[JB_TOKEN_MAX + 1];

	assert_int_equal(refresh_with(d, &token, ""), -ENODATA);
	assert_int_equal(refresh_with(d, &token, "\n\n"), -ENODATA);
	assert_int_equal(refresh_with(d, &token, "two words"), -EINVAL);
	assert_int_equal(refresh_with(d, &token, "two\nlines"), -EINVAL);
	assert_int_equal(refresh_with(d, &token, "\xc3\xa4"), -EINVAL);
	memset(text, 'x', sizeof(text));
	text[3] = '\0';
	write_bytes(d->file, text, 10);
	assert_int_equal(jb_token_refresh(&token), -EINVAL);
	text[3] = 'x';
	write_bytes(d->file, text, JB_TOKEN_MAX + 1);
	assert_int_equal(jb_token_refresh(&token), -EFBIG);
	assert_int_equal(token.len, 0);
	write_bytes(d->file, text, JB_TOKEN_MAX);
	assert_int_equal(jb_token_refresh(&token), 0);
	assert_int_equal(token.len, JB_TOKEN_MAX);
	assert_int_equal(jb_token_refresh(&directory), -EINVAL);
	assert_int_equal(mkfifo(d->other, 0600), 0);
	assert_int_equal(jb_token_refresh(&fifo), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_allows),
		cmocka_unit_test_setup_teardown(test_token_file, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_token_rotated, make_directory,
						remove_directory),
		cmocka_unit_test_setup_teardown(test_token_gone, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_token_errors, make_directory,
						remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
