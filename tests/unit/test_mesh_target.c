/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mesh/target.h"

enum { NAMESPACE_MAX = 63, POD_MAX = 253, URL_MAX = JB_MESH_URL_SIZE - 1 };

static struct jb_mesh_target target;

static void test_good(void **state)
{
	static const struct {
		const char *text, *namespace_, *pod, *url;
	} good[] = {
		{"shop/web-1=http://10.1.2.3:4191/metrics", "shop", "web-1",
		 "http://10.1.2.3:4191/metrics"},
		{"a/b.c=https://[fd00::1]:4191", "a", "b.c", "https://[fd00::1]:4191"},
		{"a/b=http://h/?x=y/z=1", "a", "b", "http://h/?x=y/z=1"},
		{"a/b=http://u:p@h", "a", "b", "http://u:p@h"},
		{"a/b/c=http://h", "a", "b/c", "http://h"},
		{"a/b=x://h#~", "a", "b", "x://h#~"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(jb_mesh_target_read(good[i].text, &target));
		assert_string_equal(target.namespace_, good[i].namespace_);
		assert_string_equal(target.pod, good[i].pod);
		assert_string_equal(target.url, good[i].url);
	}
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"=",
		"/",
		"/=",
		"a",
		"a/b",
		"a/b=",
		"a=http://h",
		"a/=http://h",
		"/b=http://h",
		"=a/b",
		"=a/http://h",
		"http://h",
		"a/b:http://h",
		"a/b=h",
		"a/b=http:",
		"a/b=http:/h",
		"a/b=http://",
		"a/b=http:///metrics",
		"a/b=http://?h",
		"a/b=http://#h",
		"a/b=://h",
		" a/b=http://h",
		"a/b =http://h",
		"a/b= http://h",
		"a/b=http://h ",
		"a/b=http://h\n",
		"a/b=http://h/\x1b[2J",
		"a/b=http://h\x7f",
		"a/b=http://h\xc3\xbc",
		"a\xff/b=http://h",
	};
	struct jb_mesh_target before;

	(void)state;
	memset(&target, 0xa5, sizeof(target));
	before = target;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(jb_mesh_target_read(bad[i], &target));
		assert_memory_equal(&target, &before, sizeof(target));
	}
}

/* Parts of these lengths, the URL's at least that of http://h. */
static bool read_lengths(size_t namespace_, size_t pod, size_t url)
{
	char text[1024];
	char *at = text;

	memset(text, 'a', sizeof(text));
	at[namespace_] = '/';
	at += namespace_ + 1;
	at[pod] = '=';
	at += pod + 1;
	memcpy(at, "http://h", 8);
	at[url] = '\0';
	return jb_mesh_target_read(text, &target);
}

static void test_lengths(void **state)
{
	(void)state;
	assert_true(read_lengths(1, 1, 8));
	assert_true(read_lengths(NAMESPACE_MAX, POD_MAX, URL_MAX));
	assert_int_equal(strlen(target.namespace_), NAMESPACE_MAX);
	assert_int_equal(strlen(target.pod), POD_MAX);
	assert_int_equal(strlen(target.url), URL_MAX);
	assert_false(read_lengths(NAMESPACE_MAX + 1, POD_MAX, URL_MAX));
	assert_false(read_lengths(NAMESPACE_MAX, POD_MAX + 1, URL_MAX));
	assert_false(read_lengths(NAMESPACE_MAX, POD_MAX, URL_MAX + 1));
}

static void test_credentials(void **state)
{
	(void)state;
	assert_true(jb_mesh_url_has_credentials("http://user:password@h/metrics"));
	assert_true(jb_mesh_url_has_credentials("https://user@[::1]:1"));
	assert_true(jb_mesh_url_has_credentials("http://@h"));
	assert_true(jb_mesh_url_has_credentials("http://a\\@h"));
	assert_false(jb_mesh_url_has_credentials("http://h"));
	assert_false(jb_mesh_url_has_credentials("http://h/a@b"));
	assert_false(jb_mesh_url_has_credentials("http://h?a@b"));
	assert_false(jb_mesh_url_has_credentials("http://h#a@b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
