/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the cluster makes of objects and of connections, without an API server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "node/cluster_private.h"

enum { PODS = JB_CLUSTER_PODS, SERVICES, NAMESPACES, POLICIES };

/* Namespace calls is told to be a team's; a and b are of this node, far is of another. */
#define POD(name, ip, labels)                                                                      \
	"{'metadata':{'namespace':'calls','name':'" name "','uid':'u','labels':" labels "},"       \
	"'spec':{'nodeName':'n1','containers':[{'name':'app','ports':[{'name':'web',"              \
	"'containerPort':8080}]}]},'status':{'phase':'Running','podIP':'" ip "',"                  \
	"'hostIP':'192.168.0.1'}}"
#define HOST_POD                                                                                   \
	"{'metadata':{'namespace':'calls','name':'host','uid':'u'},'spec':{'hostNetwork':true,"    \
	"'nodeName':'n1','containers':[{'name':'app','ports':[{'containerPort':7880}]}]},"         \
	"'status':{'phase':'Running','podIP':'192.168.0.1','hostIP':'192.168.0.1'}}"
#define SERVICE      "{'metadata':{'namespace':'calls','name':'web'},'spec':{'clusterIP':'10.96.0.1'}}"
#define POLICY(spec) "{'metadata':{'namespace':'calls','name':'p'},'spec':" spec "}"
#define DENY         "{'podSelector':{},'policyTypes':['Ingress','Egress']}"
#define FROM_CLIENTS                                                                               \
	"{'podSelector':{'matchLabels':{'role':'web'}},'policyTypes':['Ingress'],'ingress':[{"     \
	"'from':[{'podSelector':{'matchLabels':{'role':'client'}}}],'ports':[{'port':'web'}]}]}"
#define TO_BLOCK                                                                                   \
	"{'podSelector':{},'policyTypes':['Egress'],'egress':[{'to':[{'ipBlock':"                  \
	"{'cidr':'0.0.0.0/0','except':['10.0.0.0/8']}}],'ports':[{'port':443}]}]}"

struct scene {
	struct jb_node_cluster cluster;
	char policies[JB_EDGE_POLICIES];
};

static struct jb_object_sink sink_of(struct scene *scene, int resource)
{
	struct jb_cluster_part *part = &scene->cluster.parts[resource];

	*part = (struct jb_cluster_part){.cluster = &scene->cluster, .resource = resource};
	return jb_cluster_sink(part);
}

/* JSON with ' in the place of ". */
static json_t *json_of(const char *text)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *json;

	for (char *c = strchr(copy, '\''); c; c = strchr(c, '\''))
		*c = '"';
	json = json_loads(copy, 0, &error);
	if (!json)
		fail_msg("%s: %s", text, error.text);
	free(copy);
	return json;
}

static bool put(struct scene *scene, int resource, const char *text)
{
	struct jb_object_sink sink = sink_of(scene, resource);
	json_t *json = json_of(text);
	bool kept = sink.put(sink.ctx, json);

	json_decref(json);
	return kept;
}

static void remove_object(struct scene *scene, int resource, const char *text)
{
	struct jb_object_sink sink = sink_of(scene, resource);
	json_t *json = json_of(text);

	sink.remove(sink.ctx, json);
	json_decref(json);
}

/* A list of that one object; NULL: of none. */
static void list(struct scene *scene, int resource, const char *text)
{
	struct jb_object_sink sink = sink_of(scene, resource);

	sink.list_begin(sink.ctx);
	if (text)
		assert_true(put(scene, resource, text));
	sink.list_end(sink.ctx);
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->cluster.fd = eventfd(0, EFD_NONBLOCK);
	scene->cluster.node = strdup("n1");
	pthread_mutex_init(&scene->cluster.lock, NULL);
	assert_int_equal(jb_directory_new(&scene->cluster.directory, 1 << 20), 0);
	assert_int_equal(jb_policies_new(1 << 20, &scene->cluster.policies), 0);
	list(scene, NAMESPACES, "{'metadata':{'name':'calls','labels':{'team':'x'}}}");
	list(scene, PODS, POD("a", "10.1.0.1", "{'role':'client'}"));
	put(scene, PODS, POD("b", "10.1.0.2", "{'role':'web'}"));
	put(scene, PODS, HOST_POD);
	*state = scene;
	return 0;
}

/* jb_node_cluster_stop() but for the cluster itself. */
static int teardown(void **state)
{
	struct scene *scene = *state;

	jb_policies_free(scene->cluster.policies);
	jb_directory_free(scene->cluster.directory);
	pthread_mutex_destroy(&scene->cluster.lock);
	close(scene->cluster.fd);
	free(scene->cluster.node);
	free(scene);
	return 0;
}

static union jb_ip ip_of(const char *text)
{
	union jb_ip ip = {};

	if (inet_pton(AF_INET, text, &ip.word[3]) == 1)
		ip.word[2] = htonl(0xffff);
	else
		assert_int_equal(inet_pton(AF_INET6, text, &ip), 1);
	return ip;
}

/* "a" is a pod of calls, "+x" a unit, "%x" one in a container, "" nobody who is known. */
static struct jb_who who_of(const char *text)
{
	struct jb_who who = {};

	if (*text == '+' || *text == '%') {
		who.contained = *text == '%';
		snprintf(who.unit, sizeof(who.unit), "%s", text + 1);
	} else if (*text) {
		snprintf(who.namespace_, sizeof(who.namespace_), "calls");
		snprintf(who.pod, sizeof(who.pod), "%s", text);
	}
	return who;
}

/* Of a connection that `self` at `local` makes, or takes at `port` of its own. */
static const char *judge(struct scene *scene, enum jb_reporter reporter, const char *self,
			 const char *local, const char *peer, const char *remote, __u16 port)
{
	static const char *const names[JB_VERDICT_MAX] = {"none", "allowed", "denied", "no_policy",
							  "unknown"};
	struct jb_who self_who = who_of(self), peer_who = who_of(peer);
	struct jb_ends ends = {.local = ip_of(local), .remote = ip_of(remote)};
	struct jb_edge_case edge = {&ends, &self_who, &peer_who, reporter, port};

	scene->policies[0] = '\0';
	return names[jb_node_cluster_judge(&scene->cluster, &edge, scene->policies)];
}

#define TO(self, local, peer, remote, port)                                                        \
	judge(scene, JB_REPORTER_SOURCE, self, local, peer, remote, port)
#define AT(self, local, peer, remote, port)                                                        \
	judge(scene, JB_REPORTER_DESTINATION, self, local, peer, remote, port)

static void test_before_policies_are_known(void **state)
{
	struct scene *scene = *state;

	assert_string_equal(TO("a", "10.1.0.1", "b", "10.1.0.2", 8080), "unknown");
	list(scene, POLICIES, NULL);
	assert_string_equal(TO("a", "10.1.0.1", "b", "10.1.0.2", 8080), "no_policy");
	assert_string_equal(TO("a", "10.1.0.1", "", "10.1.9.9", 8080), "no_policy");
	assert_string_equal(TO("a", "10.1.0.1", "", "198.51.100.1", 443), "no_policy");
}

static void test_pods_of_this_node(void **state)
{
	struct scene *scene = *state;

	list(scene, POLICIES, POLICY(FROM_CLIENTS));
	assert_string_equal(TO("a", "10.1.0.1", "b", "10.1.0.2", 8080), "allowed");
	assert_string_equal(scene->policies, "calls/p");
	assert_string_equal(AT("b", "10.1.0.2", "a", "10.1.0.1", 8080), "allowed");
	assert_string_equal(AT("b", "10.1.0.2", "", "10.1.0.1", 8080), "allowed");
	assert_string_equal(AT("b", "10.1.0.2", "a", "10.1.0.1", 8081), "denied");
	assert_string_equal(AT("a", "10.1.0.1", "b", "10.1.0.2", 8080), "no_policy");
	assert_string_equal(scene->policies, "");
	/* The node's own are allowed: its units, and its pods without a network of their own. */
	assert_string_equal(AT("b", "10.1.0.2", "+sshd", "192.168.0.1", 8081), "allowed");
	assert_string_equal(AT("b", "10.1.0.2", "%docker:web", "172.17.0.2", 8081), "unknown");
	assert_string_equal(AT("%docker:web", "172.17.0.2", "b", "10.1.0.2", 80), "unknown");
	assert_string_equal(AT("b", "10.1.0.2", "host", "192.168.0.1", 8081), "allowed");
	assert_string_equal(AT("b", "10.1.0.2", "", "192.168.0.1", 8081), "allowed");
	assert_string_equal(AT("b", "10.1.0.2", "", "127.0.0.1", 8081), "allowed");
	assert_string_equal(AT("host", "192.168.0.1", "b", "10.1.0.2", 7880), "no_policy");
	/* Changes are followed. */
	put(scene, PODS, POD("a", "10.1.0.1", "{'role':'other'}"));
	assert_string_equal(AT("b", "10.1.0.2", "a", "10.1.0.1", 8080), "denied");
	remove_object(scene, PODS, POD("a", "", "{}"));
	assert_string_equal(AT("b", "10.1.0.2", "a", "10.1.0.1", 8080), "unknown");
	remove_object(scene, POLICIES, POLICY("{}"));
	assert_string_equal(AT("b", "10.1.0.2", "a", "10.1.0.1", 8080), "no_policy");
}

#define HOST_PORT                                                                                  \
	"{'metadata':{'namespace':'calls','name':'hp','uid':'h','labels':{'role':'web'}},'spec':{" \
	"'nodeName':'n1','containers':[{'name':'app','ports':[{'containerPort':8080,'hostPort':"   \
	"80}]}]},'status':{'phase':'Running','podIP':'10.1.0.3','hostIP':'192.168.0.1'}}"
#define TO_WEB                                                                                     \
	"{'podSelector':{},'policyTypes':['Egress'],'egress':[{'to':[{'podSelector':{"             \
	"'matchLabels':{'role':'web'}}}],'ports':[{'port':8080}]}]}"

/* At a node's address others may be, behind ports of the node. */
static void test_ports_of_nodes(void **state)
{
	struct scene *scene = *state;

	put(scene, PODS, HOST_PORT);
	put(scene, PODS,
	    "{'metadata':{'namespace':'calls','name':'far','uid':'f'},'spec':{"
	    "'nodeName':'n2','containers':[{'name':'app'}]},'status':{"
	    "'phase':'Running','podIP':'10.2.0.1','hostIP':'192.168.0.2'}}");
	list(scene, POLICIES, POLICY(TO_WEB));
	assert_string_equal(TO("a", "10.1.0.1", "hp", "10.1.0.3", 8080), "allowed");
	assert_string_equal(TO("a", "10.1.0.1", "hp", "192.168.0.1", 80), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "", "192.168.0.1", 80), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "", "192.168.0.1", 30080), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "", "192.168.0.2", 32767), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "", "192.168.0.2", 29999), "denied");
	assert_string_equal(TO("a", "10.1.0.1", "", "192.168.0.2", 22), "denied");
	assert_string_equal(TO("a", "10.1.0.1", "", "192.168.0.1", 22), "allowed"); /* its node */
	/* Whatever is behind it: all is allowed. */
	list(scene, POLICIES, POLICY("{'podSelector':{},'policyTypes':['Egress'],'egress':[{}]}"));
	assert_string_equal(TO("a", "10.1.0.1", "", "192.168.0.2", 30080), "allowed");
	assert_string_equal(TO("a", "10.1.0.1", "", "10.96.0.1", 443), "allowed");
}

static void test_strangers(void **state)
{
	struct scene *scene = *state;

	list(scene, POLICIES, POLICY(FROM_CLIENTS));
	assert_string_equal(AT("b", "10.1.0.2", "", "10.1.9.9", 8080), "unknown");
	assert_string_equal(AT("b", "10.1.0.2", "", "10.1.9.9", 8081), "unknown"); /* its node? */
	assert_string_equal(AT("b", "10.1.0.2", "", "198.51.100.1", 8080), "denied");
	assert_string_equal(AT("b", "10.1.0.2", "", "240.0.0.1", 8080), "unknown");
	/* Where pods have such addresses, whose they are isn't known. */
	put(scene, PODS, POD("b", "2001:db8::2", "{'role':'web'}"));
	assert_string_equal(AT("b", "2001:db8::2", "", "2001:db8::9", 8080), "unknown");
	assert_string_equal(AT("b", "2001:db8::2", "", "198.51.100.1", 8080), "denied");
	scene->cluster.peers_cluster = true;
	assert_string_equal(AT("b", "2001:db8::2", "", "198.51.100.1", 8080), "unknown");
	list(scene, SERVICES, NULL);
	assert_string_equal(AT("b", "2001:db8::2", "", "198.51.100.1", 8080), "denied");
	assert_string_equal(AT("b", "2001:db8::2", "", "2001:db8::9", 8080), "denied");
	assert_string_equal(AT("b", "2001:db8::2", "", "10.1.9.9", 8080), "unknown");
}

static void test_services(void **state)
{
	struct scene *scene = *state;

	list(scene, POLICIES, POLICY(TO_BLOCK));
	assert_string_equal(TO("a", "10.1.0.1", "", "198.51.100.1", 443), "allowed");
	assert_string_equal(TO("a", "10.1.0.1", "", "198.51.100.1", 80), "denied");
	assert_string_equal(TO("a", "10.1.0.1", "b", "10.1.0.2", 443), "denied");
	/* Of this node's pods alone, any address of the cluster may be a Service's. */
	assert_string_equal(TO("a", "10.1.0.1", "", "10.96.0.1", 443), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "", "10.96.0.9", 443), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "b", "10.96.0.1", 80), "unknown");
	list(scene, SERVICES, SERVICE);
	scene->cluster.peers_cluster = true;
	assert_string_equal(TO("a", "10.1.0.1", "", "10.96.0.1", 443), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "", "10.96.0.1", 80), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "", "10.96.0.9", 443), "unknown");
	assert_string_equal(TO("a", "10.1.0.1", "b", "10.96.0.1", 80), "unknown");
	/* Nothing has to be matched where nothing isolates. */
	put(scene, POLICIES, POLICY(FROM_CLIENTS));
	remove_object(scene, POLICIES, POLICY("{}"));
	assert_string_equal(TO("a", "10.1.0.1", "", "10.96.0.1", 443), "no_policy");
}

static void test_what_can_not_be_kept(void **state)
{
	struct scene *scene = *state;
	char labels[8192] = "{'role':'client'", pod[10000];

	list(scene, POLICIES, POLICY(FROM_CLIENTS));
	for (int i = 0; i < 300; i++)
		snprintf(labels + strlen(labels), sizeof(labels) - strlen(labels), ",'l%d':''", i);
	snprintf(pod, sizeof(pod), POD("a", "10.1.0.1", "%s}"), labels);
	assert_true(put(scene, PODS, pod));
	assert_string_equal(AT("b", "10.1.0.2", "a", "10.1.0.1", 8080), "unknown");
	/* A policy that isn't as it should be may select and allow anything. */
	put(scene, PODS, POD("a", "10.1.0.1", "{'role':'client'}"));
	assert_true(put(scene, POLICIES, POLICY("{'podSelector':7}")));
	assert_string_equal(AT("b", "10.1.0.2", "a", "10.1.0.1", 8080), "unknown");
	assert_int_equal(scene->cluster.refused, 1);
	assert_non_null(strstr(scene->cluster.refused_why, "NetworkPolicy calls/p: spec.podSel"));
	assert_true(put(scene, PODS, "{'metadata':{'namespace':'calls','name':'a'}}"));
	assert_string_equal(scene->cluster.refused_why, "pod calls/a: metadata.uid '': not a UID");
	assert_true(put(scene, SERVICES, "{}"));
	assert_true(put(scene, NAMESPACES, "{}"));
	assert_int_equal(scene->cluster.refused, 4);
}

static void test_no_room(void **state)
{
	struct scene *scene = *state;
	char pod[1000];
	int kept = 0;

	jb_policies_free(scene->cluster.policies);
	assert_int_equal(jb_policies_new(1000, &scene->cluster.policies), 0);
	assert_false(put(scene, POLICIES, POLICY(DENY)));
	assert_string_equal(scene->cluster.refused_why, "networkpolicies: no room for all of them");
	list(scene, PODS, NULL);
	for (int i = 0; i < 20; i++) {
		snprintf(pod, sizeof(pod), POD("p%d", "10.1.0.1", "{'role':'client'}"), i);
		kept += put(scene, PODS, pod);
	}
	assert_in_range(kept, 1, 10);
	assert_int_equal(scene->cluster.refused, 21 - kept);
	assert_string_equal(scene->cluster.refused_why, "pods: no room for all of them");
}

static void test_who(void **state)
{
	struct scene *scene = *state;
	union jb_ip pod = ip_of("10.1.0.1"), node = ip_of("192.168.0.1"), none = ip_of("10.1.9.9");
	union jb_ip service = ip_of("10.96.0.1");
	struct jb_who who = {.unit = "x"};

	list(scene, SERVICES, SERVICE);
	assert_false(jb_node_cluster_who(&scene->cluster, &none, 80, &who));
	assert_string_equal(who.unit, "x");
	assert_true(jb_node_cluster_who(&scene->cluster, &pod, 80, &who));
	assert_string_equal(who.unit, "");
	assert_string_equal(who.namespace_, "calls");
	assert_string_equal(who.pod, "a");
	assert_string_equal(who.workload, "a");
	assert_true(jb_node_cluster_who(&scene->cluster, &service, 80, &who));
	assert_string_equal(who.namespace_, "calls");
	assert_string_equal(who.pod, "");
	assert_string_equal(who.workload, "web");
	assert_true(jb_node_cluster_who(&scene->cluster, &node, 80, &who));
	assert_string_equal(who.namespace_, "");
	assert_string_equal(who.workload, JB_WHO_CLUSTER);
	assert_true(jb_node_cluster_who(&scene->cluster, &node, 7880, &who));
	assert_string_equal(who.pod, "host");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_before_policies_are_known),
		TEST(test_pods_of_this_node),
		TEST(test_ports_of_nodes),
		TEST(test_strangers),
		TEST(test_services),
		TEST(test_what_can_not_be_kept),
		TEST(test_no_room),
		TEST(test_who),
	};

	jb_node_cluster_stop(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
