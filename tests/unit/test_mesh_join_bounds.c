/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The join with more of everything than there is room for, and pods that go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mesh_world.h"

static struct jb_mesh_news to_workload(const char *prefix, __u32 n)
{
	char workload[32];

	snprintf(workload, sizeof(workload), "%s-%u", prefix, n);
	return requests(outbound(n, JB_MESH_MUTUAL, workload), 1, 1);
}

static __u64 successes(const struct jb_mesh_edge *edge)
{
	__u64 sum = 0;

	for (int tls = 0; tls < JB_MESH_TLS_MAX; tls++)
		sum += edge->requests[tls][JB_MESH_CLASS_SUCCESS];
	return sum;
}

static void test_destinations(void **state)
{
	struct jb_mesh_edge other;

	(void)state;
	for (__u32 n = 1; n <= 16; n++)
		tell_news(to_workload("voting", n));
	assert_stats(edges, 16);
	assert_stats(folded, 0);
	tell_news(to_workload("voting", 17));
	tell_news(to_workload("voting", 18));
	assert_stats(edges, 17);
	assert_stats(folded, 2);
	other = edge_of("web", JB_MESH_SOURCE, "", "~other");
	assert_int_equal(successes(&other), 2);
	tell_news(to_workload("voting", 16)); /* has its place */
	assert_int_equal(successes((struct jb_mesh_edge[]){to("voting-16")}), 2);
	assert_stats(folded, 2);
	/* the kernel's figures follow */
	tell_retransmitted(JB_LEG_MESH_OUT, 17, 5);
	tell_retransmitted(JB_LEG_PLAIN_OUT, 99, 6);
	tell_retransmitted(JB_LEG_MESH_OUT, 16, 7);
	other = edge_of("web", JB_MESH_SOURCE, "", "~other");
	assert_int_equal(other.retransmitted, 11);
	assert_int_equal(to("voting-16").retransmitted, 7);
	assert_stats(folded, 4);
	/* and so does the network's time */
	tell_rtt(JB_LEG_MESH_OUT, 17, 3000);
	settle();
	other = edge_of("web", JB_MESH_SOURCE, "", "~other");
	assert_network(&other, 1, 3000000);
}

/* The other reporter's edges and other pods have places of their own. */
static void test_places(void **state)
{
	(void)state;
	options.destinations = 1;
	restart();
	tell_news(to_workload("voting", 1));
	world.client = "gateway";
	tell_news(requests(inbound(JB_MESH_MUTUAL, "peers"), 1, 1));
	tell_page("emoji", (struct jb_mesh_news[]){to_workload("voting", 2)}, 1);
	assert_stats(folded, 0);
	world.client = "another";
	tell_news(requests(inbound(JB_MESH_MUTUAL, "peers"), 1, 1));
	assert_stats(folded, 1);
	edge_of("web", JB_MESH_DESTINATION, "", "~other");
	edge_of("emoji", JB_MESH_SOURCE, "peers", "voting-2");
	assert_stats(edges, 4);
	assert_false(jb_mesh_join_find(join, "ns", "web", JB_MESH_SOURCE, "peers", "another",
				       (struct jb_mesh_edge[1]){}));
	assert_false(jb_mesh_join_find(join, "ns", "nobody", JB_MESH_SOURCE, "peers", "voting-1",
				       (struct jb_mesh_edge[1]){}));
}

/* A workload of that name takes no place, and is the same. */
static void test_a_workload_named_other(void **state)
{
	(void)state;
	options.destinations = 1;
	restart();
	strange(0, 1, "", "~other");
	tell_retransmitted(JB_LEG_MESH_OUT, 1, 1);
	tell_retransmitted(JB_LEG_MESH_OUT, 2, 1);
	tell_retransmitted(JB_LEG_MESH_OUT, 3, 1);
	assert_int_equal(edge_of("web", JB_MESH_SOURCE, "", "~other").retransmitted, 2);
	assert_int_equal(to("peer-2").retransmitted, 1);
}

static void test_pods(void **state)
{
	struct jb_mesh_pod other;

	(void)state;
	options.max_pods = 2;
	restart();
	jb_mesh_join_pod(join, "ns", "a");
	jb_mesh_join_pod(join, "ns", "b");
	assert_stats(pods, 2);
	jb_mesh_join_pod(join, "ns", "c"); /* is told of as well */
	assert_stats(pods, 3);
	assert_stats(folded, 0);
	tell_of("c", of_proxy(JB_LEG_MESH_OUT, 9));
	tell_of("d", of_proxy(JB_LEG_MESH_OUT, 9));
	tell_of("b", of_proxy(JB_LEG_MESH_OUT, 9));
	tell_page("c", (struct jb_mesh_news[]){to_workload("voting", 9)}, 1);
	other = get_pod("", "~other");
	assert_int_equal(other.kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 200);
	assert_int_equal(get_pod("ns", "b").kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 100);
	assert_int_equal(edge_of("~other", JB_MESH_SOURCE, "peers", "voting-9").request_ns,
			 1000000);
	assert_stats(folded, 3);
	assert_stats(pods, 3);
	assert_false(has_pod("ns", "c", &other));
}

/* Who is the client is asked of the pod itself; there is no latest page of many. */
static void test_pages_of_pods_without_place(void **state)
{
	struct jb_mesh_target target = {.namespace_ = "ns", .pod = "b"};
	struct jb_mesh_facts facts = {
		.certificate_expiry_s = 5, .certificate_refresh_errors = 2, .version = "1"};
	struct jb_mesh_news news = requests(inbound(JB_MESH_MUTUAL, "peers"), 1, 1);
	struct jb_mesh_result result = {
		.target = &target, .error = "", .bytes = 9, .facts = &facts, &news, 1};
	struct jb_mesh_pod other;

	(void)state;
	options.max_pods = 1;
	restart();
	jb_mesh_join_pod(join, "ns", "a");
	jb_mesh_join_result(join, &result, now);
	assert_string_equal(world.client_question.namespace_, "ns");
	assert_string_equal(world.client_question.pod, "b");
	result.failure = JB_MESH_TIMEOUT;
	result.error = "late";
	result.facts = NULL;
	jb_mesh_join_result(join, &result, now);
	other = get_pod("", "~other");
	assert_int_equal(other.failures[JB_MESH_FINE], 1);
	assert_int_equal(other.failures[JB_MESH_TIMEOUT], 1);
	assert_int_equal(other.certificate_refresh_errors, 2);
	assert_true(other.certificate_told);
	assert_false(other.asked);
	assert_string_equal(other.error, "");
	assert_string_equal(other.version, "");
	assert_true(other.certificate_expiry_s == 0);
	assert_int_equal(other.scrape_bytes, 0);
}

static bool is_alive(void *ctx, const char *namespace_, const char *pod)
{
	assert_string_equal(namespace_, "ns");
	return strcmp(pod, ctx) != 0;
}

static void sweep(char *gone)
{
	jb_mesh_join_sweep(join, is_alive, gone);
}

/* With its far ends and what waited there; its successor begins anew. */
static void test_sweep(void **state)
{
	struct jb_mesh_pod pod;

	(void)state;
	for (char c = 'a'; c <= 'c'; c++) {
		char name[] = {c, '\0'};

		tell_page(name, (struct jb_mesh_news[]){to_workload("voting", 9)}, 1);
		tell_of(name, of_proxy(JB_LEG_MESH_OUT, 9));
	}
	sweep("b");
	assert_stats(pods, 2);
	assert_stats(edges, 2);
	assert_stats(remotes, 2);
	assert_false(has_pod("ns", "b", &pod));
	now += JB_MESH_WAIT_NS;
	settle();
	jb_mesh_join_pod(join, "ns", "b");
	assert_int_equal(get_pod("ns", "b").kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 0);
	assert_int_equal(get_pod("ns", "c").kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 100);
}

/* Room for another; what ~other has it keeps. */
static void test_sweep_makes_room(void **state)
{
	(void)state;
	options.max_pods = 1;
	restart();
	jb_mesh_join_pod(join, "ns", "a");
	tell_of("b", of_proxy(JB_LEG_MESH_OUT, 9));
	sweep("a");
	tell_of("b", of_proxy(JB_LEG_MESH_OUT, 9));
	assert_int_equal(get_pod("ns", "b").kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 100);
	assert_int_equal(get_pod("", "~other").kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 100);
}

/* Only without namespace it is the one of many. */
static void test_a_pod_named_other(void **state)
{
	(void)state;
	jb_mesh_join_pod(join, "ns", "~other");
	jb_mesh_join_pod(join, "", "web");
	get_pod("ns", "~other");
	get_pod("", "web");
	jb_mesh_join_pod(join, "", "~other");
	get_pod("", "~other");
	tell(of_proxy(JB_LEG_MESH_OUT, 9));
	assert_int_equal(get_pod("", "~other").kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 0);
	assert_stats(folded, 0);
}

static void test_long_names(void **state)
{
	char namespace_[200], pod[600];
	struct a_contact contact = of_proxy(JB_LEG_MESH_OUT, 9);

	(void)state;
	memset(namespace_, 'n', sizeof(namespace_) - 1);
	memset(pod, 'p', sizeof(pod) - 1);
	namespace_[sizeof(namespace_) - 1] = pod[sizeof(pod) - 1] = '\0';
	contact.told.namespace_ = namespace_;
	contact.told.pod = pod;
	tell(contact);
	namespace_[63] = pod[253] = '\0';
	assert_int_equal(get_pod(namespace_, pod).kernel_bytes[JB_LEG_MESH_OUT][JB_INGRESS], 100);
}

static void test_lost(void **state)
{
	(void)state;
	jb_mesh_join_lost(join);
	jb_mesh_join_lost(join);
	assert_stats(lost, 2);
	assert_stats(pods, 0);
	restart();
}

static void note_name(void *ctx, const struct jb_mesh_pod *pod)
{
	strcat(ctx, pod->pod);
}

static void test_order(void **state)
{
	char names[64] = "";

	(void)state;
	options.max_pods = 3;
	restart();
	jb_mesh_join_pod(join, "ns", "c");
	jb_mesh_join_pod(join, "ns", "a");
	jb_mesh_join_pod(join, "ns", "d");
	jb_mesh_join_pod(join, "ns", "b");
	sweep("a");
	jb_mesh_join_pod(join, "ns", "e");
	jb_mesh_join_each_pod(join, note_name, names);
	assert_string_equal(names, "cde~other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_destinations),
		TEST(test_places),
		TEST(test_a_workload_named_other),
		TEST(test_pods),
		TEST(test_pages_of_pods_without_place),
		TEST(test_sweep),
		TEST(test_sweep_makes_room),
		TEST(test_a_pod_named_other),
		TEST(test_long_names),
		TEST(test_lost),
		TEST(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
