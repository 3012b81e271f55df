/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The proxies' view and the kernel's, joined. */
#include "kernel/names.h"
#include "mesh/join.h"
#include "mesh/trust.h"
#include "metrics/families.h"
#include "metrics/private.h"

/* Positions behind the pod's labels. */
enum {
	AT_REPORTER = JB_AT_FIRST,
	AT_DST_NAMESPACE,
	AT_DST_WORKLOAD,
	AT_SRC_NAMESPACE,
	AT_SRC_WORKLOAD,
	AT_DETAIL, /* what else an edge's family is split by */
	EDGE_LABELS = AT_DETAIL + 2,
	POD_LABELS = JB_AT_FIRST + 2
};

static const char *const tls_names[JB_MESH_TLS_MAX] = {
	[JB_MESH_MUTUAL] = "true",
	[JB_MESH_PLAIN] = "false",
	[JB_MESH_OPAQUE] = "opaque",
};

static const char *const class_names[JB_MESH_CLASS_MAX] = {
	[JB_MESH_CLASS_SUCCESS] = "success",
	[JB_MESH_CLASS_FAILURE] = "failure",
};

/* Of a family what there is to tell of one edge, or one pod; `values` begin with whose it is. */
typedef void (*edge_fn)(struct jb_writer *w, const struct jb_mesh_edge *edge, const char **values);
typedef void (*pod_fn)(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values);

struct walk {
	struct jb_writer *w;
	edge_fn edge;
	pod_fn pod;
};

static void set_pod(const char *namespace_, const char *pod, const char *values[JB_AT_FIRST])
{
	struct jb_identity id = {namespace_, pod, "", ""};

	jb_writer_labels(&id, values);
}

static bool any(const __u64 *counts, int n)
{
	for (int i = 0; i < n; i++)
		if (counts[i])
			return true;
	return false;
}

/* --- edges */

static void set_peer(const struct jb_mesh_edge *edge, const char *values[EDGE_LABELS])
{
	bool is_source = edge->reporter == JB_MESH_DESTINATION;

	set_pod(edge->namespace_, edge->pod, values);
	values[AT_REPORTER] =
		jb_reporter_names[is_source ? JB_REPORTER_DESTINATION : JB_REPORTER_SOURCE];
	values[AT_DST_NAMESPACE] = is_source ? NULL : edge->peer_namespace;
	values[AT_DST_WORKLOAD] = is_source ? NULL : edge->peer_workload;
	values[AT_SRC_NAMESPACE] = is_source ? edge->peer_namespace : NULL;
	values[AT_SRC_WORKLOAD] = is_source ? edge->peer_workload : NULL;
}

static void visit_edge(void *ctx, const struct jb_mesh_edge *edge)
{
	struct walk *walk = ctx;
	const char *values[EDGE_LABELS];

	set_peer(edge, values);
	walk->edge(walk->w, edge, values);
}

static void write_edges(struct jb_writer *w, const struct jb_family *family, edge_fn fn)
{
	struct walk walk = {.w = w, .edge = fn};

	jb_exposition_family(&w->e, family);
	jb_mesh_join_each_edge(w->page->mesh, visit_edge, &walk);
	jb_writer_end_family(w, family);
}

/* Many edges have none: what passes there isn't HTTP. */
static bool has_requests(const struct jb_mesh_edge *edge)
{
	for (int tls = 0; tls < JB_MESH_TLS_MAX; tls++)
		if (edge->tls_seen[tls])
			return true;
	return false;
}

static void write_requests(struct jb_writer *w, const struct jb_mesh_edge *edge,
			   const char **values)
{
	for (int tls = 0; tls < JB_MESH_TLS_MAX; tls++) {
		values[AT_DETAIL] = tls_names[tls];
		for (int c = 0; c < JB_MESH_CLASS_MAX && edge->tls_seen[tls]; c++) {
			values[AT_DETAIL + 1] = class_names[c];
			jb_exposition_sample_u64(&w->e, values, AT_DETAIL + 2,
						 edge->requests[tls][c]);
		}
	}
}

static void write_request_time(struct jb_writer *w, const struct jb_mesh_edge *edge,
			       const char **values)
{
	if (has_requests(edge))
		jb_exposition_sample_u64(&w->e, values, AT_DETAIL, edge->request_ns);
}

static void write_network_time(struct jb_writer *w, const struct jb_mesh_edge *edge,
			       const char **values)
{
	if (has_requests(edge))
		jb_exposition_sample_u64(&w->e, values, AT_DETAIL, edge->network_ns);
}

static void write_network_requests(struct jb_writer *w, const struct jb_mesh_edge *edge,
				   const char **values)
{
	if (has_requests(edge))
		jb_exposition_sample_u64(&w->e, values, AT_DETAIL, edge->network_requests);
}

static void write_retransmitted(struct jb_writer *w, const struct jb_mesh_edge *edge,
				const char **values)
{
	jb_exposition_sample_u64(&w->e, values, AT_DETAIL, edge->retransmitted);
}

/* Most edges never have one. */
static void write_connect_failures(struct jb_writer *w, const struct jb_mesh_edge *edge,
				   const char **values)
{
	if (!any(edge->failures, JB_TCP_FAILURE_MAX))
		return;
	for (int reason = 0; reason < JB_TCP_FAILURE_MAX; reason++) {
		values[AT_DETAIL] = jb_tcp_failure_names[reason];
		jb_exposition_sample_u64(&w->e, values, AT_DETAIL + 1, edge->failures[reason]);
	}
}

/* --- pods */

static void visit_pod(void *ctx, const struct jb_mesh_pod *pod)
{
	struct walk *walk = ctx;
	const char *values[POD_LABELS];

	set_pod(pod->namespace_, pod->pod, values);
	walk->pod(walk->w, pod, values);
}

static void write_pods(struct jb_writer *w, const struct jb_family *family, pod_fn fn)
{
	struct walk walk = {.w = w, .pod = fn};

	jb_exposition_family(&w->e, family);
	jb_mesh_join_each_pod(w->page->mesh, visit_pod, &walk);
	jb_writer_end_family(w, family);
}

static bool has_bypass(const struct jb_mesh_pod *pod, enum jb_mesh_bypass reason)
{
	return any(pod->bypass[reason], JB_TCP_ROLE_MAX);
}

static bool is_told(const struct jb_mesh_pod *pod, enum jb_mesh_bypass reason)
{
	return reason == JB_BYPASS_HOST_NETWORK ? has_bypass(pod, reason) : pod->has_proxy;
}

static void write_bypass(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values)
{
	for (int reason = 0; reason < JB_BYPASS_MAX; reason++) {
		values[JB_AT_FIRST] = jb_mesh_bypass_names[reason];
		for (int role = 0; role < JB_TCP_ROLE_MAX && is_told(pod, reason); role++) {
			values[JB_AT_FIRST + 1] = jb_tcp_role_names[role];
			jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 2,
						 pod->bypass[reason][role]);
		}
	}
}

static void write_plaintext(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values)
{
	static const enum jb_tcp_leg legs[] = {JB_LEG_BYPASS, JB_LEG_PLAIN_OUT, JB_LEG_PLAIN_IN};
	size_t n = pod->has_proxy ? sizeof(legs) / sizeof(*legs) : 1;

	for (size_t i = 0; i < n; i++) {
		values[JB_AT_FIRST] = jb_tcp_leg_names[legs[i]];
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 1,
					 pod->plaintext_bytes[legs[i]]);
	}
}

static void write_legs(struct jb_writer *w, const struct jb_mesh_pod *pod,
		       const __u64 bytes[JB_LEG_MAX][JB_DIRECTION_MAX], const char **values)
{
	for (int leg = 0; leg < JB_LEG_MAX; leg++) {
		values[JB_AT_FIRST] = jb_tcp_leg_names[leg];
		for (int d = 0; d < JB_DIRECTION_MAX && pod->legs[leg]; d++) {
			values[JB_AT_FIRST + 1] = jb_direction_names[d];
			jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 2, bytes[leg][d]);
		}
	}
}

static void write_proxy_bytes(struct jb_writer *w, const struct jb_mesh_pod *pod,
			      const char **values)
{
	write_legs(w, pod, pod->proxy_bytes, values);
}

static void write_kernel_bytes(struct jb_writer *w, const struct jb_mesh_pod *pod,
			       const char **values)
{
	write_legs(w, pod, pod->kernel_bytes, values);
}

static void write_certificate_expiry(struct jb_writer *w, const struct jb_mesh_pod *pod,
				     const char **values)
{
	if (pod->certificate_expiry_s > 0)
		jb_exposition_sample_double(&w->e, values, JB_AT_FIRST, pod->certificate_expiry_s);
}

static void write_certificate_errors(struct jb_writer *w, const struct jb_mesh_pod *pod,
				     const char **values)
{
	if (pod->certificate_told)
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST,
					 pod->certificate_refresh_errors);
}

static void write_version(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values)
{
	values[JB_AT_FIRST] = pod->version;
	if (*pod->version)
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 1, 1);
}

static void write_success(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values)
{
	if (pod->asked)
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST, pod->success);
}

static void write_size(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values)
{
	if (pod->scrape_bytes)
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST, pod->scrape_bytes);
}

static void write_duration(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values)
{
	if (pod->asked)
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST, pod->scrape_ns);
}

/* ~other has attempts, but none that is the latest. */
static void write_failures(struct jb_writer *w, const struct jb_mesh_pod *pod, const char **values)
{
	if (!any(pod->failures, JB_MESH_FAILURE_MAX))
		return;
	for (int reason = JB_MESH_FINE + 1; reason < JB_MESH_FAILURE_MAX; reason++) {
		values[JB_AT_FIRST] = jb_mesh_failure_names[reason];
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 1, pod->failures[reason]);
	}
}

/* --- the mesh and the agent */

static void write_anchors(struct jb_writer *w)
{
	jb_exposition_family(&w->e, &jb_family_mesh_anchor_expiry);
	for (size_t i = 0; i < w->page->n_anchors; i++) {
		const struct jb_trust_anchor *anchor = &w->page->anchors[i];
		const char *values[] = {anchor->subject, anchor->serial};

		jb_exposition_sample_double(&w->e, values, 2, (double)anchor->expiry_s);
	}
	jb_writer_end_family(w, &jb_family_mesh_anchor_expiry);
}

static void write_stats(struct jb_writer *w)
{
	struct jb_mesh_join_stats stats = jb_mesh_join_stats(w->page->mesh);

	jb_writer_single(w, &jb_family_mesh_pods, NULL, stats.pods);
	jb_writer_single(w, &jb_family_mesh_edges, NULL, stats.edges);
	jb_writer_single(w, &jb_family_mesh_remotes, NULL, stats.remotes);
	jb_writer_single(w, &jb_family_mesh_folded, NULL, stats.folded);
	jb_writer_single(w, &jb_family_mesh_lost, NULL, stats.lost);
	jb_writer_single(w, &jb_family_mesh_skipped, NULL, stats.skipped);
}

void jb_writer_mesh(struct jb_writer *w)
{
	if (!w->page->mesh)
		return;
	write_edges(w, &jb_family_mesh_requests, write_requests);
	write_edges(w, &jb_family_mesh_request_seconds, write_request_time);
	write_edges(w, &jb_family_mesh_network_seconds, write_network_time);
	write_edges(w, &jb_family_mesh_network_requests, write_network_requests);
	write_edges(w, &jb_family_mesh_retransmitted, write_retransmitted);
	write_edges(w, &jb_family_mesh_connect_failures, write_connect_failures);
	write_pods(w, &jb_family_mesh_bypass, write_bypass);
	write_pods(w, &jb_family_mesh_plaintext, write_plaintext);
	write_pods(w, &jb_family_mesh_proxy_bytes, write_proxy_bytes);
	write_pods(w, &jb_family_mesh_kernel_bytes, write_kernel_bytes);
	write_pods(w, &jb_family_mesh_certificate_expiry, write_certificate_expiry);
	write_pods(w, &jb_family_mesh_certificate_errors, write_certificate_errors);
	write_anchors(w);
	write_pods(w, &jb_family_mesh_proxy_info, write_version);
	write_pods(w, &jb_family_mesh_scrape_success, write_success);
	write_pods(w, &jb_family_mesh_scrape_bytes, write_size);
	write_pods(w, &jb_family_mesh_scrape_seconds, write_duration);
	write_pods(w, &jb_family_mesh_scrape_failures, write_failures);
	write_stats(w);
}
