/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a contact whose ends are named to the figures of an edge. */
#include <stdlib.h>
#include <string.h>
#include "edges/private.h"

struct adding {
	struct jb_edges *edges;
	const struct jb_edge_note *note;
	const struct jb_who *self;
	const struct jb_who *peer;
	__u64 first_ns;
	__u64 last_ns;
	enum jb_edge_verdict verdict;
	enum jb_tcp_leg leg;
	bool judged;
	char policies[JB_EDGE_POLICIES]; /* if it was */
};

/* Of that verdict; JB_VERDICT_MAX: of the latest. */
static struct jb_edge_row *row_find(struct jb_edge_peer *peer, __u16 port, __u8 protocol,
				    enum jb_tcp_leg leg, enum jb_edge_verdict verdict)
{
	struct jb_edge_row *row = peer->rows;

	while (row && (row->port != port || row->protocol != protocol || row->leg != leg ||
		       (verdict != JB_VERDICT_MAX && row->verdict != verdict)))
		row = row->next;
	return row;
}

static void make_first(struct jb_edge_peer *peer, struct jb_edge_row *row)
{
	struct jb_edge_row **at = &peer->rows;

	while (*at && *at != row)
		at = &(*at)->next;
	if (*at)
		*at = row->next;
	row->next = peer->rows;
	peer->rows = row;
}

/*
 * New connections are judged, and what is seen first. Bytes of older ones belong to the latest
 * judgement.
 */
static void judge(struct adding *a, struct jb_edge_peer *peer)
{
	const struct jb_edges_options *options = &a->edges->options;
	const struct jb_edge_note *note = a->note;
	const struct jb_edge_case edge = {
		&note->ends, a->self, a->peer, note->reporter, note->port,
	};
	const struct jb_edge_row *row = NULL;

	if (!jb_edge_peer_is_other(peer))
		row = row_find(peer, note->port, note->protocol, a->leg, JB_VERDICT_MAX);
	if (!options->judge || note->protocol != JB_EDGE_TCP)
		return;
	if (row && !note->counts.connections && !note->counts.failures) {
		a->verdict = row->verdict;
		return;
	}
	a->judged = true;
	a->verdict = JB_VERDICT_UNKNOWN; /* which of the two connected isn't known */
	if (note->reporter != JB_REPORTER_UNKNOWN)
		a->verdict = options->judge(options->judge_ctx, &edge, a->policies);
}

static struct jb_edge_row *row_new(const struct adding *a, __u16 port, enum jb_tcp_leg leg)
{
	struct jb_edge_row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	row->port = port;
	row->protocol = a->note->protocol;
	row->leg = leg;
	row->verdict = a->verdict;
	row->first_ns = a->first_ns;
	return row;
}

/* Without port, leg, pod and policies, which may be several. NULL: no memory; likewise below. */
static struct jb_edge_row *other_row(const struct adding *a, struct jb_edge_owner *owner)
{
	struct jb_edge_peer *other = jb_edge_peer_other(owner, a->note->reporter);
	struct jb_edge_row *row;

	if (!other)
		return NULL;
	row = row_find(other, 0, a->note->protocol, JB_LEG_MAX, a->verdict);
	if (row)
		return row;
	row = row_new(a, 0, JB_LEG_MAX);
	if (!row)
		return NULL;
	row->other = true;
	make_first(other, row);
	return row;
}

static struct jb_edge_row *own_row(const struct adding *a, struct jb_edge_owner *owner,
				   struct jb_edge_peer *peer)
{
	struct jb_edge_row *row = row_new(a, a->note->port, a->leg);

	if (!row)
		return NULL;
	row->peer_pod = *a->peer->pod ? strdup(a->peer->pod) : NULL;
	make_first(peer, row);
	owner->rows++;
	a->edges->rows++;
	return row;
}

static void tell_policies(const struct adding *a, struct jb_edge_row *row)
{
	if (!strcmp(row->policies ?: "", a->policies))
		return;
	free(row->policies);
	row->policies = *a->policies ? strdup(a->policies) : NULL;
}

/* The pod stays as long as there is no other. */
static void tell_pod(const struct adding *a, struct jb_edge_row *row)
{
	if (!row->peer_pod || !strcmp(row->peer_pod, a->peer->pod))
		return;
	free(row->peer_pod);
	row->peer_pod = NULL;
}

/* The row of the listing; that of ~other where there is no room for one. */
static struct jb_edge_row *row_get(const struct adding *a, struct jb_edge_owner *owner,
				   struct jb_edge_peer *peer)
{
	struct jb_edge_row *row;

	if (jb_edge_peer_is_other(peer))
		return other_row(a, owner);
	row = row_find(peer, a->note->port, a->note->protocol, a->leg, a->verdict);
	if (!row && !jb_edge_owner_has_room(a->edges, owner))
		return other_row(a, owner);
	if (!row)
		row = own_row(a, owner, peer);
	if (!row)
		return NULL;
	tell_pod(a, row);
	if (a->judged) {
		make_first(peer, row);
		tell_policies(a, row);
	}
	return row;
}

static void add_to_row(const struct adding *a, struct jb_edge_row *row)
{
	jb_edge_counts_add(&row->counts, &a->note->counts);
	if (a->first_ns < row->first_ns)
		row->first_ns = a->first_ns;
	if (a->last_ns > row->last_ns)
		row->last_ns = a->last_ns;
}

static void add_to_series(const struct adding *a, struct jb_edge_peer *peer)
{
	peer->has_series[a->note->protocol] = true;
	jb_edge_counts_add(&peer->series[a->note->protocol], &a->note->counts);
}

/* All of it or, without memory, nothing: what an edge tells in two places is the same. */
static bool add(struct adding *a)
{
	struct jb_edge_owner *owner = jb_edge_owner_get(a->edges, a->self);
	struct jb_edge_peer *peer, *shown;
	struct jb_edge_row *row;

	if (!owner)
		return false;
	peer = jb_edge_peer_get(a->edges, owner, a->note->reporter, a->peer);
	if (!peer)
		return false;
	judge(a, peer);
	shown = peer->shown ? peer : jb_edge_peer_other(owner, a->note->reporter);
	row = row_get(a, owner, peer);
	if (!shown || !row)
		return false;
	add_to_series(a, shown);
	add_to_row(a, row);
	if (a->verdict != JB_VERDICT_NONE)
		owner->verdicts[a->verdict] += a->note->counts.connections +
					       a->note->counts.failures;
	a->edges->folded += row->other || jb_edge_peer_is_other(shown);
	return true;
}

void jb_edges_add(struct jb_edges *edges, const struct jb_edge_note *note,
		  const struct jb_who *self, const struct jb_who *peer, __u64 first_ns,
		  __u64 last_ns)
{
	struct adding adding = {.edges = edges,
				.note = note,
				.self = self,
				.peer = peer,
				.first_ns = first_ns,
				.last_ns = last_ns,
				.leg = JB_LEG_MAX};

	if (note->protocol == JB_EDGE_TCP)
		adding.leg = jb_tcp_leg_of(self->role, note->path);
	if (!add(&adding))
		edges->lost++;
}
