/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

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
		&key, &receiver, &pod, JB_INGRESS, 64000.4, 49.9996, 10 * JB_SECOND_NS + 1, NULL};
	json_t *root = read_back(&view);

	(void)state;
	assert_int_equal(json_object_size(root), 35);
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
	struct jb_stream_view view = {&key, &receiver, NULL, JB_EGRESS, NAN, -1, 0, NULL};
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

static void assert_uplink(enum jb_direction direction, __u32 socket_lost, __u32 uplink_lost,
			  __u64 node_lost)
{
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = {.lost = socket_lost};
	const struct jb_receiver uplink = {.lost = uplink_lost};
	const struct jb_stream_view view = {
		.key = &key, .receiver = &receiver, .direction = direction, .uplink = &uplink};
	json_t *root = read_back(&view);

	assert_number(root, "uplink_lost", uplink_lost);
	assert_number(root, "node_lost", node_lost);
	json_decref(root);
}

/* What comes in passes the uplink first, what goes out the socket. */
static void test_lost_within_the_node(void **state)
{
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();
	const struct jb_stream_view view = {.key = &key, .receiver = &receiver};
	json_t *root = read_back(&view);

	(void)state;
	assert_null_member(root, "uplink_lost");
	assert_null_member(root, "node_lost");
	json_decref(root);
	assert_uplink(JB_INGRESS, 10, 4, 6);
	assert_uplink(JB_INGRESS, 4, 10, 0); /* the window there is ahead */
	assert_uplink(JB_EGRESS, 4, 10, 6);
	assert_uplink(JB_EGRESS, 10, 4, 0);
}

static void assert_same_text(const struct jb_stream_info *a, const struct jb_stream_info *b)
{
	for (size_t i = 0; i < jb_stream_record.count; i++) {
		struct jb_buffer one = {}, two = {};

		jb_record_text(a, &jb_stream_record.columns[i], &one);
		jb_record_text(b, &jb_stream_record.columns[i], &two);
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
					      70 * JB_SECOND_NS,
					      NULL};
		struct jb_stream_info info, parsed;
		json_t *root = read_back(&view);
		const char *bad;

		jb_stream_view_info(&view, &info);
		assert_int_equal(jb_record_parse(&jb_stream_record, root, &parsed, &bad), 0);
		assert_same_text(&info, &parsed);
		json_decref(root);
	}
}

static void test_infos_without_anything_show_none(void **state)
{
	json_t *root = json_object();
	struct jb_stream_info info;
	const char *bad;

	(void)state;
	assert_int_equal(jb_record_parse(&jb_stream_record, root, &info, &bad), 0);
	for (size_t i = 0; i < jb_stream_record.count; i++) {
		struct jb_buffer out = {};

		jb_record_text(&info, &jb_stream_record.columns[i], &out);
		if (out.len)
			assert_string_equal(out.data, "-");
		jb_buffer_free(&out);
	}
	json_decref(root);
}

static void assert_column(const struct jb_stream_info *info, const char *name, const char *text)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	struct jb_buffer out = {};
	const char *bad;
	int length;

	assert_int_equal(jb_record_columns(&jb_stream_record, name, columns, &bad, &length), 1);
	jb_record_text(info, columns[0], &out);
	assert_string_equal(out.data, text);
	jb_buffer_free(&out);
}

static void test_text(void **state)
{
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();
	struct jb_stream_view view = {
		&key, &receiver, &pod, JB_INGRESS, 64400, 50.04, 3 * 3600 * JB_SECOND_NS, NULL};
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

/* A stream with long names and many digits: the lines of the default table fit a terminal. */
static void test_table_fits(void **state)
{
	const struct jb_record_column *columns[JB_RECORD_COLUMNS_MAX];
	static const struct jb_identity identity = {"livekit", "livekit-server-86d4c", "", ""};
	struct jb_stream_key key = a_key();
	struct jb_receiver receiver = a_receiver();
	struct jb_stream_view view = {&key, &receiver, &identity,         JB_INGRESS,
				      4e6,  30,        20 * JB_SECOND_NS, NULL};
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
	count = jb_record_columns(&jb_stream_record, jb_stream_record.shown, columns, &bad,
				  &length);
	assert_int_equal(jb_record_print(&jb_stream_record, infos, 2, columns, (size_t)count, file),
			 0);
	fclose(file);
	for (rest = text; (line = strsep(&rest, "\n")) && *line; lines++)
		assert_true(strlen(line) <= 160);
	assert_int_equal(lines, 3);
	free(text);
}

/* A later key doesn't matter where an earlier one differs. */
static void test_order(void **state)
{
	struct jb_stream_info infos[] = {
		{"ingress", "", "", "", "", "a", "9", "", .source_port = 9, .ssrc = 9},
		{"ingress", "", "", "", "", "b", "1", "", .source_port = 9, .ssrc = 9},
		{"egress", "", "", "", "", "b", "0", "", .source_port = 9, .ssrc = 9},
		{"egress", "", "", "", "", "b", "1", "", .source_port = 8, .ssrc = 9},
		{"egress", "", "", "", "", "b", "1", "", .source_port = 9, .ssrc = 8},
		{"egress", "", "", "", "", "b", "1", "", .source_port = 9, .ssrc = 9},
		{"ingress", "", "n", "p", "", "", "0", "", .source_port = 0, .ssrc = 0},
		{"ingress", "", "n", "q", "", "", "0", "", .source_port = 0, .ssrc = 0},
		{"ingress", "", "o", "a", "", "", "0", "", .source_port = 0, .ssrc = 0},
	};
	size_t count = sizeof(infos) / sizeof(*infos);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int order = jb_stream_record.compare(&infos[i], &infos[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_nulls),
		cmocka_unit_test(test_lost_within_the_node),
		cmocka_unit_test(test_json_to_info),
		cmocka_unit_test(test_infos_without_anything_show_none),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_table_fits),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
