/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two ends of a connection as the policies know them, and what these say. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "base/address.h"
#include "node/cluster_private.h"

/* An end, and whether its address and port may be those of a Service, behind which another is. */
struct end {
	struct jb_policy_endpoint is;
	bool service;
};

static struct jb_policy_endpoint of_node(const char *node, const union jb_ip *address)
{
	return (struct jb_policy_endpoint){
		.kind = JB_POLICY_NODE,
		.node = *node ? node : NULL,
		.address = *address,
	};
}

/* A unit. What is in a container that is no pod's may have the node's network, or one of its own.
 */
static struct jb_policy_endpoint of_unit(const struct jb_node_cluster *cluster,
					 const struct jb_who *who, const union jb_ip *address)
{
	struct jb_policy_endpoint unit = of_node(cluster->node, address);

	if (who->contained)
		unit.kind = JB_POLICY_UNKNOWN;
	return unit;
}

/* Of a pod or unit of this node. */
static void set_self(const struct jb_node_cluster *cluster, const struct jb_who *who,
		     const union jb_ip *address, struct end *ret)
{
	if (*who->pod) {
		jb_policies_endpoint(cluster->policies, who->namespace_, who->pod, &ret->is);
		ret->is.address = *address;
	} else if (*who->unit) {
		ret->is = of_unit(cluster, who, address);
	}
}

/* Whether all that has an address in the cluster is known: then others are outside. */
static bool all_are_known(const struct jb_node_cluster *cluster)
{
	return cluster->peers_cluster && cluster->listed[JB_CLUSTER_PODS] &&
	       cluster->listed[JB_CLUSTER_SERVICES];
}

static bool is_v6(const union jb_ip *ip)
{
	return ip->half[0] || ip->word[2] != htonl(0xffff);
}

/* Whether pods have addresses of the internet, as the pod at the other end shows. */
static bool pods_are_public(const struct jb_policy_endpoint *pod, const union jb_ip *address)
{
	return pod->kind != JB_POLICY_NODE && jb_ip_is_public(&pod->address) &&
	       is_v6(&pod->address) == is_v6(address);
}

/* An address that nobody is known to have. */
static void set_stranger(const struct jb_node_cluster *cluster, const struct end *self,
			 const union jb_ip *address, struct end *ret)
{
	bool known = all_are_known(cluster);
	bool public = jb_ip_is_public(address);

	ret->is.address = *address;
	if (public && (known || (!cluster->peers_cluster && !pods_are_public(&self->is, address))))
		ret->is.kind = JB_POLICY_ADDRESS;
	else
		ret->service = !known;
}

/* Ports at which kube-proxy has Services on each node, unless the API server is told otherwise. */
enum { NODE_PORT_FIRST = 30000, NODE_PORT_LAST = 32767 };

/* Whether a port at a node's address may be a Service's, or is that of a pod with another address.
 */
static bool leads_on(const struct jb_node_cluster *cluster, const struct jb_edge_case *edge)
{
	struct jb_directory_entry entry;
	struct jb_policy_endpoint pod;

	if (edge->reporter != JB_REPORTER_SOURCE)
		return false;
	if (!jb_directory_find(cluster->directory, &edge->ends->remote, edge->port, &entry) ||
	    !entry.by_port)
		return edge->port >= NODE_PORT_FIRST && edge->port <= NODE_PORT_LAST;
	jb_policies_endpoint(cluster->policies, entry.namespace_, entry.pod, &pod);
	return pod.kind != JB_POLICY_NODE;
}

/* By its address alone. */
static void set_peer_by_address(const struct jb_node_cluster *cluster,
				const struct jb_edge_case *edge, const struct end *self,
				struct end *ret)
{
	const union jb_ip *address = &edge->ends->remote;
	struct jb_directory_entry entry;

	if (!jb_directory_find(cluster->directory, address, 0, &entry)) {
		set_stranger(cluster, self, address, ret);
	} else if (entry.kind == JB_DIRECTORY_SERVICE ||
		   (entry.kind == JB_DIRECTORY_NODE && leads_on(cluster, edge))) {
		ret->service = true;
	} else if (entry.kind == JB_DIRECTORY_NODE) {
		ret->is = of_node(entry.node, address);
	} else {
		jb_policies_endpoint(cluster->policies, entry.namespace_, entry.pod, &ret->is);
		ret->is.address = *address;
	}
}

/* Whether a pod has the address, or in its node's network the node, by all that is known. */
static bool has_address(const struct jb_node_cluster *cluster, const struct jb_who *who,
			enum jb_policy_kind kind, const union jb_ip *address)
{
	struct jb_directory_entry entry;

	if (!jb_directory_find(cluster->directory, address, 0, &entry))
		return false;
	return (entry.kind == JB_DIRECTORY_NODE && kind == JB_POLICY_NODE) ||
	       (entry.kind == JB_DIRECTORY_POD && !strcmp(entry.pod, who->pod) &&
		!strcmp(entry.namespace_, who->namespace_));
}

/* One that is known by its socket may have been reached by the address of a Service. */
static void set_peer(const struct jb_node_cluster *cluster, const struct jb_edge_case *edge,
		     const struct end *self, struct end *ret)
{
	const union jb_ip *address = &edge->ends->remote;
	bool own = jb_ip_is_loopback(address);

	if (*edge->peer->pod) {
		jb_policies_endpoint(cluster->policies, edge->peer->namespace_, edge->peer->pod,
				     &ret->is);
		if (own || has_address(cluster, edge->peer, ret->is.kind, address))
			ret->is.address = *address;
		else
			ret->service = true;
	} else if (*edge->peer->unit || own) {
		ret->is = of_unit(cluster, edge->peer, address);
	} else {
		set_peer_by_address(cluster, edge, self, ret);
	}
}

static void put_names(const struct jb_policy_judgement *judgement, char *ret, size_t *len)
{
	char name[JB_POLICY_NAMESPACE_MAX + JB_POLICY_NAME_MAX + 4];

	for (size_t i = 0; i < JB_POLICY_ISOLATING_MAX && judgement->names[i]; i++) {
		int size = snprintf(name, sizeof(name), "%s%s/%s", *len ? ", " : "",
				    judgement->names[i]->namespace_, judgement->names[i]->name);

		if (*len + (size_t)size >= JB_EDGE_POLICIES)
			return;
		memcpy(ret + *len, name, (size_t)size + 1);
		*len += (size_t)size;
	}
}

static enum jb_edge_verdict verdict_of(const struct jb_policy_result *result)
{
	static const enum jb_edge_verdict verdicts[JB_POLICY_VERDICT_MAX] = {
		[JB_POLICY_NO_POLICY] = JB_VERDICT_NO_POLICY,
		[JB_POLICY_ALLOWED] = JB_VERDICT_ALLOWED,
		[JB_POLICY_UNDECIDED] = JB_VERDICT_UNKNOWN,
		[JB_POLICY_DENIED] = JB_VERDICT_DENIED,
	};

	return verdicts[result->verdict];
}

/*
 * Behind a Service is another address, and may be another port: neither is known.
 */
static void judge(const struct jb_node_cluster *cluster, const struct jb_edge_case *edge,
		  struct jb_policy_result *ret)
{
	struct jb_policy_connection connection = {
		.protocol = IPPROTO_TCP,
		.destination_port = edge->port,
	};
	bool is_source = edge->reporter == JB_REPORTER_SOURCE;
	struct end self = {}, peer = {};

	set_self(cluster, edge->self, &edge->ends->local, &self);
	set_peer(cluster, edge, &self, &peer);
	if (is_source && peer.service) {
		peer.is.address = (union jb_ip){};
		connection.destination_port = 0;
	}
	connection.source = is_source ? self.is : peer.is;
	connection.destination = is_source ? peer.is : self.is;
	jb_policies_evaluate(cluster->policies, &connection, ret);
}

enum jb_edge_verdict jb_node_cluster_judge(void *ctx, const struct jb_edge_case *edge,
					   char ret_policies[JB_EDGE_POLICIES])
{
	struct jb_node_cluster *cluster = ctx;
	struct jb_policy_result result;
	size_t len = 0;

	pthread_mutex_lock(&cluster->lock);
	judge(cluster, edge, &result);
	put_names(&result.egress, ret_policies, &len);
	put_names(&result.ingress, ret_policies, &len);
	pthread_mutex_unlock(&cluster->lock);
	return verdict_of(&result);
}
