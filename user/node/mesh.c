/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/mesh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "edges/ends.h"
#include "node/edges.h"
#include "node/mesh_contacts.h"
#include "node/mesh_pods.h"
#include "node/private.h"
#include "node/trust.h"

struct jb_node_mesh {
	struct jb_node *node;
	struct jb_mesh_pods *pods;
	struct jb_mesh_fetch *fetch;
	struct jb_mesh_join *join;
	struct jb_mesh_contacts *contacts;
	struct jb_node_trust *trust;    /* NULL: no proxy was seen yet, or only the API tells */
	bool trusts;                    /* its anchors may be asked for */
	char *linkerd_namespace;        /* where; NULL: the default */
	struct jb_mesh_target *targets; /* those asked for, of the command line first */
	size_t n_targets, n_static;
	struct jb_trust_anchor anchors[JB_TRUST_ANCHORS_MAX];
	size_t n_anchors;
	char error[JB_MESH_ERROR_SIZE + sizeof(struct jb_mesh_target)];
	__u64 now_ns; /* of the turn */
};

/* --- what the join asks */

static void who_is(void *ctx, const union jb_ip *address, __u16 port, struct jb_who *ret)
{
	const struct jb_node_mesh *mesh = ctx;
	const struct jb_ends ends = {
		.remote = *address, .remote_port = port, .remote_serves = port};
	struct jb_whois whois = jb_node_edges_whois(mesh->node->edges);

	/* Not the last to ask: edges may wait for the name, which this question must not end. */
	if (whois.peer(whois.ctx, &ends, false, ret) != JB_WHO_KNOWN)
		snprintf(ret->workload, sizeof(ret->workload), JB_WHO_CLUSTER);
}

struct clients {
	enum jb_tcp_leg leg;
	const char *namespace_;
	__u16 port;
	struct jb_who *ret;
	bool found, several;
};

static void take_client(void *ctx, const struct jb_edge *edge)
{
	struct clients *clients = ctx;
	struct jb_who *ret = clients->ret;

	if (edge->reporter != JB_REPORTER_DESTINATION || edge->protocol != JB_EDGE_TCP)
		return;
	if (!strcmp(edge->peer_workload, JB_EDGES_OTHER))
		clients->several = true; /* it may be any of these */
	if (edge->leg != clients->leg || (clients->port && edge->port != clients->port) ||
	    (*clients->namespace_ && strcmp(edge->peer_namespace, clients->namespace_) != 0))
		return;
	if (clients->found && (strcmp(ret->namespace_, edge->peer_namespace) != 0 ||
			       strcmp(ret->workload, edge->peer_workload) != 0))
		clients->several = true;
	clients->found = true;
	snprintf(ret->namespace_, sizeof(ret->namespace_), "%s", edge->peer_namespace);
	snprintf(ret->workload, sizeof(ret->workload), "%s", edge->peer_workload);
}

static enum jb_mesh_client client_of(void *ctx, const char *namespace_, const char *pod,
				     enum jb_tcp_leg leg, const char *client_namespace, __u16 port,
				     struct jb_who *ret)
{
	const struct jb_node_mesh *mesh = ctx;
	const struct jb_identity owner = {namespace_, pod, "", ""};
	struct clients clients = {
		.leg = leg, .namespace_ = client_namespace, .port = port, .ret = ret};

	*ret = (struct jb_who){};
	jb_edges_each_of(jb_node_edges_known(mesh->node->edges), &owner, take_client, &clients);
	if (clients.several)
		return JB_CLIENT_SEVERAL;
	return clients.found ? JB_CLIENT_KNOWN : JB_CLIENT_NONE;
}

/* --- which pages are read */

static bool is_static(const struct jb_node_mesh *mesh, const char *namespace_, const char *pod)
{
	for (size_t i = 0; i < mesh->n_static; i++)
		if (!strcmp(mesh->targets[i].namespace_, namespace_) &&
		    !strcmp(mesh->targets[i].pod, pod))
			return true;
	return false;
}

/* Those of the command line beat what Kubernetes tells of the same pod. */
static int ask_for(struct jb_node_mesh *mesh)
{
	const struct jb_mesh_target *found;
	size_t n = jb_mesh_pods_targets(mesh->pods, &found);
	struct jb_mesh_target *targets = reallocarray(mesh->targets, mesh->n_static + n + 1,
						      sizeof(*targets));

	if (!targets)
		return -ENOMEM;
	mesh->targets = targets;
	mesh->n_targets = mesh->n_static;
	for (size_t i = 0; i < n; i++)
		if (!is_static(mesh, found[i].namespace_, found[i].pod))
			targets[mesh->n_targets++] = found[i];
	return jb_mesh_fetch_targets(mesh->fetch, targets, mesh->n_targets);
}

/* --- each second */

static void take_result(void *ctx, const struct jb_mesh_result *result)
{
	struct jb_node_mesh *mesh = ctx;

	jb_mesh_join_result(mesh->join, result, mesh->now_ns);
}

static void know_pod(void *ctx, const struct jb_mesh_pod_facts *facts)
{
	if (facts->meshed)
		jb_mesh_join_pod(ctx, facts->namespace_, facts->pod);
}

static bool is_there(void *ctx, const char *namespace_, const char *pod)
{
	const struct jb_node_mesh *mesh = ctx;
	const struct jb_identity owner = {namespace_, pod, "", ""};

	return is_static(mesh, namespace_, pod) || jb_mesh_pods_find(mesh->pods, namespace_, pod) ||
	       jb_registry_has_owner(mesh->node->registry, &owner);
}

static void take_anchor(void *ctx, const struct jb_trust_anchor *anchor)
{
	struct jb_node_mesh *mesh = ctx;

	if (mesh->n_anchors < JB_TRUST_ANCHORS_MAX)
		mesh->anchors[mesh->n_anchors++] = *anchor;
}

static void note_error(void *ctx, const struct jb_mesh_pod *pod)
{
	struct jb_node_mesh *mesh = ctx;

	if (!*mesh->error && pod->asked && !pod->success && *pod->error)
		snprintf(mesh->error, sizeof(mesh->error), "proxy of %s/%s: %s", pod->namespace_,
			 pod->pod, pod->error);
}

/* Where there is no Linkerd nobody is asked for its anchors. */
static int start_trust(struct jb_node_mesh *mesh)
{
	struct jb_node_trust_options trust;

	if (!mesh->trusts || mesh->trust || mesh->n_targets == mesh->n_static)
		return 0;
	jb_node_trust_options_default(&trust);
	if (mesh->linkerd_namespace)
		trust.linkerd_namespace = mesh->linkerd_namespace;
	return jb_node_trust_start(&mesh->trust, &trust);
}

static void take_trust(struct jb_node_mesh *mesh)
{
	struct jb_node_trust_status status;

	mesh->n_anchors = 0;
	if (!mesh->trust)
		return;
	jb_node_trust_each(mesh->trust, take_anchor, mesh);
	jb_node_trust_status(mesh->trust, &status);
	if (!*mesh->error)
		snprintf(mesh->error, sizeof(mesh->error), "%.*s", (int)sizeof(mesh->error) - 1,
			 status.error);
}

int jb_node_mesh_turn(struct jb_node_mesh *mesh, __u64 now_ns)
{
	int err, e = 0;

	mesh->now_ns = now_ns;
	/* Of pods that have gone, before they are forgotten. */
	jb_mesh_fetch_take(mesh->fetch, take_result, mesh);
	err = jb_mesh_pods_refresh(mesh->pods);
	if (!err)
		e = ask_for(mesh);
	for (size_t i = 0; i < mesh->n_static; i++)
		jb_mesh_join_pod(mesh->join, mesh->targets[i].namespace_, mesh->targets[i].pod);
	jb_mesh_pods_each(mesh->pods, know_pod, mesh->join);
	jb_mesh_contacts_settle(mesh->contacts, now_ns);
	jb_mesh_join_settle(mesh->join, now_ns);
	*mesh->error = '\0';
	jb_mesh_join_each_pod(mesh->join, note_error, mesh);
	err = err ? err : e;
	e = start_trust(mesh);
	take_trust(mesh);
	return err ? err : e;
}

void jb_node_mesh_sweep(struct jb_node_mesh *mesh)
{
	jb_mesh_join_sweep(mesh->join, is_there, mesh);
}

void jb_node_mesh_contact(struct jb_node_mesh *mesh, const struct jb_contact *contact, __u64 now_ns)
{
	jb_mesh_contacts_take(mesh->contacts, contact, now_ns);
}

/* --- what is shown */

const struct jb_mesh_join *jb_node_mesh_joined(const struct jb_node_mesh *mesh)
{
	return mesh->join;
}

const char *jb_node_mesh_error(const struct jb_node_mesh *mesh)
{
	return mesh->error;
}

bool jb_node_mesh_followed(const struct jb_node_mesh *mesh, struct jb_follow_status *ret)
{
	struct jb_node_trust_status status;

	if (!mesh->trust)
		return false;
	jb_node_trust_status(mesh->trust, &status);
	*ret = status.followed;
	return true;
}

size_t jb_node_mesh_anchors(const struct jb_node_mesh *mesh, const struct jb_trust_anchor **ret)
{
	*ret = mesh->anchors;
	return mesh->n_anchors;
}

/* What an owner is called as the peer of others (user/node/peers.c). */
static const char *name_of(const struct jb_node_mesh *mesh, const struct jb_identity *owner)
{
	const char *workload = jb_registry_owner_workload(mesh->node->registry, owner);

	return *owner->unit ? owner->unit : *workload ? workload : owner->pod;
}

/* The edge as the proxy at one of its ends has it: its own, or else that of the pod it talks to. */
static bool find_edge(const struct jb_node_mesh *mesh, const struct jb_edge *edge,
		      struct jb_mesh_edge *ret)
{
	const struct jb_identity *owner = edge->owner;
	bool source = edge->reporter == JB_REPORTER_SOURCE;

	switch (edge->leg) {
	case JB_LEG_MESH_OUT:
	case JB_LEG_PLAIN_OUT:
	case JB_LEG_MESH_IN:
	case JB_LEG_PLAIN_IN:
		return jb_mesh_join_find(mesh->join, owner->namespace_, owner->pod,
					 source ? JB_MESH_SOURCE : JB_MESH_DESTINATION,
					 edge->peer_namespace, edge->peer_workload, ret);
	case JB_LEG_DIRECT:
		if (!*edge->peer_pod)
			return false;
		return jb_mesh_join_find(mesh->join, edge->peer_namespace, edge->peer_pod,
					 source ? JB_MESH_DESTINATION : JB_MESH_SOURCE,
					 owner->namespace_, name_of(mesh, owner), ret);
	default:
		return false;
	}
}

static uint64_t from_seconds(double seconds)
{
	return seconds >= 0 && seconds < 1e9 ? (uint64_t)(seconds * 1e9 + 0.5) : JB_RECORD_NONE;
}

void jb_node_mesh_show(const struct jb_node_mesh *mesh, const struct jb_edge *edge,
		       struct jb_edge_info *info)
{
	struct jb_mesh_edge found;

	if (edge->protocol != JB_EDGE_TCP || !find_edge(mesh, edge, &found))
		return;
	info->mesh_requests = info->mesh_failures = 0;
	for (int tls = 0; tls < JB_MESH_TLS_MAX; tls++) {
		info->mesh_failures += found.requests[tls][JB_MESH_CLASS_FAILURE];
		info->mesh_requests += found.requests[tls][JB_MESH_CLASS_SUCCESS] +
				       found.requests[tls][JB_MESH_CLASS_FAILURE];
	}
	info->mesh_latency_ns = from_seconds(found.latency_s);
	info->mesh_network_ns = from_seconds(found.network_s);
	info->mesh_residence_ns = from_seconds(found.latency_s - found.network_s);
	info->mesh_retransmits = found.retransmitted;
}

/* --- begin and end */

static int start_join(struct jb_node_mesh *mesh, const struct jb_node_options *options)
{
	struct jb_mesh_join_options join = {
		.asked = {.who = who_is, .client = client_of, .ctx = mesh},
		.max_pods = JB_MESH_MAX_PODS,
		.destinations = options->kernel.full ? JB_EDGES_DESTINATIONS_FULL
						     : JB_EDGES_DESTINATIONS,
		.max_remotes = JB_MESH_MAX_REMOTES,
		.wait_ns = JB_MESH_WAIT_NS,
	};
	const struct jb_whois whois = jb_node_edges_whois(mesh->node->edges);

	if (getrandom(&join.seed, sizeof(join.seed), 0) != sizeof(join.seed))
		return -errno;
	return jb_mesh_join_new(&mesh->join, &join)
		       ?: jb_mesh_contacts_new(&mesh->contacts, &whois, mesh->pods, mesh->join);
}

static int start_fetch(struct jb_node_mesh *mesh, const struct jb_node_options *options)
{
	struct jb_mesh_fetch_options fetch;
	int err;

	jb_mesh_fetch_options_default(&fetch);
	if (options->linkerd.interval_ns)
		fetch.interval_ms = (uint32_t)(options->linkerd.interval_ns / 1000000);
	if (fetch.total_ms > fetch.interval_ms)
		fetch.total_ms = fetch.interval_ms;
	err = jb_mesh_fetch_start(&mesh->fetch, &fetch);
	if (err || !options->linkerd.n_targets)
		return err;
	mesh->targets = calloc(options->linkerd.n_targets, sizeof(*mesh->targets));
	if (!mesh->targets)
		return -ENOMEM;
	mesh->n_static = options->linkerd.n_targets;
	memcpy(mesh->targets, options->linkerd.targets, mesh->n_static * sizeof(*mesh->targets));
	return ask_for(mesh);
}

/* Only the API server tells the anchors. */
static int prepare_trust(struct jb_node_mesh *mesh, const struct jb_node_options *options)
{
	mesh->trusts = mesh->node->pods && options->kubernetes != JB_PODS_MODE_KUBELET &&
		       options->kubernetes != JB_PODS_MODE_FILES;
	if (!options->linkerd.namespace_)
		return 0;
	mesh->linkerd_namespace = strdup(options->linkerd.namespace_);
	return mesh->linkerd_namespace ? 0 : -ENOMEM;
}

int jb_node_mesh_new(struct jb_node_mesh **ret, struct jb_node *node,
		     const struct jb_node_options *options, char *error)
{
	struct jb_node_mesh *mesh = calloc(1, sizeof(*mesh));
	int err = mesh ? 0 : -ENOMEM;

	if (!err) {
		mesh->node = node;
		err = jb_mesh_pods_new(&mesh->pods, node->pods);
	}
	if (!err)
		err = start_join(mesh, options);
	if (!err)
		err = start_fetch(mesh, options);
	if (!err)
		err = prepare_trust(mesh, options);
	if (err) {
		snprintf(error, JB_NODE_ERROR, "start to read Linkerd's proxies: %s",
			 strerror(-err));
		jb_node_mesh_free(mesh);
		return err;
	}
	*ret = mesh;
	return 0;
}

void jb_node_mesh_free(struct jb_node_mesh *mesh)
{
	if (!mesh)
		return;
	jb_node_trust_stop(mesh->trust);
	jb_mesh_fetch_stop(mesh->fetch);
	jb_mesh_contacts_free(mesh->contacts);
	jb_mesh_join_free(mesh->join);
	jb_mesh_pods_free(mesh->pods);
	free(mesh->targets);
	free(mesh->linkerd_namespace);
	free(mesh);
}
