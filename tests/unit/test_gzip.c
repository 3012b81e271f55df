/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "web/gzip.h"

/* Checks that `packed` is exactly one gzip member that holds `data`. */
static void assert_unpacks(const struct jb_buffer *packed, const char *data, size_t len)
{
	char *unpacked = malloc(len + 1);
	z_stream stream = {0};

	assert_non_null(unpacked);
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (unsigned char *)packed->data;
	stream.avail_in = (uInt)packed->len;
	stream.next_out = (unsigned char *)unpacked;
	stream.avail_out = (uInt)len + 1;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(stream.total_out, len);
	assert_memory_equal(unpacked, data, len);
	inflateEnd(&stream);
	free(unpacked);
}

/* Bytes that don't compress, so that the output takes more than one chunk. */
static char *noise(size_t len)
{
	char *data = malloc(len);
	uint32_t x = 1;

	assert_non_null(data);
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = (char)(x >> 24);
	}
	return data;
}

static void test_round_trips(void **state)
{
	static const size_t sizes[] = {1, 1000, 16384, 300000};
	struct jb_buffer out = {0};
	struct jb_gzip *gzip;

	(void)state;
	assert_int_equal(jb_gzip_new(&gzip, 1), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *data = noise(sizes[i]);

		jb_buffer_reset(&out);
		assert_int_equal(jb_gzip_compress(gzip, data, sizes[i], &out), 0);
		assert_unpacks(&out, data, sizes[i]);
		free(data);
	}
	jb_buffer_reset(&out);
	assert_int_equal(jb_gzip_compress(gzip, NULL, 0, &out), 0);
	assert_unpacks(&out, "", 0);
	jb_buffer_free(&out);
	jb_gzip_free(gzip);
}

static void test_compresses(void **state)
{
	char data[100000];
	struct jb_buffer out = {0};
	struct jb_gzip *gzip;

	(void)state;
	memset(data, 'a', sizeof(data));
	assert_int_equal(jb_gzip_new(&gzip, 6), 0);
	assert_int_equal(jb_gzip_compress(gzip, data, sizeof(data), &out), 0);
	assert_true(out.len < 1000);
	assert_unpacks(&out, data, sizeof(data));
	jb_buffer_free(&out);
	jb_gzip_free(gzip);
}

/* A failure in the middle must not spoil the next page. */
static void test_full_buffer(void **state)
{
	char *data = noise(100000);
	struct jb_buffer small = {.limit = 20000};
	struct jb_buffer out = {0};
	struct jb_gzip *gzip;

	(void)state;
	assert_int_equal(jb_gzip_new(&gzip, 1), 0);
	assert_int_equal(jb_gzip_compress(gzip, data, 100000, &small), -E2BIG);
	assert_int_equal(jb_gzip_compress(gzip, data, 100000, &out), 0);
	assert_unpacks(&out, data, 100000);
	jb_buffer_free(&small);
	jb_buffer_free(&out);
	jb_gzip_free(gzip);
	free(data);
}

static void test_bad_arguments(void **state)
{
	struct jb_gzip *gzip = NULL;

	(void)state;
	assert_int_equal(jb_gzip_new(&gzip, 0), -EINVAL);
	assert_int_equal(jb_gzip_new(&gzip, 10), -EINVAL);
	assert_null(gzip);
	jb_gzip_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_compresses),
		cmocka_unit_test(test_full_buffer),
		cmocka_unit_test(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
