/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "kubernetes/directory.h"
#include "kubernetes/failure.h"
#include "kubernetes/pod.h"
#include "random.h"

#define PODS     JB_DIRECTORY_PODS
#define SERVICES JB_DIRECTORY_SERVICES
#define ROOM     (1 << 20)

/* A pod in few words: what is left out isn't there. */
struct made {
	const char *namespace_, *name, *ip, *ip6, *node, *host, *phase, *created, *owner;
	bool host_network, deleting;
	const char *ports; /* JSON */
};

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *pod_of(const struct made *m)
{
	json_error_t error;
	json_t *ports = json_loads(m->ports ? m->ports : "[]", 0, &error);
	json_t *owners = json_array();
	json_t *ips = json_array();

	assert_non_null(ports);
	if (m->owner)
		json_array_append_new(owners, json_pack("{ss ss sb}", "kind", "DaemonSet", "name",
							m->owner, "controller", 1));
	if (m->ip)
		json_array_append_new(ips, json_pack("{ss}", "ip", m->ip));
	if (m->ip6)
		json_array_append_new(ips, json_pack("{ss}", "ip", m->ip6));
	return json_pack("{s{ss ss ss so so so} s{so sb s[{ss so}]} s{ss so so so}}", "metadata",
			 "namespace", m->namespace_ ? m->namespace_ : "calls", "name", m->name,
			 "uid", "u-1", "creationTimestamp", text_or_null(m->created),
			 "deletionTimestamp", text_or_null(m->deleting ? "x" : NULL),
			 "ownerReferences", owners, "spec", "nodeName", text_or_null(m->node),
			 "hostNetwork", m->host_network, "containers", "name", "app", "ports",
			 ports, "status", "phase", m->phase ? m->phase : "Running", "podIP",
			 text_or_null(m->ip), "hostIP", text_or_null(m->host), "podIPs", ips);
}

static int put_json(struct jb_directory *directory, enum jb_directory_list list, json_t *object)
{
	char error[JB_PODS_LINE] = "";
	int err;

	assert_non_null(object);
	err = jb_directory_put(directory, list, object, error);
	json_decref(object);
	assert_int_equal(!err, !*error);
	return err;
}

static void put(struct jb_directory *directory, const struct made made)
{
	assert_int_equal(put_json(directory, PODS, pod_of(&made)), 0);
}

static void remove_json(struct jb_directory *directory, enum jb_directory_list list, json_t *object)
{
	jb_directory_remove(directory, list, object);
	json_decref(object);
}

static void put_service(struct jb_directory *directory, const char *name, const char *spec)
{
	json_t *object = json_loads(spec, 0, NULL);

	assert_non_null(object);
	json_object_set_new(object, "metadata",
			    json_pack("{ss ss}", "namespace", "calls", "name", name));
	assert_int_equal(put_json(directory, SERVICES, object), 0);
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

/* "pod NAMESPACE/POD WORKLOAD NODE" and so on, or "nobody". */
static void expect(struct jb_directory *directory, const char *address, __u16 port,
		   const char *wanted)
{
	static const char *const kinds[] = {"pod", "service", "node"};
	union jb_ip ip = ip_of(address);
	struct jb_directory_entry entry;
	char told[1024] = "nobody";

	if (jb_directory_find(directory, &ip, port, &entry))
		snprintf(told, sizeof(told), "%s%s %s/%s %s %s", kinds[entry.kind],
			 entry.by_port ? "!" : "", entry.namespace_, entry.pod, entry.workload,
			 entry.node);
	assert_string_equal(told, wanted);
}

static int setup(void **state)
{
	return jb_directory_new((struct jb_directory **)state, ROOM);
}

static int teardown(void **state)
{
	jb_directory_free(*state);
	return 0;
}

static void test_pods_by_address(void **state)
{
	struct jb_directory *d = *state;

	expect(d, "10.1.0.1", 80, "nobody");
	put(d, (struct made){.name = "a", .ip = "10.1.0.1", .node = "n1", .owner = "app"});
	put(d, (struct made){.name = "b", .ip = "10.1.0.2", .ip6 = "fd00::2", .node = "n2"});
	put(d, (struct made){.name = "not-yet", .node = "n2"});
	put(d, (struct made){.name = "nowhere"});
	expect(d, "10.1.0.1", 80, "pod calls/a app n1");
	expect(d, "10.1.0.1", 0, "pod calls/a app n1");
	expect(d, "10.1.0.2", 80, "pod calls/b b n2");
	expect(d, "fd00::2", 80, "pod calls/b b n2");
	expect(d, "::ffff:10.1.0.2", 80, "pod calls/b b n2");
	expect(d, "10.1.0.3", 80, "nobody");
	assert_int_equal(jb_directory_counts(d).pods, 2);
	/* It gets another address; then it goes. */
	put(d, (struct made){.name = "a", .ip = "10.1.0.3", .node = "n1", .owner = "app"});
	expect(d, "10.1.0.1", 80, "nobody");
	expect(d, "10.1.0.3", 80, "pod calls/a app n1");
	remove_json(d, PODS, pod_of(&(struct made){.name = "a"}));
	remove_json(d, PODS, pod_of(&(struct made){.name = "none"}));
	remove_json(d, SERVICES, pod_of(&(struct made){.name = "b"}));
	expect(d, "10.1.0.3", 80, "nobody");
	expect(d, "10.1.0.2", 80, "pod calls/b b n2");
}

static void test_an_address_that_two_claim(void **state)
{
	struct jb_directory *d = *state;
	const struct made old = {
		.name = "old", .ip = "10.1.0.1", .created = "2026-01-01T00:00:00Z"};
	const struct made new = {
		.name = "new", .ip = "10.1.0.1", .created = "2026-01-01T00:00:01Z"};
	struct made gone;

	for (int i = 0; i < 2; i++) {
		put(d, i ? old : new);
		put(d, i ? new : old);
		expect(d, "10.1.0.1", 1, "pod calls/new new ");
	}
	/* Who is asked to end gives way, whatever its age. */
	gone = new;
	gone.deleting = true;
	put(d, gone);
	expect(d, "10.1.0.1", 1, "pod calls/old old ");
	gone = old;
	gone.deleting = true;
	put(d, gone);
	expect(d, "10.1.0.1", 1, "pod calls/new new ");
	put(d, (struct made){.name = "new", .ip = "10.1.0.1", .phase = "Succeeded"});
	expect(d, "10.1.0.1", 1, "pod calls/old old ");
	put(d, (struct made){.name = "old", .ip = "10.1.0.1", .phase = "Failed"});
	expect(d, "10.1.0.1", 1, "nobody");
}

#define PORT(c)      "[{\"containerPort\":" c "}]"
#define HOST_PORT(h) "[{\"containerPort\":80,\"hostPort\":" h "}]"

static void test_pods_at_their_nodes_addresses(void **state)
{
	struct jb_directory *d = *state;
	const struct made host = {.name = "sfu",
				  .node = "n1",
				  .host = "192.168.0.1",
				  .ip = "192.168.0.1",
				  .ip6 = "fd01::1",
				  .host_network = true,
				  .ports = "[{\"containerPort\":7880},{\"containerPort\":7882,"
					   "\"protocol\":\"UDP\"}]"};

	put(d, (struct made){.name = "a", .ip = "10.1.0.1", .node = "n1", .host = "192.168.0.1"});
	expect(d, "192.168.0.1", 7880, "node /  n1");
	put(d, host);
	expect(d, "192.168.0.1", 7880, "pod! calls/sfu sfu n1");
	expect(d, "fd01::1", 7882, "pod! calls/sfu sfu n1");
	expect(d, "192.168.0.1", 7881, "node /  n1");
	expect(d, "192.168.0.1", 0, "node /  n1");
	/* A pod of an address of its own is at its node by hostPort, not by containerPort. */
	put(d, (struct made){.name = "proxy",
			     .ip = "10.1.0.9",
			     .node = "n1",
			     .host = "192.168.0.1",
			     .ports = HOST_PORT("8080")});
	expect(d, "192.168.0.1", 8080, "pod! calls/proxy proxy n1");
	expect(d, "192.168.0.1", 80, "node /  n1");
	put(d, (struct made){.name = "local",
			     .ip = "10.1.0.10",
			     .node = "n1",
			     .host = "192.168.0.1",
			     .ports = "[{\"hostPort\":9,\"hostIP\":\"127.0.0.1\"}]"});
	expect(d, "192.168.0.1", 9, "node /  n1");
	/* The same port at another node is another one's; claimed twice it is nobody's. */
	put(d, (struct made){.name = "far",
			     .node = "n2",
			     .host = "192.168.0.2",
			     .ip = "192.168.0.2",
			     .host_network = true,
			     .ports = PORT("7880")});
	expect(d, "192.168.0.1", 7880, "pod! calls/sfu sfu n1");
	expect(d, "192.168.0.2", 7880, "pod! calls/far far n2");
	put(d, (struct made){.name = "other",
			     .node = "n1",
			     .host = "192.168.0.1",
			     .host_network = true,
			     .ports = PORT("7880")});
	expect(d, "192.168.0.1", 7880, "node /  n1");
	remove_json(d, PODS, pod_of(&(struct made){.name = "other"}));
	expect(d, "192.168.0.1", 7880, "pod! calls/sfu sfu n1");
	assert_int_equal(jb_directory_counts(d).nodes, 2);
	jb_directory_begin(d, PODS);
	jb_directory_end(d, PODS);
	expect(d, "192.168.0.1", 7880, "nobody");
	assert_int_equal(jb_directory_counts(d).nodes, 0);
}

/* As when a DaemonSet is rolled out: one goes while the other has come. */
static void test_a_port_of_a_pod_and_its_successor(void **state)
{
	struct jb_directory *d = *state;
	const char *ports = "[{\"containerPort\":7880}]";
	struct made old = {.name = "old",
			   .ip = "192.168.0.1",
			   .node = "n1",
			   .host = "192.168.0.1",
			   .host_network = true,
			   .deleting = true,
			   .ports = ports};
	struct made new = old, third = old;

	new.name = "new";
	third.name = "third";
	new.deleting = false;
	for (int i = 0; i < 2; i++) { /* whoever is put first */
		put(d, i ? new : old);
		put(d, i ? old : new);
		put(d, third);
		expect(d, "192.168.0.1", 7880, "pod! calls/new new n1");
		remove_json(d, PODS, pod_of(&new));
		expect(d, "192.168.0.1", 7880, "node /  n1"); /* which of the two? */
		remove_json(d, PODS, pod_of(&third));
		expect(d, "192.168.0.1", 7880, "pod! calls/old old n1");
		remove_json(d, PODS, pod_of(&old));
	}
	third.deleting = false;
	put(d, old);
	put(d, new);
	put(d, third);
	expect(d, "192.168.0.1", 7880, "node /  n1");
}

static void test_nodes(void **state)
{
	struct jb_directory *d = *state;
	char host[32];

	/* Two nodes of one address: whose it is, isn't clear, but that it is a node's. */
	put(d, (struct made){.name = "a", .ip = "10.1.0.1", .node = "n1", .host = "192.168.0.1"});
	put(d, (struct made){.name = "b", .ip = "10.1.0.2", .node = "n2", .host = "192.168.0.1"});
	expect(d, "192.168.0.1", 80, "node /  ");
	/* A node keeps few addresses. */
	for (int i = 0; i < 20; i++) {
		snprintf(host, sizeof(host), "192.168.1.%d", i + 1);
		put(d, (struct made){.name = "a", .ip = "10.1.0.1", .node = "n3", .host = host});
		put(d, (struct made){.name = "c", .ip = "10.1.0.3", .node = "n3", .host = host});
		expect(d, host, 80, "node /  n3");
	}
	expect(d, "192.168.1.10", 80, "nobody");
	/* No node has an address that all hosts have. */
	put(d, (struct made){.name = "d", .ip = "127.0.0.1", .node = "n4", .host = "::1"});
	put(d, (struct made){.name = "e", .ip = "0.0.0.0", .node = "n4", .host = "::"});
	expect(d, "127.0.0.1", 80, "nobody");
	expect(d, "::1", 80, "nobody");
	expect(d, "0.0.0.0", 80, "nobody");
}

static void test_services(void **state)
{
	struct jb_directory *d = *state;

	put_service(d, "web",
		    "{\"spec\":{\"clusterIP\":\"10.96.0.1\",\"clusterIPs\":[\"10.96.0.1\","
		    "\"fd02::1\"],\"externalIPs\":[\"203.0.113.7\"]},\"status\":{"
		    "\"loadBalancer\":{\"ingress\":[{\"ip\":\"203.0.113.8\"},"
		    "{\"hostname\":\"x\"}]}}}");
	put_service(d, "headless", "{\"spec\":{\"clusterIP\":\"None\",\"clusterIPs\":[\"None\"]}}");
	put_service(d, "alias", "{\"spec\":{\"type\":\"ExternalName\"}}");
	expect(d, "10.96.0.1", 443, "service calls/ web ");
	expect(d, "fd02::1", 443, "service calls/ web ");
	expect(d, "203.0.113.7", 443, "service calls/ web ");
	expect(d, "203.0.113.8", 443, "service calls/ web ");
	assert_int_equal(jb_directory_counts(d).services, 1);
	/* Shared by two: whose a connection is, the address doesn't tell. */
	put_service(d, "other", "{\"spec\":{\"externalIPs\":[\"203.0.113.8\"]}}");
	expect(d, "203.0.113.8", 443, "nobody");
	/* A pod's or node's address is its own, whatever a Service says. */
	put(d, (struct made){.name = "a", .ip = "203.0.113.7", .node = "n1", .host = "10.96.0.1"});
	expect(d, "203.0.113.7", 443, "pod calls/a a n1");
	expect(d, "10.96.0.1", 443, "node /  n1");
	jb_directory_begin(d, SERVICES);
	put_service(d, "other", "{\"spec\":{\"externalIPs\":[\"203.0.113.8\"]}}");
	jb_directory_end(d, SERVICES);
	expect(d, "203.0.113.8", 443, "service calls/ other ");
	expect(d, "fd02::1", 443, "nobody");
	expect(d, "203.0.113.7", 443, "pod calls/a a n1");
}

static void test_a_pod_and_a_service_of_one_name(void **state)
{
	struct jb_directory *d = *state;

	put(d, (struct made){.name = "web", .ip = "10.1.0.1"});
	put_service(d, "web", "{\"spec\":{\"clusterIP\":\"10.96.0.1\"}}");
	put(d, (struct made){.namespace_ = "other", .name = "web", .ip = "10.1.0.2"});
	expect(d, "10.1.0.1", 1, "pod calls/web web ");
	expect(d, "10.1.0.2", 1, "pod other/web web ");
	expect(d, "10.96.0.1", 1, "service calls/ web ");
	remove_json(d, PODS, pod_of(&(struct made){.name = "web"}));
	expect(d, "10.1.0.1", 1, "nobody");
	expect(d, "10.1.0.2", 1, "pod other/web web ");
	expect(d, "10.96.0.1", 1, "service calls/ web ");
}

static void test_lists(void **state)
{
	struct jb_directory *d = *state;
	const struct made a = {.name = "a", .ip = "10.1.0.1"}, b = {.name = "b", .ip = "10.1.0.2"};

	put(d, a);
	put(d, b);
	jb_directory_begin(d, PODS);
	put(d, b);
	jb_directory_begin(d, PODS); /* the first one broke off */
	put(d, a);
	expect(d, "10.1.0.2", 1, "pod calls/b b ");
	jb_directory_end(d, PODS);
	expect(d, "10.1.0.1", 1, "pod calls/a a ");
	expect(d, "10.1.0.2", 1, "nobody");
}

static void test_refused(void **state)
{
	static const char *const pods[] = {
		"[]", "{}", "1", "{\"metadata\":{\"namespace\":\"calls\"}}",
		("{\"metadata\":{\"namespace\":\"calls\",\"name\":\"a\",\"uid\":\"u\"},"
		 "\"status\":{\"podIP\":\"x\"}}")};
	static const char *const services[] = {
		"[]", "{}", "1", "{\"metadata\":{\"namespace\":\"A\",\"name\":\"b\"}}"};
	struct jb_directory *d = *state;

	put(d, (struct made){.name = "a", .ip = "10.1.0.1"});
	for (size_t i = 0; i < sizeof(pods) / sizeof(*pods); i++)
		assert_int_equal(put_json(d, PODS, json_loads(pods[i], JSON_DECODE_ANY, NULL)),
				 -EBADMSG);
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		assert_int_equal(
			put_json(d, SERVICES, json_loads(services[i], JSON_DECODE_ANY, NULL)),
			-EBADMSG);
	expect(d, "10.1.0.1", 1, "nobody"); /* it isn't what it was */
	assert_int_equal(
		put_json(d, PODS,
			 json_loads("{\"metadata\":{\"namespace\":\"calls\",\"name\":\"a\","
				    "\"uid\":\"u\"},\"spec\":{\"containers\":[1,{\"name\":"
				    "\"a\",\"ports\":[1,{\"hostPort\":\"x\"},{\"hostPort\":"
				    "70000}]}]},\"status\":{\"podIPs\":[1,{\"ip\":[]},{\"ip"
				    "\":\"x\"}],\"hostIPs\":7}}",
				    0, NULL)),
		0);
}

static void test_room(void **state)
{
	struct jb_directory *d;
	char name[32], ip[32], error[JB_PODS_LINE];
	int kept = 0, err = 0;
	json_t *object;

	(void)state;
	assert_int_equal(jb_directory_new(&d, 20000), 0);
	for (; !err && kept < 1000; kept += !err) {
		snprintf(name, sizeof(name), "p%d", kept);
		snprintf(ip, sizeof(ip), "10.1.%d.%d", kept / 250, kept % 250 + 1);
		object = pod_of(&(struct made){.name = name, .ip = ip, .node = "n1"});
		err = jb_directory_put(d, PODS, object, error);
		json_decref(object);
	}
	assert_int_equal(err, -ENOSPC);
	assert_non_null(strstr(error, name));
	assert_non_null(strstr(error, ": no room for it"));
	assert_in_range(kept, 50, 150);
	assert_in_range(jb_directory_counts(d).bytes, 19000, 20000 + 1024);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		remove_json(d, PODS, pod_of(&(struct made){.name = name}));
	}
	put(d, (struct made){.name = "x", .ip = "10.1.9.9", .node = "n1"});
	expect(d, "10.1.9.9", 1, "pod calls/x x n1");
	jb_directory_free(d);
}

static size_t taken_by_malloc(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* As a cluster of 20,000 pods is; says what a pod takes. */
static void test_what_a_pod_takes(void **state)
{
	char name[80], ip[32], node[40], host[32], owner[40];
	size_t before = taken_by_malloc(), told, taken;
	struct jb_directory *d;

	(void)state;
	assert_int_equal(jb_directory_new(&d, 64 << 20), 0);
	for (int i = 0; i < 20000; i++) {
		snprintf(owner, sizeof(owner), "workload-%d", i / 10);
		snprintf(name, sizeof(name), "workload-%d-7f9c6d5b4-%05x", i / 10, i);
		snprintf(ip, sizeof(ip), "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
		snprintf(node, sizeof(node), "ip-10-0-%d-%d.ec2.internal", i / 40 / 250,
			 i / 40 % 250);
		snprintf(host, sizeof(host), "192.168.%d.%d", i / 40 / 250, i / 40 % 250 + 1);
		put(d, (struct made){.namespace_ = i % 3 ? "production" : "staging",
				     .name = name,
				     .ip = ip,
				     .node = node,
				     .host = host,
				     .owner = owner});
	}
	told = jb_directory_counts(d).bytes;
	taken = taken_by_malloc() - before;
	print_message("%zu octets a pod, told as %zu\n", taken / 20000, told / 20000);
	assert_in_range(told, 20000 * 100, 20000 * 230);
	if (taken) /* a sanitizer's malloc doesn't tell */
		assert_in_range(taken, told * 9 / 10, told * 11 / 10);
	jb_directory_free(d);
}

/* Against a plain array, with all changes by chance. */
static void test_at_random(void **state)
{
	enum { PODS_MAX = 40, ADDRESSES = 20 };
	struct jb_directory *d = *state;
	int address[PODS_MAX], n, at, claims, last = 0;
	char name[16], ip[32], wanted[64];
	struct jb_random random = {7};

	memset(address, 0xff, sizeof(address));
	for (int i = 0; i < 20000; i++) {
		n = (int)jb_random_below(&random, PODS_MAX);
		at = (int)jb_random_below(&random, ADDRESSES);
		snprintf(name, sizeof(name), "p%d", n);
		snprintf(ip, sizeof(ip), "10.1.0.%d", at);
		if (jb_random_below(&random, 3)) {
			put(d, (struct made){.name = name, .ip = ip});
			address[n] = at;
		} else {
			remove_json(d, PODS, pod_of(&(struct made){.name = name}));
			address[n] = -1;
		}
		for (claims = 0, n = 0; n < PODS_MAX; n++) {
			if (address[n] != at)
				continue;
			claims++;
			last = n;
		}
		snprintf(wanted, sizeof(wanted), "pod calls/p%d p%d ", last, last);
		if (claims < 2)
			expect(d, ip, 1, claims ? wanted : "nobody");
	}
	jb_directory_begin(d, PODS);
	jb_directory_end(d, PODS);
	assert_int_equal(jb_directory_counts(d).pods, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pods_by_address),
		TEST(test_an_address_that_two_claim),
		TEST(test_pods_at_their_nodes_addresses),
		TEST(test_a_port_of_a_pod_and_its_successor),
		TEST(test_nodes),
		TEST(test_services),
		TEST(test_a_pod_and_a_service_of_one_name),
		TEST(test_lists),
		TEST(test_refused),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_what_a_pod_takes),
		TEST(test_at_random),
	};

	jb_directory_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
