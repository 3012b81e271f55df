/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What there is no room for: first come is first kept, the rest is ~other, and no sum ever falls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "edges_world.h"
#include "random.h"

static void test_destinations(void **state)
{
	(void)state;
	for (int i = 1; i <= 20; i++)
		meet(7, i);
	assert_int_equal(read_series(), 17);
	for (int i = 1; i <= 16; i++)
		assert_counts(&told[i - 1].counts, 1, 0, 10, 100);
	assert_non_null(between("ns/pod-7", "peers/peer-16"));
	assert_null(between("ns/pod-7", "peers/peer-17"));
	assert_counts(&between("ns/pod-7", "/~other")->counts, 4, 0, 40, 400);
	assert_int_equal(jb_edges_stats(edges).folded, 4);
	/* the listing has room for more */
	assert_int_equal(read_edges(), 20);
	assert_counts(&between("ns/pod-7", "peers/peer-20")->counts, 1, 0, 10, 100);
}

static void test_other_is_for_good(void **state)
{
	struct jb_edge_note note = a_note(7, 17);

	(void)state;
	for (int turn = 0; turn < 3; turn++)
		for (int i = 1; i <= 17; i++)
			meet(7, i);
	note.port = 80;
	tell_and_settle(note);
	note.protocol = JB_EDGE_RTP;
	tell_and_settle(note);
	assert_int_equal(read_series(), 18);
	assert_null(between("ns/pod-7", "peers/peer-17"));
	for (unsigned int i = 0; i < n_told; i++)
		assert_int_equal(told[i].counts.connections, strcmp(told[i].peer, "/~other")   ? 3
							     : told[i].protocol == JB_EDGE_TCP ? 4
											       : 1);
}

/* A place is a peer's of one reporter; protocols share it. */
static void test_places(void **state)
{
	struct jb_edge_note note = a_note(7, 1);

	(void)state;
	for (int i = 1; i <= 8; i++)
		for (int r = JB_REPORTER_SOURCE; r <= JB_REPORTER_DESTINATION; r++)
			for (int p = 0; p < JB_EDGE_PROTOCOL_MAX; p++) {
				note = a_note(7, i);
				note.reporter = r;
				note.protocol = p;
				tell_and_settle(note);
			}
	assert_int_equal(read_series(), 32);
	assert_int_equal(jb_edges_stats(edges).folded, 0);
	meet(7, 9);
	note.ends.remote.word[3] = htonl(9);
	tell_and_settle(note); /* a destination's, of RTP */
	assert_int_equal(read_series(), 34);
	assert_int_equal(jb_edges_stats(edges).folded, 2);
}

/* Connections older than the agent take no place from new ones. */
static void test_places_of_unknown_reporters(void **state)
{
	struct jb_edge_note note;

	(void)state;
	for (int i = 1; i <= 20; i++) {
		note = a_note(7, i);
		note.reporter = JB_REPORTER_UNKNOWN;
		tell_and_settle(note);
	}
	assert_int_equal(read_series(), 17);
	for (int i = 21; i <= 40; i++)
		meet(7, i);
	assert_int_equal(read_series(), 34);
	assert_int_equal(jb_edges_stats(edges).folded, 8);
}

static void test_owners_have_places_each(void **state)
{
	(void)state;
	for (int o = 1; o <= 3; o++)
		for (int i = 1; i <= 17; i++)
			meet(o, i);
	assert_int_equal(read_series(), 3 * 17);
}

static void test_rows_of_an_owner(void **state)
{
	struct jb_edge_note note = a_note(7, 1);

	(void)state;
	for (int i = 0; i < 70; i++) {
		note.port = 1000 + i;
		tell_and_settle(note);
	}
	assert_int_equal(read_series(), 1); /* one peer */
	assert_counts(&told[0].counts, 70, 0, 700, 7000);
	assert_int_equal(read_edges(), 65);
	assert_int_equal(jb_edges_stats(edges).folded, 6);
	assert_counts(&between("ns/pod-7", "/~other")->counts, 6, 0, 60, 600);
	assert_int_equal(between("ns/pod-7", "/~other")->port, 0);
	assert_string_equal(between("ns/pod-7", "/~other")->pod, "");
	/* another peer has a place in the metrics still */
	meet(7, 2);
	assert_int_equal(read_series(), 2);
	assert_non_null(between("ns/pod-7", "peers/peer-2"));
	assert_int_equal(read_edges(), 65);
	assert_int_equal(sum_told().connections, 71);
	/* what is in the listing goes on there */
	note.port = 1000;
	tell_and_settle(note);
	read_edges();
	assert_counts(&between("ns/pod-7", "/~other")->counts, 7, 0, 70, 700);
}

static void test_peers_without_any_place(void **state)
{
	(void)state;
	for (int i = 1; i <= 100; i++)
		meet(7, i);
	assert_int_equal(read_series(), 17);
	assert_counts(&between("ns/pod-7", "/~other")->counts, 84, 0, 840, 8400);
	assert_int_equal(read_edges(), 65);
	assert_counts(&between("ns/pod-7", "/~other")->counts, 36, 0, 360, 3600);
	assert_int_equal(jb_edges_stats(edges).folded, 84);
}

/* Of what one owner has no use for, another has. */
static void test_places_without_rows(void **state)
{
	(void)state;
	options.max_edges = 70;
	restart();
	for (int i = 1; i <= 100; i++)
		meet(1, i);
	for (int i = 1; i <= 7; i++)
		meet(2, i);
	assert_int_equal(read_series(), 17 + 6 + 1);
	assert_int_equal(read_edges(), 65 + 6 + 1);
}

static void test_rows_of_all(void **state)
{
	(void)state;
	options.max_edges = 10;
	restart();
	for (int o = 1; o <= 5; o++)
		for (int i = 1; i <= 4; i++)
			meet(o, i);
	assert_int_equal(read_series(), 10 + 3);
	assert_int_equal(read_edges(), 10 + 3);
	assert_counts(&between("ns/pod-3", "/~other")->counts, 2, 0, 20, 200);
	assert_counts(&between("ns/pod-5", "/~other")->counts, 4, 0, 40, 400);
}

static bool is_third(void *ctx, const struct jb_identity *owner)
{
	(void)ctx;
	return !strcmp(owner->pod, "pod-3");
}

/* Who has gone gives the room back. */
static void test_sweep_makes_room(void **state)
{
	(void)state;
	options.max_edges = 10;
	options.max_owners = 3;
	restart();
	for (int turn = 0; turn < 3; turn++) {
		for (int o = 1; o <= 4; o++)
			for (int i = 1; i <= 5; i++)
				meet(o, i);
		read_edges();
		assert_non_null(between("ns/pod-1", "peers/peer-5"));
		jb_edges_sweep(edges, is_third, NULL);
	}
	assert_int_equal(read_edges(), 2); /* ~other of the third, and of ~other */
	assert_counts(&between("ns/pod-3", "/~other")->counts, 15, 0, 150, 1500);
	assert_counts(&between("/~other", "/~other")->counts, 15, 0, 150, 1500);
}

static void test_owners_of_all(void **state)
{
	(void)state;
	options.max_owners = 3;
	restart();
	for (int turn = 0; turn < 2; turn++)
		for (int o = 1; o <= 5; o++)
			meet(o, 9);
	assert_int_equal(jb_edges_stats(edges).owners, 4);
	assert_int_equal(read_series(), 4);
	assert_counts(&between("/~other", "peers/peer-9")->counts, 4, 0, 40, 400);
	assert_counts(&between("ns/pod-1", "peers/peer-9")->counts, 2, 0, 20, 200);
	assert_string_equal(told[3].owner, "/~other"); /* comes last */
}

/* A peer that is called so already. */
static void test_a_peer_named_other(void **state)
{
	(void)state;
	strcpy(strange(world.peer, 1, JB_WHO_KNOWN)->who.workload, JB_EDGES_OTHER);
	options.max_edges = 1;
	restart();
	meet(7, 1);
	meet(7, 2);
	meet(7, 3);
	assert_int_equal(read_edges(), 2);
	assert_counts(&between("ns/pod-7", "/~other")->counts, 2, 0, 20, 200);
	assert_non_null(between("ns/pod-7", "peers/peer-2"));
}

/* Full of new contacts: they are settled at once. */
static void test_more_contacts_than_wait(void **state)
{
	(void)state;
	options.max_waiting = 10;
	restart();
	for (int i = 0; i < 1000; i++) {
		struct jb_edge_note note = a_note(7, i % 100 + 1);

		tell(&note);
		assert_in_range(jb_edges_stats(edges).waiting, 1, 10);
	}
	settle();
	assert_int_equal(jb_edges_stats(edges).lost, 0);
	read_edges();
	assert_counts((struct jb_edge_counts[]){sum_told()}, 1000, 0, 10000, 100000);
}

/* Full of contacts that wait: what is new is named at once, as well as it can be. */
static void test_no_room_to_wait(void **state)
{
	struct jb_edge_note note;

	(void)state;
	options.max_waiting = 10;
	restart();
	strange(world.peer, 9, JB_WHO_LATER);
	strange(world.self, 99, JB_WHO_LATER);
	for (int i = 1; i <= 10; i++)
		meet(i, 9);
	assert_int_equal(jb_edges_stats(edges).waiting, 10);
	note = a_note(11, 9);
	tell(&note);
	assert_int_equal(world.peer_asked_last, 1);
	assert_int_equal(read_edges(), 1);
	assert_non_null(between("ns/pod-11", "/cluster"));
	note = a_note(99, 9);
	tell(&note);
	assert_int_equal(jb_edges_stats(edges).lost, 1);
	note = a_note(1, 9); /* one that waits has its place */
	tell(&note);
	assert_int_equal(jb_edges_stats(edges).lost, 1);
	assert_int_equal(jb_edges_stats(edges).waiting, 10);
	now += 30 * SECOND;
	settle();
	assert_int_equal(read_edges(), 11);
	assert_counts(&between("ns/pod-1", "/cluster")->counts, 2, 0, 20, 200);
}

/* However many come while others wait, each is asked for a few times at most. */
static void test_asking_is_bounded(void **state)
{
	(void)state;
	options.max_waiting = 100;
	restart();
	strange(world.peer, 9, JB_WHO_LATER);
	for (int i = 1; i <= 10000; i++) {
		struct jb_edge_note note = a_note(i, 9);

		tell(&note);
	}
	assert_in_range(world.self_asked, 10000 - 100, 2 * 10000);
	assert_int_equal(jb_edges_stats(edges).waiting, 100);
}

/* What was told before. */
struct earlier {
	struct told row[TOLD];
	unsigned int count;
};

static const struct told *find_same(const struct told *wanted)
{
	for (unsigned int i = 0; i < n_told; i++)
		if (!strcmp(told[i].owner, wanted->owner) && !strcmp(told[i].peer, wanted->peer) &&
		    told[i].reporter == wanted->reporter && told[i].protocol == wanted->protocol)
			return &told[i];
	return NULL;
}

static void assert_grown(const struct earlier *earlier)
{
	for (unsigned int i = 0; i < earlier->count; i++) {
		const struct told *t = find_same(&earlier->row[i]);

		assert_non_null(t);
		assert_true(t->counts.connections >= earlier->row[i].counts.connections);
		assert_true(t->counts.bytes_sent >= earlier->row[i].counts.bytes_sent);
	}
}

static struct jb_edge_note random_note(struct jb_random *random)
{
	struct jb_edge_note note = a_note(jb_random_below(random, 12) + 1,
					  jb_random_below(random, 30) + 1);

	note.reporter = jb_random_below(random, JB_REPORTER_MAX);
	note.protocol = jb_random_below(random, JB_EDGE_PROTOCOL_MAX);
	note.port = jb_random_below(random, 5);
	note.counts = (struct jb_edge_counts){jb_random_below(random, 3),
					      jb_random_below(random, 3),
					      jb_random_below(random, 1000), 7};
	return note;
}

/* As small as it all may be, with names that come late. */
static void small_world(void)
{
	options.destinations = 4;
	options.max_owners = 8;
	options.max_edges = 60;
	options.max_waiting = 20;
	options.judge = judge;
	options.judge_ctx = &world;
	restart();
	for (int i = 1; i <= STRANGE; i++)
		strange(world.peer, i, JB_WHO_LATER);
}

/* The page tells the same as the listing, within the bounds. */
static void assert_small(void)
{
	struct jb_edge_counts of_series, of_edges;
	unsigned int others = (options.max_owners + 1) * JB_REPORTER_MAX * JB_EDGE_PROTOCOL_MAX;

	assert_true(read_edges() <= options.max_edges + others * JB_VERDICT_MAX);
	of_edges = sum_told();
	assert_true(read_series() <= options.max_edges * JB_EDGE_PROTOCOL_MAX + others);
	of_series = sum_told();
	assert_memory_equal(&of_series, &of_edges, sizeof(of_edges));
}

static void test_random(void **state)
{
	static struct earlier earlier;
	struct jb_random random = {.state = 42};
	__u64 noted = 0;

	(void)state;
	small_world();
	for (int turn = 0; turn < 400; turn++) {
		world.verdict = jb_random_below(&random, JB_VERDICT_MAX);
		for (int i = jb_random_below(&random, 60); i > 0; i--) {
			struct jb_edge_note note = random_note(&random);

			noted += note.counts.connections;
			tell(&note);
		}
		now += 5 * SECOND;
		settle();
		assert_small();
		assert_grown(&earlier);
		memcpy(earlier.row, told, sizeof(*told) * n_told);
		earlier.count = n_told;
	}
	now += 60 * SECOND;
	settle();
	read_series();
	assert_int_equal(sum_told().connections, noted);
	assert_int_equal(jb_edges_stats(edges).lost, 0);
	assert_true(jb_edges_stats(edges).folded > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_destinations),
		TEST(test_other_is_for_good),
		TEST(test_places),
		TEST(test_places_of_unknown_reporters),
		TEST(test_owners_have_places_each),
		TEST(test_rows_of_an_owner),
		TEST(test_peers_without_any_place),
		TEST(test_places_without_rows),
		TEST(test_rows_of_all),
		TEST(test_sweep_makes_room),
		TEST(test_owners_of_all),
		TEST(test_a_peer_named_other),
		TEST(test_more_contacts_than_wait),
		TEST(test_no_room_to_wait),
		TEST(test_asking_is_bounded),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
