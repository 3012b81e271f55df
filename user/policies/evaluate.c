/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "policies/evaluate.h"

#include <string.h>

#include <netinet/in.h>

#include "base/address.h"
#include "policies/private.h"

const char *const jb_policy_verdict_names[JB_POLICY_VERDICT_MAX] = {
	[JB_POLICY_NO_POLICY] = "no_policy",
	[JB_POLICY_ALLOWED] = "allowed",
	[JB_POLICY_UNDECIDED] = "unknown",
	[JB_POLICY_DENIED] = "denied",
};

/* A connection as one of its ends sees it. */
struct end {
	const struct jb_policies *policies;
	const struct jb_policy_endpoint *self;
	const struct jb_policy_endpoint *peer;
	const struct jb_policy_connection *connection;
	enum jb_direction direction;
};

static enum jb_truth truth_of(bool is)
{
	return is ? JB_YES : JB_NO;
}

static enum jb_truth is_equal(const char *a, const char *b)
{
	return a && b ? truth_of(!strcmp(a, b)) : JB_MAYBE;
}

static enum jb_truth is_pod(const struct jb_policy_endpoint *endpoint)
{
	if (endpoint->kind == JB_POLICY_UNKNOWN)
		return JB_MAYBE;
	return truth_of(endpoint->kind == JB_POLICY_POD);
}

/* --- what no policy forbids */

static enum jb_truth is_same_address(const union jb_ip *a, const union jb_ip *b)
{
	if (!jb_ip_is_known(a) || !jb_ip_is_known(b))
		return JB_MAYBE;
	return truth_of(!memcmp(a, b, sizeof(*a)));
}

/* Whether the peer of a pod is the pod itself. */
static enum jb_truth is_itself(const struct end *end)
{
	const struct jb_policy_endpoint *self = end->self, *peer = end->peer;
	enum jb_truth named = jb_and(is_equal(self->namespace_, peer->namespace_),
				     is_equal(self->pod, peer->pod));

	if (jb_ip_is_loopback(&peer->address))
		return JB_YES;
	if (peer->kind == JB_POLICY_NODE)
		return JB_NO;
	if (peer->kind == JB_POLICY_ADDRESS)
		return jb_ip_is_known(&peer->address) ? JB_NO : JB_MAYBE;
	return named != JB_MAYBE ? named : is_same_address(&self->address, &peer->address);
}

/* Whether the peer of a pod is the node on which the pod runs. */
static enum jb_truth is_own_node(const struct end *end)
{
	enum jb_truth same = is_equal(end->self->node, end->peer->node);

	if (end->peer->kind == JB_POLICY_NODE)
		return same;
	/* What else is on the node isn't the node. */
	return end->peer->kind == JB_POLICY_UNKNOWN ? jb_and(same, JB_MAYBE) : JB_NO;
}

/* --- rules */

/* Whether the peer is in a namespace that is selected. */
static enum jb_truth namespace_matches(const struct end *end, const struct jb_policy *policy,
				       const struct jb_selector *selector)
{
	const char *name = end->peer->namespace_;
	const struct jb_space *space = NULL;

	if (!selector)
		return is_equal(policy->name.namespace_, name);
	if (name)
		space = jb_policies_space(end->policies, name);
	return jb_selector_matches(selector, space ? space->labels : NULL);
}

static enum jb_truth block_matches(const struct jb_policy_peer *peer, const union jb_ip *address)
{
	if (!jb_ip_is_known(address))
		return JB_MAYBE;
	if (!jb_cidr_contains(peer->block, address))
		return JB_NO;
	for (__u32 i = 0; i < peer->n_except; i++)
		if (jb_cidr_contains(&peer->except[i], address))
			return JB_NO;
	return JB_YES;
}

static enum jb_truth peer_matches(const struct end *end, const struct jb_policy *policy,
				  const struct jb_policy_peer *peer)
{
	enum jb_truth truth = is_pod(end->peer);

	if (peer->block)
		return block_matches(peer, &end->peer->address);
	truth = jb_and(truth, namespace_matches(end, policy, peer->namespaces));
	if (peer->pods)
		truth = jb_and(truth, jb_selector_matches(peer->pods, end->peer->labels));
	return truth;
}

static enum jb_truth name_matches(const struct end *end, const struct jb_policy_port *port)
{
	const struct jb_policy_endpoint *pod = &end->connection->destination;

	if (is_pod(pod) == JB_NO)
		return JB_NO;
	if (!pod->ports)
		return JB_MAYBE;
	for (__u32 i = 0; i < pod->ports->count; i++) {
		const struct jb_port_name *named = &pod->ports->port[i];

		if (named->port == end->connection->destination_port &&
		    named->protocol == port->protocol &&
		    !strncmp(named->name, port->name, sizeof(named->name)))
			return is_pod(pod);
	}
	return JB_NO;
}

/* Whether a port that isn't known is one of these. */
static enum jb_truth truth_of_any(const struct jb_policy_port *port)
{
	return !port->name && port->first <= 1 && port->last == UINT16_MAX ? JB_YES : JB_MAYBE;
}

static enum jb_truth port_matches(const struct end *end, const struct jb_policy_port *port)
{
	__u16 number = end->connection->destination_port;

	if (end->connection->protocol != port->protocol)
		return JB_NO;
	if (!number)
		return truth_of_any(port);
	if (port->name)
		return name_matches(end, port);
	return truth_of(port->first <= number && number <= port->last);
}

static enum jb_truth rule_allows(const struct end *end, const struct jb_policy *policy,
				 const struct jb_policy_rule *rule)
{
	enum jb_truth ports = truth_of(!rule->n_ports), peers = truth_of(!rule->n_peers);

	for (__u32 i = 0; i < rule->n_ports && ports != JB_YES; i++)
		ports = jb_or(ports, port_matches(end, &rule->ports[i]));
	if (ports == JB_NO)
		return JB_NO;
	for (__u32 i = 0; i < rule->n_peers && peers != JB_YES; i++)
		peers = jb_or(peers, peer_matches(end, policy, &rule->peers[i]));
	return jb_and(ports, peers);
}

/* --- policies */

static enum jb_truth policy_selects(const struct end *end, const struct jb_policy *policy)
{
	enum jb_truth truth = policy->opaque ? JB_MAYBE : is_pod(end->self);

	return jb_and(truth, jb_selector_matches(&policy->pods, end->self->labels));
}

static enum jb_truth policy_allows(const struct end *end, const struct jb_policy *policy)
{
	const struct jb_policy_rules *rules = &policy->of[end->direction];
	enum jb_truth truth = policy->opaque ? JB_MAYBE : JB_NO;

	for (__u32 i = 0; i < rules->count && truth != JB_YES; i++)
		truth = jb_or(truth, rule_allows(end, policy, &rules->rules[i]));
	return truth;
}

static void note_isolating(struct jb_policy_judgement *judgement, const struct jb_policy *policy)
{
	if (judgement->isolating < JB_POLICY_ISOLATING_MAX)
		judgement->names[judgement->isolating] = &policy->name;
	judgement->isolating++;
}

struct findings {
	enum jb_truth isolated;
	enum jb_truth allowed; /* by a policy that isolates */
};

/* Adds what the policies of the pod's own namespace say. */
static void ask_policies(const struct end *end, const struct jb_space *space,
			 struct findings *findings, struct jb_policy_judgement *judgement)
{
	const struct jb_policy *policy, *next;

	HASH_ITER (hh, space->policies, policy, next) {
		enum jb_truth selects = JB_NO;

		if (policy->of[end->direction].isolates)
			selects = policy_selects(end, policy);
		if (selects == JB_NO)
			continue;
		if (selects == JB_YES)
			note_isolating(judgement, policy);
		findings->isolated = jb_or(findings->isolated, selects);
		findings->allowed = jb_or(findings->allowed,
					  jb_and(selects, policy_allows(end, policy)));
	}
}

/* A policy that isn't known may select the pod and allow the connection. */
static struct findings find(const struct end *end, struct jb_policy_judgement *judgement)
{
	const struct jb_space *space;
	bool maybe = end->policies->lost;
	struct findings findings = {JB_NO, JB_NO};

	if (end->self->namespace_) {
		space = jb_policies_space(end->policies, end->self->namespace_);
		if (space)
			ask_policies(end, space, &findings, judgement);
	} else {
		maybe = maybe || end->policies->isolating[end->direction];
	}
	if (maybe) {
		findings.isolated = jb_or(findings.isolated, JB_MAYBE);
		findings.allowed = jb_or(findings.allowed, JB_MAYBE);
	}
	return findings;
}

static bool is_defined(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static enum jb_policy_verdict verdict_of(const struct end *end, const struct findings *findings)
{
	enum jb_truth always = jb_or(is_itself(end), is_own_node(end));
	enum jb_truth allowed = jb_or(findings->allowed, jb_and(findings->isolated, always));

	if (findings->isolated == JB_NO)
		return JB_POLICY_NO_POLICY;
	if (!is_defined(end->connection->protocol))
		return JB_POLICY_UNDECIDED;
	if (allowed == JB_YES)
		return JB_POLICY_ALLOWED;
	if (findings->isolated == JB_YES && allowed == JB_NO)
		return JB_POLICY_DENIED;
	return JB_POLICY_UNDECIDED;
}

static struct jb_policy_judgement judge(const struct end *end)
{
	struct jb_policy_judgement judgement = {.verdict = JB_POLICY_NO_POLICY};
	struct findings findings;

	if (is_pod(end->self) == JB_NO)
		return judgement;
	findings = find(end, &judgement);
	judgement.verdict = verdict_of(end, &findings);
	return judgement;
}

void jb_policies_evaluate(const struct jb_policies *policies,
			  const struct jb_policy_connection *connection,
			  struct jb_policy_result *ret)
{
	const struct jb_policy_endpoint *from = &connection->source;
	const struct jb_policy_endpoint *to = &connection->destination;

	ret->egress = judge(&(struct end){policies, from, to, connection, JB_EGRESS});
	ret->ingress = judge(&(struct end){policies, to, from, connection, JB_INGRESS});
	ret->verdict = ret->egress.verdict > ret->ingress.verdict ? ret->egress.verdict
								  : ret->ingress.verdict;
}
