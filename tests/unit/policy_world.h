/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A small cluster, and policies and endpoints of it in few words; for the tests of policies. */
#ifndef JITTERBUG_TESTS_POLICY_WORLD_H
#define JITTERBUG_TESTS_POLICY_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <jansson.h>

#include "policies/evaluate.h"
#include "policies/reader.h"

#define DENY_INGRESS  "{'podSelector': {}, 'policyTypes': ['Ingress']}"
#define ALLOW_INGRESS "{'podSelector': {}, 'ingress': [{}], 'policyTypes': ['Ingress']}"
#define DENY_EGRESS   "{'podSelector': {}, 'policyTypes': ['Egress']}"
#define ALLOW_EGRESS  "{'podSelector': {}, 'egress': [{}], 'policyTypes': ['Egress']}"
#define DENY_BOTH     "{'podSelector': {}, 'policyTypes': ['Ingress', 'Egress']}"
#define DOCUMENTED                                                                                 \
	"{'podSelector': {'matchLabels': {'role': 'db'}}, 'policyTypes': ['Ingress', 'Egress'],"   \
	" 'ingress': [{'from': ["                                                                  \
	"  {'ipBlock': {'cidr': '172.17.0.0/16', 'except': ['172.17.1.0/24']}},"                   \
	"  {'namespaceSelector': {'matchLabels': {'project': 'myproject'}}},"                      \
	"  {'podSelector': {'matchLabels': {'role': 'frontend'}}}],"                               \
	"  'ports': [{'protocol': 'TCP', 'port': 6379}]}],"                                        \
	" 'egress': [{'to': [{'ipBlock': {'cidr': '10.0.0.0/24'}}],"                               \
	"  'ports': [{'protocol': 'TCP', 'port': 5978}]}]}"
#define AND_PEER                                                                                   \
	"{'podSelector': {}, 'ingress': [{'from': [{"                                              \
	" 'namespaceSelector': {'matchLabels': {'user': 'alice'}},"                                \
	" 'podSelector': {'matchLabels': {'role': 'client'}}}]}]}"
#define FROM(peer) "{'podSelector': {}, 'ingress': [{'from': [" peer "]}]}"
#define TO(peer)   "{'podSelector': {}, 'policyTypes': ['Egress'], 'egress': [{'to': [" peer "]}]}"
#define ON(port)   "{'podSelector': {}, 'ingress': [{'ports': [" port "]}]}"
#define TO_PORT(port)                                                                              \
	"{'podSelector': {}, 'policyTypes': ['Egress'], 'egress': [{'ports': [" port "]}]}"
#define BLOCK(cidr)         "{'ipBlock': {'cidr': '" cidr "'}}"
#define EXCEPT(cidr, other) "{'ipBlock': {'cidr': '" cidr "', 'except': ['" other "']}}"

/* The lines of a case's policies. */
#define IN_DEFAULT(spec) "default " spec "\n"
#define IN_ALICE(spec)   "alice " spec "\n"
#define IN_DIM(spec)     "dim " spec "\n"

#define TCP              IPPROTO_TCP
#define UDP              IPPROTO_UDP
#define SCTP             IPPROTO_SCTP
#define ICMP             IPPROTO_ICMP

#define WORLD_BYTES      (1 << 20)

/* The namespace "dim" has pods, but nobody told its labels; "free" never has a policy. */
static const struct {
	const char *name;
	struct jb_label labels[2];
	size_t n_labels;
} world_namespaces[] = {
	{"default", {{"kubernetes.io/metadata.name", "default"}}, 1},
	{"myproject", {{"project", "myproject"}, {"kubernetes.io/metadata.name", "myproject"}}, 2},
	{"alice", {{"user", "alice"}, {"kubernetes.io/metadata.name", "alice"}}, 2},
	{"free", {{"kubernetes.io/metadata.name", "free"}}, 1},
	{"bare", {}, 0},
};

static const struct {
	const char *namespace_, *name, *node;
	bool host_network;
	struct jb_label labels[3];
	size_t n_labels;
	const char *address; /* IPv4 and IPv6 are told apart by who asks */
} world_pods[] = {
	{"default", "db", "n1", false, {{"role", "db"}, {"tier", "back"}}, 2, "10.1.0.1"},
	{"default", "frontend", "n1", false, {{"role", "frontend"}}, 1, "10.1.0.2"},
	{"default", "plain", "n2", false, {}, 0, "10.1.1.3"},
	{"default", "host", "n1", true, {{"role", "frontend"}}, 1, "192.168.0.1"},
	{"alice", "client", "n2", false, {{"role", "client"}}, 1, "10.1.1.4"},
	{"alice", "server", "n2", false, {{"role", "server"}}, 1, "10.1.1.5"},
	{"default", "client", "n2", false, {{"role", "client"}, {"env", ""}}, 2, "10.1.1.6"},
	{"myproject", "job", "n1", false, {{"role", "job"}}, 1, "10.1.0.7"},
	{"free", "any", "n1", false, {{"role", "client"}}, 1, "10.1.0.8"},
	{"bare", "client", "n2", false, {{"role", "client"}}, 1, "10.1.1.9"},
	{"dim", "client", "n2", false, {{"role", "client"}}, 1, "10.1.1.10"},
	{"dim", "other", "n2", false, {{"role", "other"}}, 1, "10.1.1.11"},
	{"default", "six", "n1", false, {{"role", "frontend"}}, 1, "fd00::12"},
};

/* What all pods of the world call their ports. */
static const struct jb_port_name world_ports[] = {
	{"web", 8080, IPPROTO_TCP},
	{"media", 5004, IPPROTO_UDP},
	{"dns", 53, IPPROTO_UDP},
	{"dns", 53, IPPROTO_TCP},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* JSON with ' in the place of ". */
static json_t *world_json(const char *text)
{
	json_error_t error;
	char *copy = strdup(text);
	json_t *json;

	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(copy, JSON_DECODE_ANY, &error);
	if (!json)
		fail_msg("%s: %s", text, error.text);
	free(copy);
	return json;
}

static json_t *world_policy(const char *namespace_, const char *name, const char *spec)
{
	return json_pack("{s:{s:s, s:s}, s:o}", "metadata", "namespace", namespace_, "name", name,
			 "spec", world_json(spec));
}

static void world_add(struct jb_policies *policies, const char *namespace_, const char *name,
		      const char *spec)
{
	json_t *object = world_policy(namespace_, name, spec);
	struct jb_policy_error error;

	if (jb_policies_read(policies, object, &error))
		fail_msg("%s", error.text);
	json_decref(object);
}

static void world_set_pod(struct jb_policies *policies, size_t i)
{
	struct jb_policy_pod pod = {
		.namespace_ = world_pods[i].namespace_,
		.name = world_pods[i].name,
		.node = world_pods[i].node,
		.host_network = world_pods[i].host_network,
		.labels = world_pods[i].labels,
		.n_labels = world_pods[i].n_labels,
		.ports = world_ports,
		.n_ports = COUNT(world_ports),
	};

	assert_int_equal(jb_policies_set_pod(policies, &pod), 0);
}

/* The cluster without a policy; the list of policies is begun and not ended. */
static struct jb_policies *world_begin(void)
{
	struct jb_policies *policies;

	assert_int_equal(jb_policies_new(WORLD_BYTES, &policies), 0);
	for (size_t i = 0; i < COUNT(world_namespaces); i++)
		assert_int_equal(jb_policies_set_namespace(policies, world_namespaces[i].name,
							   world_namespaces[i].labels,
							   world_namespaces[i].n_labels),
				 0);
	for (size_t i = 0; i < COUNT(world_pods); i++)
		world_set_pod(policies, i);
	jb_policies_begin(policies, JB_LIST_POLICIES);
	return policies;
}

static void world_address(const char *text, union jb_ip *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->word[3]) == 1)
		ret->word[2] = htonl(0xffff);
	else
		assert_int_equal(inet_pton(AF_INET6, text, ret), 1);
}

static struct jb_policy_endpoint world_pod(const struct jb_policies *policies, const char *text)
{
	static char names[4][128];
	static unsigned int next;
	char *namespace_ = names[next++ % 4], *name;
	struct jb_policy_endpoint endpoint;

	snprintf(namespace_, sizeof(*names), "%s", text);
	name = strchr(namespace_, '/');
	*name++ = '\0';
	jb_policies_endpoint(policies, namespace_, name, &endpoint);
	for (size_t i = 0; i < COUNT(world_pods); i++)
		if (!strcmp(world_pods[i].namespace_, namespace_) &&
		    !strcmp(world_pods[i].name, name))
			world_address(world_pods[i].address, &endpoint.address);
	return endpoint;
}

/*
 * "namespace/pod", "172.17.0.5" outside the cluster, "n1" or "n2" a node, "n?" a node of unknown
 * name, "?10.1.0.1" no more than an address, "?" nothing at all.
 */
static struct jb_policy_endpoint world_endpoint(const struct jb_policies *policies,
						const char *text)
{
	struct jb_policy_endpoint endpoint = {};

	if (strchr(text, '/'))
		return world_pod(policies, text);
	if (*text == '?') {
		if (text[1])
			world_address(text + 1, &endpoint.address);
	} else if (*text == 'n') {
		endpoint.kind = JB_POLICY_NODE;
		if (text[1] != '?')
			endpoint.node = text;
		world_address(text[1] == '2' ? "192.168.0.2" : "192.168.0.1", &endpoint.address);
	} else {
		endpoint.kind = JB_POLICY_ADDRESS;
		world_address(text, &endpoint.address);
	}
	return endpoint;
}

static inline struct jb_policy_result world_evaluate(const struct jb_policies *policies,
						     const struct jb_policy_endpoint *source,
						     const struct jb_policy_endpoint *destination)
{
	struct jb_policy_connection connection = {*source, *destination, TCP, 8080};
	struct jb_policy_result result;

	jb_policies_evaluate(policies, &connection, &result);
	return result;
}

/* Adds policies of lines "namespace spec" and ends their list; they are p0, p1, ... */
static struct jb_policies *world_with(const char *lines)
{
	struct jb_policies *policies = world_begin();
	char *text = strdup(lines), *rest = text, *line;
	char name[] = "p0";

	assert_non_null(text);
	for (; (line = strsep(&rest, "\n")) && *line; name[1]++) {
		const char *namespace_ = strsep(&line, " ");

		world_add(policies, namespace_, name, line);
	}
	free(text);
	jb_policies_end(policies, JB_LIST_POLICIES);
	return policies;
}

struct test_case {
	const char *what;
	const char *source, *destination;
	int protocol;
	int port;
	const char *verdicts; /* egress, ingress, both: Denied, Allowed, No policy, Unknown */
	const char *policies;
};

static void world_run_case(const struct test_case *test)
{
	static const char letters[] = {
		[JB_POLICY_DENIED] = 'D',
		[JB_POLICY_ALLOWED] = 'A',
		[JB_POLICY_NO_POLICY] = 'N',
		[JB_POLICY_UNDECIDED] = 'U',
	};
	struct jb_policies *policies = world_with(test->policies);
	struct jb_policy_connection connection = {
		.source = world_endpoint(policies, test->source),
		.destination = world_endpoint(policies, test->destination),
		.protocol = (__u8)test->protocol,
		.destination_port = (__u16)test->port,
	};
	struct jb_policy_result result;
	char verdicts[4] = "";

	jb_policies_evaluate(policies, &connection, &result);
	verdicts[0] = letters[result.egress.verdict];
	verdicts[1] = letters[result.ingress.verdict];
	verdicts[2] = letters[result.verdict];
	if (strcmp(verdicts, test->verdicts) != 0)
		fail_msg("%s: %s, not %s", test->what, verdicts, test->verdicts);
	jb_policies_free(policies);
}

static inline void world_run(const struct test_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		world_run_case(&cases[i]);
}

#endif
