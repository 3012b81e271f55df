/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names that come late, order, bounds. */
#include "audit_world.h"

static void test_names_are_asked_for_at_once(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_CLOSED, 1);

	(void)state;
	audit_open(world.file);
	contact.peer_cgroup_id = 9;
	tell_contact(&contact);
	assert_int_equal(world.self_asked, 1);
	assert_int_equal(world.peer_asked, 1);
	assert_int_equal(world.asked.cgroup_id, 7);
	assert_int_equal(world.asked.peer_cgroup_id, 9);
	assert_int_equal(world.asked.local_port, 1);
	assert_int_equal(world.asked.remote_port, 6379);
	assert_memory_equal(&world.asked.local, &contact.local, sizeof(contact.local));
	assert_memory_equal(&world.asked.remote, &contact.remote, sizeof(contact.remote));
	audit_turn();
	assert_events(world.file, "connection_closed 1");
	assert_int_equal(world.status.waiting, 0);
}

static void test_names_come_late(void **state)
{
	json_t *lines, *line;

	(void)state;
	audit_open(world.file);
	world.self_answer = world.peer_answer = JB_WHO_LATER;
	connection(JB_CONTACT_OPENED, 1);
	audit_turn_after(JB_SECOND_NS);
	assert_events(world.file, "");
	assert_int_equal(world.status.waiting, 1);
	world.self_answer = JB_WHO_KNOWN;
	audit_turn_after(JB_SECOND_NS);
	assert_events(world.file, "");
	/* What is known isn't asked for again, and stays as it was. */
	world.self_asked = 0;
	strcpy(world.self.pod, "another");
	world.peer_answer = JB_WHO_KNOWN;
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.self_asked, 0);
	assert_events(world.file, "connection_opened 1");
	assert_int_equal(world.status.waiting, 0);
	lines = read_lines(world.file);
	line = json_array_get(lines, 0);
	assert_string_equal(text_of(json_object_get(line, "source"), "pod"), "sfu-0");
	assert_string_equal(text_of(line, "time"), "2026-11-23T14:39:59.623456Z");
	/* What was said before it was known is forgotten. */
	assert_string_equal(text_of(json_object_get(line, "source"), "unit"), "(none)");
	assert_string_equal(text_of(json_object_get(line, "destination"), "unit"), "(none)");
	json_decref(lines);
}

static void test_names_are_asked_for_once_a_second(void **state)
{
	(void)state;
	audit_open(world.file);
	world.peer_answer = JB_WHO_LATER;
	connection(JB_CONTACT_OPENED, 1);
	for (int i = 0; i < 20; i++)
		audit_turn_after(JB_SECOND_NS / 10);
	assert_int_equal(world.peer_asked, 1 + 2);
}

static void test_names_never_come(void **state)
{
	json_t *lines, *line;

	(void)state;
	world.options.wait_ns = 5 * JB_SECOND_NS;
	audit_open(world.file);
	world.self_answer = world.peer_answer = JB_WHO_LATER;
	connection(JB_CONTACT_OPENED, 1);
	audit_turn_after(4 * JB_SECOND_NS);
	connection(JB_CONTACT_CLOSED, 1);
	connection(JB_CONTACT_CLOSED, 2);
	assert_events(world.file, "");
	audit_turn_after(JB_SECOND_NS);
	assert_events(world.file, "connection_opened 1, connection_closed 1");
	assert_int_equal(world.status.waiting, 1);
	assert_int_equal(world.status.hurried, 0);
	lines = read_lines(world.file);
	line = json_array_get(lines, 0);
	assert_true(json_is_null(json_object_get(json_object_get(line, "source"), "pod")));
	assert_string_equal(text_of(json_object_get(line, "source"), "unit"), "not-yet.scope");
	assert_string_equal(text_of(json_object_get(line, "destination"), "workload"), "unknown");
	json_decref(lines);
}

/* One that waits holds up those behind it of the same connection, and no others. */
static void test_order(void **state)
{
	struct jb_contact other = contact_of(JB_CONTACT_OPENED, 1);

	(void)state;
	audit_open(world.file);
	world.peer_answer = JB_WHO_LATER;
	connection(JB_CONTACT_OPENED, 1);
	world.peer_answer = JB_WHO_KNOWN;
	connection(JB_CONTACT_CLOSED, 1);
	connection(JB_CONTACT_OPENED, 2);
	other.cgroup_id = 8;
	tell_contact(&other);
	audit_turn();
	assert_events(world.file, "connection_opened 2, connection_opened 1");
	assert_int_equal(world.status.waiting, 2);
	audit_turn_after(JB_SECOND_NS);
	assert_events(world.file, "connection_opened 2, connection_opened 1, connection_opened 1, "
				  "connection_closed 1");
}

static void stream(__u32 ssrc, __u8 direction, __u8 what)
{
	const struct jb_audit_stream one = {
		.key = {.source = IP(0x0a000001), .destination = IP(0x0a000001), .ssrc = ssrc},
		.direction = direction,
		.what = what,
	};

	jb_audit_stream(world.audit, &one, world.now_ns, unix_now());
}

/* Streams differ by SSRC and direction, and from connections. */
static void test_streams_are_told_apart(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_OPENED, 0);
	unsigned int asked = 0;

	(void)state;
	audit_open(world.file);
	contact.remote = contact.local;
	contact.cgroup_id = contact.remote_port = 0;
	world.peer_answer = JB_WHO_LATER;
	tell_contact(&contact);
	for (__u32 ssrc = 0; ssrc < 2; ssrc++) {
		stream(ssrc, JB_INGRESS, JB_AUDIT_STREAM_STARTED);
		stream(ssrc, JB_EGRESS, JB_AUDIT_STREAM_STARTED | JB_AUDIT_STREAM_ENDED);
	}
	/* Once for each, but for the end of one that waits. */
	assert_int_equal(world.peer_asked, 5);
	asked = world.peer_asked;
	world.peer_answer = JB_WHO_KNOWN;
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.peer_asked - asked, 5);
	assert_int_equal(world.status.written, 7);
}

static void test_later_records_tell_more_of_the_peer(void **state)
{
	struct jb_contact contact = contact_of(JB_CONTACT_OPENED, 1);

	(void)state;
	audit_open(world.file);
	world.peer_answer = JB_WHO_LATER;
	tell_contact(&contact);
	contact.what = JB_CONTACT_CLOSED;
	contact.peer_cgroup_id = 99;
	tell_contact(&contact);
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.asked.peer_cgroup_id, 99);
}

static void test_who_is_not_asked_for(void **state)
{
	(void)state;
	audit_open(world.file);
	world.self_answer = JB_WHO_NOT_ASKED;
	connection(JB_CONTACT_OPENED, 1);
	world.self_answer = JB_WHO_LATER;
	connection(JB_CONTACT_OPENED, 2);
	world.self_answer = JB_WHO_NOT_ASKED;
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.status.waiting, 0);
	world.self_answer = JB_WHO_KNOWN;
	world.peer_answer = JB_WHO_NOT_ASKED;
	connection(JB_CONTACT_OPENED, 3);
	audit_turn();
	assert_events(world.file, "connection_opened 3");
	for (int i = 0; i < JB_AUDIT_LOST_MAX; i++)
		assert_int_equal(world.status.lost[i], 0);
}

static void test_too_many_wait(void **state)
{
	(void)state;
	world.options.max_waiting = 3;
	audit_open(world.file);
	world.peer_answer = JB_WHO_LATER;
	connection(JB_CONTACT_OPENED, 1);
	connection(JB_CONTACT_OPENED, 2);
	connection(JB_CONTACT_CLOSED, 1);
	audit_turn();
	assert_events(world.file, "");
	connection(JB_CONTACT_OPENED, 3);
	audit_turn();
	assert_events(world.file, "connection_opened 1, connection_closed 1");
	assert_int_equal(world.status.waiting, 2);
	assert_int_equal(world.status.hurried, 2);
	/* Also where the one that has to go is the same connection. */
	connection(JB_CONTACT_OPENED, 4);
	connection(JB_CONTACT_CLOSED, 2);
	audit_turn();
	assert_int_equal(world.status.waiting, 3);
	assert_int_equal(world.status.hurried, 3);
	audit_turn_after(30 * JB_SECOND_NS);
	assert_events(world.file, "connection_opened 1, connection_closed 1, connection_opened 2, "
				  "connection_opened 3, connection_opened 4, connection_closed 2");
}

static void test_many_wait(void **state)
{
	(void)state;
	audit_open(world.file);
	world.peer_answer = JB_WHO_LATER;
	for (__u16 port = 1; port <= 4096; port++)
		connection(JB_CONTACT_OPENED, port);
	audit_turn();
	assert_int_equal(world.status.waiting, 4096);
	world.peer_answer = JB_WHO_KNOWN;
	audit_turn_after(JB_SECOND_NS);
	assert_int_equal(world.status.waiting, 0);
	assert_int_equal(world.status.written, 4096);
	assert_int_equal(world.status.buffered, 0);
}

static unsigned int count_events(const char *event)
{
	json_t *lines = read_lines(world.file), *line;
	unsigned int count = 0;
	size_t i;

	json_array_foreach(lines, i, line) count += !strcmp(text_of(line, "event"), event);
	json_decref(lines);
	return count;
}

static void test_rate(void **state)
{
	json_t *lines, *last;

	(void)state;
	world.options.rate = 10;
	world.options.burst = 50;
	audit_open(world.file);
	for (__u16 port = 1; port <= 60; port++)
		connection(JB_CONTACT_OPENED, port);
	audit_turn();
	assert_int_equal(world.status.written, 50);
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_RATE], 10);
	assert_int_equal(count_events("records_lost"), 0);
	/* Ten more a second, whatever comes; and what is lost is told once a second. */
	for (int tenth = 0; tenth < 30; tenth++) {
		world.now_ns += JB_SECOND_NS / 10;
		for (__u16 port = 1; port <= 100; port++)
			connection(JB_CONTACT_OPENED, port);
		audit_turn();
	}
	assert_int_equal(count_events("connection_opened"), 50 + 30);
	assert_int_equal(count_events("records_lost"), 3);
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_RATE], 10 + 3000 - 30);
	lines = read_lines(world.file);
	last = json_array_get(lines, json_array_size(lines) - 1);
	assert_string_equal(text_of(last, "reason"), "rate");
	assert_int_equal(json_integer_value(json_object_get(last, "count")), 990);
	assert_string_equal(text_of(last, "since"), "2026-11-23T14:40:03.123456Z");
	assert_string_equal(text_of(last, "time"), "2026-11-23T14:40:04.123456Z");
	json_decref(lines);
	/* And no more than the burst after a rest. */
	world.now_ns += 3600 * JB_SECOND_NS;
	for (__u16 port = 1; port <= 60; port++)
		connection(JB_CONTACT_OPENED, port);
	audit_turn();
	assert_int_equal(count_events("connection_opened"), 50 + 30 + 50);
}

/* A flood of those who aren't told of takes nothing from the others. */
static void test_rate_of_who_is_not_asked_for(void **state)
{
	(void)state;
	world.options.rate = 10;
	world.options.burst = 1;
	audit_open(world.file);
	world.self_answer = JB_WHO_NOT_ASKED;
	for (int i = 0; i < 100; i++)
		connection(JB_CONTACT_OPENED, 1);
	world.self_answer = JB_WHO_KNOWN;
	connection(JB_CONTACT_OPENED, 2);
	audit_turn();
	assert_events(world.file, "connection_opened 2");
	assert_int_equal(world.status.lost[JB_AUDIT_LOST_RATE], 0);
}

static void test_close_writes_what_waits(void **state)
{
	(void)state;
	audit_open(world.file);
	world.peer_answer = JB_WHO_LATER;
	connection(JB_CONTACT_OPENED, 1);
	connection(JB_CONTACT_CLOSED, 1);
	jb_audit_lost(world.audit, JB_AUDIT_LOST_RING, 1);
	assert_int_equal(jb_audit_close(world.audit), 0);
	world.audit = NULL;
	assert_events(world.file, "connection_opened 1, connection_closed 1, records_lost 0");
}

static void test_close_of_nothing(void **state)
{
	(void)state;
	assert_int_equal(jb_audit_close(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_names_are_asked_for_at_once),
		UNIT(test_names_come_late),
		UNIT(test_names_are_asked_for_once_a_second),
		UNIT(test_names_never_come),
		UNIT(test_order),
		UNIT(test_streams_are_told_apart),
		UNIT(test_later_records_tell_more_of_the_peer),
		UNIT(test_who_is_not_asked_for),
		UNIT(test_too_many_wait),
		UNIT(test_many_wait),
		UNIT(test_rate),
		UNIT(test_rate_of_who_is_not_asked_for),
		UNIT(test_close_writes_what_waits),
		UNIT(test_close_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
