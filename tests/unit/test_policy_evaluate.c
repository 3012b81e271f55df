/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The published semantics of NetworkPolicy: the documentation's examples, a case a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_world.h"

#define OR_PEERS                                                                                   \
	"{'podSelector': {}, 'ingress': [{'from': ["                                               \
	" {'namespaceSelector': {'matchLabels': {'user': 'alice'}}},"                              \
	" {'podSelector': {'matchLabels': {'role': 'client'}}}]}]}"

/* The defaults of a namespace. */
static const struct test_case defaults[] = {
	{"no policy at all", "default/frontend", "default/db", TCP, 80, "NNN", ""},
	{"one of another namespace", "default/frontend", "default/db", TCP, 80, "NNN",
	 IN_ALICE(DENY_BOTH)},
	{"deny all ingress", "default/frontend", "default/db", TCP, 80, "NDD",
	 IN_DEFAULT(DENY_INGRESS)},
	{"deny all ingress, from outside", "8.8.8.8", "default/db", TCP, 80, "NDD",
	 IN_DEFAULT(DENY_INGRESS)},
	{"deny all ingress leaves egress", "default/db", "8.8.8.8", TCP, 80, "NNN",
	 IN_DEFAULT(DENY_INGRESS)},
	{"allow all ingress", "8.8.8.8", "default/db", TCP, 80, "NAA", IN_DEFAULT(ALLOW_INGRESS)},
	{"allow all outdoes deny all", "alice/client", "default/db", UDP, 9, "NAA",
	 IN_DEFAULT(DENY_INGRESS) IN_DEFAULT(ALLOW_INGRESS)},
	{"the order does not matter", "alice/client", "default/db", UDP, 9, "NAA",
	 IN_DEFAULT(ALLOW_INGRESS) IN_DEFAULT(DENY_INGRESS)},
	{"deny all egress", "default/db", "8.8.8.8", TCP, 443, "DND", IN_DEFAULT(DENY_EGRESS)},
	{"deny all egress, to a pod", "default/db", "alice/server", TCP, 443, "DND",
	 IN_DEFAULT(DENY_EGRESS)},
	{"deny all egress leaves ingress", "alice/client", "default/db", TCP, 443, "NNN",
	 IN_DEFAULT(DENY_EGRESS)},
	{"allow all egress", "default/db", "8.8.8.8", TCP, 443, "ANA", IN_DEFAULT(ALLOW_EGRESS)},
	{"deny both, egress", "default/db", "alice/server", TCP, 443, "DND", IN_DEFAULT(DENY_BOTH)},
	{"deny both, ingress", "alice/client", "default/db", TCP, 443, "NDD",
	 IN_DEFAULT(DENY_BOTH)},
	{"deny both, within", "default/db", "default/frontend", TCP, 443, "DDD",
	 IN_DEFAULT(DENY_BOTH)},
};

static void test_defaults(void **state)
{
	(void)state;
	world_run(defaults, COUNT(defaults));
}

/* A connection must be allowed at both ends. */
static const struct test_case both_ends[] = {
	{"both ends must allow: ingress doesn't", "default/db", "alice/server", TCP, 1, "ADD",
	 IN_DEFAULT(ALLOW_EGRESS) IN_ALICE(DENY_INGRESS)},
	{"both ends must allow: egress doesn't", "default/db", "alice/server", TCP, 1, "DAD",
	 IN_DEFAULT(DENY_EGRESS) IN_ALICE(ALLOW_INGRESS)},
	{"both ends allow", "default/db", "alice/server", TCP, 1, "AAA",
	 IN_DEFAULT(ALLOW_EGRESS) IN_ALICE(ALLOW_INGRESS)},
};

static void test_both_ends(void **state)
{
	(void)state;
	world_run(both_ends, COUNT(both_ends));
}

/* The example of the documentation. */
static const struct test_case documented[] = {
	{"example: frontend", "default/frontend", "default/db", TCP, 6379, "NAA",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: other port", "default/frontend", "default/db", TCP, 6380, "NDD",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: other protocol", "default/frontend", "default/db", UDP, 6379, "NDD",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: other role", "default/client", "default/db", TCP, 6379, "NDD",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: namespace of the project", "myproject/job", "default/db", TCP, 6379, "NAA",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: other namespace", "alice/client", "default/db", TCP, 6379, "NDD",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: block, first address", "172.17.0.0", "default/db", TCP, 6379, "NAA",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: block, last before the exception", "172.17.0.255", "default/db", TCP, 6379,
	 "NAA", IN_DEFAULT(DOCUMENTED)},
	{"example: first of the exception", "172.17.1.0", "default/db", TCP, 6379, "NDD",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: last of the exception", "172.17.1.255", "default/db", TCP, 6379, "NDD",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: block goes on", "172.17.2.0", "default/db", TCP, 6379, "NAA",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: last of the block", "172.17.255.255", "default/db", TCP, 6379, "NAA",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: behind the block", "172.18.0.0", "default/db", TCP, 6379, "NDD",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: egress", "default/db", "10.0.0.7", TCP, 5978, "ANA", IN_DEFAULT(DOCUMENTED)},
	{"example: egress, other port", "default/db", "10.0.0.7", TCP, 5979, "DND",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: egress, other block", "default/db", "10.0.1.7", TCP, 5978, "DND",
	 IN_DEFAULT(DOCUMENTED)},
	{"example: others are not isolated", "alice/client", "default/frontend", TCP, 6379, "NNN",
	 IN_DEFAULT(DOCUMENTED)},
};

static void test_documented(void **state)
{
	(void)state;
	world_run(documented, COUNT(documented));
}

/* Two selectors in one peer, or two peers. */
static const struct test_case and_or[] = {
	{"and: both", "alice/client", "default/db", TCP, 1, "NAA", IN_DEFAULT(AND_PEER)},
	{"and: the namespace alone", "alice/server", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(AND_PEER)},
	{"and: the pod alone", "default/client", "default/db", TCP, 1, "NDD", IN_DEFAULT(AND_PEER)},
	{"or: the namespace alone", "alice/server", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(OR_PEERS)},
	{"or: the pod in the policy's namespace", "default/client", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(OR_PEERS)},
	{"or: the pod in another namespace", "bare/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(OR_PEERS)},
};

static void test_and_or(void **state)
{
	(void)state;
	world_run(and_or, COUNT(and_or));
}

/* policyTypes, and what holds without them. */
static const struct test_case types[] = {
	{"no types: ingress", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT("{'podSelector': {}}")},
	{"no types: no egress without rules", "default/db", "alice/client", TCP, 1, "NNN",
	 IN_DEFAULT("{'podSelector': {}, 'egress': []}")},
	{"no types: egress with a rule", "default/db", "alice/client", TCP, 1, "DND",
	 IN_DEFAULT("{'podSelector': {}, 'policyTypes': [], 'egress': [{'to': [" BLOCK(
		 "8.8.8.8/32") "]}]}")},
	{"no types and egress rules: ingress too", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT("{'podSelector': {}, 'egress': [{}]}")},
	{"ingress rules of an Egress policy don't matter", "alice/client", "default/db", TCP, 1,
	 "NNN",
	 IN_DEFAULT("{'podSelector': {}, 'policyTypes': ['Egress'], 'ingress': [{'from': [" BLOCK(
		 "8.8.8.8/32") "]}]}")},
	{"an Ingress policy's egress rules don't matter", "default/db", "alice/client", TCP, 1,
	 "NNN",
	 IN_DEFAULT("{'podSelector': {}, 'policyTypes': ['Ingress'], 'egress': [{'to': [" BLOCK(
		 "8.8.8.8/32") "]}]}")},
};

static void test_types(void **state)
{
	(void)state;
	world_run(types, COUNT(types));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_both_ends),
		cmocka_unit_test(test_documented), cmocka_unit_test(test_and_or),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
