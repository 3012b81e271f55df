/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kubernetes/failure.h"
#include "kubernetes/pod_reader.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define BARE "'namespace':'calls','name':'sfu-0','uid':'u-1'"

/* Apostrophes stand for quotation marks. */
static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	for (char *c = copy; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	json = json_loads(copy, JSON_DECODE_ANY, NULL);
	assert_non_null(json);
	free(copy);
	return json;
}

static struct jb_pod *read_pod(const char *text)
{
	json_t *json = parse(text);
	struct jb_pod_view view;
	char error[JB_PODS_LINE];
	struct jb_pod *pod;

	assert_int_equal(jb_pod_read(json, &view, error), 0);
	assert_string_equal(error, "");
	assert_int_equal(jb_pod_copy(&view.pod, &pod), 0);
	assert_true(jb_pod_equal(&view.pod, pod));
	json_decref(json);
	return pod; /* reads nothing of what is gone now: ASan sees to it */
}

static void test_whole_pod(void **state)
{
	struct jb_pod *pod = read_pod(
		"{'kind':'Pod','metadata':{" BARE
		",'labels':{'app':'sfu','pod-template-hash':'7f9c'},"
		"'deletionTimestamp':'2026-01-01T00:00:00Z','ownerReferences':["
		"{'kind':'Thing','name':'other'},"
		"{'kind':'ReplicaSet','name':'sfu-7f9c','controller':true}]},"
		"'spec':{'nodeName':'n1','hostNetwork':true,'containers':[{'name':'app'}],"
		"'initContainers':[{'name':'linkerd-proxy'}]},"
		"'status':{'phase':'Running','podIP':'fd00::1',"
		"'podIPs':[{'ip':'fd00::1'},{'ip':'10.1.0.1'},{'ip':'10.1.0.2'}],"
		"'initContainerStatuses':[{'name':'linkerd-proxy','containerID':'cri-o://" ID_A
		"'}],"
		"'containerStatuses':[{'name':'app','containerID':'containerd://" ID_B
		"','lastState':"
		"{'terminated':{'containerID':'containerd://" ID_C "'}}}],"
		"'ephemeralContainerStatuses':[{'name':'debug','containerID':''}]}}");

	(void)state;
	assert_string_equal(pod->namespace_, "calls");
	assert_string_equal(pod->name, "sfu-0");
	assert_string_equal(pod->uid, "u-1");
	assert_string_equal(pod->static_hash, "");
	assert_string_equal(pod->node, "n1");
	assert_string_equal(pod->ip, "fd00::1");
	assert_string_equal(pod->ip2, "10.1.0.1");
	assert_string_equal(pod->created_by_kind, "ReplicaSet");
	assert_string_equal(pod->created_by_name, "sfu-7f9c");
	assert_string_equal(pod->workload, "sfu");
	assert_string_equal(pod->phase, "Running");
	assert_true(pod->host_network && pod->meshed && pod->deleting);
	assert_false(pod->labels_cut || pod->names_only || jb_pod_has_ended(pod));
	assert_int_equal(pod->proxy_port, 4191);
	assert_false(pod->asks_for_proxy);
	assert_int_equal(pod->n_labels, 2);
	assert_string_equal(pod->labels[0].key, "app");
	assert_string_equal(pod->labels[0].value, "sfu");
	assert_int_equal(pod->n_containers, 4);
	assert_string_equal(pod->containers[0].name, "linkerd-proxy");
	assert_string_equal(pod->containers[0].id, ID_A);
	assert_string_equal(pod->containers[1].id, ID_B);
	assert_string_equal(pod->containers[2].name, "app");
	assert_string_equal(pod->containers[2].id, ID_C);
	assert_string_equal(pod->containers[3].name, "debug");
	assert_string_equal(pod->containers[3].id, "");
	free(pod);
}

static void test_bare_pods(void **state)
{
	static const char *const texts[] = {
		"{'metadata':{" BARE "}}",
		"{'metadata':{" BARE ",'labels':null,'annotations':null,'ownerReferences':null},"
		"'spec':null,'status':null}",
		"{'metadata':{" BARE
		",'labels':{},'ownerReferences':[{},1,null]},'spec':{},'status':{"
		"'podIP':'','podIPs':null,'containerStatuses':null},'news':[{'a':1}]}",
		"{'metadata':{" BARE "},'status':{'podIPs':7}}",
		"{'metadata':{" BARE "},'status':{'podIPs':[7,{'ip':7},{'ip':'10.1'},{'ip':'x'}]}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct jb_pod *pod = read_pod(texts[i]);

		assert_string_equal(pod->workload, "sfu-0");
		assert_string_equal(pod->created_by_kind, "");
		assert_string_equal(pod->ip, "");
		assert_string_equal(pod->ip2, "");
		assert_int_equal(pod->n_containers + pod->n_labels, 0);
		assert_false(pod->host_network || pod->meshed || pod->deleting);
		assert_false(pod->proxy_port || pod->asks_for_proxy);
		assert_string_equal(pod->skip_outbound, "");
		assert_string_equal(pod->skip_inbound, "");
		free(pod);
	}
}

#define OWNED(kind, name, labels)                                                                  \
	"{'metadata':{'namespace':'a','name':'kube-proxy-n1','uid':'u','labels':" labels           \
	",'ownerReferences':[{'kind':'" kind "','name':'" name "','controller':true}]}}"

static void test_workloads(void **state)
{
	static const struct {
		const char *text, *workload;
	} cases[] = {
		{OWNED("ReplicaSet", "sfu-7f9c", "{'pod-template-hash':'7f9c'}"), "sfu"},
		{OWNED("ReplicaSet", "sfu-7f9c", "{'pod-template-hash':'f9c'}"), "sfu-7f9c"},
		{OWNED("ReplicaSet", "sfu-7f9c", "{'pod-template-hash':''}"), "sfu-7f9c"},
		{OWNED("ReplicaSet", "sfu-7f9c", "{}"), "sfu-7f9c"},
		{OWNED("ReplicaSet", "-7f9c", "{'pod-template-hash':'7f9c'}"), "-7f9c"},
		{OWNED("DaemonSet", "sfu-7f9c", "{'pod-template-hash':'7f9c'}"), "sfu-7f9c"},
		{OWNED("Node", "n1", "{}"), "kube-proxy"},
		{OWNED("Node", "n2", "{}"), "kube-proxy-n1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct jb_pod *pod = read_pod(cases[i].text);

		assert_string_equal(pod->workload, cases[i].workload);
		free(pod);
	}
}

static void test_static_pods(void **state)
{
	struct jb_pod *pod = read_pod("{'metadata':{" BARE ",'annotations':{"
				      "'kubernetes.io/config.hash':'0123','x':1,"
				      "'kubernetes.io/config.mirror':'4567'}}}");

	(void)state;
	assert_string_equal(pod->static_hash, "4567");
	free(pod);
	/* Anybody may write this one to his pod. */
	pod = read_pod("{'metadata':{" BARE
		       ",'annotations':{'kubernetes.io/config.hash':'0123'}}}");
	assert_string_equal(pod->static_hash, "");
	free(pod);
	/* As the kubelet shows one, and one of the API's. */
	pod = read_pod("{'metadata':{" BARE
		       ",'annotations':{'kubernetes.io/config.source':'file'}},"
		       "'spec':{'nodeName':'0'}}");
	assert_string_equal(pod->workload, "sfu");
	free(pod);
	pod = read_pod("{'metadata':{" BARE ",'annotations':{'kubernetes.io/config.source':'api'}},"
		       "'spec':{'nodeName':'0'}}");
	assert_string_equal(pod->workload, "sfu-0");
	free(pod);
}

#define MESHED(annotations, spec)                                                                  \
	"{'metadata':{" BARE ",'annotations':" annotations "},'spec':" spec "}"
#define PROXY(ports) "{'containers':[{'name':'app'},{'name':'linkerd-proxy','ports':" ports "}]}"
#define SKIP                                                                                       \
	"{'config.linkerd.io/skip-outbound-ports':'25,587','config.linkerd.io/"                    \
	"skip-inbound-ports':'80'}"
#define INIT(arguments)                                                                            \
	"{'containers':[{'name':'linkerd-proxy'}],'initContainers':[{'name':'other','args':"       \
	"['--outbound-ports-to-ignore=1']},{'name':'linkerd-init','args':" arguments "}]}"

static void test_proxies(void **state)
{
	static const struct {
		const char *text;
		unsigned short port;
		const char *skip_outbound, *skip_inbound;
	} cases[] = {
		{MESHED("{}", PROXY("[{'name':'linkerd-proxy','containerPort':4143},{'name':"
				    "'linkerd-admin','containerPort':5191}]")),
		 5191, "", ""},
		{MESHED("null", "{'initContainers':[{'name':'linkerd-proxy','ports':[{'name':"
				"'linkerd-admin','containerPort':65535}]}]}"),
		 65535, "", ""},
		{MESHED("{}", PROXY("[]")), 4191, "", ""},
		{MESHED("{}", PROXY("[{'name':'linkerd-admin','containerPort':0}]")), 4191, "", ""},
		{MESHED("{}", PROXY("[{'name':'linkerd-admin','containerPort':65536}]")), 4191, "",
		 ""},
		{MESHED("{}", PROXY("[{'name':'linkerd-admin','containerPort':'1'},7]")), 4191, "",
		 ""},
		{MESHED("{}", PROXY("{'linkerd-admin':1}")), 4191, "", ""},
		{MESHED(SKIP, PROXY("[]")), 4191, "25,587", "80"},
		{MESHED(SKIP, "{'containers':[{'name':'app'}],'initContainers':[7,{'name':7}]}"), 0,
		 "", ""},
		{MESHED(SKIP, INIT("['--inbound-ports-to-ignore','4190,4191',"
				   "'--outbound-ports-to-ignore=443,25']")),
		 4191, "443,25,587", "4190,4191,80"},
		{MESHED("{}", INIT("['--inbound-ports-to-ignore-not','1','--proxy-uid','2102',7,"
				   "'--outbound-ports-to-ignore']")),
		 4191, "", ""},
		{MESHED("{}", INIT("'--inbound-ports-to-ignore=1'")), 4191, "", ""},
		{MESHED("{'config.linkerd.io/skip-inbound-ports':80}", INIT("null")), 4191, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct jb_pod *pod = read_pod(cases[i].text);

		assert_int_equal(pod->proxy_port, cases[i].port);
		assert_int_equal(pod->meshed, cases[i].port != 0);
		assert_string_equal(pod->skip_outbound, cases[i].skip_outbound);
		assert_string_equal(pod->skip_inbound, cases[i].skip_inbound);
		free(pod);
	}
}

static void test_who_asks_for_a_proxy(void **state)
{
	static const struct {
		const char *value;
		bool asks;
	} cases[] = {{"'enabled'", true},   {"'ingress'", true}, {"'disabled'", false},
		     {"'Enabled'", false},  {"''", false},       {"true", false},
		     {"'enabled '", false}, {"null", false}};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct jb_pod *pod;

		snprintf(text, sizeof(text),
			 "{'metadata':{" BARE ",'annotations':{'linkerd.io/inject':%s}}}",
			 cases[i].value);
		pod = read_pod(text);
		assert_int_equal(pod->asks_for_proxy, cases[i].asks);
		assert_false(pod->meshed);
		free(pod);
	}
}

static void test_ids_that_are_none(void **state)
{
	static const char *const ids[] = {
		"'containerd://'", "'containerd://abc'",   "null",
		"'" ID_A "0'",     "'docker://" ID_A "x'", "'containerd://AAAA'"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		struct jb_pod *pod;

		snprintf(text, sizeof(text),
			 "{'metadata':{" BARE "},'status':{'containerStatuses':[{'name':'a',"
			 "'containerID':%s}]}}",
			 ids[i]);
		pod = read_pod(text);
		assert_string_equal(pod->containers[0].id, "");
		free(pod);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"[]", "pod /: object '': of the wrong type"},
		{"{}", "pod /: metadata.namespace '': not a name"},
		{"{'metadata':[]}", "pod /: metadata '': of the wrong type"},
		{"{'metadata':{'namespace':'A','name':'b','uid':'c'}}",
		 "pod A/b: metadata.namespace 'A': not a name"},
		{"{'metadata':{'namespace':'a','name':'b/c','uid':'c'}}",
		 "pod a/b/c: metadata.name 'b/c': not a name"},
		{"{'metadata':{'namespace':'a','name':'b\\u000a','uid':'c'}}",
		 "pod a/b?: metadata.name 'b?': not a name"},
		{"{'metadata':{'namespace':'a','name':'b'}}",
		 "pod a/b: metadata.uid '': not a UID"},
		{"{'metadata':{'namespace':'a','name':7,'uid':'c'}}",
		 "pod a/: name '': of the wrong type"},
		{"{'metadata':{" BARE "},'spec':'x'}",
		 "pod calls/sfu-0: spec 'x': of the wrong type"},
		{"{'metadata':{" BARE "},'status':{'podIP':'1.2.3'}}",
		 "pod calls/sfu-0: status.podIP '1.2.3': not an address"},
		{"{'metadata':{" BARE "},'status':{'containerStatuses':[{}]}}",
		 "pod calls/sfu-0: name of a container '': not a name"},
		{"{'metadata':{" BARE ",'annotations':{'kubernetes.io/config.mirror':'a b'}}}",
		 "pod calls/sfu-0: kubernetes.io/config.mirror 'a b': not a hash"},
	};
	struct jb_pod_view view;
	char error[JB_PODS_LINE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *json = parse(cases[i].text);

		assert_int_equal(jb_pod_read(json, &view, error), -EBADMSG);
		assert_string_equal(error, cases[i].error);
		json_decref(json);
	}
}

static int read_with(json_t *json, struct jb_pod_view *view)
{
	char error[JB_PODS_LINE];

	return jb_pod_read(json, view, error);
}

static json_t *bare(void)
{
	return parse("{'metadata':{" BARE ",'labels':{}},'status':{'containerStatuses':[]}}");
}

static void test_bounds(void **state)
{
	json_t *json = bare();
	json_t *labels = json_object_get(json_object_get(json, "metadata"), "labels");
	json_t *statuses = json_object_get(json_object_get(json, "status"), "containerStatuses");
	struct jb_pod_view view;
	char text[JB_LABEL_VALUE_MAX + 2] = "", key[JB_LABEL_KEY_MAX + 2] = "";

	(void)state;
	for (int i = 0; i < JB_POD_LABELS_MAX + 5; i++) {
		snprintf(text, sizeof(text), "key%d", i);
		json_object_set_new(labels, text, json_string("v"));
	}
	for (int i = 0; i < JB_POD_CONTAINERS_MAX; i++)
		json_array_append_new(statuses, json_pack("{ss}", "name", "c"));
	assert_int_equal(read_with(json, &view), 0);
	assert_true(view.pod.labels_cut);
	assert_int_equal(view.pod.n_labels, JB_POD_LABELS_MAX);
	assert_int_equal(view.pod.n_containers, JB_POD_CONTAINERS_MAX);
	json_array_append_new(statuses, json_pack("{ss}", "name", "c"));
	assert_int_equal(read_with(json, &view), -EBADMSG);
	json_array_clear(statuses);
	json_object_clear(labels);
	memset(text, 'v', JB_LABEL_VALUE_MAX);
	text[JB_LABEL_VALUE_MAX] = '\0';
	json_object_set_new(labels, "key", json_string(text));
	assert_int_equal(read_with(json, &view), 0);
	text[JB_LABEL_VALUE_MAX] = 'v';
	json_object_set_new(labels, "key", json_stringn(text, sizeof(text) - 1));
	assert_int_equal(read_with(json, &view), -EBADMSG);
	json_object_clear(labels);
	memset(key, 'k', JB_LABEL_KEY_MAX);
	for (int i = 0; i < 20; i++) {
		snprintf(key + JB_LABEL_KEY_MAX - 2, 3, "%02d", i);
		json_object_set_new(labels, key, json_string("v"));
	}
	assert_int_equal(read_with(json, &view), 0);
	assert_true(view.pod.labels_cut);
	assert_int_equal(view.pod.n_labels, JB_POD_LABELS_OCTETS / (JB_LABEL_KEY_MAX + 1));
	key[JB_LABEL_KEY_MAX] = 'k';
	json_object_clear(labels);
	json_object_set_new(labels, key, json_string("v"));
	assert_int_equal(read_with(json, &view), -EBADMSG);
	json_decref(json);
}

/* As long as an annotation may be: the first ports are kept, and the pod is. */
static void test_long_lists_of_ports(void **state)
{
	json_t *json = parse(MESHED("{}", PROXY("[]")));
	json_t *annotations = json_object_get(json_object_get(json, "metadata"), "annotations");
	char text[10000] = "";
	struct jb_pod_view view;

	(void)state;
	for (int i = 0, len = 0; i < 1000; i++)
		len += sprintf(text + len, "%d,", 10000 + i);
	json_object_set_new(annotations, "config.linkerd.io/skip-outbound-ports",
			    json_string(text));
	assert_int_equal(read_with(json, &view), 0);
	assert_int_equal(strlen(view.pod.skip_outbound), 42 * strlen("10000,") - 1);
	assert_true(jb_ports_have(view.pod.skip_outbound, 10041));
	assert_false(jb_ports_have(view.pod.skip_outbound, 10042));
	json_decref(json);
}

static void test_equal(void **state)
{
	static const char *const others[] = {
		"{'metadata':{" BARE "}}",
		"{'metadata':{'namespace':'calls','name':'sfu-0','uid':'u-2'}}",
		"{'metadata':{" BARE ",'labels':{'a':'b'}}}",
		"{'metadata':{" BARE ",'labels':{'a':'c'}}}",
		"{'metadata':{" BARE "},'spec':{'hostNetwork':true}}",
		"{'metadata':{" BARE ",'annotations':{'linkerd.io/inject':'enabled'}}}",
		MESHED("{}", PROXY("[]")),
		MESHED(SKIP, PROXY("[]")),
		MESHED("{'config.linkerd.io/skip-outbound-ports':'25,587'}", PROXY("[]")),
		MESHED("{}", PROXY("[{'name':'linkerd-admin','containerPort':1}]")),
		"{'metadata':{" BARE "},'status':{'podIP':'fd00::1','podIPs':[{'ip':'fd00::1'},"
		"{'ip':'10.1.0.1'}]}}",
		"{'metadata':{" BARE "},'status':{'podIP':'fd00::1','podIPs':[{'ip':'fd00::1'}]}}",
		"{'metadata':{" BARE "},'status':{'containerStatuses':[{'name':'a'}]}}",
		"{'metadata':{" BARE "},'status':{'containerStatuses':[{'name':'b'}]}}",
	};
	enum { N = sizeof(others) / sizeof(*others) };
	struct jb_pod *pods[N];

	(void)state;
	for (int i = 0; i < N; i++)
		pods[i] = read_pod(others[i]);
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++)
			assert_int_equal(jb_pod_equal(pods[i], pods[j]), i == j);
	}
	for (int i = 0; i < N; i++)
		free(pods[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_pod),
		cmocka_unit_test(test_bare_pods),
		cmocka_unit_test(test_workloads),
		cmocka_unit_test(test_static_pods),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_who_asks_for_a_proxy),
		cmocka_unit_test(test_ids_that_are_none),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_long_lists_of_ports),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
