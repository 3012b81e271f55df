/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The join, the kernel's side: octets of the proxies, what goes past them, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mesh_world.h"

static void test_a_pod_that_nothing_was_heard_of(void **state)
{
	struct jb_mesh_pod pod;

	(void)state;
	jb_mesh_join_pod(join, "ns", "web");
	jb_mesh_join_pod(join, "ns", "web");
	assert_stats(pods, 1);
	pod = web();
	assert_false(pod.asked);
	assert_false(pod.success);
	assert_false(pod.certificate_told);
	assert_string_equal(pod.error, "");
	assert_string_equal(pod.version, "");
	for (int leg = 0; leg < JB_LEG_MAX; leg++)
		assert_false(pod.legs[leg]);
	assert_stats(edges, 0);
	assert_stats(remotes, 0);
}

static void test_kernel_bytes(void **state)
{
	struct jb_mesh_pod pod;

	(void)state;
	for (int leg = 0; leg < JB_LEG_MAX; leg++)
		for (int i = 0; i <= leg; i++)
			tell(of_proxy(leg, 9));
	pod = web();
	for (int leg = 0; leg < JB_LEG_MAX; leg++) {
		assert_true(pod.legs[leg]);
		assert_int_equal(pod.kernel_bytes[leg][JB_INGRESS], 100 * (leg + 1));
		assert_int_equal(pod.kernel_bytes[leg][JB_EGRESS], 10 * (leg + 1));
		assert_int_equal(pod.plaintext_bytes[leg], 0);
		assert_int_equal(pod.proxy_bytes[leg][JB_INGRESS], 0);
	}
	/* Without a round trip, a retransmission or a failure nobody is asked who that is. */
	assert_int_equal(world.who_asked, 0);
	assert_stats(edges, 0);
	assert_stats(remotes, 0);
}

static void test_legs_without_octets_are_not_told(void **state)
{
	struct a_contact contact = of_proxy(JB_LEG_MESH_OUT, 9);

	(void)state;
	contact.kernel.bytes[JB_INGRESS] = 0;
	contact.kernel.bytes[JB_EGRESS] = 0;
	tell(contact);
	assert_false(web().legs[JB_LEG_MESH_OUT]);
	contact.kernel.bytes[JB_INGRESS] = 1; /* one way is enough */
	tell(contact);
	assert_true(web().legs[JB_LEG_MESH_OUT]);
	contact.told.leg = JB_LEG_MESH_IN;
	contact.kernel.bytes[JB_INGRESS] = 0;
	contact.kernel.bytes[JB_EGRESS] = 1;
	tell(contact);
	assert_true(web().legs[JB_LEG_MESH_IN]);
}

/* The app's ends are not the proxy's. */
static void test_octets_of_apps(void **state)
{
	(void)state;
	for (int leg = 0; leg < JB_LEG_MAX; leg++)
		tell(of_app(leg));
	for (int leg = 0; leg < JB_LEG_MAX; leg++) {
		assert_false(web().legs[leg]);
		assert_int_equal(web().kernel_bytes[leg][JB_INGRESS], 0);
		assert_int_equal(web().plaintext_bytes[leg], leg == JB_LEG_BYPASS ? 110 : 0);
	}
}

static void assert_bypass(enum jb_mesh_bypass reason, enum jb_tcp_role role, __u64 n)
{
	struct jb_mesh_pod pod = web();

	assert_int_equal(pod.bypass[reason][role], n);
}

static __u64 all_bypass(void)
{
	struct jb_mesh_pod pod = web();
	__u64 sum = 0;

	for (int r = 0; r < JB_BYPASS_MAX; r++)
		for (int role = 0; role < JB_TCP_ROLE_MAX; role++)
			sum += pod.bypass[r][role];
	return sum;
}

static struct a_contact bypass(enum jb_tcp_role role)
{
	struct a_contact contact = of_app(JB_LEG_BYPASS);

	contact.kernel.role = role;
	return contact;
}

/* Until a connection was seen to be redirected, in that direction; what was told stays. */
static void test_no_rules_or_skipped_port(void **state)
{
	(void)state;
	tell_opened(bypass(JB_TCP_CLIENT));
	tell_opened(bypass(JB_TCP_SERVER));
	assert_bypass(JB_BYPASS_NO_RULES, JB_TCP_CLIENT, 1);
	assert_bypass(JB_BYPASS_NO_RULES, JB_TCP_SERVER, 1);
	tell(of_proxy(JB_LEG_APP_OUT, 9));
	tell_opened(bypass(JB_TCP_CLIENT));
	tell_opened(bypass(JB_TCP_SERVER));
	assert_bypass(JB_BYPASS_NO_RULES, JB_TCP_CLIENT, 1);
	assert_bypass(JB_BYPASS_SKIPPED_PORT, JB_TCP_CLIENT, 1);
	assert_bypass(JB_BYPASS_NO_RULES, JB_TCP_SERVER, 2);
	tell(of_proxy(JB_LEG_PLAIN_IN, 9));
	tell_opened(bypass(JB_TCP_SERVER));
	assert_bypass(JB_BYPASS_NO_RULES, JB_TCP_SERVER, 2);
	assert_bypass(JB_BYPASS_SKIPPED_PORT, JB_TCP_SERVER, 1);
	assert_int_equal(all_bypass(), 5);
	assert_int_equal(web().plaintext_bytes[JB_LEG_BYPASS], 5 * 110);
}

static void test_what_shows_that_there_are_rules(void **state)
{
	static const struct {
		enum jb_mesh_role role;
		enum jb_tcp_leg leg;
		enum jb_tcp_role shown;
	} cases[] = {
		{JB_ROLE_APP, JB_LEG_APP_OUT, JB_TCP_CLIENT},
		{JB_ROLE_UNKNOWN, JB_LEG_APP_OUT, JB_TCP_CLIENT},
		{JB_ROLE_PROXY, JB_LEG_MESH_IN, JB_TCP_SERVER},
		{JB_ROLE_PROXY, JB_LEG_APP_IN, JB_TCP_ROLE_MAX},
		{JB_ROLE_PROXY, JB_LEG_MESH_OUT, JB_TCP_ROLE_MAX},
		{JB_ROLE_PROXY, JB_LEG_PLAIN_OUT, JB_TCP_ROLE_MAX},
		{JB_ROLE_APP, JB_LEG_LOOPBACK, JB_TCP_ROLE_MAX},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		restart();
		tell(a_contact(cases[i].role, cases[i].leg, 9));
		for (enum jb_tcp_role role = 0; role < JB_TCP_ROLE_MAX; role++) {
			tell_opened(bypass(role));
			assert_bypass(JB_BYPASS_SKIPPED_PORT, role, cases[i].shown == role);
			assert_bypass(JB_BYPASS_NO_RULES, role, cases[i].shown != role);
		}
	}
}

/* The pod's own settings say so, whatever was seen. */
static void test_skipped_by_settings(void **state)
{
	struct a_contact contact = bypass(JB_TCP_SERVER);

	(void)state;
	contact.told.skipped = true;
	tell_opened(contact);
	assert_bypass(JB_BYPASS_SKIPPED_PORT, JB_TCP_SERVER, 1);
	assert_int_equal(all_bypass(), 1);
}

static void test_proxy_uid(void **state)
{
	struct a_contact contact = bypass(JB_TCP_CLIENT), proxy = of_proxy(JB_LEG_MESH_OUT, 9);

	(void)state;
	contact.kernel.uid = 2102;
	contact.told.skipped = true; /* is not asked */
	tell_opened(contact);
	assert_bypass(JB_BYPASS_PROXY_UID, JB_TCP_CLIENT, 1);
	contact.kernel.role = JB_TCP_SERVER; /* rules of the way in know no user */
	tell_opened(contact);
	assert_bypass(JB_BYPASS_SKIPPED_PORT, JB_TCP_SERVER, 1);
	proxy.kernel.uid = 100777;
	tell(proxy);
	contact.kernel.role = JB_TCP_CLIENT;
	contact.told.skipped = false;
	tell_opened(contact);
	assert_bypass(JB_BYPASS_NO_RULES, JB_TCP_CLIENT, 1);
	contact.kernel.uid = 100777;
	tell_opened(contact);
	assert_bypass(JB_BYPASS_PROXY_UID, JB_TCP_CLIENT, 2);
	assert_int_equal(all_bypass(), 4);
}

/* All that leaves such a pod goes past a proxy that it hasn't. */
static void test_host_network(void **state)
{
	struct a_contact contact = a_contact(JB_ROLE_UNMESHED, JB_LEG_DIRECT, 9);

	(void)state;
	contact.told.host_network = true;
	contact.kernel.uid = PROXY_UID;
	tell_opened(contact);
	contact.told.role = JB_ROLE_APP;
	contact.told.leg = JB_LEG_BYPASS;
	contact.kernel.role = JB_TCP_SERVER;
	tell_opened(contact);
	contact.told.leg = JB_LEG_LOOPBACK;
	tell_opened(contact);
	assert_bypass(JB_BYPASS_HOST_NETWORK, JB_TCP_CLIENT, 1);
	assert_bypass(JB_BYPASS_HOST_NETWORK, JB_TCP_SERVER, 1);
	assert_int_equal(all_bypass(), 2);
	assert_int_equal(web().plaintext_bytes[JB_LEG_BYPASS], 2 * 110);
}

static void test_what_is_no_new_bypass(void **state)
{
	struct a_contact contact = bypass(JB_TCP_CLIENT);

	(void)state;
	contact.kernel.what = JB_CONTACT_CLOSED;
	tell(contact);
	contact.kernel.what = JB_CONTACT_FAILED;
	tell(contact);
	tell_opened(bypass(JB_TCP_ROLE_MAX)); /* older than the agent */
	assert_int_equal(web().plaintext_bytes[JB_LEG_BYPASS], 3 * 110);
	for (int leg = 0; leg < JB_LEG_BYPASS; leg++)
		tell_opened(of_app(leg));
	tell_opened(of_proxy(JB_LEG_BYPASS, 9)); /* somebody reads the proxy's page */
	assert_int_equal(web().plaintext_bytes[JB_LEG_BYPASS], 3 * 110);
	assert_int_equal(all_bypass(), 0);
}

static void test_retransmissions(void **state)
{
	(void)state;
	tell_retransmitted(JB_LEG_MESH_OUT, 9, 3);
	tell_retransmitted(JB_LEG_PLAIN_OUT, 9, 4);
	tell_retransmitted(JB_LEG_MESH_IN, 9, 50);
	tell_retransmitted(JB_LEG_PLAIN_IN, 8, 60);
	tell_retransmitted(JB_LEG_APP_OUT, 9, 100);
	tell_retransmitted(JB_LEG_APP_IN, 9, 100);
	tell_retransmitted(JB_LEG_BYPASS, 9, 100);
	tell_retransmitted(JB_LEG_UNKNOWN, 9, 100);
	assert_int_equal(to("peer-9").retransmitted, 7);
	assert_int_equal(from("peer-9").retransmitted, 50);
	assert_int_equal(from("peer-8").retransmitted, 60);
	assert_stats(edges, 3);
	assert_int_equal(to("peer-9").network_requests, 0);
	assert_true(isnan(to("peer-9").latency_s));
	assert_true(isnan(to("peer-9").network_s));
	assert_stats(folded, 0);
}

static void test_failed_connects(void **state)
{
	struct a_contact contact = of_proxy(JB_LEG_MESH_OUT, 9);

	(void)state;
	contact.kernel.what = JB_CONTACT_FAILED;
	for (int i = 0; i < JB_TCP_FAILURE_MAX; i++) {
		contact.kernel.reason = i;
		contact.told.leg = i % 2 ? JB_LEG_MESH_OUT : JB_LEG_PLAIN_OUT;
		for (int n = 0; n <= i; n++)
			tell(contact);
	}
	contact.kernel.reason = JB_TCP_FAILURE_MAX;
	tell(contact);
	contact.kernel.reason = JB_TCP_REFUSED;
	contact.kernel.what = JB_CONTACT_CLOSED; /* the same number means `orderly` */
	tell(contact);
	contact.kernel.what = JB_CONTACT_FAILED;
	contact.told.leg = JB_LEG_APP_IN;
	tell(contact);
	for (int i = 0; i < JB_TCP_FAILURE_MAX; i++)
		assert_int_equal(to("peer-9").failures[i], i + 1);
	assert_stats(edges, 1);
	assert_stats(remotes, 0);
}

/* The page knows the workload by the labels that its requests have. */
static void test_named_by_the_page(void **state)
{
	struct a_contact contact = of_proxy(JB_LEG_MESH_OUT, 9);

	(void)state;
	strange(0, 9, "", JB_WHO_CLUSTER);
	tell_retransmitted(JB_LEG_MESH_OUT, 9, 1);
	tell_news(requests(outbound(9, JB_MESH_MUTUAL, "voting"), 1, 1));
	tell_retransmitted(JB_LEG_MESH_OUT, 9, 20);
	contact.kernel.what = JB_CONTACT_FAILED;
	contact.kernel.reason = JB_TCP_NO_ANSWER;
	tell(contact);
	tell_retransmitted(JB_LEG_PLAIN_OUT, 9, 300); /* that wasn't named */
	assert_int_equal(edge_of("web", JB_MESH_SOURCE, "", JB_WHO_CLUSTER).retransmitted, 301);
	assert_int_equal(to("voting").retransmitted, 20);
	assert_int_equal(to("voting").failures[JB_TCP_NO_ANSWER], 1);
}

/* What the page doesn't name is asked for each time: it may have got a name. */
static void test_named_later(void **state)
{
	(void)state;
	strange(0, 9, "", JB_WHO_CLUSTER);
	tell_news(requests(outbound(9, JB_MESH_MUTUAL, ""), 1, 1));
	strange(0, 9, "peers", "voting");
	tell_retransmitted(JB_LEG_MESH_OUT, 9, 20);
	assert_int_equal(edge_of("web", JB_MESH_SOURCE, "", JB_WHO_CLUSTER).retransmitted, 0);
	assert_int_equal(to("voting").retransmitted, 20);
}

/* A page that tells of octets alone names as well. */
static void test_named_without_requests(void **state)
{
	(void)state;
	tell_news(octets(outbound(9, JB_MESH_MUTUAL, "voting"), 1, 1));
	tell_news(octets(outbound(8, JB_MESH_MUTUAL, ""), 1, 1));
	assert_stats(remotes, 1);
	tell_retransmitted(JB_LEG_MESH_OUT, 9, 20);
	assert_int_equal(to("voting").retransmitted, 20);
	assert_stats(edges, 2);
}

static void test_names_of_bypass(void **state)
{
	(void)state;
	assert_string_equal(jb_mesh_bypass_names[JB_BYPASS_SKIPPED_PORT], "skipped_port");
	assert_string_equal(jb_mesh_bypass_names[JB_BYPASS_NO_RULES], "no_rules");
	assert_string_equal(jb_mesh_bypass_names[JB_BYPASS_PROXY_UID], "proxy_uid");
	assert_string_equal(jb_mesh_bypass_names[JB_BYPASS_HOST_NETWORK], "host_network");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_pod_that_nothing_was_heard_of),
		TEST(test_kernel_bytes),
		TEST(test_legs_without_octets_are_not_told),
		TEST(test_octets_of_apps),
		TEST(test_no_rules_or_skipped_port),
		TEST(test_what_shows_that_there_are_rules),
		TEST(test_skipped_by_settings),
		TEST(test_proxy_uid),
		TEST(test_host_network),
		TEST(test_what_is_no_new_bypass),
		TEST(test_retransmissions),
		TEST(test_failed_connects),
		TEST(test_named_by_the_page),
		TEST(test_named_later),
		TEST(test_named_without_requests),
		TEST(test_names_of_bypass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
