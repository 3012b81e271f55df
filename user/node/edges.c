/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/edges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <jitterbug/fault.h>
#include "base/clock.h"
#include "edges/ends.h"
#include "node/cluster.h"
#include "node/flows.h"
#include "node/mesh.h"
#include "node/peers.h"
#include "node/private.h"

struct jb_node_edges {
	struct jb_node *node;
	struct jb_peers *peers;
	struct jb_edges *edges;
	struct jb_audit *audit; /* NULL without --audit */
	bool judged;            /* --policies */
	struct jb_flows flows;
	int refreshes; /* of the registry, for who was not known, since the latest pass or second */
	__u64 ring_lost; /* contacts, as the kernel counts them; told to the audit stream */
};

static enum jb_reporter reporter_of(__u8 role)
{
	switch (role) {
	case JB_TCP_CLIENT:
		return JB_REPORTER_SOURCE;
	case JB_TCP_SERVER:
		return JB_REPORTER_DESTINATION;
	default:
		return JB_REPORTER_UNKNOWN;
	}
}

/* The server's; which one that is of a connection older than the agent is not known. */
static __u16 server_port(const struct jb_contact *c)
{
	switch (c->role) {
	case JB_TCP_CLIENT:
		return c->remote_port;
	case JB_TCP_SERVER:
		return c->local_port;
	default:
		return 0;
	}
}

/* Without a bound, who never gets a row would have the rows read for each of its connections. */
enum { REFRESHES = 8 };

/* A workload's first connection may be told before its first row was read. */
static void get_to_know(struct jb_node_edges *edges, __u64 cgroup_id)
{
	struct jb_registry *registry = edges->node->registry;

	if (!cgroup_id || jb_registry_knows(registry, cgroup_id) || edges->refreshes == REFRESHES)
		return;
	edges->refreshes++;
	jb_registry_refresh(registry, jb_now_ns()); /* a failure is told by the pass */
}

void jb_node_edges_contact(void *ctx, const struct jb_contact *c)
{
	struct jb_node_edges *edges = ctx;
	const struct jb_edge_note note = {
		.ends = jb_ends_of_contact(c),
		.reporter = reporter_of(c->role),
		.protocol = JB_EDGE_TCP,
		.path = c->path,
		.port = server_port(c),
		.counts = {.connections = !!(c->what & JB_CONTACT_OPENED),
			   .failures = !!(c->what & JB_CONTACT_FAILED),
			   .bytes_sent = c->bytes[JB_EGRESS],
			   .bytes_received = c->bytes[JB_INGRESS]},
	};

	get_to_know(edges, c->cgroup_id);
	get_to_know(edges, c->peer_cgroup_id);
	jb_edges_note(edges->edges, &note, c->at_ns);
	if (edges->node->mesh)
		jb_node_mesh_contact(edges->node->mesh, c, jb_now_ns());
	if (edges->audit)
		jb_audit_connection(edges->audit, c, jb_now_ns(), jb_unix_ns());
}

void jb_node_edges_stream(void *ctx, const struct jb_stream_news *news)
{
	struct jb_node_edges *edges = ctx;

	jb_flows_add(&edges->flows, news);
}

/* Ports of media are taken as they come: they tell nothing, and there are many. */
static void note_flow(struct jb_node_edges *edges, const struct jb_flow *flow, __u64 now_ns)
{
	bool sends = flow->direction == JB_EGRESS;
	const struct jb_edge_note note = {
		.ends = jb_ends_of_stream(&flow->key, flow->direction, flow->peer_cgroup_id),
		.reporter = sends ? JB_REPORTER_SOURCE : JB_REPORTER_DESTINATION,
		.protocol = JB_EDGE_RTP,
		.counts = {.connections = flow->started,
			   .bytes_sent = sends ? flow->bytes : 0,
			   .bytes_received = sends ? 0 : flow->bytes},
	};

	jb_edges_note(edges->edges, &note, now_ns);
}

static void audit_flow(struct jb_node_edges *edges, const struct jb_flow *flow, __u64 now_ns)
{
	struct jb_audit_stream stream;

	if (!flow->receiver)
		return;
	jb_audit_stream_of(&flow->key, flow->direction, flow->receiver, &stream);
	stream.what = flow->ended ? JB_AUDIT_STREAM_ENDED : JB_AUDIT_STREAM_STARTED;
	if (flow->ended)
		stream.reason = "silence"; /* for JB_IDLE_NS: there is no other end */
	stream.peer_cgroup_id = flow->peer_cgroup_id;
	jb_audit_stream(edges->audit, &stream, now_ns, jb_unix_ns());
}

/* An end comes before the beginning of the next of the same name: that is how they were found. */
static int take_flows(struct jb_node_edges *edges, __u64 now_ns)
{
	struct jb_flows *flows = &edges->flows;
	int err = flows->failed ? -ENOMEM : 0;

	jb_flows_match(flows);
	for (size_t i = 0; i < flows->count; i++) {
		if (!flows->flow[i].ended)
			note_flow(edges, &flows->flow[i], now_ns);
		if (edges->audit)
			audit_flow(edges, &flows->flow[i], now_ns);
	}
	jb_flows_clear(flows);
	return err;
}

static bool is_there(void *ctx, const struct jb_identity *owner)
{
	return jb_registry_has_owner(ctx, owner);
}

int jb_node_edges_settle(struct jb_node_edges *edges, __u64 now_ns)
{
	int err = jb_peers_refresh(edges->peers, now_ns);
	int e = take_flows(edges, now_ns);

	edges->refreshes = 0;
	jb_edges_settle(edges->edges, now_ns);
	jb_edges_sweep(edges->edges, is_there, edges->node->registry);
	return err ? err : e;
}

int jb_node_edges_turn(struct jb_node_edges *edges, __u64 now_ns)
{
	__u64 lost = jb_kernel_faults(edges->node->kernel)[JB_FAULT_CONTACTS_LOST];
	int err;

	edges->refreshes = 0;
	if (!edges->audit && !edges->node->mesh)
		return 0;
	err = jb_registry_refresh(edges->node->registry, now_ns);
	if (!err)
		err = jb_peers_refresh(edges->peers, now_ns);
	if (!edges->audit)
		return err;
	if (lost != edges->ring_lost)
		jb_audit_lost(edges->audit, JB_AUDIT_LOST_RING, lost - edges->ring_lost);
	edges->ring_lost = lost;
	jb_audit_turn(edges->audit, now_ns, jb_unix_ns());
	return err;
}

struct jb_whois jb_node_edges_whois(const struct jb_node_edges *edges)
{
	return jb_peers_whois(edges->peers);
}

const struct jb_edges *jb_node_edges_known(const struct jb_node_edges *edges)
{
	return edges->edges;
}

bool jb_node_edges_are_judged(const struct jb_node_edges *edges)
{
	return edges->judged;
}

bool jb_node_edges_audit(const struct jb_node_edges *edges, struct jb_audit_status *ret)
{
	if (edges->audit)
		jb_audit_status(edges->audit, ret);
	return edges->audit;
}

static int start_edges(struct jb_node_edges *edges, const struct jb_node_options *options)
{
	const struct jb_peers_options peers = {
		.registry = edges->node->registry,
		.pods = edges->node->pods,
		.cluster = edges->node->cluster,
	};
	struct jb_edges_options known = {
		.judge = options->policies ? jb_node_cluster_judge : NULL,
		.judge_ctx = edges->node->cluster,
		.destinations = options->kernel.full ? JB_EDGES_DESTINATIONS_FULL
						     : JB_EDGES_DESTINATIONS,
		.max_owners = JB_EDGES_MAX_OWNERS,
		.max_edges = JB_EDGES_MAX,
		.max_waiting = JB_EDGES_MAX_WAITING,
		.wait_ns = JB_EDGES_WAIT_NS,
	};
	int err = jb_peers_new(&edges->peers, &peers);

	if (err)
		return err;
	if (getrandom(&known.seed, sizeof(known.seed), 0) != sizeof(known.seed))
		return -errno;
	known.whois = jb_peers_whois(edges->peers);
	return jb_edges_new(&edges->edges, &known);
}

static int start(struct jb_node_edges *edges, const struct jb_node_options *options, char *error)
{
	struct jb_audit_options audit = {.file = options->audit, .node = options->node};
	int err = start_edges(edges, options);

	if (err) {
		snprintf(error, JB_NODE_ERROR, "start to follow edges: %s", strerror(-err));
		return err;
	}
	if (!options->audit)
		return 0;
	edges->flows.receivers = true;
	audit.whois = jb_peers_whois(edges->peers);
	return jb_audit_open(&edges->audit, &audit, error);
}

int jb_node_edges_new(struct jb_node_edges **ret, struct jb_node *node,
		      const struct jb_node_options *options, char *error)
{
	struct jb_node_edges *edges = calloc(1, sizeof(*edges));
	int err;

	if (!edges) {
		snprintf(error, JB_NODE_ERROR, "out of memory");
		return -ENOMEM;
	}
	edges->node = node;
	edges->judged = options->policies;
	err = start(edges, options, error);
	if (err) {
		jb_node_edges_free(edges);
		return err;
	}
	*ret = edges;
	return 0;
}

__u64 jb_node_edges_free(struct jb_node_edges *edges)
{
	__u64 lost;

	if (!edges)
		return 0;
	lost = jb_audit_close(edges->audit);
	jb_edges_free(edges->edges);
	jb_flows_free(&edges->flows);
	jb_peers_free(edges->peers);
	free(edges);
	return lost;
}
