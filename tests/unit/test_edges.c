/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From notes to edges: what is put together, who is asked, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges_world.h"

static void test_an_edge(void **state)
{
	struct jb_edge_note note = a_note(7, 9);
	const struct told *t;

	(void)state;
	tell(&note);
	assert_int_equal(read_edges(), 0); /* nobody is named yet */
	assert_int_equal(jb_edges_stats(edges).waiting, 1);
	settle();
	assert_int_equal(jb_edges_stats(edges).waiting, 0);
	assert_int_equal(jb_edges_stats(edges).owners, 1);
	assert_int_equal(read_edges(), 1);
	t = between("ns/pod-7", "peers/peer-9");
	assert_non_null(t);
	assert_int_equal(t->reporter, JB_REPORTER_SOURCE);
	assert_int_equal(t->protocol, JB_EDGE_TCP);
	assert_int_equal(t->verdict, JB_VERDICT_NONE);
	assert_int_equal(t->port, 443);
	assert_string_equal(t->pod, "pod-9");
	assert_string_equal(t->policies, "");
	assert_counts(&t->counts, 1, 0, 10, 100);
	assert_int_equal(read_series(), 1);
	assert_non_null(between("ns/pod-7", "peers/peer-9"));
	assert_counts(&told[0].counts, 1, 0, 10, 100);
}

static void test_notes_of_a_contact_are_put_together(void **state)
{
	struct jb_edge_note note = a_note(7, 9);

	(void)state;
	tell(&note);
	note.ends.local_port++;
	note.counts = (struct jb_edge_counts){2, 3, 4, 5};
	now += SECOND;
	tell(&note);
	assert_int_equal(jb_edges_stats(edges).waiting, 1);
	now += SECOND;
	settle();
	assert_int_equal(world.self_asked, 1);
	assert_int_equal(world.peer_asked, 1);
	assert_int_equal(read_edges(), 1);
	assert_counts(&told[0].counts, 3, 3, 14, 105);
	assert_int_equal(told[0].first_ns, 1000 * SECOND);
	assert_int_equal(told[0].last_ns, 1001 * SECOND);
	/* and what comes later is added to the same edge */
	tell_and_settle(note);
	assert_int_equal(read_edges(), 1);
	assert_counts(&told[0].counts, 5, 6, 18, 110);
	assert_int_equal(told[0].first_ns, 1000 * SECOND);
	assert_int_equal(told[0].last_ns, 1002 * SECOND);
	assert_int_equal(read_series(), 1);
	assert_counts(&told[0].counts, 5, 6, 18, 110);
}

/* Whatever may make another peer, or another row, makes another contact. */
static void test_contacts_are_told_apart(void **state)
{
	struct jb_edge_note notes[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		notes[i] = a_note(7, 9);
	notes[1].ends.cgroup_id = 8;
	notes[2].ends.peer_cgroup_id = 8;
	notes[3].ends.remote.octet[0] = 1;
	notes[4].port = 80;
	notes[5].reporter = JB_REPORTER_DESTINATION;
	notes[6].protocol = JB_EDGE_RTP;
	notes[7].ends.loopback = true;
	for (int i = 0; i < 8; i++) {
		tell(&notes[i]);
		tell(&notes[i]);
		assert_int_equal(jb_edges_stats(edges).waiting, i + 1);
	}
	settle();
	read_edges();
	assert_int_equal(sum_told().connections, 16);
}

static void test_rows_of_a_peer(void **state)
{
	struct jb_edge_note note = a_note(7, 9);

	(void)state;
	tell(&note);
	note.port = 80;
	tell(&note);
	note.protocol = JB_EDGE_RTP;
	tell(&note);
	note.reporter = JB_REPORTER_DESTINATION;
	tell(&note);
	settle();
	assert_int_equal(read_edges(), 4);
	/* ports are one in the metrics */
	assert_int_equal(read_series(), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(told[i].counts.connections,
				 told[i].reporter == JB_REPORTER_SOURCE &&
						 told[i].protocol == JB_EDGE_TCP
					 ? 2
					 : 1);
}

static void test_owners(void **state)
{
	struct strange *unit;

	(void)state;
	strcpy(strange(world.self, 1, JB_WHO_KNOWN)->who.unit, "sip.service");
	strange(world.self, 2, JB_WHO_KNOWN); /* nobody knows */
	unit = strange(world.self, 3, JB_WHO_KNOWN);
	strcpy(unit->who.unit, JB_EDGES_OTHER);
	strcpy(unit->who.workload, JB_EDGES_OTHER);
	for (int i = 1; i <= 4; i++)
		meet(i, 9);
	assert_int_equal(jb_edges_stats(edges).owners, 4);
	assert_int_equal(read_series(), 4);
	assert_non_null(between("sip.service", "peers/peer-9"));
	assert_non_null(between("unknown", "peers/peer-9"));
	assert_non_null(between("~other", "peers/peer-9")); /* a unit of that name */
	assert_non_null(between("ns/pod-4", "peers/peer-9"));
}

/* Two workloads of one name are one. */
static void test_cgroups_of_an_owner(void **state)
{
	(void)state;
	name(&strange(world.self, 1, JB_WHO_KNOWN)->who, "ns", "workload", 7);
	meet(1, 9);
	meet(7, 9);
	assert_int_equal(read_edges(), 1);
	assert_counts(&between("ns/pod-7", "peers/peer-9")->counts, 2, 0, 20, 200);
}

static void test_peers(void **state)
{
	struct strange *unit = strange(world.peer, 1, JB_WHO_KNOWN);

	(void)state;
	strcpy(unit->who.unit, "dns.service");
	strcpy(unit->who.workload, "dns.service");
	strcpy(strange(world.peer, 2, JB_WHO_KNOWN)->who.workload, JB_WHO_EXTERNAL);
	strcpy(strange(world.peer, 3, JB_WHO_KNOWN)->who.workload, JB_WHO_EXTERNAL);
	strange(world.peer, 4, JB_WHO_KNOWN); /* nobody knows */
	for (int i = 1; i <= 4; i++)
		meet(7, i);
	assert_int_equal(read_edges(), 3);
	assert_non_null(between("ns/pod-7", "/dns.service"));
	assert_counts(&between("ns/pod-7", "/external")->counts, 2, 0, 20, 200);
	assert_non_null(between("ns/pod-7", "/unknown"));
	assert_string_equal(told[0].pod, "");
}

static void test_the_pod_that_always_was_the_same(void **state)
{
	struct strange *other = strange(world.peer, 2, JB_WHO_KNOWN);

	(void)state;
	name(&other->who, "peers", "peer", 9);
	meet(7, 9);
	meet(7, 2);
	assert_int_equal(read_edges(), 1);
	assert_string_equal(told[0].pod, "pod-9");
	strcpy(other->who.pod, "another");
	meet(7, 2);
	assert_int_equal(read_edges(), 1);
	assert_string_equal(told[0].pod, "");
	meet(7, 9);
	read_edges();
	assert_string_equal(told[0].pod, "");
}

/* One that has none isn't the same as one that has. */
static void test_a_pod_where_there_was_none(void **state)
{
	struct strange *unit = strange(world.peer, 2, JB_WHO_KNOWN);

	(void)state;
	name(&unit->who, "peers", "peer", 9);
	unit->who.pod[0] = '\0';
	meet(7, 2);
	meet(7, 9);
	assert_int_equal(read_edges(), 1);
	assert_string_equal(told[0].pod, "");
}

static void test_to_oneself_is_no_edge(void **state)
{
	struct strange *pod = strange(world.peer, 1, JB_WHO_KNOWN);
	struct strange *unit = strange(world.peer, 2, JB_WHO_KNOWN);
	struct strange *self = strange(world.self, 2, JB_WHO_KNOWN);

	(void)state;
	name(&pod->who, "ns", "another-name", 7);
	meet(7, 1);
	strcpy(unit->who.unit, "sip.service");
	strcpy(self->who.unit, "sip.service");
	meet(2, 2);
	assert_int_equal(read_edges(), 0);
	assert_int_equal(read_series(), 0);
	assert_int_equal(jb_edges_stats(edges).owners, 0);
	assert_int_equal(jb_edges_stats(edges).lost, 0);
}

/* The same name elsewhere, or none, is somebody else. */
static void test_what_is_not_oneself(void **state)
{
	struct strange *peer = strange(world.peer, 1, JB_WHO_KNOWN);
	struct strange *self = strange(world.self, 2, JB_WHO_KNOWN);

	(void)state;
	name(&peer->who, "other", "workload", 7);
	meet(7, 1);
	assert_int_equal(read_edges(), 1);
	name(&peer->who, "ns", "workload", 8);
	meet(7, 1);
	assert_int_equal(read_edges(), 2);
	strcpy(peer->who.pod, ""); /* a Service */
	meet(7, 1);
	strcpy(self->who.unit, "a.service");
	strcpy(peer->who.unit, "b.service");
	meet(2, 1);
	assert_int_equal(read_edges(), 3);
	strcpy(self->who.unit, JB_WHO_UNKNOWN);
	strcpy(peer->who.unit, JB_WHO_UNKNOWN);
	meet(2, 1);
	assert_int_equal(read_edges(), 4);
	strcpy(self->who.unit, "");
	strcpy(peer->who.unit, "");
	meet(2, 1);
	assert_int_equal(read_edges(), 4);
	assert_counts(&between("unknown", "ns/workload-8")->counts, 2, 0, 20, 200);
}

static void test_who_is_not_asked_for(void **state)
{
	struct strange *self = strange(world.self, 7, JB_WHO_NOT_ASKED);

	(void)state;
	meet(7, 9);
	assert_int_equal(world.peer_asked, 0);
	self->answer = JB_WHO_KNOWN;
	strange(world.peer, 9, JB_WHO_NOT_ASKED);
	meet(7, 9);
	assert_int_equal(world.peer_asked, 1);
	assert_int_equal(read_edges(), 0);
	assert_int_equal(jb_edges_stats(edges).waiting, 0);
	assert_int_equal(jb_edges_stats(edges).owners, 0);
	assert_int_equal(jb_edges_stats(edges).lost, 0);
}

static void test_a_peer_that_is_named_late(void **state)
{
	struct strange *peer = strange(world.peer, 9, JB_WHO_LATER);

	(void)state;
	meet(7, 9);
	now += 29 * SECOND;
	meet(7, 9); /* does not begin the wait anew */
	assert_int_equal(read_edges(), 0);
	assert_int_equal(jb_edges_stats(edges).waiting, 1);
	assert_int_equal(world.peer_asked_last, 0);
	peer->answer = JB_WHO_KNOWN;
	name(&peer->who, "peers", "peer", 9);
	now += SECOND / 2;
	settle();
	assert_int_equal(world.peer_asked_last, 0);
	assert_int_equal(read_edges(), 1);
	assert_counts(&between("ns/pod-7", "peers/peer-9")->counts, 2, 0, 20, 200);
	assert_int_equal(told[0].first_ns, 1000 * SECOND);
	assert_int_equal(told[0].last_ns, 1029 * SECOND);
}

static void test_a_peer_that_is_never_named(void **state)
{
	(void)state;
	strange(world.peer, 9, JB_WHO_LATER);
	meet(7, 9);
	now += 30 * SECOND - 1;
	settle();
	assert_int_equal(read_edges(), 0);
	now++;
	settle();
	assert_int_equal(world.peer_asked_last, 1);
	assert_int_equal(read_edges(), 1);
	assert_non_null(between("ns/pod-7", "/cluster"));
	assert_int_equal(jb_edges_stats(edges).lost, 0);
}

static void test_a_workload_that_is_named_late(void **state)
{
	struct strange *self = strange(world.self, 7, JB_WHO_LATER);

	(void)state;
	meet(7, 9);
	now += 60 * SECOND - 1;
	settle();
	assert_int_equal(world.peer_asked, 0);
	assert_int_equal(jb_edges_stats(edges).waiting, 1);
	self->answer = JB_WHO_KNOWN;
	name(&self->who, "ns", "workload", 7);
	settle();
	assert_int_equal(world.peer_asked_last, 1); /* it was waited for long enough */
	assert_int_equal(read_edges(), 1);
	assert_int_equal(jb_edges_stats(edges).lost, 0);
}

static void test_a_workload_that_is_never_named(void **state)
{
	(void)state;
	strange(world.self, 7, JB_WHO_LATER);
	meet(7, 9);
	now += 60 * SECOND;
	settle();
	assert_int_equal(jb_edges_stats(edges).waiting, 0);
	assert_int_equal(jb_edges_stats(edges).lost, 1);
	assert_int_equal(read_edges(), 0);
}

/* Told late by another clock reading: nothing has been waited for. */
static void test_time_that_is_earlier(void **state)
{
	(void)state;
	strange(world.peer, 9, JB_WHO_LATER);
	meet(7, 9);
	now -= 500 * SECOND;
	settle();
	assert_int_equal(world.peer_asked_last, 0);
	assert_int_equal(jb_edges_stats(edges).waiting, 1);
}

static void test_nothing(void **state)
{
	(void)state;
	settle();
	assert_int_equal(read_edges(), 0);
	assert_int_equal(read_series(), 0);
	jb_edges_free(NULL);
}

/* What still waits is given back: for the checker of leaks. */
static void test_free_with_contacts(void **state)
{
	(void)state;
	strange(world.peer, 9, JB_WHO_LATER);
	for (int i = 1; i <= 100; i++)
		meet(i, 9);
	assert_int_equal(jb_edges_stats(edges).waiting, 100);
}

static bool is_alive(void *ctx, const struct jb_identity *owner)
{
	const char *const *gone = ctx;

	assert_string_equal(owner->container, "");
	return strcmp(*owner->pod ? owner->pod : owner->unit, *gone);
}

static void test_sweep(void **state)
{
	static const char *gone = "pod-7", *unit = "sip.service";

	(void)state;
	strcpy(strange(world.self, 1, JB_WHO_KNOWN)->who.unit, "sip.service");
	meet(1, 9);
	meet(7, 9);
	meet(7, 10);
	meet(8, 9);
	jb_edges_sweep(edges, is_alive, &gone);
	assert_int_equal(jb_edges_stats(edges).owners, 2);
	assert_int_equal(read_edges(), 2);
	assert_null(between("ns/pod-7", "peers/peer-9"));
	jb_edges_sweep(edges, is_alive, &unit);
	assert_int_equal(read_edges(), 1);
	assert_non_null(between("ns/pod-8", "peers/peer-9"));
	meet(7, 9); /* one of that name begins anew */
	assert_int_equal(read_edges(), 2);
	assert_counts(&between("ns/pod-7", "peers/peer-9")->counts, 1, 0, 10, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_edge),
		TEST(test_notes_of_a_contact_are_put_together),
		TEST(test_contacts_are_told_apart),
		TEST(test_rows_of_a_peer),
		TEST(test_owners),
		TEST(test_cgroups_of_an_owner),
		TEST(test_peers),
		TEST(test_the_pod_that_always_was_the_same),
		TEST(test_a_pod_where_there_was_none),
		TEST(test_to_oneself_is_no_edge),
		TEST(test_what_is_not_oneself),
		TEST(test_who_is_not_asked_for),
		TEST(test_a_peer_that_is_named_late),
		TEST(test_a_peer_that_is_never_named),
		TEST(test_a_workload_that_is_named_late),
		TEST(test_a_workload_that_is_never_named),
		TEST(test_time_that_is_earlier),
		TEST(test_nothing),
		TEST(test_free_with_contacts),
		TEST(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
