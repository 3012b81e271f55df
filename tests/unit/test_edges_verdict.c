/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What policies say of edges: who is judged, and whose the figures are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges_world.h"

static __u64 verdicts[JB_VERDICT_MAX];

static void on_owner(void *ctx, const struct jb_identity *owner,
		     const __u64 connections[JB_VERDICT_MAX])
{
	if (!strcmp(owner->pod, ctx))
		memcpy(verdicts, connections, sizeof(verdicts));
}

static void assert_verdicts(const char *pod, __u64 allowed, __u64 denied, __u64 no_policy,
			    __u64 unknown)
{
	char name[64];

	memset(verdicts, 0xff, sizeof(verdicts));
	snprintf(name, sizeof(name), "%s", pod);
	jb_edges_each_owner(edges, on_owner, name);
	assert_int_equal(verdicts[JB_VERDICT_ALLOWED], allowed);
	assert_int_equal(verdicts[JB_VERDICT_DENIED], denied);
	assert_int_equal(verdicts[JB_VERDICT_NO_POLICY], no_policy);
	assert_int_equal(verdicts[JB_VERDICT_UNKNOWN], unknown);
}

static int setup_judged(void **state)
{
	setup(state);
	options.judge = judge;
	options.judge_ctx = &world;
	world.verdict = JB_VERDICT_ALLOWED;
	restart();
	return 0;
}

/* The row of that verdict; NULL if there is none. */
static const struct told *of_verdict(enum jb_edge_verdict verdict)
{
	const struct told *found = NULL;

	for (unsigned int i = 0; i < n_told; i++) {
		if (told[i].verdict != verdict)
			continue;
		assert_null(found);
		found = &told[i];
	}
	return found;
}

static void test_what_is_asked(void **state)
{
	struct jb_edge_note note = a_note(7, 9);

	(void)state;
	note.reporter = JB_REPORTER_DESTINATION;
	note.port = 5060;
	tell_and_settle(note);
	assert_int_equal(world.judged, 1);
	assert_int_equal(world.judged_last.reporter, JB_REPORTER_DESTINATION);
	assert_int_equal(world.judged_last.port, 5060);
	assert_string_equal(world.judged_peer.pod, "pod-9");
	assert_int_equal(read_edges(), 1);
	assert_int_equal(told[0].verdict, JB_VERDICT_ALLOWED);
	assert_string_equal(told[0].policies, "");
	assert_verdicts("pod-7", 1, 0, 0, 0);
}

/* A hundred connections within a turn are one question. */
static void test_once_for_a_contact(void **state)
{
	struct jb_edge_note note = a_note(7, 9);

	(void)state;
	for (int i = 0; i < 100; i++)
		tell(&note);
	note.counts = (struct jb_edge_counts){.failures = 5};
	tell(&note);
	settle();
	assert_int_equal(world.judged, 1);
	assert_verdicts("pod-7", 105, 0, 0, 0);
}

static void test_bytes_belong_to_the_latest_judgement(void **state)
{
	struct jb_edge_note bytes = a_note(7, 9);

	(void)state;
	bytes.counts.connections = 0;
	meet(7, 9);
	world.verdict = JB_VERDICT_DENIED;
	tell_and_settle(bytes);
	assert_int_equal(world.judged, 1);
	assert_int_equal(read_edges(), 1);
	assert_counts(&told[0].counts, 1, 0, 20, 200);
	meet(7, 9);
	tell_and_settle(bytes);
	assert_int_equal(world.judged, 2);
	assert_int_equal(read_edges(), 2);
	assert_counts(&of_verdict(JB_VERDICT_DENIED)->counts, 1, 0, 20, 200);
	world.verdict = JB_VERDICT_ALLOWED; /* as it was at first */
	meet(7, 9);
	tell_and_settle(bytes);
	assert_int_equal(read_edges(), 2);
	assert_counts(&of_verdict(JB_VERDICT_ALLOWED)->counts, 2, 0, 40, 400);
	assert_verdicts("pod-7", 2, 1, 0, 0);
	assert_int_equal(read_series(), 1);
	assert_counts(&told[0].counts, 3, 0, 60, 600);
}

/* What is seen first is judged, although it was opened before. */
static void test_bytes_of_an_older_connection(void **state)
{
	struct jb_edge_note bytes = a_note(7, 9);

	(void)state;
	world.verdict = JB_VERDICT_NO_POLICY;
	bytes.counts.connections = 0;
	tell_and_settle(bytes);
	bytes.port = 80; /* another edge of the same peer */
	tell_and_settle(bytes);
	tell_and_settle(bytes);
	assert_int_equal(world.judged, 2);
	read_edges();
	assert_int_equal(told[0].verdict, JB_VERDICT_NO_POLICY);
	assert_verdicts("pod-7", 0, 0, 0, 0);
}

static void test_failures_are_judged(void **state)
{
	struct jb_edge_note note = a_note(7, 9);

	(void)state;
	world.verdict = JB_VERDICT_DENIED;
	note.counts = (struct jb_edge_counts){.failures = 2};
	tell_and_settle(note);
	tell_and_settle(note);
	assert_int_equal(world.judged, 2);
	assert_verdicts("pod-7", 0, 4, 0, 0);
	assert_int_equal(read_edges(), 1);
	assert_counts(&told[0].counts, 0, 4, 0, 0);
}

/* Nobody is asked in whose direction it went. */
static void test_who_opened_it_is_not_known(void **state)
{
	struct jb_edge_note note = a_note(7, 9);

	(void)state;
	note.reporter = JB_REPORTER_UNKNOWN;
	tell_and_settle(note);
	assert_int_equal(world.judged, 0);
	read_edges();
	assert_int_equal(told[0].verdict, JB_VERDICT_UNKNOWN);
	assert_verdicts("pod-7", 0, 0, 0, 1);
}

static void test_media_is_not_judged(void **state)
{
	struct jb_edge_note note = a_note(7, 9);

	(void)state;
	note.protocol = JB_EDGE_RTP;
	tell_and_settle(note);
	assert_int_equal(world.judged, 0);
	read_edges();
	assert_int_equal(told[0].verdict, JB_VERDICT_NONE);
	assert_verdicts("pod-7", 0, 0, 0, 0);
}

static void test_policies(void **state)
{
	(void)state;
	world.policies = "ns/first";
	meet(7, 9);
	read_edges();
	assert_string_equal(told[0].policies, "ns/first");
	world.policies = "ns/first,ns/second";
	meet(7, 9);
	read_edges();
	assert_string_equal(told[0].policies, "ns/first,ns/second");
	world.policies = NULL;
	meet(7, 9);
	assert_int_equal(read_edges(), 1);
	assert_string_equal(told[0].policies, "");
}

/* A verdict more is a row more; ~other has one of each, without the policies of one among many. */
static void test_other(void **state)
{
	struct jb_edge_note bytes = a_note(7, 1);

	(void)state;
	options.max_edges = 1;
	restart();
	world.policies = "ns/first";
	meet(7, 1);
	world.verdict = JB_VERDICT_DENIED;
	meet(7, 1);
	meet(7, 2);
	world.verdict = JB_VERDICT_ALLOWED;
	meet(7, 2);
	assert_int_equal(read_edges(), 3);
	assert_non_null(between("ns/pod-7", "peers/peer-1"));
	for (unsigned int i = 0; i < n_told; i++) {
		bool other = !strcmp(told[i].peer, "/~other");

		assert_string_equal(told[i].policies, other ? "" : "ns/first");
		assert_int_equal(told[i].port, other ? 0 : 443);
		assert_int_equal(told[i].counts.connections,
				 told[i].verdict == JB_VERDICT_DENIED ? 2 : 1);
	}
	/* whose bytes these are isn't known there, so it is asked again */
	bytes = a_note(7, 2);
	bytes.counts.connections = 0;
	bytes.port = 0;
	world.judged = 0;
	world.verdict = JB_VERDICT_NO_POLICY;
	tell_and_settle(bytes);
	assert_int_equal(world.judged, 1);
	assert_int_equal(read_edges(), 4);
	assert_counts(&of_verdict(JB_VERDICT_NO_POLICY)->counts, 0, 0, 10, 100);
}

static void test_owners_are_told_apart(void **state)
{
	(void)state;
	meet(7, 9);
	world.verdict = JB_VERDICT_UNKNOWN;
	meet(8, 9);
	assert_verdicts("pod-7", 1, 0, 0, 0);
	assert_verdicts("pod-8", 0, 0, 0, 1);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(jb_verdict_names[JB_VERDICT_NONE], "");
	assert_string_equal(jb_verdict_names[JB_VERDICT_ALLOWED], "allowed");
	assert_string_equal(jb_verdict_names[JB_VERDICT_DENIED], "denied");
	assert_string_equal(jb_verdict_names[JB_VERDICT_NO_POLICY], "no_policy");
	assert_string_equal(jb_verdict_names[JB_VERDICT_UNKNOWN], "unknown");
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_judged, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_asked),
		TEST(test_once_for_a_contact),
		TEST(test_bytes_belong_to_the_latest_judgement),
		TEST(test_bytes_of_an_older_connection),
		TEST(test_failures_are_judged),
		TEST(test_who_opened_it_is_not_known),
		TEST(test_media_is_not_judged),
		TEST(test_policies),
		TEST(test_other),
		TEST(test_owners_are_told_apart),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
