/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Edges in a world where everybody has a name unless the test says otherwise: cgroup N is the pod
 * ns/pod-N of workload-N, the remote address N of peers/pod-N of peer-N. For the programs that test
 * the edges: one of them includes it, with cmocka before it.
 */
#ifndef JITTERBUG_TESTS_EDGES_WORLD_H
#define JITTERBUG_TESTS_EDGES_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "edges/edges.h"

enum { STRANGE = 8, TOLD = 4096 };
#define SECOND JB_SECOND_NS

/* Who is not named as above. */
struct strange {
	__u64 id; /* cgroup or address; 0: no such */
	enum jb_who_answer answer;
	struct jb_who who;
};

static struct {
	struct strange self[STRANGE];
	struct strange peer[STRANGE];
	unsigned int self_asked, peer_asked, peer_asked_last, judged;
	enum jb_edge_verdict verdict;
	const char *policies;
	struct jb_edge_case judged_last;
	struct jb_who judged_peer;
} world;

static struct jb_edges *edges;
static struct jb_edges_options options;
static __u64 now;

/* What is told: copies, for what is handed out is valid during the call alone. */
static struct told {
	char owner[330]; /* ns/pod, or the unit */
	char peer[330];  /* namespace/workload */
	char pod[254];
	char policies[JB_EDGE_POLICIES];
	enum jb_reporter reporter;
	enum jb_edge_protocol protocol;
	enum jb_edge_verdict verdict;
	__u16 port;
	struct jb_edge_counts counts;
	__u64 first_ns, last_ns;
} told[TOLD];
static unsigned int n_told;

static inline const struct strange *find_strange(const struct strange *of, __u64 id)
{
	for (int i = 0; i < STRANGE; i++)
		if (of[i].id && of[i].id == id)
			return &of[i];
	return NULL;
}

static inline __u64 address_of(const struct jb_ends *ends)
{
	return ntohl(ends->remote.word[3]);
}

static inline void name(struct jb_who *who, const char *namespace_, const char *workload, __u64 id)
{
	snprintf(who->namespace_, sizeof(who->namespace_), "%s", namespace_);
	snprintf(who->pod, sizeof(who->pod), "pod-%llu", id);
	snprintf(who->workload, sizeof(who->workload), "%s-%llu", workload, id);
}

static inline enum jb_who_answer who_self(void *ctx, const struct jb_ends *ends, struct jb_who *ret)
{
	const struct strange *strange = find_strange(world.self, ends->cgroup_id);

	assert_ptr_equal(ctx, &world);
	world.self_asked++;
	if (!strange)
		name(ret, "ns", "workload", ends->cgroup_id);
	else
		*ret = strange->who;
	return strange ? strange->answer : JB_WHO_KNOWN;
}

static inline enum jb_who_answer who_peer(void *ctx, const struct jb_ends *ends, bool last,
					  struct jb_who *ret)
{
	const struct strange *strange = find_strange(world.peer, address_of(ends));

	assert_ptr_equal(ctx, &world);
	world.peer_asked++;
	world.peer_asked_last += last;
	if (!strange)
		name(ret, "peers", "peer", address_of(ends));
	else
		*ret = strange->who;
	if (!strange || strange->answer != JB_WHO_LATER)
		return strange ? strange->answer : JB_WHO_KNOWN;
	strcpy(ret->workload, JB_WHO_CLUSTER);
	return last ? JB_WHO_KNOWN : JB_WHO_LATER;
}

static inline enum jb_edge_verdict judge(void *ctx, const struct jb_edge_case *edge,
					 char ret_policies[JB_EDGE_POLICIES])
{
	assert_ptr_equal(ctx, &world);
	world.judged++;
	world.judged_last = *edge;
	world.judged_peer = *edge->peer;
	assert_string_equal(ret_policies, "");
	if (world.policies)
		snprintf(ret_policies, JB_EDGE_POLICIES, "%s", world.policies);
	return world.verdict;
}

static inline struct strange *strange(struct strange *of, __u64 id, enum jb_who_answer answer)
{
	for (int i = 0; i < STRANGE; i++) {
		if (of[i].id && of[i].id != id)
			continue;
		of[i] = (struct strange){.id = id, .answer = answer};
		return &of[i];
	}
	fail_msg("no room for one more strange");
	abort();
}

/* From cgroup `self` to the address `peer`. */
static inline struct jb_edge_note a_note(__u64 self, __u32 peer)
{
	struct jb_edge_note note = {
		.ends = {.cgroup_id = self,
			 .local_port = 40000,
			 .remote_port = 443,
			 .remote.word = {0, 0, htonl(0xffff), htonl(peer)}},
		.reporter = JB_REPORTER_SOURCE,
		.protocol = JB_EDGE_TCP,
		.port = 443,
		.counts = {.connections = 1, .bytes_sent = 10, .bytes_received = 100},
	};

	return note;
}

static inline void tell(const struct jb_edge_note *note)
{
	jb_edges_note(edges, note, now);
}

static inline void settle(void)
{
	jb_edges_settle(edges, now);
}

static inline void tell_and_settle(struct jb_edge_note note)
{
	tell(&note);
	settle();
}

static inline void meet(__u64 self, __u32 peer)
{
	tell_and_settle(a_note(self, peer));
}

static inline struct told *next_told(const struct jb_identity *owner, const char *peer_namespace,
				     const char *peer_workload)
{
	struct told *t = &told[n_told++];

	assert_true(n_told <= TOLD);
	memset(t, 0, sizeof(*t));
	assert_string_equal(owner->container, "");
	if (*owner->pod)
		snprintf(t->owner, sizeof(t->owner), "%s/%s", owner->namespace_, owner->pod);
	else
		snprintf(t->owner, sizeof(t->owner), "%s%s", owner->namespace_, owner->unit);
	snprintf(t->peer, sizeof(t->peer), "%s/%s", peer_namespace, peer_workload);
	return t;
}

static inline void on_series(void *ctx, const struct jb_edge_series *series)
{
	struct told *t = next_told(series->owner, series->peer_namespace, series->peer_workload);

	(void)ctx;
	t->reporter = series->reporter;
	t->protocol = series->protocol;
	t->counts = *series->counts;
}

static inline void on_edge(void *ctx, const struct jb_edge *edge)
{
	struct told *t = next_told(edge->owner, edge->peer_namespace, edge->peer_workload);

	(void)ctx;
	t->reporter = edge->reporter;
	t->protocol = edge->protocol;
	t->verdict = edge->verdict;
	t->port = edge->port;
	t->counts = *edge->counts;
	t->first_ns = edge->first_ns;
	t->last_ns = edge->last_ns;
	snprintf(t->pod, sizeof(t->pod), "%s", edge->peer_pod);
	snprintf(t->policies, sizeof(t->policies), "%s", edge->policies);
}

/* Reads the rows of the metrics, or of the listing. How many. */
static inline unsigned int read_series(void)
{
	n_told = 0;
	jb_edges_each_series(edges, on_series, NULL);
	return n_told;
}

static inline unsigned int read_edges(void)
{
	n_told = 0;
	jb_edges_each(edges, on_edge, NULL);
	assert_int_equal(n_told, jb_edges_stats(edges).edges);
	return n_told;
}

/* What is between these two, of what was read: the one row, or NULL. */
static inline const struct told *between(const char *owner, const char *peer)
{
	const struct told *found = NULL;

	for (unsigned int i = 0; i < n_told; i++) {
		if (strcmp(told[i].owner, owner) || strcmp(told[i].peer, peer))
			continue;
		assert_null(found);
		found = &told[i];
	}
	return found;
}

static inline struct jb_edge_counts sum_told(void)
{
	struct jb_edge_counts sum = {};

	for (unsigned int i = 0; i < n_told; i++) {
		sum.connections += told[i].counts.connections;
		sum.failures += told[i].counts.failures;
		sum.bytes_sent += told[i].counts.bytes_sent;
		sum.bytes_received += told[i].counts.bytes_received;
	}
	return sum;
}

static inline void assert_counts(const struct jb_edge_counts *counts, __u64 connections,
				 __u64 failures, __u64 sent, __u64 received)
{
	assert_int_equal(counts->connections, connections);
	assert_int_equal(counts->failures, failures);
	assert_int_equal(counts->bytes_sent, sent);
	assert_int_equal(counts->bytes_received, received);
}

/* With the options as they are now. */
static inline void restart(void)
{
	jb_edges_free(edges);
	edges = NULL;
	assert_int_equal(jb_edges_new(&edges, &options), 0);
}

static inline int setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	options = (struct jb_edges_options){
		.whois = {who_self, who_peer, &world},
		.destinations = JB_EDGES_DESTINATIONS,
		.max_owners = JB_EDGES_MAX_OWNERS,
		.max_edges = JB_EDGES_MAX,
		.max_waiting = JB_EDGES_MAX_WAITING,
		.wait_ns = JB_EDGES_WAIT_NS,
		.seed = 0x5eed,
	};
	now = 1000 * SECOND;
	n_told = 0;
	return jb_edges_new(&edges, &options);
}

static inline int teardown(void **state)
{
	(void)state;
	jb_edges_free(edges);
	edges = NULL;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
