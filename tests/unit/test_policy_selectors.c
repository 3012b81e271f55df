/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The published semantics of NetworkPolicy: selectors and rules, a case a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_world.h"

#define BY_NAMES                                                                                   \
	"{'podSelector': {}, 'policyTypes': ['Egress'], 'egress': [{'to': [{"                      \
	" 'namespaceSelector': {'matchExpressions': [{'key': 'kubernetes.io/metadata.name',"       \
	"  'operator': 'In', 'values': ['alice', 'myproject']}]}}]}]}"
#define SELECTS(expression)                                                                        \
	"{'podSelector': {'matchExpressions': [" expression "]}, 'policyTypes': ['Ingress']}"

/* What a selector means where it stands, and where it is absent. */
static const struct test_case by_place[] = {
	{"podSelector {} as a peer: the own namespace", "default/plain", "default/db", TCP, 1,
	 "NAA", IN_DEFAULT(FROM("{'podSelector': {}}"))},
	{"podSelector {} as a peer: no other", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM("{'podSelector': {}}"))},
	{"podSelector {} as a peer: nobody outside", "8.8.8.8", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM("{'podSelector': {}}"))},
	{"namespaceSelector {}: all pods", "bare/client", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM("{'namespaceSelector': {}}"))},
	{"namespaceSelector {}: nobody outside", "8.8.8.8", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM("{'namespaceSelector': {}}"))},
	{"namespaceSelector {} of unknown labels", "dim/client", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM("{'namespaceSelector': {}}"))},
	{"both {}: all pods", "bare/client", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM("{'namespaceSelector': {}, 'podSelector': {}}"))},
	{"no podSelector at all is {}", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT("{'policyTypes': ['Ingress']}")},
	{"a null selector is absent", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM("{'namespaceSelector': null, 'podSelector': {}}"))},
	{"an empty from is everyone", "8.8.8.8", "default/db", TCP, 1, "NAA", IN_DEFAULT(FROM(""))},
	{"no ingress rules: nobody", "8.8.8.8", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT("{'podSelector': {}, 'ingress': []}")},
	{"two rules add", "alice/client", "default/db", TCP, 80, "NAA",
	 IN_DEFAULT("{'podSelector': {}, 'ingress': [{'ports': [{'port': 81}]},"
		    " {'ports': [{'port': 80}]}]}")},
	{"peers and ports of two rules do not mix", "alice/client", "default/db", TCP, 80, "NDD",
	 IN_DEFAULT("{'podSelector': {}, 'ingress': ["
		    " {'from': [{'namespaceSelector': {}}], 'ports': [{'port': 81}]},"
		    " {'from': [" BLOCK("8.8.8.8/32") "], 'ports': [{'port': 80}]}]}")},
	{"two policies add", "alice/client", "default/db", TCP, 80, "NAA",
	 IN_DEFAULT(FROM("{'podSelector': {}}"))
		 IN_DEFAULT(FROM("{'namespaceSelector': {'matchLabels': {'user': 'alice'}}}"))},
	{"a policy that doesn't select adds nothing", "alice/client", "default/db", TCP, 80, "NDD",
	 IN_DEFAULT(DENY_INGRESS) IN_DEFAULT(
		 "{'podSelector': {'matchLabels': {'role': 'frontend'}}, 'ingress': [{}]}")},
	{"namespaces by name", "default/db", "alice/server", TCP, 1, "ANA", IN_DEFAULT(BY_NAMES)},
	{"namespaces by name: not named", "default/db", "free/any", TCP, 1, "DND",
	 IN_DEFAULT(BY_NAMES)},
};

static void test_by_place(void **state)
{
	(void)state;
	world_run(by_place, COUNT(by_place));
}

/* matchExpressions. */
static const struct test_case expressions[] = {
	{"In", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(SELECTS("{'key': 'role', 'operator': 'In', 'values': ['x', 'db']}"))},
	{"In: other value", "alice/client", "default/frontend", TCP, 1, "NNN",
	 IN_DEFAULT(SELECTS("{'key': 'role', 'operator': 'In', 'values': ['x', 'db']}"))},
	{"In: no such label", "alice/client", "default/plain", TCP, 1, "NNN",
	 IN_DEFAULT(SELECTS("{'key': 'role', 'operator': 'In', 'values': ['db', '']}"))},
	{"NotIn", "alice/client", "default/frontend", TCP, 1, "NDD",
	 IN_DEFAULT(SELECTS("{'key': 'role', 'operator': 'NotIn', 'values': ['db']}"))},
	{"NotIn: the value", "alice/client", "default/db", TCP, 1, "NNN",
	 IN_DEFAULT(SELECTS("{'key': 'role', 'operator': 'NotIn', 'values': ['db']}"))},
	{"NotIn: no such label", "alice/client", "default/plain", TCP, 1, "NDD",
	 IN_DEFAULT(SELECTS("{'key': 'role', 'operator': 'NotIn', 'values': ['db']}"))},
	{"Exists", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(SELECTS("{'key': 'tier', 'operator': 'Exists'}"))},
	{"Exists: with an empty value", "alice/client", "default/client", TCP, 1, "NDD",
	 IN_DEFAULT(SELECTS("{'key': 'env', 'operator': 'Exists', 'values': []}"))},
	{"Exists: no such label", "alice/client", "default/plain", TCP, 1, "NNN",
	 IN_DEFAULT(SELECTS("{'key': 'tier', 'operator': 'Exists'}"))},
	{"DoesNotExist", "alice/client", "default/plain", TCP, 1, "NDD",
	 IN_DEFAULT(SELECTS("{'key': 'tier', 'operator': 'DoesNotExist'}"))},
	{"DoesNotExist: it does", "alice/client", "default/db", TCP, 1, "NNN",
	 IN_DEFAULT(SELECTS("{'key': 'tier', 'operator': 'DoesNotExist'}"))},
	{"all expressions must hold", "alice/client", "default/db", TCP, 1, "NNN",
	 IN_DEFAULT(SELECTS("{'key': 'role', 'operator': 'Exists'},"
			    "{'key': 'tier', 'operator': 'DoesNotExist'}"))},
	{"labels and expressions must hold", "alice/client", "default/db", TCP, 1, "NNN",
	 IN_DEFAULT("{'podSelector': {'matchLabels': {'role': 'db'}, 'matchExpressions':"
		    " [{'key': 'tier', 'operator': 'In', 'values': ['front']}]}}")},
	{"all labels must match", "alice/client", "default/frontend", TCP, 1, "NNN",
	 IN_DEFAULT("{'podSelector': {'matchLabels': {'role': 'frontend', 'tier': 'x'}}}")},
};

static void test_expressions(void **state)
{
	(void)state;
	world_run(expressions, COUNT(expressions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_place),
		cmocka_unit_test(test_expressions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
