/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NetworkPolicy objects as they come, and as they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "policy_world.h"

#define SPEC(fields)  "{'metadata': {'namespace': 'default', 'name': 'web'}, 'spec': {" fields "}}"
#define INGRESS(rule) SPEC("'ingress': [" rule "]")
#define AT            "NetworkPolicy default/web: "

/* The verdict of a connection from alice to the database, 8080/TCP. */
static enum jb_policy_verdict ask(const struct jb_policies *policies)
{
	struct jb_policy_endpoint client = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint db = world_endpoint(policies, "default/db");

	return world_evaluate(policies, &client, &db).verdict;
}

static int read_object(struct jb_policies *policies, const char *text,
		       struct jb_policy_error *error)
{
	json_t *object = world_json(text);
	int err;

	memset(error, 0, sizeof(*error));
	err = jb_policies_read(policies, object, error);
	json_decref(object);
	return err;
}

static void test_unknown_fields(void **state)
{
	struct jb_policies *policies = world_begin();
	struct jb_policy_error error;

	(void)state;
	assert_int_equal(
		read_object(policies,
			    "{'apiVersion': 'networking.k8s.io/v1', 'kind': 'NetworkPolicy',"
			    " 'metadata': {'namespace': 'default', 'name': 'web', 'uid': 1,"
			    "  'managedFields': [{}], 'labels': null, 'generation': 1},"
			    " 'status': {'conditions': []}, 'spec': {'future': [1],"
			    "  'podSelector': {'future': {}}, 'ingress': [{'future': 1, 'ports':"
			    "  [{'port': 8080, 'future': 1}], 'from': [{'future': 1,"
			    "  'namespaceSelector': {}}]}]}}",
			    &error),
		0);
	assert_string_equal(error.text, "");
	jb_policies_end(policies, JB_LIST_POLICIES);
	assert_int_equal(ask(policies), JB_POLICY_ALLOWED);
	jb_policies_free(policies);
}

static void test_without_a_spec(void **state)
{
	struct jb_policies *policies = world_begin();
	struct jb_policy_error error;

	(void)state;
	assert_int_equal(read_object(policies,
				     "{'metadata': {'namespace': 'default', 'name': 'x'}}", &error),
			 0);
	jb_policies_end(policies, JB_LIST_POLICIES);
	assert_int_equal(ask(policies), JB_POLICY_DENIED);
	jb_policies_free(policies);
}

static const struct {
	const char *object, *error;
} malformed[] = {
	{SPEC("'podSelector': []"), AT "spec.podSelector: a list: not an object"},
	{SPEC("'podSelector': {'matchLabels': 'a'}"),
	 AT "spec.podSelector.matchLabels: \"a\": not an object"},
	{SPEC("'podSelector': {'matchLabels': {'app': 7}}"),
	 AT "spec.podSelector.matchLabels.app: 7: not a text"},
	{SPEC("'podSelector': {'matchExpressions': {}}"),
	 AT "spec.podSelector.matchExpressions: an object: not a list"},
	{SPEC("'podSelector': {'matchExpressions': [3]}"),
	 AT "spec.podSelector.matchExpressions[0]: 3: not an object"},
	{SPEC("'podSelector': {'matchExpressions': [{'operator': 'Exists'}]}"),
	 AT "spec.podSelector.matchExpressions[0].key: missing: not a text"},
	{SPEC("'podSelector': {'matchExpressions': [{'key': '', 'operator': 'Exists'}]}"),
	 AT "spec.podSelector.matchExpressions[0].key: \"\": empty"},
	{SPEC("'podSelector': {'matchExpressions': [{'key': 'a', 'operator': 'Gt'}]}"),
	 AT "spec.podSelector.matchExpressions[0].operator: \"Gt\": not an operator"},
	{SPEC("'podSelector': {'matchExpressions': [{'key': 'a', 'operator': 'In'}]}"),
	 AT "spec.podSelector.matchExpressions[0]: an object: has no values"},
	{SPEC("'podSelector': {'matchExpressions': [{'key': 'a', 'operator': 'NotIn',"
	      " 'values': []}]}"),
	 AT "spec.podSelector.matchExpressions[0]: an object: has no values"},
	{SPEC("'podSelector': {'matchExpressions': [{'key': 'a', 'operator': 'Exists',"
	      " 'values': ['']}]}"),
	 AT "spec.podSelector.matchExpressions[0]: an object: may not have values"},
	{SPEC("'podSelector': {'matchExpressions': [{'key': 'a', 'operator': 'In',"
	      " 'values': ['b', null]}]}"),
	 AT "spec.podSelector.matchExpressions[0].values[1]: null: not a text"},
	{SPEC("'policyTypes': 'Ingress'"), AT "spec.policyTypes: \"Ingress\": not a list"},
	{SPEC("'policyTypes': ['Ingress', 'Both']"),
	 AT "spec.policyTypes[1]: \"Both\": not Ingress or Egress"},
	{SPEC("'policyTypes': [1]"), AT "spec.policyTypes[0]: 1: not Ingress or Egress"},
	{SPEC("'ingress': {}"), AT "spec.ingress: an object: not a list"},
	{SPEC("'egress': true"), AT "spec.egress: true: not a list"},
	{INGRESS("'x'"), AT "spec.ingress[0]: \"x\": not an object"},
	{INGRESS("{}, null"), AT "spec.ingress[1]: null: not an object"},
	{INGRESS("{'from': 1.5}"), AT "spec.ingress[0].from: a fraction: not a list"},
	{INGRESS("{'from': [{}]}"), AT "spec.ingress[0].from[0]: an object: no peer that is known"},
	{INGRESS("{'from': [null]}"), AT "spec.ingress[0].from[0]: null: no peer that is known"},
	{INGRESS("{'from': [{'serviceSelector': {}}]}"),
	 AT "spec.ingress[0].from[0]: an object: no peer that is known"},
	{INGRESS("{'from': [{'podSelector': {}, 'ipBlock': {'cidr': '10.0.0.0/8'}}]}"),
	 AT "spec.ingress[0].from[0]: an object: ipBlock beside a selector"},
	{INGRESS("{'from': [{'ipBlock': {}}]}"),
	 AT "spec.ingress[0].from[0].ipBlock.cidr: missing: not a text"},
	{INGRESS("{'from': [{'ipBlock': 'x'}]}"),
	 AT "spec.ingress[0].from[0].ipBlock: \"x\": not an object"},
#define BAD_BLOCK(cidr)                                                                            \
	{                                                                                          \
		INGRESS("{'from': [{'ipBlock': {'cidr': '" cidr "'}}]}"),                          \
			AT "spec.ingress[0].from[0].ipBlock.cidr: \"" cidr                         \
			   "\": not a block ADDRESS/LENGTH"                                        \
	}
	BAD_BLOCK("10.0.0.0"),
	BAD_BLOCK("10.0.0.0/"),
	BAD_BLOCK("10.0.0.0/33"),
	BAD_BLOCK("10.0.0.0/-1"),
	BAD_BLOCK("10.0.0.0/8 "),
	BAD_BLOCK("10.0.0/8"),
	BAD_BLOCK("010.0.0.0/8"),
	BAD_BLOCK("/8"),
	BAD_BLOCK("::/129"),
	BAD_BLOCK("fe80::1%eth0/64"),
	BAD_BLOCK("::ffff:10.0.0.0/104"),
	BAD_BLOCK("10.0.0.0/99999999999999999999"),
	{INGRESS("{'from': [{'ipBlock': {'cidr': '10.0.0.0/8', 'except': ['10.0.0.0/8', 'x']}}]}"),
	 AT "spec.ingress[0].from[0].ipBlock.except[1]: \"x\": not a block ADDRESS/LENGTH"},
	{INGRESS("{'ports': [80]}"), AT "spec.ingress[0].ports[0]: 80: not an object"},
	{INGRESS("{'ports': [{'port': 0}]}"),
	 AT "spec.ingress[0].ports[0].port: 0: not 1 to 65535"},
	{INGRESS("{'ports': [{'port': 65536}]}"),
	 AT "spec.ingress[0].ports[0].port: 65536: not 1 to 65535"},
	{INGRESS("{'ports': [{'port': -80}]}"),
	 AT "spec.ingress[0].ports[0].port: -80: not 1 to 65535"},
	{INGRESS("{'ports': [{'port': 80.0}]}"),
	 AT "spec.ingress[0].ports[0].port: a fraction: not 1 to 65535"},
	{INGRESS("{'ports': [{'port': ''}]}"), AT "spec.ingress[0].ports[0].port: \"\": empty"},
	{INGRESS("{'ports': [{'port': 'sixteen-letters-'}]}"),
	 AT "spec.ingress[0].ports[0].port: \"sixteen-letters-\": too long"},
	{INGRESS("{'ports': [{'protocol': 'tcp'}]}"),
	 AT "spec.ingress[0].ports[0].protocol: \"tcp\": not TCP, UDP or SCTP"},
	{INGRESS("{'ports': [{'protocol': 6}]}"),
	 AT "spec.ingress[0].ports[0].protocol: 6: not TCP, UDP or SCTP"},
	{INGRESS("{'ports': [{'endPort': 80}]}"),
	 AT "spec.ingress[0].ports[0].endPort: 80: port is no number"},
	{INGRESS("{'ports': [{'port': 'web', 'endPort': 80}]}"),
	 AT "spec.ingress[0].ports[0].endPort: 80: port is no number"},
	{INGRESS("{'ports': [{'port': 80, 'endPort': 79}]}"),
	 AT "spec.ingress[0].ports[0].endPort: 79: lower than port"},
	{INGRESS("{'ports': [{'port': 80, 'endPort': 65536}]}"),
	 AT "spec.ingress[0].ports[0].endPort: 65536: not 1 to 65535"},
	{INGRESS("{'ports': [{'port': 80, 'endPort': '90'}]}"),
	 AT "spec.ingress[0].ports[0].endPort: \"90\": not 1 to 65535"},
	{SPEC("'egress': [{'to': [{'podSelector': 1}]}]"),
	 AT "spec.egress[0].to[0].podSelector: 1: not an object"},
	{"{'metadata': {'namespace': 'default', 'name': 'web'}, 'spec': []}",
	 AT "spec: a list: not an object"},
	/* What a stranger wrote is cut and made printable. */
	{SPEC("'policyTypes': ['\\u001b[2J\\n0123456789012345678901234567890123456789end']"),
	 AT "spec.policyTypes[0]: \"?[2J?0123456789012345678901234567890123456789end\":"
	    " not Ingress or Egress"},
	{SPEC("'policyTypes': ['01234567890123456789012345678901234567890123456789']"),
	 AT "spec.policyTypes[0]: \"012345678901234567890123456789012345678901234567...\":"
	    " not Ingress or Egress"},
	{SPEC("'podSelector': {'matchLabels': {'a\\nb': 7}}"),
	 AT "spec.podSelector.matchLabels.a?b: 7: not a text"},
};

/* One that isn't understood may select and allow anything, but only in its namespace. */
static void test_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct jb_policies *policies = world_begin();
		struct jb_policy_endpoint alice = world_endpoint(policies, "alice/client");
		struct jb_policy_error error;

		int expected = strstr(malformed[i].error, "too long") ? -E2BIG : -EINVAL;

		assert_int_equal(read_object(policies, malformed[i].object, &error), expected);
		assert_string_equal(error.text, malformed[i].error);
		jb_policies_end(policies, JB_LIST_POLICIES);
		assert_int_equal(ask(policies), JB_POLICY_UNDECIDED);
		assert_int_equal(world_evaluate(policies, &alice, &alice).verdict,
				 JB_POLICY_NO_POLICY);
		jb_policies_free(policies);
	}
}

static const struct {
	const char *object, *error;
} nameless[] = {
	{"[]", "NetworkPolicy metadata.namespace: missing: not a text"},
	{"{}", "NetworkPolicy metadata.namespace: missing: not a text"},
	{"{'metadata': 'x'}", "NetworkPolicy metadata.namespace: missing: not a text"},
	{"{'metadata': {'name': 'a'}}", "NetworkPolicy metadata.namespace: missing: not a text"},
	{"{'metadata': {'namespace': 'a', 'name': ''}}",
	 "NetworkPolicy metadata.name: \"\": empty"},
	{"{'metadata': {'namespace': 'a/b', 'name': 'a'}}",
	 "NetworkPolicy metadata.namespace: \"a/b\": not a name"},
	{"{'metadata': {'namespace': '0123456789012345678901234567890123456789"
	 "012345678901234567890123', 'name': 'a'}}",
	 "NetworkPolicy metadata.namespace: \"012345678901234567890123456789012345678901234567...\""
	 ": too long"},
};

/* Without a name it may be anybody's. */
static void test_nameless(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(nameless); i++) {
		struct jb_policies *policies = world_begin();
		struct jb_policy_error error;

		assert_true(read_object(policies, nameless[i].object, &error) < 0);
		assert_string_equal(error.text, nameless[i].error);
		jb_policies_end(policies, JB_LIST_POLICIES);
		assert_int_equal(ask(policies), JB_POLICY_UNDECIDED);
		jb_policies_begin(policies, JB_LIST_POLICIES);
		jb_policies_end(policies, JB_LIST_POLICIES);
		assert_int_equal(ask(policies), JB_POLICY_NO_POLICY);
		jb_policies_free(policies);
	}
}

static void assert_bound(json_t *spec, int expected, const char *message)
{
	struct jb_policies *policies = world_begin();
	json_t *object = json_pack("{s:{s:s, s:s}, s:o}", "metadata", "namespace", "default",
				   "name", "web", "spec", spec);
	struct jb_policy_error error = {""};

	assert_int_equal(jb_policies_read(policies, object, &error), expected);
	assert_string_equal(error.text, message);
	json_decref(object);
	jb_policies_free(policies);
}

static json_t *many(size_t count, const char *item)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, world_json(item));
	return list;
}

static void test_counts(void **state)
{
	(void)state;
	assert_bound(json_pack("{s:o}", "ingress", many(JB_POLICY_ITEMS_MAX, "{}")), 0, "");
	assert_bound(json_pack("{s:o}", "ingress", many(JB_POLICY_ITEMS_MAX + 1, "{}")), -E2BIG,
		     AT "spec.ingress: a list: too many items");
	assert_bound(json_pack("{s:[{s:o}]}", "egress", "ports",
			       many(JB_POLICY_ITEMS_MAX + 1, "{'port': 1}")),
		     -E2BIG, AT "spec.egress[0].ports: a list: too many items");
	assert_bound(json_pack("{s:[{s:[{s:{s:s, s:o}}]}]}", "ingress", "from", "ipBlock", "cidr",
			       "10.0.0.0/8", "except", many(JB_POLICY_ITEMS_MAX + 1, "'a'")),
		     -E2BIG, AT "spec.ingress[0].from[0].ipBlock.except: a list: too many items");
}

/* Many lists within their bounds are too large together. */
static void test_size(void **state)
{
	json_t *rules = json_array();

	(void)state;
	for (int i = 0; i < 100; i++)
		json_array_append_new(rules, json_pack("{s:o}", "ports",
						       many(JB_POLICY_ITEMS_MAX, "{'port': 1}")));
	assert_bound(json_pack("{s:o}", "ingress", rules), -E2BIG,
		     AT "spec.ingress[63].ports: missing: the policy is too large");
}

static json_t *labels(size_t count, size_t key_length, size_t value_length)
{
	json_t *object = json_object();
	char key[512], value[512];

	memset(key, 'k', sizeof(key));
	memset(value, 'v', sizeof(value));
	value[value_length] = '\0';
	for (size_t i = 0; i < count; i++) {
		snprintf(key + key_length - 4, 5, "%04zu", i);
		json_object_set_new(object, key, json_string(value));
	}
	return json_pack("{s:{s:o}}", "podSelector", "matchLabels", object);
}

static void test_labels_bounds(void **state)
{
	(void)state;
	assert_bound(labels(JB_POLICY_LABELS_MAX, 8, 8), 0, "");
	assert_bound(labels(JB_POLICY_LABELS_MAX + 1, 8, 8), -E2BIG,
		     AT "spec.podSelector.matchLabels: an object: too many labels");
	assert_bound(labels(1, JB_POLICY_KEY_MAX, JB_POLICY_VALUE_MAX), 0, "");
	assert_bound(labels(1, JB_POLICY_KEY_MAX + 1, 8), -E2BIG,
		     AT "spec.podSelector.matchLabels: an object: has a key that is too long");
	assert_bound(labels(1, 8, JB_POLICY_VALUE_MAX + 1), -E2BIG,
		     AT "spec.podSelector.matchLabels.kkkk0000:"
			" \"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv...\": too long");
}

static void test_nul(void **state)
{
	static const char with_nul[] = "{\"policyTypes\": [\"Ingress\"], \"podSelector\":"
				       " {\"matchLabels\": {\"a\": \"b\\u0000c\"}}}";

	(void)state;
	assert_bound(json_loads(with_nul, JSON_ALLOW_NUL, NULL), -EINVAL,
		     AT "spec.podSelector.matchLabels.a: \"b\": has a NUL in it");
}

static void test_out_of_room(void **state)
{
	struct jb_policies *policies;
	struct jb_policy_error error;

	(void)state;
	assert_int_equal(jb_policies_new(64, &policies), 0);
	jb_policies_begin(policies, JB_LIST_POLICIES);
	assert_int_equal(read_object(policies, INGRESS("{}"), &error), -ENOSPC);
	assert_string_equal(error.text, AT "the object: an object: no room for it");
	jb_policies_end(policies, JB_LIST_POLICIES);
	assert_int_equal(ask(policies), JB_POLICY_UNDECIDED);
	jb_policies_free(policies);
}

static void test_namespace(void **state)
{
	struct jb_policies *policies = world_with(
		IN_DEFAULT(FROM("{'namespaceSelector': {'matchLabels': {'team': 'a'}}}")));
	struct jb_policy_error error;
	static const struct {
		const char *object, *error;
		enum jb_policy_verdict verdict;
	} steps[] = {
		{"{'metadata': {'name': 'alice', 'labels': {'team': 'a'}}}", "", JB_POLICY_ALLOWED},
		{"{'metadata': {'name': 'alice', 'labels': {'team': 'b'}}}", "", JB_POLICY_DENIED},
		{"{'metadata': {'name': 'alice', 'labels': {'team': 1}}}",
		 "Namespace alice: metadata.labels.team: 1: not a text", JB_POLICY_UNDECIDED},
		{"{'metadata': {'name': 'alice'}}", "", JB_POLICY_DENIED},
		{"{'metadata': {'name': ''}}", "Namespace metadata.name: \"\": empty",
		 JB_POLICY_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		json_t *object = world_json(steps[i].object);
		int err;

		memset(&error, 0, sizeof(error));
		err = jb_policies_read_namespace(policies, object, &error);
		assert_int_equal(err, *steps[i].error ? -EINVAL : 0);
		assert_string_equal(error.text, steps[i].error);
		assert_int_equal(ask(policies), steps[i].verdict);
		json_decref(object);
	}
	jb_policies_free(policies);
}

static void test_labels_of_an_object(void **state)
{
	json_t *object = world_json("{'metadata': {'labels': {'b': '1', 'a': ''}}}");
	json_t *bad = world_json("{'metadata': {'labels': [1]}}");
	json_t *none = world_json("{}");
	struct jb_label found[JB_POLICY_LABELS_MAX];
	struct jb_policy_error error;

	(void)state;
	assert_int_equal(jb_policies_read_labels(object, found, &error), 2);
	assert_string_equal(found[0].key, "b");
	assert_string_equal(found[0].value, "1");
	assert_string_equal(found[1].key, "a");
	assert_int_equal(jb_policies_read_labels(none, found, &error), 0);
	assert_int_equal(jb_policies_read_labels(bad, found, &error), -EINVAL);
	assert_string_equal(error.text, "object metadata.labels: a list: not an object");
	json_decref(object);
	json_decref(bad);
	json_decref(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_fields),
		cmocka_unit_test(test_without_a_spec),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_nameless),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_labels_bounds),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_out_of_room),
		cmocka_unit_test(test_namespace),
		cmocka_unit_test(test_labels_of_an_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
