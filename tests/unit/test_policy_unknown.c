/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is answered where something isn't known, and which policies are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_world.h"

#define CLIENTS "{'podSelector': {'matchLabels': {'role': 'client'}}, 'policyTypes': ['Ingress']}"

/* An end of which not enough is known, or its namespace. */
static const struct test_case unknown[] = {
	{"unknown source, isolated by nothing", "?", "default/db", TCP, 1, "NNN", ""},
	{"unknown source, everybody is allowed", "?", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(ALLOW_INGRESS)},
	{"unknown source may be the node", "?", "default/db", TCP, 1, "NUU",
	 IN_DEFAULT(DENY_INGRESS)},
	{"unknown source by address", "?172.17.0.5", "default/db", TCP, 6379, "UAU",
	 IN_DEFAULT(DOCUMENTED)},
	{"unknown source in a block", "?172.17.0.5", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("172.17.0.0/16")))},
	{"unknown source, block, no address", "?", "default/db", TCP, 1, "NUU",
	 IN_DEFAULT(FROM(BLOCK("172.17.0.0/16")))},
	{"unknown source, wrong port, may be the node", "?172.17.0.5", "default/db", TCP, 81, "NUU",
	 IN_DEFAULT(ON("{'port': 80}"))},
	{"unknown destination, some policy there", "alice/client", "?", TCP, 1, "NUU",
	 IN_DEFAULT(DENY_INGRESS)},
	{"unknown destination, no ingress policy", "alice/client", "?", TCP, 1, "NNN",
	 IN_DEFAULT(DENY_EGRESS)},
	{"unknown destination, denied at the source", "default/db", "?8.8.8.8", TCP, 1, "UNU",
	 IN_DEFAULT(DENY_EGRESS)},
	{"unknown destination, named port", "default/db", "?", TCP, 8080, "UNU",
	 IN_DEFAULT(TO_PORT("{'port': 'web'}"))},
	{"denied outdoes unknown", "dim/client", "default/db", TCP, 1, "DUD",
	 IN_DEFAULT(AND_PEER) IN_DIM(DENY_EGRESS)},
	{"unknown outdoes allowed", "default/db", "dim/nobody", TCP, 1, "AUU",
	 IN_DEFAULT(ALLOW_EGRESS) IN_DIM(DENY_INGRESS)},
	{"namespace's labels: selector hangs on them", "dim/client", "default/db", TCP, 1, "NUU",
	 IN_DEFAULT(AND_PEER)},
	{"namespace's labels: the pod doesn't match anyway", "dim/other", "default/db", TCP, 1,
	 "NDD", IN_DEFAULT(AND_PEER)},
	{"namespace's labels: another peer allows", "dim/client", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(
		 "{'namespaceSelector': {'matchLabels': {'a': 'b'}}}," BLOCK("10.1.1.10/32")))},
	{"namespace's labels don't matter to podSelector", "dim/client", "default/db", TCP, 1,
	 "NDD", IN_DEFAULT(FROM("{'podSelector': {'matchLabels': {'role': 'client'}}}"))},
	{"namespace's labels don't matter to its policies", "alice/client", "dim/client", TCP, 1,
	 "NDD", IN_DIM(DENY_INGRESS)},
	{"a pod that nobody told of: no policy there", "alice/client", "free/nobody", TCP, 1, "NNN",
	 IN_DEFAULT(DENY_BOTH)},
	{"a pod that nobody told of: may be hostNetwork", "alice/client", "default/nobody", TCP, 1,
	 "NUU", IN_DEFAULT(DENY_BOTH)},
	{"a pod that nobody told of: may be selected", "alice/client", "default/nobody", TCP, 1,
	 "NUU", IN_DEFAULT(CLIENTS)},
	{"a pod that nobody told of: the wrong namespace", "free/nobody", "default/db", TCP, 1,
	 "NUU", IN_DEFAULT(FROM("{'podSelector': {}}"))},
	{"a node of unknown name", "n?", "default/db", TCP, 1, "NUU", IN_DEFAULT(DENY_INGRESS)},
	{"a node of unknown name in a block", "n?", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("192.168.0.0/24")))},
};

static void test_unknown(void **state)
{
	(void)state;
	world_run(unknown, COUNT(unknown));
}

/* --- endpoints of which a part is known */

static void test_pod_without_labels_is_not_one_of_unknown_labels(void **state)
{
	struct jb_policies *policies = world_with(IN_DEFAULT(CLIENTS));
	struct jb_policy_endpoint source = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint destination = world_endpoint(policies, "default/plain");

	(void)state;
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict,
			 JB_POLICY_NO_POLICY);
	destination.labels = NULL;
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict,
			 JB_POLICY_UNDECIDED);
	jb_policies_free(policies);
}

static void test_pod_without_ports_is_not_one_of_unknown_ports(void **state)
{
	struct jb_policies *policies = world_with(IN_DEFAULT(ON("{'port': 'web'}")));
	struct jb_policy_endpoint source = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint destination = world_endpoint(policies, "default/plain");
	static const struct jb_port_names none;

	(void)state;
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict,
			 JB_POLICY_ALLOWED);
	destination.ports = &none;
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict, JB_POLICY_DENIED);
	destination.ports = NULL;
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict,
			 JB_POLICY_UNDECIDED);
	jb_policies_free(policies);
}

static void test_pod_of_unknown_name(void **state)
{
	struct jb_policies *policies = world_with(IN_DEFAULT(DENY_INGRESS));
	struct jb_policy_endpoint source = world_endpoint(policies, "default/client");
	struct jb_policy_endpoint destination = world_endpoint(policies, "default/db");

	(void)state;
	source.pod = NULL;
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict, JB_POLICY_DENIED);
	memset(&source.address, 0, sizeof(source.address)); /* now it may be the pod itself */
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict,
			 JB_POLICY_UNDECIDED);
	source.namespace_ = "alice";
	assert_int_equal(world_evaluate(policies, &source, &destination).verdict, JB_POLICY_DENIED);
	jb_policies_free(policies);
}

static void test_unknown_on_another_node_is_not_the_node(void **state)
{
	struct jb_policies *policies = world_with(IN_DEFAULT(DENY_INGRESS));
	struct jb_policy_endpoint source = world_endpoint(policies, "?8.8.8.8");
	struct jb_policy_endpoint destination = world_endpoint(policies, "default/db");

	(void)state;
	source.node = "n2";
	assert_int_equal(world_evaluate(policies, &source, &destination).ingress.verdict,
			 JB_POLICY_DENIED);
	source.node = "n1";
	assert_int_equal(world_evaluate(policies, &source, &destination).ingress.verdict,
			 JB_POLICY_UNDECIDED);
	jb_policies_free(policies);
}

/* --- names, opaque policies, incomplete lists */

static void test_names_of_isolating_policies(void **state)
{
	struct jb_policies *policies = world_begin();
	struct jb_policy_endpoint source = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint destination = world_endpoint(policies, "default/db");
	struct jb_policy_result result;

	(void)state;
	world_add(policies, "default", "clients", CLIENTS);
	world_add(policies, "default", "all", DENY_INGRESS);
	world_add(policies, "default", "out", DENY_EGRESS);
	world_add(policies, "default", "db", DOCUMENTED);
	world_add(policies, "alice", "mine", ALLOW_EGRESS);
	jb_policies_end(policies, JB_LIST_POLICIES);
	result = world_evaluate(policies, &source, &destination);
	assert_int_equal(result.verdict, JB_POLICY_DENIED);
	assert_int_equal(result.ingress.isolating, 2);
	assert_string_equal(result.ingress.names[0]->namespace_, "default");
	assert_string_equal(result.ingress.names[0]->name, "all");
	assert_string_equal(result.ingress.names[1]->name, "db");
	assert_null(result.ingress.names[2]);
	assert_int_equal(result.egress.isolating, 1);
	assert_string_equal(result.egress.names[0]->namespace_, "alice");
	assert_string_equal(result.egress.names[0]->name, "mine");
	jb_policies_free(policies);
}

static void test_more_isolating_policies_than_names(void **state)
{
	struct jb_policies *policies = world_begin();
	struct jb_policy_endpoint source = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint destination = world_endpoint(policies, "default/db");
	struct jb_policy_result result;

	(void)state;
	for (int i = 0; i < 20; i++) {
		char name[8];

		snprintf(name, sizeof(name), "p%02d", i);
		world_add(policies, "default", name, DENY_INGRESS);
	}
	jb_policies_end(policies, JB_LIST_POLICIES);
	result = world_evaluate(policies, &source, &destination);
	assert_int_equal(result.ingress.isolating, 20);
	assert_string_equal(result.ingress.names[JB_POLICY_ISOLATING_MAX - 1]->name, "p07");
	jb_policies_free(policies);
}

static void test_opaque_policy(void **state)
{
	struct jb_policies *policies = world_with(IN_DEFAULT(DENY_INGRESS));
	struct jb_policy_endpoint client = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint db = world_endpoint(policies, "default/db");
	struct jb_policy_result result;

	(void)state;
	assert_int_equal(jb_policies_set_opaque(policies, "default", "strange"), 0);
	result = world_evaluate(policies, &client, &db);
	assert_int_equal(result.verdict, JB_POLICY_UNDECIDED);
	assert_int_equal(result.ingress.isolating, 1); /* for sure */
	assert_int_equal(world_evaluate(policies, &db, &client).egress.verdict,
			 JB_POLICY_UNDECIDED);
	world_add(policies, "default", "all", ALLOW_INGRESS);
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_ALLOWED);
	/* It is replaced as any other. */
	world_add(policies, "default", "strange", DENY_INGRESS);
	jb_policies_remove_policy(policies, "default", "all");
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_DENIED);
	jb_policies_free(policies);
}

static void test_nothing_is_known_before_the_first_list(void **state)
{
	struct jb_policies *policies = world_begin();
	struct jb_policy_endpoint client = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint db = world_endpoint(policies, "default/db");
	struct jb_policy_endpoint outside = world_endpoint(policies, "8.8.8.8");

	(void)state;
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_UNDECIDED);
	assert_int_equal(world_evaluate(policies, &outside, &outside).verdict, JB_POLICY_NO_POLICY);
	world_add(policies, "default", "all", DENY_INGRESS);
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_UNDECIDED);
	jb_policies_end(policies, JB_LIST_POLICIES);
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_DENIED);
	jb_policies_free(policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_pod_without_labels_is_not_one_of_unknown_labels),
		cmocka_unit_test(test_pod_without_ports_is_not_one_of_unknown_ports),
		cmocka_unit_test(test_pod_of_unknown_name),
		cmocka_unit_test(test_unknown_on_another_node_is_not_the_node),
		cmocka_unit_test(test_names_of_isolating_policies),
		cmocka_unit_test(test_more_isolating_policies_than_names),
		cmocka_unit_test(test_opaque_policy),
		cmocka_unit_test(test_nothing_is_known_before_the_first_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
