/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the model keeps, and that it forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "policy_world.h"

static struct jb_policies *model_new(size_t bytes_max)
{
	struct jb_policies *policies;

	assert_int_equal(jb_policies_new(bytes_max, &policies), 0);
	assert_int_equal(jb_policies_bytes(policies), 0);
	return policies;
}

static int set_pod(struct jb_policies *policies, const char *name, const struct jb_label *labels,
		   size_t count)
{
	struct jb_policy_pod pod = {
		.namespace_ = "default", .name = name, .labels = labels, .n_labels = count};

	return jb_policies_set_pod(policies, &pod);
}

static void test_pods_with_the_same_labels_share_them(void **state)
{
	static const struct jb_label one[] = {{"a", "1"}, {"b", "2"}},
				     other[] = {{"b", "2"}, {"a", "1"}};
	struct jb_policies *policies = model_new(WORLD_BYTES);
	struct jb_policy_endpoint first, second, bare;

	(void)state;
	assert_int_equal(set_pod(policies, "first", one, 2), 0);
	assert_int_equal(set_pod(policies, "second", other, 2), 0);
	assert_int_equal(set_pod(policies, "bare", one, 0), 0);
	jb_policies_endpoint(policies, "default", "first", &first);
	jb_policies_endpoint(policies, "default", "second", &second);
	jb_policies_endpoint(policies, "default", "bare", &bare);
	assert_non_null(first.labels);
	assert_ptr_equal(first.labels, second.labels);
	assert_non_null(bare.labels);
	assert_ptr_not_equal(first.labels, bare.labels);
	jb_policies_free(policies);
}

static void test_endpoint(void **state)
{
	struct jb_policies *policies = world_begin();
	struct jb_policy_endpoint endpoint;

	(void)state;
	jb_policies_endpoint(policies, "default", "db", &endpoint);
	assert_int_equal(endpoint.kind, JB_POLICY_POD);
	assert_string_equal(endpoint.namespace_, "default");
	assert_string_equal(endpoint.pod, "db");
	assert_string_equal(endpoint.node, "n1");
	assert_int_equal(endpoint.ports->count, COUNT(world_ports));
	assert_string_equal(endpoint.ports->port[1].name, "media");
	jb_policies_endpoint(policies, "default", "host", &endpoint);
	assert_int_equal(endpoint.kind, JB_POLICY_NODE);
	jb_policies_endpoint(policies, "default", "nobody", &endpoint);
	assert_int_equal(endpoint.kind, JB_POLICY_UNKNOWN);
	assert_string_equal(endpoint.pod, "nobody");
	assert_null(endpoint.labels);
	assert_null(endpoint.ports);
	assert_null(endpoint.node);
	jb_policies_free(policies);
}

static void test_what_is_not_known_of_a_pod(void **state)
{
	struct jb_policies *policies = model_new(WORLD_BYTES);
	struct jb_policy_endpoint endpoint;
	struct jb_policy_pod pod = {.namespace_ = "default", .name = "p", .ports = world_ports};

	(void)state;
	assert_int_equal(jb_policies_set_pod(policies, &pod), 0);
	jb_policies_endpoint(policies, "default", "p", &endpoint);
	assert_int_equal(endpoint.kind, JB_POLICY_POD);
	assert_null(endpoint.labels);
	assert_null(endpoint.node);
	assert_int_equal(endpoint.ports->count, 0); /* it has none */
	pod.ports = NULL;
	assert_int_equal(jb_policies_set_pod(policies, &pod), 0);
	jb_policies_endpoint(policies, "default", "p", &endpoint);
	assert_null(endpoint.ports);
	jb_policies_free(policies);
}

static void test_everything_removed_is_given_back(void **state)
{
	struct jb_policies *policies = world_begin();

	(void)state;
	world_add(policies, "default", "a", DOCUMENTED);
	world_add(policies, "elsewhere", "a", DOCUMENTED);
	assert_int_equal(jb_policies_set_opaque(policies, "default", "b"), 0);
	jb_policies_remove_policy(policies, "default", "a");
	jb_policies_remove_policy(policies, "default", "b");
	jb_policies_remove_policy(policies, "default", "b");
	jb_policies_remove_policy(policies, "elsewhere", "a");
	jb_policies_remove_policy(policies, "nowhere", "a");
	for (size_t i = 0; i < COUNT(world_pods); i++)
		jb_policies_remove_pod(policies, world_pods[i].namespace_, world_pods[i].name);
	jb_policies_remove_pod(policies, "default", "nobody");
	for (size_t i = 0; i < COUNT(world_namespaces); i++)
		jb_policies_remove_namespace(policies, world_namespaces[i].name);
	jb_policies_remove_namespace(policies, "nowhere");
	assert_int_equal(jb_policies_bytes(policies), 0);
	jb_policies_free(policies);
	jb_policies_free(NULL);
}

static void test_setting_again_adds_nothing(void **state)
{
	struct jb_policies *policies = world_begin();
	size_t bytes;

	(void)state;
	world_add(policies, "default", "a", DOCUMENTED);
	bytes = jb_policies_bytes(policies);
	world_add(policies, "default", "a", DOCUMENTED);
	for (size_t i = 0; i < COUNT(world_pods); i++)
		world_set_pod(policies, i);
	assert_int_equal(jb_policies_bytes(policies), bytes);
	jb_policies_free(policies);
}

/* What a list has not is gone when it ends, and not before. */
static void test_lists(void **state)
{
	struct jb_policies *policies = world_with(IN_DEFAULT(DENY_INGRESS) IN_ALICE(DENY_EGRESS));
	struct jb_policy_endpoint client = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint db = world_endpoint(policies, "default/db");

	(void)state;
	jb_policies_begin(policies, JB_LIST_POLICIES);
	world_add(policies, "alice", "p1", DENY_EGRESS);
	assert_int_equal(world_evaluate(policies, &client, &db).ingress.verdict, JB_POLICY_DENIED);
	jb_policies_end(policies, JB_LIST_POLICIES);
	assert_int_equal(world_evaluate(policies, &client, &db).ingress.verdict,
			 JB_POLICY_NO_POLICY);
	assert_int_equal(world_evaluate(policies, &client, &db).egress.verdict, JB_POLICY_DENIED);

	jb_policies_begin(policies, JB_LIST_PODS);
	world_set_pod(policies, 0);
	jb_policies_end(policies, JB_LIST_PODS);
	jb_policies_endpoint(policies, "default", "db", &db);
	assert_int_equal(db.kind, JB_POLICY_POD);
	jb_policies_endpoint(policies, "alice", "client", &client);
	assert_int_equal(client.kind, JB_POLICY_UNKNOWN);
	jb_policies_free(policies);
}

static void test_list_of_namespaces(void **state)
{
	struct jb_policies *policies = world_with(
		IN_DEFAULT(FROM("{'namespaceSelector': {'matchLabels': {'user': 'alice'}}}")));
	struct jb_policy_endpoint client = world_endpoint(policies, "alice/client");
	struct jb_policy_endpoint db = world_endpoint(policies, "default/db");

	(void)state;
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_ALLOWED);
	jb_policies_begin(policies, JB_LIST_NAMESPACES);
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_ALLOWED);
	jb_policies_end(policies, JB_LIST_NAMESPACES);
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_UNDECIDED);
	/* The policies of a namespace stay when its labels go. */
	client.kind = JB_POLICY_ADDRESS;
	assert_int_equal(world_evaluate(policies, &client, &db).verdict, JB_POLICY_DENIED);
	jb_policies_free(policies);
}

static void test_a_policy_without_room_is_remembered_as_lost(void **state)
{
	struct jb_policies *policies = model_new(6000);
	struct jb_policy_endpoint pod = {.kind = JB_POLICY_POD, .namespace_ = "x", .pod = "y"};
	struct jb_policy_connection connection = {pod, pod, TCP, 1};
	struct jb_policy_result result;
	int err = 0;

	(void)state;
	jb_policies_begin(policies, JB_LIST_POLICIES);
	for (int i = 0; i < 100 && !err; i++) {
		char name[8];

		snprintf(name, sizeof(name), "p%d", i);
		err = jb_policies_set_opaque(policies, "default", name);
	}
	assert_int_equal(err, -ENOSPC);
	assert_true(jb_policies_bytes(policies) <= 6000);
	jb_policies_end(policies, JB_LIST_POLICIES);
	jb_policies_evaluate(policies, &connection, &result);
	assert_int_equal(result.verdict, JB_POLICY_UNDECIDED);
	jb_policies_begin(policies, JB_LIST_POLICIES);
	jb_policies_evaluate(policies, &connection, &result);
	assert_int_equal(result.verdict, JB_POLICY_UNDECIDED); /* not yet complete */
	jb_policies_end(policies, JB_LIST_POLICIES);
	jb_policies_evaluate(policies, &connection, &result);
	assert_int_equal(result.verdict, JB_POLICY_NO_POLICY);
	jb_policies_free(policies);
}

static void test_a_pod_without_room_is_not_known(void **state)
{
	struct jb_policies *policies = model_new(2000);
	struct jb_policy_endpoint endpoint;
	struct jb_label labels[16];
	char keys[16][64];
	size_t bytes;

	(void)state;
	for (size_t i = 0; i < COUNT(labels); i++) {
		snprintf(keys[i], sizeof(*keys), "a-key-of-%zu", i);
		labels[i] = (struct jb_label){
			keys[i], "012345678901234567890123456789012345678901234567890123456789"};
	}
	assert_int_equal(set_pod(policies, "a", labels, 8), 0);
	bytes = jb_policies_bytes(policies);
	assert_int_equal(set_pod(policies, "b", labels, 16), -ENOSPC);
	assert_int_equal(jb_policies_bytes(policies), bytes);
	/* What it was before is not what it is now. */
	assert_int_equal(set_pod(policies, "a", labels, 16), 0);
	assert_int_equal(set_pod(policies, "b", labels, 16), 0);
	assert_int_equal(set_pod(policies, "b", labels, 9), -ENOSPC);
	jb_policies_endpoint(policies, "default", "b", &endpoint);
	assert_int_equal(endpoint.kind, JB_POLICY_UNKNOWN);
	jb_policies_free(policies);
}

static void test_namespaces_without_room(void **state)
{
	struct jb_policies *policies = model_new(350);
	static const struct jb_label label = {"team", "a"};
	size_t bytes;

	(void)state;
	assert_int_equal(jb_policies_set_namespace(policies, "one", &label, 1), 0);
	bytes = jb_policies_bytes(policies);
	assert_int_equal(jb_policies_set_namespace(policies, "two", &label, 1), 0);
	assert_int_equal(jb_policies_set_namespace(policies, "three", &label, 1), -ENOSPC);
	jb_policies_remove_namespace(policies, "two");
	assert_int_equal(jb_policies_bytes(policies), bytes);
	jb_policies_free(policies);
}

static void test_bad_arguments(void **state)
{
	static const struct jb_label twice[] = {{"a", "1"}, {"b", ""}, {"a", "1"}};
	struct jb_policies *policies = model_new(WORLD_BYTES);
	static struct jb_label labels[JB_POLICY_LABELS_MAX + 1];
	static struct jb_port_name ports[JB_POLICY_PORTS_MAX + 1];
	struct jb_policy_pod pod = {.namespace_ = "default", .name = "p", .ports = ports};
	char text[512];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[JB_POLICY_NAME_MAX + 1] = '\0';
	assert_int_equal(set_pod(policies, text, NULL, 0), -EINVAL);
	assert_int_equal(set_pod(policies, "", NULL, 0), -EINVAL);
	assert_int_equal(set_pod(policies, "a/b", NULL, 0), -EINVAL);
	assert_int_equal(set_pod(policies, text + 1, NULL, 0), 0);
	assert_int_equal(set_pod(policies, "p", twice, 3), -EINVAL);
	assert_int_equal(set_pod(policies, "p", labels, COUNT(labels)), -E2BIG);
	labels[0] = (struct jb_label){"key", text};
	assert_int_equal(set_pod(policies, "p", labels, 1), -E2BIG);
	pod.n_ports = COUNT(ports);
	assert_int_equal(jb_policies_set_pod(policies, &pod), -E2BIG);
	pod.n_ports = 0;
	pod.node = text;
	assert_int_equal(jb_policies_set_pod(policies, &pod), -EINVAL);
	assert_int_equal(jb_policies_set_namespace(policies, text, NULL, 0), -EINVAL);
	assert_int_equal(jb_policies_set_opaque(policies, "default", ""), -EINVAL);
	jb_policies_remove_pod(policies, "default", text + 1);
	assert_int_equal(jb_policies_bytes(policies), 0);
	jb_policies_free(policies);
}

/* 20,000 pods of 500 owners, with the labels that a Deployment's pods have. */
static void test_memory_of_a_large_cluster(void **state)
{
	struct jb_policies *policies = model_new(64 << 20);
	char name[64], hash[32], app[32];
	struct jb_label labels[] = {{"app.kubernetes.io/name", app},
				    {"app.kubernetes.io/instance", app},
				    {"app.kubernetes.io/managed-by", "Helm"},
				    {"pod-template-hash", hash}};
	struct jb_policy_pod pod = {.namespace_ = "production",
				    .name = name,
				    .node = "node-0123456789.internal",
				    .labels = labels,
				    .n_labels = COUNT(labels),
				    .ports = world_ports,
				    .n_ports = COUNT(world_ports)};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(app, sizeof(app), "service-%d", i % 500);
		snprintf(hash, sizeof(hash), "7d9f8c%04d", i % 500);
		snprintf(name, sizeof(name), "service-%d-7d9f8c%04d-%05d", i % 500, i % 500, i);
		assert_int_equal(jb_policies_set_pod(policies, &pod), 0);
	}
	assert_in_range(jb_policies_bytes(policies), 20000 * 100, 20000 * 400);
	jb_policies_free(policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pods_with_the_same_labels_share_them),
		cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_what_is_not_known_of_a_pod),
		cmocka_unit_test(test_everything_removed_is_given_back),
		cmocka_unit_test(test_setting_again_adds_nothing),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_list_of_namespaces),
		cmocka_unit_test(test_a_policy_without_room_is_remembered_as_lost),
		cmocka_unit_test(test_a_pod_without_room_is_not_known),
		cmocka_unit_test(test_namespaces_without_room),
		cmocka_unit_test(test_bad_arguments),
		cmocka_unit_test(test_memory_of_a_large_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
