/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a line says. The whole ones here are the examples of docs/audit.md. */
#include "audit_world.h"

#include "audit/record.h"
#include "listing/record.h"

static void assert_text(const char *expected)
{
	char *text;

	audit_turn();
	text = read_text(world.file);
	assert_string_equal(text, expected);
	free(text);
}

/* The only line that was written. */
static json_t *only_line(void)
{
	json_t *lines, *line;

	audit_turn();
	lines = read_lines(world.file);
	assert_int_equal(json_array_size(lines), 1);
	line = json_incref(json_array_get(lines, 0));
	json_decref(lines);
	return line;
}

static void test_opened(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_OPENED, 41234);

	(void)state;
	audit_open(world.file);
	contact.started_ns = contact.at_ns;
	tell_contact(&contact);
	assert_text("{\"time\":\"2026-11-23T14:40:01.123456Z\",\"event\":\"connection_opened\","
		    "\"node\":\"worker-1\",\"protocol\":\"tcp\",\"reporter\":\"source\","
		    "\"source\":{\"address\":\"10.0.0.1\",\"port\":41234,\"namespace\":\"calls\","
		    "\"pod\":\"sfu-0\",\"unit\":null,\"workload\":\"sfu\"},"
		    "\"destination\":{\"address\":\"10.0.0.2\",\"port\":6379,"
		    "\"namespace\":\"calls\",\"pod\":\"redis-0\",\"unit\":null,"
		    "\"workload\":\"redis\"},\"role\":\"client\",\"leg\":\"direct\"}\n");
}

static void test_closed(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_CLOSED, 6379);

	(void)state;
	audit_open(world.file);
	world.peer = (struct jb_who){.workload = JB_WHO_EXTERNAL};
	contact.remote = (union jb_ip){.octet = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	contact.role = JB_TCP_SERVER;
	contact.remote_port = 50000;
	contact.reason = JB_TCP_RESET_REMOTE;
	tell_contact(&contact);
	assert_text("{\"time\":\"2026-11-23T14:40:01.123456Z\",\"event\":\"connection_closed\","
		    "\"node\":\"worker-1\",\"protocol\":\"tcp\",\"reporter\":\"destination\","
		    "\"source\":{\"address\":\"2001:db8::1\",\"port\":50000,\"namespace\":null,"
		    "\"pod\":null,\"unit\":null,\"workload\":\"external\"},"
		    "\"destination\":{\"address\":\"10.0.0.1\",\"port\":6379,"
		    "\"namespace\":\"calls\",\"pod\":\"sfu-0\",\"unit\":null,"
		    "\"workload\":\"sfu\"},\"role\":\"server\",\"leg\":\"direct\","
		    "\"started\":\"2026-11-23T14:39:59.623456Z\",\"duration_seconds\":1.5,"
		    "\"bytes_sent\":52000,\"bytes_received\":1200,\"retransmits\":3,"
		    "\"srtt_seconds\":0.00025,\"reason\":\"reset_remote\"}\n");
}

static void test_failed(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_FAILED, 41234);

	(void)state;
	audit_open(world.file);
	world.self = (struct jb_who){
		.unit = "backup.service", .workload = "backup.service", .role = JB_ROLE_UNMESHED};
	contact.reason = JB_TCP_NO_ANSWER;
	tell_contact(&contact);
	assert_text("{\"time\":\"2026-11-23T14:40:01.123456Z\",\"event\":\"connection_failed\","
		    "\"node\":\"worker-1\",\"protocol\":\"tcp\",\"reporter\":\"source\","
		    "\"source\":{\"address\":\"10.0.0.1\",\"port\":41234,\"namespace\":null,"
		    "\"pod\":null,\"unit\":\"backup.service\",\"workload\":\"backup.service\"},"
		    "\"destination\":{\"address\":\"10.0.0.2\",\"port\":6379,"
		    "\"namespace\":\"calls\",\"pod\":\"redis-0\",\"unit\":null,"
		    "\"workload\":\"redis\"},\"role\":\"client\",\"leg\":\"direct\","
		    "\"started\":\"2026-11-23T14:39:59.623456Z\",\"duration_seconds\":1.5,"
		    "\"retransmits\":3,\"reason\":\"timeout\"}\n");
}

static void test_opened_and_closed_at_once(void **state)
{
	json_t *lines;

	(void)state;
	audit_open(world.file);
	connection(JB_CONTACT_OPENED | JB_CONTACT_CLOSED, 1);
	audit_turn();
	assert_events(world.file, "connection_opened 1, connection_closed 1");
	lines = read_lines(world.file);
	assert_string_equal(text_of(json_array_get(lines, 0), "time"),
			    "2026-11-23T14:39:59.623456Z");
	assert_string_equal(text_of(json_array_get(lines, 1), "started"),
			    "2026-11-23T14:39:59.623456Z");
	assert_string_equal(text_of(json_array_get(lines, 1), "time"),
			    "2026-11-23T14:40:01.123456Z");
	json_decref(lines);
}

/* Who connected isn't known of one that is older than the agent, nor when. */
static void test_older_than_the_agent(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_CLOSED, 1);
	json_t *line;

	(void)state;
	world.options.node = NULL;
	audit_open(world.file);
	contact.role = JB_TCP_ROLE_MAX;
	contact.started_ns = 0;
	contact.srtt_us = 0;
	tell_contact(&contact);
	line = only_line();
	assert_true(json_is_null(json_object_get(line, "node")));
	assert_string_equal(text_of(line, "reporter"), "unknown");
	assert_string_equal(text_of(line, "role"), "unknown");
	assert_null(json_object_get(line, "source"));
	assert_null(json_object_get(line, "destination"));
	assert_string_equal(text_of(json_object_get(line, "local"), "address"), "10.0.0.1");
	assert_string_equal(text_of(json_object_get(line, "local"), "pod"), "sfu-0");
	assert_string_equal(text_of(json_object_get(line, "remote"), "address"), "10.0.0.2");
	assert_string_equal(text_of(json_object_get(line, "remote"), "pod"), "redis-0");
	assert_true(json_is_null(json_object_get(line, "started")));
	assert_true(json_is_null(json_object_get(line, "duration_seconds")));
	assert_true(json_is_null(json_object_get(line, "srtt_seconds")));
	json_decref(line);
}

static void test_numbers_out_of_range(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_CLOSED, 1);
	json_t *line;

	(void)state;
	audit_open(world.file);
	contact.role = contact.path = contact.reason = 255;
	contact.started_ns = contact.at_ns + 1;
	tell_contact(&contact);
	line = only_line();
	assert_string_equal(text_of(line, "role"), "unknown");
	assert_string_equal(text_of(line, "leg"), "unknown");
	assert_true(json_is_null(json_object_get(line, "reason")));
	assert_true(json_integer_value(json_object_get(line, "duration_seconds")) == 0);
	json_decref(line);
}

static void test_other_contacts_are_no_records(void **state)
{
	(void)state;
	audit_open(world.file);
	connection(0, 1);
	audit_turn();
	assert_events(world.file, "");
	assert_int_equal(world.self_asked, 0);
}

static void test_hostile_names(void **state)
{
	json_t *line, *source;

	(void)state;
	world.options.node = "n\"\n\x1b[2J";
	audit_open(world.file);
	strcpy(world.self.pod, "a\",\"event\":\"forged\"}\n{\"x\":\"\\");
	strcpy(world.self.unit, "\xff\xc0\xaf\xed\xa0\x80 \x01\x7f");
	memset(world.self.namespace_, '"', sizeof(world.self.namespace_) - 1);
	memset(world.self.workload, 1, sizeof(world.self.workload) - 1);
	connection(JB_CONTACT_CLOSED, 1);
	line = only_line();
	source = json_object_get(line, "source");
	assert_string_equal(text_of(line, "event"), "connection_closed");
	assert_string_equal(text_of(line, "node"), "n\"\n\x1b[2J");
	assert_string_equal(text_of(source, "pod"), world.self.pod);
	assert_string_equal(text_of(source, "namespace"), world.self.namespace_);
	assert_string_equal(text_of(source, "workload"), world.self.workload);
	assert_string_equal(text_of(source, "unit"),
			    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
			    "\xef\xbf\xbd \x01\x7f");
	json_decref(line);
}

static struct jb_audit_stream stream_of(__u8 what, __u8 direction)
{
	return (struct jb_audit_stream){
		.key = {.source = IP(0xc0000205),
			.destination = IP(0x0a000001),
			.cgroup_id = 7,
			.ssrc = 0xdeadbeef,
			.source_port = 50000,
			.destination_port = 7882},
		.started_ns = world.now_ns - 90 * JB_SECOND_NS,
		.last_ns = world.now_ns - 30 * JB_SECOND_NS,
		.packets = 3000,
		.bytes = 480000,
		.lost = 12,
		.jitter_ns = 1250000,
		.clock_rate = 48000,
		.payload_type = 111,
		.direction = direction,
		.media = JB_MEDIA_AUDIO,
		.what = what,
	};
}

static void test_stream_started(void **state)
{
	struct jb_audit_stream stream = stream_of(JB_AUDIT_STREAM_STARTED, JB_INGRESS);

	(void)state;
	audit_open(world.file);
	world.peer = (struct jb_who){.workload = JB_WHO_EXTERNAL};
	stream.peer_cgroup_id = 9;
	jb_audit_stream(world.audit, &stream, world.now_ns, unix_now());
	assert_text("{\"time\":\"2026-11-23T14:38:31.123456Z\",\"event\":\"stream_started\","
		    "\"node\":\"worker-1\",\"protocol\":\"rtp\",\"reporter\":\"destination\","
		    "\"source\":{\"address\":\"192.0.2.5\",\"port\":50000,\"namespace\":null,"
		    "\"pod\":null,\"unit\":null,\"workload\":\"external\"},"
		    "\"destination\":{\"address\":\"10.0.0.1\",\"port\":7882,"
		    "\"namespace\":\"calls\",\"pod\":\"sfu-0\",\"unit\":null,"
		    "\"workload\":\"sfu\"},\"direction\":\"ingress\",\"ssrc\":3735928559,"
		    "\"media\":\"audio\",\"payload_type\":111,\"clock_rate\":48000}\n");
	assert_int_equal(world.asked.cgroup_id, 7);
	assert_int_equal(world.asked.peer_cgroup_id, 9);
	assert_int_equal(world.asked.local_port, 7882);
	assert_int_equal(world.asked.remote_port, 50000);
	assert_false(world.asked.loopback);
}

static void test_stream_ended(void **state)
{
	struct jb_audit_stream stream = stream_of(JB_AUDIT_STREAM_ENDED, JB_INGRESS);

	(void)state;
	audit_open(world.file);
	world.peer = (struct jb_who){.workload = JB_WHO_EXTERNAL};
	stream.reason = "silence";
	jb_audit_stream(world.audit, &stream, world.now_ns, unix_now());
	assert_text("{\"time\":\"2026-11-23T14:39:31.123456Z\",\"event\":\"stream_ended\","
		    "\"node\":\"worker-1\",\"protocol\":\"rtp\",\"reporter\":\"destination\","
		    "\"source\":{\"address\":\"192.0.2.5\",\"port\":50000,\"namespace\":null,"
		    "\"pod\":null,\"unit\":null,\"workload\":\"external\"},"
		    "\"destination\":{\"address\":\"10.0.0.1\",\"port\":7882,"
		    "\"namespace\":\"calls\",\"pod\":\"sfu-0\",\"unit\":null,"
		    "\"workload\":\"sfu\"},\"direction\":\"ingress\",\"ssrc\":3735928559,"
		    "\"media\":\"audio\",\"payload_type\":111,\"clock_rate\":48000,"
		    "\"started\":\"2026-11-23T14:38:31.123456Z\",\"duration_seconds\":60,"
		    "\"packets\":3000,\"bytes\":480000,\"lost\":12,\"source_gap\":null,"
		    "\"jitter_seconds\":0.00125,\"reason\":\"silence\"}\n");
}

static void test_stream_at_egress(void **state)
{
	struct jb_audit_stream stream = stream_of(JB_AUDIT_STREAM_STARTED | JB_AUDIT_STREAM_ENDED,
						  JB_EGRESS);
	json_t *lines, *line;

	(void)state;
	audit_open(world.file);
	stream.clock_rate = 0;
	stream.jitter_ns = JB_RECORD_NONE;
	stream.media = 200;
	jb_audit_stream(world.audit, &stream, world.now_ns, unix_now());
	audit_turn();
	assert_events(world.file, "stream_started 50000, stream_ended 50000");
	assert_int_equal(world.asked.local_port, 50000);
	assert_int_equal(world.asked.remote_port, 7882);
	lines = read_lines(world.file);
	line = json_array_get(lines, 1);
	assert_string_equal(text_of(line, "reporter"), "source");
	assert_string_equal(text_of(line, "direction"), "egress");
	assert_string_equal(text_of(json_object_get(line, "source"), "pod"), "sfu-0");
	assert_string_equal(text_of(json_object_get(line, "destination"), "pod"), "redis-0");
	assert_true(json_is_null(json_object_get(line, "lost")));
	assert_int_equal(json_integer_value(json_object_get(line, "source_gap")), 12);
	assert_true(json_is_null(json_object_get(line, "media")));
	assert_true(json_is_null(json_object_get(line, "clock_rate")));
	assert_true(json_is_null(json_object_get(line, "jitter_seconds")));
	assert_true(json_is_null(json_object_get(line, "reason")));
	json_decref(lines);
}

static void test_streams_of_the_uplink_are_left_out(void **state)
{
	struct jb_audit_stream stream = stream_of(JB_AUDIT_STREAM_ENDED, JB_EGRESS);

	(void)state;
	audit_open(world.file);
	stream.key.cgroup_id = JB_EDGE_CGROUP;
	jb_audit_stream(world.audit, &stream, world.now_ns, unix_now());
	audit_turn();
	assert_events(world.file, "");
}

static void test_loopback(void **state)
{
	static const union jb_ip v6 = {.octet = {[15] = 1}};
	const union jb_ip ends[][2] = {
		{IP(0x0a000001), IP(0x7f000001)}, {v6, v6}, {IP(0x0a000001), IP(0x0a000001)}};
	struct jb_audit_stream stream = stream_of(JB_AUDIT_STREAM_ENDED, JB_EGRESS);
	struct jb_contact contact = contact_of(JB_CONTACT_CLOSED, 1);

	(void)state;
	audit_open(world.file);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		stream.key.source = ends[i][0];
		stream.key.destination = ends[i][1];
		jb_audit_stream(world.audit, &stream, world.now_ns, unix_now());
		assert_true(world.asked.loopback);
	}
	tell_contact(&contact);
	assert_false(world.asked.loopback);
	contact.path = JB_PATH_LOOPBACK;
	tell_contact(&contact);
	assert_true(world.asked.loopback);
}

static void test_stream_of_a_receiver(void **state)
{
	static const struct jb_stream_key key = {.ssrc = 5};
	struct jb_receiver receiver = {
		.seen = {~0ULL, ~0ULL, ~0ULL, ~7ULL},
		.ext = 66000,
		.base = 65536,
		.lost = 4,
		.started_ns = 10,
		.last_ns = 20,
		.packets = 460,
		.bytes = 46000,
		.jitter = 1000,
		.media = JB_MEDIA_VIDEO,
		.payload_type = 96,
	};
	struct jb_audit_stream stream;

	(void)state;
	jb_audit_stream_of(&key, JB_INGRESS, &receiver, &stream);
	assert_int_equal(stream.key.ssrc, 5);
	assert_int_equal(stream.lost, 7);
	assert_int_equal(stream.packets, 460);
	assert_int_equal(stream.bytes, 46000);
	assert_int_equal(stream.started_ns, 10);
	assert_int_equal(stream.last_ns, 20);
	assert_int_equal(stream.payload_type, 96);
	assert_int_equal(stream.clock_rate, 0);
	assert_true(stream.jitter_ns == JB_RECORD_NONE);
	assert_int_equal(stream.what, 0);
	receiver.clock = JB_CLOCK_90000;
	jb_audit_stream_of(&key, JB_EGRESS, &receiver, &stream);
	assert_int_equal(stream.clock_rate, 90000);
	assert_int_equal(stream.jitter_ns, 64000);
	assert_int_equal(stream.direction, JB_EGRESS);
}

static void test_records_lost(void **state)
{
	(void)state;
	audit_open(world.file);
	audit_turn();
	jb_audit_lost(world.audit, JB_AUDIT_LOST_RING, 40);
	jb_audit_lost(world.audit, JB_AUDIT_LOST_RING, 2);
	audit_turn_after(JB_SECOND_NS / 2);
	assert_text("");
	world.now_ns += JB_SECOND_NS / 2;
	assert_text("{\"time\":\"2026-11-23T14:40:02.123456Z\",\"event\":\"records_lost\","
		    "\"node\":\"worker-1\",\"since\":\"2026-11-23T14:40:01.123456Z\","
		    "\"count\":42,\"reason\":\"ring\"}\n");
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_RING], 42);
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.status.written, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_opened),
		UNIT(test_closed),
		UNIT(test_failed),
		UNIT(test_opened_and_closed_at_once),
		UNIT(test_older_than_the_agent),
		UNIT(test_numbers_out_of_range),
		UNIT(test_other_contacts_are_no_records),
		UNIT(test_hostile_names),
		UNIT(test_stream_started),
		UNIT(test_stream_ended),
		UNIT(test_stream_at_egress),
		UNIT(test_streams_of_the_uplink_are_left_out),
		UNIT(test_loopback),
		UNIT(test_stream_of_a_receiver),
		UNIT(test_records_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
