/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random policies and connections: who knows less must come to the same verdict or to none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_world.h"
#include "random.h"

enum { ROUNDS = 3000, POLICIES = 4 };

static struct jb_random random_state = {42};

static bool chance(uint32_t percent)
{
	return jb_random_below(&random_state, 100) < percent;
}

#define PICK(list) ((list)[jb_random_below(&random_state, COUNT(list))])

static json_t *random_selector(const char *key, const char *value)
{
	static const char *const texts[] = {
		"{}",
		"{}",
		"{'matchLabels': {'role': 'client'}}",
		"{'matchLabels': {'role': 'db'}}",
		"{'matchExpressions': [{'key': 'role', 'operator': 'Exists'}]}",
		"{'matchExpressions': [{'key': 'role', 'operator': 'NotIn', 'values': ['db']}]}",
		"{'matchExpressions': [{'key': 'tier', 'operator': 'DoesNotExist'}]}",
	};

	if (key && chance(50))
		return json_pack("{s:{s:s}}", "matchLabels", key, value);
	return world_json(PICK(texts));
}

static json_t *random_peer(void)
{
	static const char *const blocks[] = {
		"{'ipBlock': {'cidr': '10.1.0.0/16', 'except': ['10.1.1.0/24']}}",
		"{'ipBlock': {'cidr': '0.0.0.0/0', 'except': ['10.1.0.0/30']}}",
		"{'ipBlock': {'cidr': '192.168.0.0/24'}}",
		"{'ipBlock': {'cidr': '8.8.8.8/32'}}",
	};
	json_t *peer;

	if (chance(30))
		return world_json(PICK(blocks));
	peer = json_object();
	if (chance(60))
		json_object_set_new(peer, "podSelector", random_selector(NULL, NULL));
	if (chance(50) || !json_object_size(peer))
		json_object_set_new(peer, "namespaceSelector", random_selector("user", "alice"));
	return peer;
}

static json_t *random_port(void)
{
	static const char *const ports[] = {
		"{'port': 8080}",  "{'port': 'web'}",
		"{'port': 'dns'}", "{'port': 8000, 'endPort': 9000}",
		"{'port': 80}",    "{'protocol': 'UDP'}",
	};

	return world_json(PICK(ports));
}

static json_t *random_list(json_t *(*make)(void))
{
	json_t *list = json_array();

	while (chance(45))
		json_array_append_new(list, make());
	return list;
}

static json_t *random_rule(void)
{
	return json_pack("{s:o, s:o, s:o}", "ports", random_list(random_port), "from",
			 random_list(random_peer), "to", random_list(random_peer));
}

static void add_random_policy(struct jb_policies *policies, const char *name)
{
	static const char *const namespaces[] = {"default", "alice", "dim"};
	static const char *const types[] = {"[]", "['Ingress']", "['Egress']",
					    "['Ingress', 'Egress']"};
	json_t *object = json_pack("{s:{s:s, s:s}, s:{s:o, s:o, s:o, s:o}}", "metadata",
				   "namespace", PICK(namespaces), "name", name, "spec",
				   "podSelector", random_selector(NULL, NULL), "policyTypes",
				   world_json(PICK(types)), "ingress", random_list(random_rule),
				   "egress", random_list(random_rule));
	struct jb_policy_error error;

	if (jb_policies_read(policies, object, &error))
		fail_msg("%s", error.text);
	json_decref(object);
}

static const char *random_name(void)
{
	static const char *const names[] = {
		"default/db",   "default/frontend", "default/plain",  "default/host",
		"alice/client", "alice/server",     "default/client", "dim/client",
		"free/any",     "8.8.8.8",          "127.0.0.1",      "n1",
		"n2",           "10.1.0.99",
	};

	return PICK(names);
}

static void hide_some(struct jb_policy_endpoint *endpoint)
{
	if (chance(20))
		endpoint->kind = JB_POLICY_UNKNOWN;
	if (chance(20))
		endpoint->namespace_ = NULL;
	if (chance(20))
		endpoint->pod = NULL;
	if (chance(20))
		endpoint->node = NULL;
	if (chance(20))
		endpoint->labels = NULL;
	if (chance(20))
		endpoint->ports = NULL;
	if (chance(20))
		memset(&endpoint->address, 0, sizeof(endpoint->address));
}

/* Forgets a namespace's labels, or what a policy says. */
static void forget_some(struct jb_policies *policies)
{
	static const char *const namespaces[] = {"default", "alice", "free"};

	if (chance(30))
		jb_policies_remove_namespace(policies, PICK(namespaces));
	if (chance(20)) {
		jb_policies_set_opaque(policies, "default", "p0");
		jb_policies_set_opaque(policies, "alice", "p0");
		jb_policies_set_opaque(policies, "dim", "p0");
	}
}

static void assert_consistent(enum jb_policy_verdict full, enum jb_policy_verdict less, int round)
{
	if (less != full && less != JB_POLICY_UNDECIDED)
		fail_msg("round %d: %s with less known, %s with more", round,
			 jb_policy_verdict_names[less], jb_policy_verdict_names[full]);
}

/* One world, one connection, known in full and in part. */
static void run_round(int round, unsigned int *full_counts, unsigned int *less_counts)
{
	struct jb_policies *policies = world_begin();
	const char *source = random_name(), *destination = random_name();
	struct jb_policy_connection connection = {.protocol = TCP,
						  .destination_port = chance(70) ? 8080 : 53};
	struct jb_policy_result full, less;

	for (int i = 0; i < POLICIES; i++) {
		char name[] = {'p', (char)('0' + i), '\0'};

		add_random_policy(policies, name);
	}
	jb_policies_set_namespace(policies, "dim", NULL, 0);
	jb_policies_end(policies, JB_LIST_POLICIES);
	connection.source = world_endpoint(policies, source);
	connection.destination = world_endpoint(policies, destination);
	jb_policies_evaluate(policies, &connection, &full);
	forget_some(policies);
	connection.source = world_endpoint(policies, source);
	connection.destination = world_endpoint(policies, destination);
	hide_some(&connection.source);
	hide_some(&connection.destination);
	jb_policies_evaluate(policies, &connection, &less);
	assert_int_not_equal(full.verdict, JB_POLICY_UNDECIDED);
	assert_consistent(full.egress.verdict, less.egress.verdict, round);
	assert_consistent(full.ingress.verdict, less.ingress.verdict, round);
	full_counts[full.verdict]++;
	less_counts[less.verdict]++;
	jb_policies_free(policies);
}

static void test_less_knowledge_never_contradicts(void **state)
{
	unsigned int full[JB_POLICY_VERDICT_MAX] = {}, less[JB_POLICY_VERDICT_MAX] = {};

	(void)state;
	for (int round = 0; round < ROUNDS; round++)
		run_round(round, full, less);
	/* All verdicts came about, with what was hidden as well. */
	for (int verdict = 0; verdict < JB_POLICY_VERDICT_MAX; verdict++) {
		if (verdict != JB_POLICY_UNDECIDED)
			assert_true(full[verdict] > ROUNDS / 20);
		assert_true(less[verdict] > ROUNDS / 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_less_knowledge_never_contradicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
