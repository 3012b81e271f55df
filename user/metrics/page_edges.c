/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who talks to whom. */
#include "metrics/families.h"
#include "metrics/private.h"

/* Positions behind the owner's labels. */
enum {
	AT_REPORTER = JB_AT_FIRST,
	AT_PROTOCOL,
	AT_DST_NAMESPACE,
	AT_DST_WORKLOAD,
	AT_SRC_NAMESPACE,
	AT_SRC_WORKLOAD,
	LABELS
};

/* Where it can't be told who opened the connection, the peer is written as its destination. */
static void set_labels(const struct jb_edge_series *series, const char *values[LABELS])
{
	bool is_source = series->reporter == JB_REPORTER_DESTINATION;

	jb_writer_labels(series->owner, values);
	values[AT_REPORTER] = jb_reporter_names[series->reporter];
	values[AT_PROTOCOL] = jb_edge_protocol_names[series->protocol];
	values[AT_DST_NAMESPACE] = is_source ? NULL : series->peer_namespace;
	values[AT_DST_WORKLOAD] = is_source ? NULL : series->peer_workload;
	values[AT_SRC_NAMESPACE] = is_source ? series->peer_namespace : NULL;
	values[AT_SRC_WORKLOAD] = is_source ? series->peer_workload : NULL;
}

static void write_connections(void *ctx, const struct jb_edge_series *series)
{
	struct jb_writer *w = ctx;
	const char *values[LABELS];

	set_labels(series, values);
	jb_exposition_sample_u64(&w->e, values, LABELS, series->counts->connections);
}

static void write_bytes(void *ctx, const struct jb_edge_series *series)
{
	struct jb_writer *w = ctx;
	const char *values[LABELS];

	set_labels(series, values);
	jb_exposition_sample_u64(&w->e, values, LABELS,
				 series->counts->bytes_sent + series->counts->bytes_received);
}

static void write_verdicts(void *ctx, const struct jb_identity *owner,
			   const __u64 connections[JB_VERDICT_MAX])
{
	struct jb_writer *w = ctx;
	const char *values[JB_AT_FIRST + 1];

	jb_writer_labels(owner, values);
	for (int v = JB_VERDICT_NONE + 1; v < JB_VERDICT_MAX; v++) {
		values[JB_AT_FIRST] = jb_verdict_names[v];
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 1, connections[v]);
	}
}

static void write_policies(struct jb_writer *w)
{
	jb_exposition_family(&w->e, &jb_family_policy_connections);
	jb_edges_each_owner(w->page->edges, write_verdicts, w);
	jb_writer_end_family(w, &jb_family_policy_connections);
}

void jb_writer_edges(struct jb_writer *w)
{
	struct jb_edges_stats stats;

	if (!w->page->edges)
		return;
	jb_exposition_family(&w->e, &jb_family_edge_connections);
	jb_edges_each_series(w->page->edges, write_connections, w);
	jb_writer_end_family(w, &jb_family_edge_connections);
	jb_exposition_family(&w->e, &jb_family_edge_bytes);
	jb_edges_each_series(w->page->edges, write_bytes, w);
	jb_writer_end_family(w, &jb_family_edge_bytes);
	if (w->page->policies)
		write_policies(w);
	stats = jb_edges_stats(w->page->edges);
	jb_writer_single(w, &jb_family_edges_folded, NULL, stats.folded);
	jb_writer_single(w, &jb_family_edges_lost, NULL, stats.lost);
}
