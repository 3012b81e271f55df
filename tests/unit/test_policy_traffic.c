/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The published semantics of NetworkPolicy: ports, blocks and nodes, a case a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_world.h"

#define END_PORT                                                                                   \
	"{'podSelector': {}, 'policyTypes': ['Egress'], 'egress': [{"                              \
	" 'to': [{'ipBlock': {'cidr': '10.0.0.0/24'}}],"                                           \
	" 'ports': [{'protocol': 'TCP', 'port': 32000, 'endPort': 32768}]}]}"

/* Numbers and protocols. */
static const struct test_case ports[] = {
	{"the default protocol is TCP", "alice/client", "default/db", TCP, 80, "NAA",
	 IN_DEFAULT(ON("{'port': 80}"))},
	{"the default protocol is not UDP", "alice/client", "default/db", UDP, 80, "NDD",
	 IN_DEFAULT(ON("{'port': 80}"))},
	{"UDP", "alice/client", "default/db", UDP, 80, "NAA",
	 IN_DEFAULT(ON("{'protocol': 'UDP', 'port': 80}"))},
	{"SCTP", "alice/client", "default/db", SCTP, 80, "NAA",
	 IN_DEFAULT(ON("{'protocol': 'SCTP', 'port': 80}"))},
	{"SCTP is not TCP", "alice/client", "default/db", TCP, 80, "NDD",
	 IN_DEFAULT(ON("{'protocol': 'SCTP', 'port': 80}"))},
	{"a protocol without a port", "alice/client", "default/db", UDP, 65535, "NAA",
	 IN_DEFAULT(ON("{'protocol': 'UDP'}"))},
	{"a protocol without a port: other protocol", "alice/client", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(ON("{'protocol': 'UDP'}"))},
	{"a null port is none", "alice/client", "default/db", TCP, 9, "NAA",
	 IN_DEFAULT(ON("{'protocol': null, 'port': null, 'endPort': null}"))},
	{"no ports: all protocols", "alice/client", "default/db", SCTP, 1, "NAA",
	 IN_DEFAULT(ON(""))},
	{"one of several ports", "alice/client", "default/db", TCP, 443, "NAA",
	 IN_DEFAULT(ON("{'port': 80}, {'port': 443}"))},
	{"endPort: before", "default/db", "10.0.0.9", TCP, 31999, "DND", IN_DEFAULT(END_PORT)},
	{"endPort: first", "default/db", "10.0.0.9", TCP, 32000, "ANA", IN_DEFAULT(END_PORT)},
	{"endPort: last", "default/db", "10.0.0.9", TCP, 32768, "ANA", IN_DEFAULT(END_PORT)},
	{"endPort: behind", "default/db", "10.0.0.9", TCP, 32769, "DND", IN_DEFAULT(END_PORT)},
	{"endPort: equal to port", "alice/client", "default/db", TCP, 80, "NAA",
	 IN_DEFAULT(ON("{'port': 80, 'endPort': 80}"))},
	{"endPort: the highest", "alice/client", "default/db", TCP, 65535, "NAA",
	 IN_DEFAULT(ON("{'port': 1, 'endPort': 65535}"))},
};

static void test_ports(void **state)
{
	(void)state;
	world_run(ports, COUNT(ports));
}

/* Ports by name. */
static const struct test_case named_ports[] = {
	{"named port, ingress", "alice/client", "default/db", TCP, 8080, "NAA",
	 IN_DEFAULT(ON("{'port': 'web'}"))},
	{"named port, other number", "alice/client", "default/db", TCP, 80, "NDD",
	 IN_DEFAULT(ON("{'port': 'web'}"))},
	{"named port, other protocol", "alice/client", "default/db", UDP, 8080, "NDD",
	 IN_DEFAULT(ON("{'port': 'web', 'protocol': 'UDP'}"))},
	{"named port of UDP", "alice/client", "default/db", UDP, 5004, "NAA",
	 IN_DEFAULT(ON("{'port': 'media', 'protocol': 'UDP'}"))},
	{"named port of UDP, asked for as TCP", "alice/client", "default/db", UDP, 5004, "NDD",
	 IN_DEFAULT(ON("{'port': 'media'}"))},
	{"one name, two protocols", "alice/client", "default/db", TCP, 53, "NAA",
	 IN_DEFAULT(ON("{'port': 'dns', 'protocol': 'TCP'}"))},
	{"no port of that name", "alice/client", "default/db", TCP, 8080, "NDD",
	 IN_DEFAULT(ON("{'port': 'webs'}"))},
	{"named port, egress: the destination's", "default/db", "alice/server", TCP, 8080, "ANA",
	 IN_DEFAULT(TO_PORT("{'port': 'web'}"))},
	{"named port, egress: outside has none", "default/db", "8.8.8.8", TCP, 8080, "DND",
	 IN_DEFAULT(TO_PORT("{'port': 'web'}"))},
};

static void test_named_ports(void **state)
{
	(void)state;
	world_run(named_ports, COUNT(named_ports));
}

/* Blocks of addresses. */
static const struct test_case blocks[] = {
	{"block of one address", "8.8.8.8", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("8.8.8.8/32")))},
	{"block of one address: the next", "8.8.8.9", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM(BLOCK("8.8.8.8/32")))},
	{"all of IPv4", "203.0.113.9", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("0.0.0.0/0")))},
	{"all of IPv4 has no IPv6", "2001:db8::1", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM(BLOCK("0.0.0.0/0")))},
	{"all of IPv6", "2001:db8::1", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("::/0")))},
	{"all of IPv6 has no IPv4", "203.0.113.9", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM(BLOCK("::/0")))},
	{"an odd length", "10.7.255.255", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("10.4.0.0/14")))},
	{"an odd length: behind", "10.8.0.0", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM(BLOCK("10.4.0.0/14")))},
	{"bits behind the length don't matter", "10.4.0.1", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("10.5.6.7/14")))},
	{"IPv6, 33 bits", "2001:db8:7fff::1", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("2001:db8::/33")))},
	{"IPv6, 33 bits: behind", "2001:db8:8000::1", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM(BLOCK("2001:db8::/33")))},
	{"IPv6 except", "2001:db8:1::1", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM(EXCEPT("2001:db8::/32", "2001:db8:1::/48")))},
	{"except of one block, in another", "172.17.1.9", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(EXCEPT("172.17.0.0/16", "172.17.1.0/24") "," BLOCK("172.17.1.9/32")))},
	{"except of one policy, in another", "172.17.1.9", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(EXCEPT("172.17.0.0/16", "172.17.1.0/24")))
		 IN_DEFAULT(FROM(BLOCK("172.17.1.9/32")))},
	{"a block has pods in it: ingress", "alice/client", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("10.1.1.0/24")))},
	{"a block has pods in it: egress", "default/db", "alice/server", TCP, 1, "ANA",
	 IN_DEFAULT(TO(BLOCK("10.1.1.5/32")))},
	{"a block has pods in it: IPv6", "default/six", "alice/server", TCP, 1, "NAA",
	 IN_ALICE(FROM(BLOCK("fd00::/64")))},
	{"a block excepts pods", "default/db", "alice/server", TCP, 1, "DND",
	 IN_DEFAULT(TO(EXCEPT("10.0.0.0/8", "10.1.1.5/32")))},
};

static void test_blocks(void **state)
{
	(void)state;
	world_run(blocks, COUNT(blocks));
}

/* The pod itself, nodes, and who shares their network. */
static const struct test_case always[] = {
	{"a pod reaches itself", "default/db", "default/db", TCP, 1, "AAA", IN_DEFAULT(DENY_BOTH)},
	{"a pod reaches itself without a policy", "default/db", "default/db", TCP, 1, "NNN", ""},
	{"a pod reaches its loopback", "default/db", "127.0.0.1", TCP, 1, "ANA",
	 IN_DEFAULT(DENY_BOTH)},
	{"a pod is reached by its loopback, IPv6", "::1", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(DENY_BOTH)},
	{"a pod by no more than its own address", "?10.1.0.1", "default/db", TCP, 1, "UAU",
	 IN_DEFAULT(DENY_BOTH)},
	{"from the own node", "n1", "default/db", TCP, 1, "NAA", IN_DEFAULT(DENY_BOTH)},
	{"to the own node", "default/db", "n1", TCP, 10250, "ANA", IN_DEFAULT(DENY_BOTH)},
	{"from another node", "n2", "default/db", TCP, 1, "NDD", IN_DEFAULT(DENY_BOTH)},
	{"to another node", "default/db", "n2", TCP, 1, "DND", IN_DEFAULT(DENY_BOTH)},
	{"another node in a block", "n2", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(FROM(BLOCK("192.168.0.0/24")))},
	{"another node is no pod", "n2", "default/db", TCP, 1, "NDD",
	 IN_DEFAULT(FROM("{'namespaceSelector': {}}"))},
	{"a hostNetwork pod is not isolated", "alice/client", "default/host", TCP, 1, "NNN",
	 IN_DEFAULT(DENY_BOTH)},
	{"a hostNetwork pod may send", "default/host", "alice/server", TCP, 1, "NNN",
	 IN_DEFAULT(DENY_BOTH)},
	{"a hostNetwork pod is its node", "default/host", "default/db", TCP, 1, "NAA",
	 IN_DEFAULT(DENY_BOTH)},
	{"a hostNetwork pod is not selected", "default/host", "default/plain", TCP, 1, "NDD",
	 IN_DEFAULT(FROM("{'podSelector': {'matchLabels': {'role': 'frontend'}}}"))},
	{"outside to outside", "8.8.8.8", "9.9.9.9", TCP, 1, "NNN", IN_DEFAULT(DENY_BOTH)},
};

static void test_always(void **state)
{
	(void)state;
	world_run(always, COUNT(always));
}

/* Protocols that the API does not define. */
static const struct test_case undefined[] = {
	{"ICMP of an isolated pod", "alice/client", "default/db", ICMP, 0, "NUU",
	 IN_DEFAULT(ALLOW_INGRESS)},
	{"ICMP without a policy", "alice/client", "default/db", ICMP, 0, "NNN", ""},
};

static void test_undefined(void **state)
{
	(void)state;
	world_run(undefined, COUNT(undefined));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),     cmocka_unit_test(test_named_ports),
		cmocka_unit_test(test_blocks),    cmocka_unit_test(test_always),
		cmocka_unit_test(test_undefined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
