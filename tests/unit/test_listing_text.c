/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "listing/address.h"
#include "listing/json.h"
#include "listing/record.h"
#include "listing/text.h"

static void assert_string_written(const char *text, const char *read)
{
	struct jb_buffer out = {};
	json_error_t error;
	json_t *root;

	jb_json_string(&out, text);
	root = json_loadb(out.data, out.len, JSON_DECODE_ANY, &error);
	if (!root)
		fail_msg("%s: %s", error.text, out.data);
	assert_string_equal(json_string_value(root), read);
	json_decref(root);
	jb_buffer_free(&out);
}

#define BAD "\xef\xbf\xbd"

static void test_strings(void **state)
{
	char all[256];

	(void)state;
	for (int i = 1; i < 128; i++)
		all[i - 1] = (char)i;
	all[127] = '\0';
	assert_string_written(all, all);
	assert_string_written("", "");
	assert_string_written("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
			      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_string_written("a\xff"
			      "b",
			      "a" BAD "b");
	assert_string_written("\xc0\xaf", BAD BAD);         /* overlong */
	assert_string_written("\xed\xa0\x80", BAD BAD BAD); /* a surrogate */
	assert_string_written("\xf4\x90\x80\x80", BAD BAD BAD BAD);
	assert_string_written("\xe2\x82", BAD BAD); /* cut off */
	assert_string_written("\xf0\x9f\x98", BAD BAD BAD);
}

static void assert_fixed(uint64_t value, unsigned int decimals, const char *text)
{
	struct jb_buffer out = {};

	jb_json_fixed(&out, value, decimals);
	assert_string_equal(out.data, text);
	jb_buffer_free(&out);
}

static void test_fixed(void **state)
{
	(void)state;
	assert_fixed(0, 0, "0");
	assert_fixed(0, 9, "0");
	assert_fixed(1, 9, "0.000000001");
	assert_fixed(1500, 3, "1.5");
	assert_fixed(1050000000, 9, "1.05");
	assert_fixed(UINT64_MAX, 9, "18446744073.709551615");
	assert_fixed(UINT64_MAX, 0, "18446744073709551615");
}

static void assert_text(struct jb_buffer *out, const char *text)
{
	assert_string_equal(out->data, text);
	jb_buffer_reset(out);
}

static void assert_duration(uint64_t ns, const char *text)
{
	struct jb_buffer out = {};

	jb_text_duration(ns, &out);
	assert_text(&out, text);
	jb_buffer_free(&out);
}

static void test_durations(void **state)
{
	(void)state;
	assert_duration(0, "0.0s");
	assert_duration(59999999999, "59.9s");
	assert_duration(60000000000, "1m00s");
	assert_duration(3599999999999, "59m59s");
	assert_duration(3600000000000, "1h00m");
	assert_duration(360059000000000, "100h00m");
}

static void test_helpers(void **state)
{
	struct jb_buffer out = {};

	(void)state;
	jb_text_milliseconds(1234567, &out);
	assert_text(&out, "1.23");
	jb_text_thousandth(1501, &out);
	assert_text(&out, "2");
	jb_text_thousandth_1(1449, &out);
	assert_text(&out, "1.4");
	jb_text_endpoint("10.0.0.1", 5060, &out);
	assert_text(&out, "10.0.0.1:5060");
	jb_text_endpoint("2001:db8::1", 0, &out);
	assert_text(&out, "[2001:db8::1]:0");
	jb_text_endpoint("10.0.0.1", JB_RECORD_NONE, &out);
	assert_text(&out, "-");
	jb_text_workload("media", "sip-0", "", &out);
	assert_text(&out, "media/sip-0");
	jb_text_workload("", "", "sip.service", &out);
	assert_text(&out, "sip.service");
	jb_text_workload("", "", "", &out);
	assert_text(&out, "-");
	jb_buffer_free(&out);
}

static void test_addresses(void **state)
{
	union jb_ip address = {.octet = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}};
	char text[INET6_ADDRSTRLEN];

	(void)state;
	jb_ip_text(&address, text);
	assert_string_equal(text, "10.0.0.1");
	address.octet[0] = 0x20;
	jb_ip_text(&address, text);
	assert_string_equal(text, "2000::ffff:a00:1");
	memset(&address, 0xff, sizeof(address));
	jb_ip_text(&address, text);
	assert_string_equal(text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),   cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_durations), cmocka_unit_test(test_helpers),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
