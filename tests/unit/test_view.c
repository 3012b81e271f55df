/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "streams/json.h"
#include "streams/view.h"

static const struct jb_identity pod = {"media", "sip-0", "sip", ""};

static struct jb_stream_key a_key(void)
{
	struct jb_stream_key key = {
		.ssrc = 0xfedcba98, .source_port = 40000, .destination_port = 50000};

	key.source.octet[10] = key.source.octet[11] = 0xff;
	memcpy(key.source.octet + 12, "\x0a\x00\x00\x01", 4);
	memcpy(key.destination.octet, "\x20\x01\x0d\xb8", 4);
	key.destination.octet[15] = 2;
	return key;
}

static struct jb_receiver a_receiver(void)
{
	struct jb_receiver r = {
		.seen = {~0ULL, ~0ULL, ~0ULL, ~7ULL},
		.ext = 3 * 65536 + 20,
		.base = 2 * 65536 + 65530,
		.last_ns = 9 * JB_SECOND_NS,
		.started_ns = 4 * JB_SECOND_NS,
		.packets = 101,
		.bytes = 102,
		.unique = 103,
		.lost = 104,
		.gap = 105,
		.recovered = 106,
		.reordered = 107,
		.late = 108,
		.duplicates = 109,
		.restarts = 110,
		.frames = 111,
		.jitter = 1000000 >> JB_JITTER_SHIFT,
		.clock = JB_CLOCK_48000,
		.payload_type = 63,
		.media = JB_MEDIA_AUDIO,
	};

	return r;
}

/* What the view's JSON says, read back. */
static json_t *read_back(const struct jb_stream_view *view)
{
	struct jb_stream_info info;
	struct jb_buffer out = {};
	json_error_t error;
	json_t *root;

	jb_stream_view_info(view, &info);
	jb_stream_json(&info, &out);
	assert_int_equal(out.error, 0);
	root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s: %s", error.text, out.data);
	jb_buffer_free(&out);
	return root;
}

static void assert_number(const json_t *root, const char *key, double value)
{
	const json_t *member = json_object_get(root, key);

	if (!json_is_number(member) || fabs(json_number_value(member) - value) > 1e-12 * value)
		fail_msg("%s is %g, not %g", key, json_number_value(member), value);
}

static void assert_text(const json_t *root, const char *key, const char *value)
{
	const json_t *member = json_object_get(root, key);

	if (!json_is_string(member))
		fail_msg("%s is no string", key);
	assert_string_equal(json_string_value(member), value);
}

static void assert_null_member(const json_t *root, const char *key)
{
	if (!json_is_null(json_object_get(root, key)))
		fail_msg("%s is not null", key);
}

static void test_every_key(void **state)
{
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();
	struct jb_stream_view view = {
		&key, &receiver, &pod, JB_INGRESS, 64000.4, 49.9996, 10 * JB_SECOND_NS + 1};
	json_t *root = read_back(&view);

	(void)state;
	assert_int_equal(json_object_size(root), 33);
	assert_text(root, "direction", "ingress");
	assert_text(root, "namespace", "media");
	assert_text(root, "pod", "sip-0");
	assert_text(root, "container", "sip");
	assert_text(root, "unit", "");
	assert_text(root, "source_address", "10.0.0.1");
	assert_number(root, "source_port", 40000);
	assert_text(root, "destination_address", "2001:db8::2");
	assert_number(root, "destination_port", 50000);
	assert_number(root, "ssrc", 0xfedcba98);
	assert_number(root, "payload_type", 63);
	assert_text(root, "media", "audio");
	assert_number(root, "clock_rate", 48000);
	assert_number(root, "base_sequence", 65530);
	assert_number(root, "highest_sequence", 20);
	assert_number(root, "packets", 101);
	assert_number(root, "bytes", 102);
	assert_number(root, "unique", 103);
	assert_number(root, "unseen", 3);
	assert_number(root, "lost", 104);
	assert_null_member(root, "source_gap");
	assert_number(root, "gap", 105);
	assert_number(root, "recovered", 106);
	assert_number(root, "reordered", 107);
	assert_number(root, "late", 108);
	assert_number(root, "duplicates", 109);
	assert_number(root, "restarts", 110);
	assert_number(root, "frames", 111);
	assert_number(root, "jitter_seconds", 0.001);
	assert_number(root, "bitrate_bps", 64000);
	assert_number(root, "frame_rate", 50);
	assert_number(root, "age_seconds", 6.000000001);
	assert_number(root, "idle_seconds", 1.000000001);
	json_decref(root);
}

static void test_nulls(void **state)
{
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();
	struct jb_stream_view view = {&key, &receiver, NULL, JB_EGRESS, NAN, -1, 0};
	json_t *root;

	(void)state;
	receiver.clock = JB_CLOCK_UNKNOWN;
	receiver.media = JB_MEDIA_UNKNOWN;
	root = read_back(&view);
	assert_text(root, "direction", "egress");
	assert_text(root, "pod", "");
	assert_text(root, "media", "unknown");
	assert_null_member(root, "clock_rate");
	assert_null_member(root, "jitter_seconds");
	assert_null_member(root, "lost");
	assert_number(root, "source_gap", 104);
	assert_null_member(root, "bitrate_bps");
	assert_null_member(root, "frame_rate");
	assert_number(root, "idle_seconds", 0); /* the packet came after `now` was read */
	json_decref(root);
	receiver.clock = JB_CLOCK_90000;
	receiver.media = JB_MEDIA_RTX;
	view.bitrate_bps = INFINITY;
	root = read_back(&view);
	assert_number(root, "clock_rate", 90000);
	assert_null_member(root, "jitter_seconds");
	assert_null_member(root, "bitrate_bps");
	json_decref(root);
}

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

static void assert_same_text(const struct jb_stream_info *a, const struct jb_stream_info *b)
{
	for (size_t i = 0; i < jb_stream_column_count; i++) {
		struct jb_buffer one = {}, two = {};

		jb_stream_text(a, &jb_stream_columns[i], &one);
		jb_stream_text(b, &jb_stream_columns[i], &two);
		assert_string_equal(one.data ? one.data : "", two.data ? two.data : "");
		jb_buffer_free(&one);
		jb_buffer_free(&two);
	}
}

/* What a remote agent tells shows the same as what the kernel told it. */
static void test_json_to_info(void **state)
{
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct jb_stream_view view = {&key,
					      &receiver,
					      i ? &pod : NULL,
					      i ? JB_INGRESS : JB_EGRESS,
					      i ? 64000 : NAN,
					      50,
					      70 * JB_SECOND_NS};
		struct jb_stream_info info, parsed;
		json_t *root = read_back(&view);
		const char *bad;

		jb_stream_view_info(&view, &info);
		assert_int_equal(jb_stream_parse(root, &parsed, &bad), 0);
		assert_same_text(&info, &parsed);
		json_decref(root);
	}
}

static void assert_parsed(const char *text, int result, const char *key)
{
	json_t *root = json_loads(text, JSON_DECODE_ANY, NULL);
	struct jb_stream_info info;
	const char *bad = "";

	assert_non_null(root);
	assert_int_equal(jb_stream_parse(root, &info, &bad), result);
	if (result)
		assert_string_equal(bad, key);
	json_decref(root);
}

static void test_hostile_json(void **state)
{
	(void)state;
	assert_parsed("{}", 0, NULL);
	assert_parsed("{\"packets\":null,\"new\":[1]}", 0, NULL);
	assert_parsed("{\"source_address\":\"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255\"}", 0,
		      NULL);
	assert_parsed("[]", -EINVAL, "stream");
	assert_parsed("{\"packets\":\"1\"}", -EINVAL, "packets");
	assert_parsed("{\"packets\":-1}", -EINVAL, "packets");
	assert_parsed("{\"packets\":1e300}", -EINVAL, "packets");
	assert_parsed("{\"jitter_seconds\":-0.1}", -EINVAL, "jitter_seconds");
	assert_parsed("{\"jitter_seconds\":9e18}", -EINVAL, "jitter_seconds");
	assert_parsed("{\"pod\":1}", -EINVAL, "pod");
	assert_parsed("{\"media\":null}", -EINVAL, "media");
	assert_parsed("{\"source_address\":\"0123456789012345678901234567890123456789012345\"}",
		      -EINVAL, "source_address");
}

static void test_infos_without_anything_show_none(void **state)
{
	json_t *root = json_object();
	struct jb_stream_info info;
	const char *bad;

	(void)state;
	assert_int_equal(jb_stream_parse(root, &info, &bad), 0);
	for (size_t i = 0; i < jb_stream_column_count; i++) {
		struct jb_buffer out = {};

		jb_stream_text(&info, &jb_stream_columns[i], &out);
		if (out.len)
			assert_string_equal(out.data, "-");
		jb_buffer_free(&out);
	}
	json_decref(root);
}

static void assert_column(const struct jb_stream_info *info, const char *name, const char *text)
{
	const struct jb_stream_column *columns[JB_STREAM_COLUMNS_MAX];
	struct jb_buffer out = {};
	const char *bad;
	int length;

	assert_int_equal(jb_stream_columns_parse(name, columns, &bad, &length), 1);
	jb_stream_text(info, columns[0], &out);
	assert_string_equal(out.data, text);
	jb_buffer_free(&out);
}

static void test_text(void **state)
{
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();
	struct jb_stream_view view = {
		&key, &receiver, &pod, JB_INGRESS, 64400, 50.04, 3 * 3600 * JB_SECOND_NS};
	struct jb_stream_info info;

	(void)state;
	receiver.unique = 996;
	receiver.lost = 4;
	jb_stream_view_info(&view, &info);
	assert_column(&info, "direction", "in");
	assert_column(&info, "workload", "media/sip-0");
	assert_column(&info, "source", "10.0.0.1:40000");
	assert_column(&info, "destination", "[2001:db8::2]:50000");
	assert_column(&info, "ssrc", "fedcba98");
	assert_column(&info, "loss", "0.40");
	assert_column(&info, "source_gap", "-");
	assert_column(&info, "jitter_seconds", "1.00");
	assert_column(&info, "bitrate_bps", "64");
	assert_column(&info, "frame_rate", "50.0");
	assert_column(&info, "age_seconds", "2h59m");
	view.now_ns = receiver.last_ns + 59999999999ULL;
	jb_stream_view_info(&view, &info);
	assert_column(&info, "idle_seconds", "59.9s");
	view.now_ns = receiver.last_ns + 61 * JB_SECOND_NS;
	jb_stream_view_info(&view, &info);
	assert_column(&info, "idle_seconds", "1m01s");
	view.direction = JB_EGRESS;
	jb_stream_view_info(&view, &info);
	assert_column(&info, "source_gap", "4");
	assert_column(&info, "lost", "-");
	assert_column(&info, "loss", "-");
}

static void test_columns_parse(void **state)
{
	const struct jb_stream_column *columns[JB_STREAM_COLUMNS_MAX];
	const char *bad;
	int length;

	(void)state;
	assert_true(jb_stream_columns_parse(jb_stream_columns_default, columns, &bad, &length) >
		    10);
	assert_int_equal(jb_stream_columns_parse("pod,lost", columns, &bad, &length), 2);
	assert_string_equal(columns[1]->name, "lost");
	assert_int_equal(jb_stream_columns_parse("pod,los,pod", columns, &bad, &length), -EINVAL);
	assert_int_equal(length, 3);
	assert_memory_equal(bad, "los,", 4);
	assert_int_equal(jb_stream_columns_parse("", columns, &bad, &length), -EINVAL);
	assert_int_equal(jb_stream_columns_parse("pod,", columns, &bad, &length), -EINVAL);
}

static void test_too_many_columns(void **state)
{
	const struct jb_stream_column *columns[JB_STREAM_COLUMNS_MAX];
	char list[4 * (JB_STREAM_COLUMNS_MAX + 1)];
	const char *bad;
	int length;

	(void)state;
	for (size_t i = 0; i <= JB_STREAM_COLUMNS_MAX; i++)
		memcpy(list + 4 * i, "pod,", 4);
	list[sizeof(list) - 1] = '\0';
	assert_int_equal(jb_stream_columns_parse(list, columns, &bad, &length), -EINVAL);
	list[sizeof(list) - 5] = '\0';
	assert_int_equal(jb_stream_columns_parse(list, columns, &bad, &length),
			 JB_STREAM_COLUMNS_MAX);
}

/* A stream with long names and many digits: the lines of the default table fit a terminal. */
static void test_table_fits(void **state)
{
	const struct jb_stream_column *columns[JB_STREAM_COLUMNS_MAX];
	static const struct jb_identity identity = {"livekit", "livekit-server-86d4c", "", ""};
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();
	struct jb_stream_view view = {&key, &receiver, &identity,        JB_INGRESS,
				      4e6,  30,        20 * JB_SECOND_NS};
	struct jb_stream_info infos[2];
	char *text, *line, *rest;
	const char *bad;
	size_t size;
	int count, length, lines = 0;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	key.destination = key.source;
	receiver.packets = 10000000;
	receiver.lost = 10000;
	jb_stream_view_info(&view, &infos[0]);
	infos[1] = infos[0];
	count = jb_stream_columns_parse(jb_stream_columns_default, columns, &bad, &length);
	assert_int_equal(jb_stream_print(infos, 2, columns, (size_t)count, file), 0);
	fclose(file);
	for (rest = text; (line = strsep(&rest, "\n")) && *line; lines++)
		assert_true(strlen(line) <= 160);
	assert_int_equal(lines, 3);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_nulls),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_json_to_info),
		cmocka_unit_test(test_hostile_json),
		cmocka_unit_test(test_infos_without_anything_show_none),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_columns_parse),
		cmocka_unit_test(test_too_many_columns),
		cmocka_unit_test(test_table_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
