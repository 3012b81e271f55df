/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What there is, and what is handed out of it. */
#include <errno.h>
#include <stdlib.h>
#include "edges/private.h"

const char *const jb_reporter_names[JB_REPORTER_MAX] = {"source", "destination", "unknown"};
const char *const jb_edge_protocol_names[JB_EDGE_PROTOCOL_MAX] = {"tcp", "rtp"};
const char *const jb_verdict_names[JB_VERDICT_MAX] = {"", "allowed", "denied", "no_policy",
						      "unknown"};

int jb_edges_new(struct jb_edges **ret, const struct jb_edges_options *options)
{
	struct jb_edges *edges = calloc(1, sizeof(*edges));

	if (!edges)
		return -ENOMEM;
	edges->options = *options;
	*ret = edges;
	return 0;
}

void jb_edges_free(struct jb_edges *edges)
{
	struct jb_edge_owner *owner, *next;

	if (!edges)
		return;
	owner = edges->owners;
	HASH_CLEAR(hh, edges->owners);
	for (; owner; owner = next) {
		next = owner->hh.next;
		jb_edge_owner_free(edges, owner);
	}
	jb_edge_owner_free(edges, edges->other);
	jb_edge_contacts_free(edges);
	free(edges);
}

void jb_edges_sweep(struct jb_edges *edges,
		    bool (*alive)(void *ctx, const struct jb_identity *owner), void *ctx)
{
	struct jb_edge_owner *owner, *next;

	HASH_ITER (hh, edges->owners, owner, next) {
		if (alive(ctx, &owner->identity))
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it doesn't see that it is unlinked */
		HASH_DEL(edges->owners, owner);
		jb_edge_owner_free(edges, owner);
	}
}

/* ~other comes last. NULL: that was all. */
static const struct jb_edge_owner *owner_next(const struct jb_edges *edges,
					      const struct jb_edge_owner *owner)
{
	if (owner == edges->other)
		return NULL;
	if (owner && owner->hh.next)
		return owner->hh.next;
	return edges->other;
}

static const struct jb_edge_owner *owner_first(const struct jb_edges *edges)
{
	return edges->owners ? edges->owners : edges->other;
}

static void peer_series(const struct jb_edge_owner *owner, const struct jb_edge_peer *peer,
			void (*fn)(void *ctx, const struct jb_edge_series *series), void *ctx)
{
	struct jb_edge_series series = {
		.owner = &owner->identity,
		.reporter = jb_edge_peer_reporter(peer),
		.peer_namespace = peer->namespace_,
		.peer_workload = peer->workload,
	};

	for (int p = 0; p < JB_EDGE_PROTOCOL_MAX; p++) {
		if (!peer->has_series[p])
			continue;
		series.protocol = p;
		series.counts = &peer->series[p];
		fn(ctx, &series);
	}
}

void jb_edges_each_series(const struct jb_edges *edges,
			  void (*fn)(void *ctx, const struct jb_edge_series *series), void *ctx)
{
	for (const struct jb_edge_owner *o = owner_first(edges); o; o = owner_next(edges, o))
		for (const struct jb_edge_peer *p = o->peers; p; p = p->hh.next)
			peer_series(o, p, fn, ctx);
}

void jb_edges_each_owner(const struct jb_edges *edges,
			 void (*fn)(void *ctx, const struct jb_identity *owner,
				    const __u64 connections[JB_VERDICT_MAX]),
			 void *ctx)
{
	for (const struct jb_edge_owner *o = owner_first(edges); o; o = owner_next(edges, o))
		fn(ctx, &o->identity, o->verdicts);
}

static void peer_rows(const struct jb_edge_owner *owner, const struct jb_edge_peer *peer,
		      void (*fn)(void *ctx, const struct jb_edge *edge), void *ctx)
{
	for (const struct jb_edge_row *row = peer->rows; row; row = row->next) {
		const struct jb_edge edge = {
			.owner = &owner->identity,
			.reporter = jb_edge_peer_reporter(peer),
			.protocol = row->protocol,
			.verdict = row->verdict,
			.leg = row->leg,
			.port = row->port,
			.peer_namespace = peer->namespace_,
			.peer_workload = peer->workload,
			.peer_pod = row->peer_pod ?: "",
			.policies = row->policies ?: "",
			.counts = &row->counts,
			.first_ns = row->first_ns,
			.last_ns = row->last_ns,
		};

		fn(ctx, &edge);
	}
}

void jb_edges_each(const struct jb_edges *edges, void (*fn)(void *ctx, const struct jb_edge *edge),
		   void *ctx)
{
	for (const struct jb_edge_owner *o = owner_first(edges); o; o = owner_next(edges, o))
		for (const struct jb_edge_peer *p = o->peers; p; p = p->hh.next)
			peer_rows(o, p, fn, ctx);
}

void jb_edges_each_of(const struct jb_edges *edges, const struct jb_identity *owner,
		      void (*fn)(void *ctx, const struct jb_edge *edge), void *ctx)
{
	const struct jb_edge_owner *found = jb_edge_owner_find(edges, owner);

	for (const struct jb_edge_peer *p = found ? found->peers : NULL; p; p = p->hh.next)
		peer_rows(found, p, fn, ctx);
}

static void count_row(void *ctx, const struct jb_edge *edge)
{
	(void)edge;
	++*(__u32 *)ctx;
}

struct jb_edges_stats jb_edges_stats(const struct jb_edges *edges)
{
	struct jb_edges_stats stats = {
		.owners = HASH_COUNT(edges->owners) + !!edges->other,
		.waiting = edges->waiting,
		.folded = edges->folded,
		.lost = edges->lost,
	};

	jb_edges_each(edges, count_row, &stats.edges);
	return stats;
}
