/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the page tells of the mesh, by the join of what proxies and the kernel have told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "mesh/join.h"
#include "mesh/trust.h"
#include "page_text.h"

#define MESH          "jitterbug_mesh_"
#define WEB           "{namespace=\"shop\",pod=\"web-0\",container=\"\""
#define OTHER         "{namespace=\"\",pod=\"~other\",container=\"\""
#define TO(workload)  ",reporter=\"source\",dst_namespace=\"data\",dst_workload=\"" workload "\""
#define FROM(client)  ",reporter=\"destination\",src_namespace=\"data\",src_workload=\"" client "\""
#define ANSWERED(tls) ",tls=\"" tls "\",classification=\"success\"} "
#define FAILED(tls)   ",tls=\"" tls "\",classification=\"failure\"} "

static struct jb_mesh_join *mesh;
static struct jb_mesh_join_options options;

static void who(void *ctx, const union jb_ip *address, __u16 port, struct jb_who *ret)
{
	(void)ctx;
	(void)address;
	(void)port;
	*ret = (struct jb_who){.namespace_ = "data", .workload = "re\"dis"};
}

static enum jb_mesh_client client(void *ctx, const char *namespace_, const char *pod,
				  enum jb_tcp_leg leg, const char *client_namespace, __u16 port,
				  struct jb_who *ret)
{
	(void)ctx;
	(void)namespace_;
	(void)pod;
	(void)leg;
	(void)client_namespace;
	(void)port;
	*ret = (struct jb_who){.namespace_ = "data", .workload = "caller"};
	return JB_CLIENT_KNOWN;
}

static void restart(void)
{
	jb_mesh_join_free(mesh);
	mesh = NULL;
	assert_int_equal(jb_mesh_join_new(&mesh, &options), 0);
	page.mesh = mesh;
}

static int setup_mesh(void **state)
{
	options = (struct jb_mesh_join_options){.asked = {who, client, NULL},
						.max_pods = 8,
						.destinations = 8,
						.max_remotes = 8,
						.wait_ns = JB_MESH_WAIT_NS,
						.seed = 1};
	setup(state);
	restart();
	return 0;
}

static int teardown_mesh(void **state)
{
	jb_mesh_join_free(mesh);
	mesh = NULL;
	return teardown(state);
}

/* --- what proxies tell */

static struct jb_mesh_news outbound(const char *workload, enum jb_mesh_tls tls)
{
	struct jb_mesh_news news = {.far = {.side = JB_MESH_OUTBOUND_DST,
					    .tls = tls,
					    .target_port = 6379,
					    .namespace_ = "data"}};

	news.far.target.word[2] = htonl(0xffff);
	news.far.target.word[3] = htonl(0x0a010203);
	snprintf(news.far.workload, sizeof(news.far.workload), "%s", workload);
	return news;
}

static struct jb_mesh_news inbound(enum jb_mesh_tls tls)
{
	return (struct jb_mesh_news){.far = {.side = JB_MESH_INBOUND_SRC, .tls = tls}};
}

static struct jb_mesh_news requests(struct jb_mesh_news news, double successes, double failures,
				    double ms)
{
	news.by[JB_MESH_SUCCESSES] = successes;
	news.by[JB_MESH_FAILURES] = failures;
	news.by[JB_MESH_RESPONSES] = successes + failures;
	news.by[JB_MESH_RESPONSE_MS] = ms;
	return news;
}

static struct jb_mesh_news octets(struct jb_mesh_news news, double read, double written)
{
	news.by[JB_MESH_READ] = read;
	news.by[JB_MESH_WRITTEN] = written;
	return news;
}

/* In 1.5 s; of 2,000 octets. */
static void tell(const char *pod, struct jb_mesh_facts facts, const struct jb_mesh_news *news)
{
	struct jb_mesh_target target = {.namespace_ = "shop"};
	struct jb_mesh_result result = {.target = &target,
					.error = "",
					.bytes = 2000,
					.duration_ns = 1500000000,
					.facts = &facts,
					.news = news,
					.n_news = news ? 1 : 0};

	snprintf(target.pod, sizeof(target.pod), "%s", pod);
	jb_mesh_join_result(mesh, &result, JB_SECOND_NS);
}

static void tell_news(struct jb_mesh_news news)
{
	tell("web-0", (struct jb_mesh_facts){}, &news);
}

static void tell_failure(enum jb_mesh_failure failure)
{
	struct jb_mesh_target target = {.namespace_ = "shop", .pod = "web-0"};
	struct jb_mesh_result result = {
		.target = &target, .failure = failure, .error = "403", .duration_ns = 1};

	jb_mesh_join_result(mesh, &result, JB_SECOND_NS);
}

/* --- what the kernel tells */

static struct jb_contact a_contact(enum jb_tcp_role role)
{
	struct jb_contact contact = {.remote_port = 6379, .role = role, .uid = 1000};

	contact.remote.word[2] = htonl(0xffff);
	contact.remote.word[3] = htonl(0x0a010203);
	return contact;
}

static void tell_contact(enum jb_mesh_role role, enum jb_tcp_leg leg, bool host_network,
			 const struct jb_contact *contact)
{
	static const struct jb_who server = {.namespace_ = "data", .workload = "re\"dis"};
	static const struct jb_who caller = {.namespace_ = "data", .workload = "caller"};
	bool in = leg == JB_LEG_MESH_IN || leg == JB_LEG_PLAIN_IN;
	const struct jb_mesh_contact told = {.namespace_ = "shop",
					     .pod = "web-0",
					     .role = role,
					     .leg = leg,
					     .host_network = host_network,
					     .peer = in ? &caller : &server,
					     .contact = contact};

	jb_mesh_join_contact(mesh, &told);
}

/* Past the proxy, of 100 octets in and 10 out. */
static void tell_opened(enum jb_tcp_leg leg, enum jb_tcp_role role, bool host_network)
{
	struct jb_contact contact = a_contact(role);

	contact.what = JB_CONTACT_OPENED;
	contact.bytes[JB_INGRESS] = 100;
	contact.bytes[JB_EGRESS] = 10;
	tell_contact(JB_ROLE_APP, leg, host_network, &contact);
}

static void tell_proxys(enum jb_tcp_leg leg, __u32 rtt_us, __u32 retransmitted)
{
	struct jb_contact contact = a_contact(JB_TCP_CLIENT);

	contact.rtt_min_us = rtt_us;
	contact.retransmitted_since = retransmitted;
	contact.bytes[JB_EGRESS] = 70;
	tell_contact(JB_ROLE_PROXY, leg, false, &contact);
}

static void tell_refused(void)
{
	struct jb_contact contact = a_contact(JB_TCP_CLIENT);

	contact.what = JB_CONTACT_FAILED;
	contact.reason = JB_TCP_REFUSED;
	tell_contact(JB_ROLE_PROXY, JB_LEG_PLAIN_OUT, false, &contact);
}

/* --- edges */

#define REQUESTS MESH "edge_requests_total" WEB

static void test_requests(void **state)
{
	(void)state;
	tell_news(requests(outbound("redis", JB_MESH_MUTUAL), 7, 3, 1250));
	tell_news(requests(outbound("redis", JB_MESH_OPAQUE), 2, 0, 0.000001));
	tell_news(requests(inbound(JB_MESH_PLAIN), 0, 5, 20));
	render(JB_EXPOSITION_TEXT);
	assert_line(REQUESTS TO("redis") ANSWERED("true") "7");
	assert_line(REQUESTS TO("redis") FAILED("true") "3");
	assert_line(REQUESTS TO("redis") ANSWERED("opaque") "2");
	assert_line(REQUESTS TO("redis") FAILED("opaque") "0");
	assert_line(REQUESTS FROM("caller") ANSWERED("false") "0");
	assert_line(REQUESTS FROM("caller") FAILED("false") "5");
	assert_int_equal(count(REQUESTS), 6);
	assert_line(MESH "edge_request_seconds_total" WEB TO("redis") "} 1.250000001");
	assert_line(MESH "edge_request_seconds_total" WEB FROM("caller") "} 0.02");
	assert_int_equal(count(MESH "edge_request_seconds_total{"), 2);
	assert_line("# TYPE jitterbug_mesh_edge_requests_total counter");
}

static void test_network(void **state)
{
	(void)state;
	tell_proxys(JB_LEG_MESH_OUT, 2500, 4);
	tell_news(requests(outbound("redis", JB_MESH_MUTUAL), 6, 4, 1000));
	tell_news(requests(inbound(JB_MESH_MUTUAL), 5, 0, 20)); /* no round trip yet */
	tell_proxys(JB_LEG_MESH_OUT, 0, 3);
	render(JB_EXPOSITION_TEXT);
	assert_line(MESH "edge_network_seconds_total" WEB TO("redis") "} 0.025");
	assert_line(MESH "edge_network_requests_total" WEB TO("redis") "} 10");
	assert_line(MESH "edge_network_seconds_total" WEB FROM("caller") "} 0.0");
	assert_line(MESH "edge_network_requests_total" WEB FROM("caller") "} 0");
	assert_line(MESH "edge_retransmitted_segments_total" WEB TO("redis") "} 3");
	assert_line(MESH "edge_retransmitted_segments_total" WEB FROM("caller") "} 0");
	/* those before the page said who that is */
	assert_line(MESH "edge_retransmitted_segments_total" WEB TO("re\\\"dis") "} 4");
}

/* What passes is no HTTP: of requests there is nothing to tell. */
static void test_edge_without_requests(void **state)
{
	(void)state;
	tell_news(octets(outbound("redis", JB_MESH_MUTUAL), 50, 60));
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(MESH "edge_"), 1);
	assert_line(MESH "edge_retransmitted_segments_total" WEB TO("redis") "} 0");
}

#define FAILURES MESH "edge_connect_failures_total" WEB TO("re\\\"dis")

static void test_connect_failures(void **state)
{
	(void)state;
	tell_news(octets(outbound("redis", JB_MESH_PLAIN), 50, 60));
	tell_news(octets(inbound(JB_MESH_PLAIN), 50, 60));
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(MESH "edge_connect_failures"), 0);
	restart();
	tell_refused();
	tell_refused();
	tell_news(octets(inbound(JB_MESH_PLAIN), 50, 60));
	render(JB_EXPOSITION_TEXT);
	assert_line(FAILURES ",reason=\"refused\"} 2");
	assert_line(FAILURES ",reason=\"timeout\"} 0");
	assert_line(FAILURES ",reason=\"unreachable\"} 0");
	assert_line(FAILURES ",reason=\"reset\"} 0");
	assert_line(FAILURES ",reason=\"local\"} 0");
	assert_int_equal(count(MESH "edge_connect_failures_total{"), JB_TCP_FAILURE_MAX);
}

/* --- pods */

#define BYPASS    MESH "bypass_connections_total" WEB
#define PLAINTEXT MESH "plaintext_bytes_total" WEB
#define PROXY     MESH "proxy_bytes_total" WEB
#define KERNEL    MESH "kernel_bytes_total" WEB

/* All that may be, from 0; and nothing of what nobody has told. */
static void test_pod_that_nothing_was_heard_of(void **state)
{
	(void)state;
	jb_mesh_join_pod(mesh, "shop", "web-0");
	render(JB_EXPOSITION_TEXT);
	assert_line(BYPASS ",reason=\"skipped_port\",role=\"client\"} 0");
	assert_line(BYPASS ",reason=\"skipped_port\",role=\"server\"} 0");
	assert_line(BYPASS ",reason=\"no_rules\",role=\"client\"} 0");
	assert_line(BYPASS ",reason=\"no_rules\",role=\"server\"} 0");
	assert_line(BYPASS ",reason=\"proxy_uid\",role=\"client\"} 0");
	assert_line(BYPASS ",reason=\"proxy_uid\",role=\"server\"} 0");
	assert_line(PLAINTEXT ",leg=\"plain_out\"} 0");
	assert_line(PLAINTEXT ",leg=\"plain_in\"} 0");
	assert_line(PLAINTEXT ",leg=\"bypass\"} 0");
	assert_int_equal(count(MESH), 9);
	assert_line("jitterbug_agent_mesh_pods 1");
}

static void test_bypass(void **state)
{
	(void)state;
	tell_opened(JB_LEG_BYPASS, JB_TCP_CLIENT, false);
	tell_opened(JB_LEG_BYPASS, JB_TCP_CLIENT, false);
	tell_opened(JB_LEG_BYPASS, JB_TCP_SERVER, false);
	render(JB_EXPOSITION_TEXT);
	assert_line(BYPASS ",reason=\"no_rules\",role=\"client\"} 2");
	assert_line(BYPASS ",reason=\"no_rules\",role=\"server\"} 1");
	assert_int_equal(count(BYPASS), 6);
	assert_line(PLAINTEXT ",leg=\"bypass\"} 330");
}

/* It has no proxy that could have any other reason, or leg. */
static void test_bypass_in_the_nodes_network(void **state)
{
	(void)state;
	tell_opened(JB_LEG_DIRECT, JB_TCP_SERVER, true);
	render(JB_EXPOSITION_TEXT);
	assert_line(BYPASS ",reason=\"host_network\",role=\"client\"} 0");
	assert_line(BYPASS ",reason=\"host_network\",role=\"server\"} 1");
	assert_line(PLAINTEXT ",leg=\"bypass\"} 110");
	assert_int_equal(count(MESH), 3);
}

static void assert_all_bypasses(void)
{
	render(JB_EXPOSITION_TEXT);
	assert_line(BYPASS ",reason=\"host_network\",role=\"server\"} 1");
	assert_int_equal(count(BYPASS), 8);
	assert_int_equal(count(PLAINTEXT), 3);
}

/* As ~other may be: pods of either kind together. */
static void test_bypass_of_both_kinds(void **state)
{
	(void)state;
	tell_opened(JB_LEG_DIRECT, JB_TCP_SERVER, true);
	tell_opened(JB_LEG_BYPASS, JB_TCP_CLIENT, false);
	assert_all_bypasses();
	restart();
	tell_opened(JB_LEG_DIRECT, JB_TCP_SERVER, true);
	tell_failure(JB_MESH_TIMEOUT);
	assert_all_bypasses();
	restart();
	tell_opened(JB_LEG_DIRECT, JB_TCP_SERVER, true);
	tell_proxys(JB_LEG_MESH_OUT, 0, 0);
	assert_all_bypasses();
}

static void test_octets(void **state)
{
	(void)state;
	tell_news(octets(outbound("redis", JB_MESH_MUTUAL), 50, 60));
	tell_news(octets(outbound("redis", JB_MESH_PLAIN), 7, 8));
	tell_news(octets(outbound("redis", JB_MESH_OPAQUE), 1, 2));
	tell_news(octets(inbound(JB_MESH_PLAIN), 3, 4));
	tell_proxys(JB_LEG_MESH_OUT, 0, 0);
	tell_proxys(JB_LEG_APP_OUT, 0, 0);
	render(JB_EXPOSITION_TEXT);
	assert_line(PROXY ",leg=\"mesh_out\",direction=\"ingress\"} 50");
	assert_line(PROXY ",leg=\"mesh_out\",direction=\"egress\"} 60");
	assert_line(PROXY ",leg=\"plain_out\",direction=\"ingress\"} 8");
	assert_line(PROXY ",leg=\"plain_out\",direction=\"egress\"} 10");
	assert_line(PROXY ",leg=\"plain_in\",direction=\"ingress\"} 3");
	assert_line(PROXY ",leg=\"app_out\",direction=\"ingress\"} 0");
	assert_int_equal(count(PROXY), 8);
	assert_line(KERNEL ",leg=\"mesh_out\",direction=\"ingress\"} 0");
	assert_line(KERNEL ",leg=\"mesh_out\",direction=\"egress\"} 70");
	assert_line(KERNEL ",leg=\"app_out\",direction=\"egress\"} 70");
	assert_line(KERNEL ",leg=\"plain_in\",direction=\"egress\"} 0");
	assert_int_equal(count(KERNEL), 8);
	assert_line(PLAINTEXT ",leg=\"plain_out\"} 15");
	assert_line(PLAINTEXT ",leg=\"plain_in\"} 7");
	assert_line(PLAINTEXT ",leg=\"bypass\"} 0");
	assert_int_equal(count(PLAINTEXT), 3);
}

static void test_certificates(void **state)
{
	const struct jb_mesh_facts facts = {.certificate_expiry_s = 1999999999,
					    .certificate_refresh_errors = 3,
					    .version = "edge-26.8\"",
					    .skipped = 5};

	(void)state;
	tell("db-0", (struct jb_mesh_facts){}, NULL);
	tell("web-0", facts, NULL);
	render(JB_EXPOSITION_TEXT);
	assert_line(MESH "certificate_expiry_timestamp_seconds" WEB "} 1999999999.0");
	assert_line(MESH "certificate_refresh_errors_total" WEB "} 3");
	assert_line(MESH "proxy_info" WEB ",version=\"edge-26.8\\\"\"} 1");
	assert_line("# TYPE jitterbug_mesh_proxy_info gauge");
	/* nothing of the one that doesn't tell */
	assert_int_equal(count(MESH "certificate_"), 2);
	assert_int_equal(count(MESH "proxy_info"), 1);
	assert_int_equal(count(MESH "scrape_success{"), 2);
	assert_line("jitterbug_agent_mesh_skipped_total 5");
}

#define ANCHOR MESH "trust_anchor_expiry_timestamp_seconds"

static void test_trust_anchors(void **state)
{
	static const struct jb_trust_anchor anchors[] = {
		{"CN=root.linkerd.cluster.local", "01AF", 2000000000},
		{"CN=a\\,b \"c\"", "02", -1},
	};

	(void)state;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(ANCHOR), 0);
	page.anchors = anchors;
	page.n_anchors = 2;
	render(JB_EXPOSITION_TEXT);
	assert_line(ANCHOR
		    "{subject=\"CN=root.linkerd.cluster.local\",serial=\"01AF\"} 2000000000.0");
	assert_line(ANCHOR "{subject=\"CN=a\\\\,b \\\"c\\\"\",serial=\"02\"} -1.0");
	assert_int_equal(count(ANCHOR), 2);
}

/* --- scrapes */

#define SCRAPE MESH "scrape_"

static void test_scrapes(void **state)
{
	(void)state;
	tell("web-0", (struct jb_mesh_facts){}, NULL);
	render(JB_EXPOSITION_TEXT);
	assert_line(SCRAPE "success" WEB "} 1");
	assert_line(SCRAPE "bytes" WEB "} 2000");
	assert_line(SCRAPE "seconds" WEB "} 1.5");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"unreachable\"} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"timeout\"} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"forbidden\"} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"status\"} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"not_metrics\"} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"broken\"} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"too_large\"} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"no_memory\"} 0");
	assert_int_equal(count(SCRAPE "failures_total{"), JB_MESH_FAILURE_MAX - 1);
	tell_failure(JB_MESH_FORBIDDEN);
	render(JB_EXPOSITION_TEXT);
	assert_line(SCRAPE "success" WEB "} 0");
	assert_line(SCRAPE "bytes" WEB "} 2000");
	assert_line(SCRAPE "seconds" WEB "} 0.000000001");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"forbidden\"} 1");
}

static void test_page_that_was_never_read(void **state)
{
	(void)state;
	tell_failure(JB_MESH_UNREACHABLE);
	render(JB_EXPOSITION_TEXT);
	assert_line(SCRAPE "success" WEB "} 0");
	assert_line(SCRAPE "failures_total" WEB ",reason=\"unreachable\"} 1");
	assert_int_equal(count(SCRAPE "bytes"), 0);
}

/* --- all together */

/* Sums, and nothing of what there can't be one of. */
static void test_more_pods_than_room(void **state)
{
	const struct jb_mesh_facts facts = {.certificate_expiry_s = 1999999999,
					    .certificate_refresh_errors = 3,
					    .version = "edge-26.8"};
	struct jb_mesh_news news = requests(outbound("redis", JB_MESH_MUTUAL), 7, 3, 10);

	(void)state;
	options.max_pods = 1;
	restart();
	tell("web-0", (struct jb_mesh_facts){}, NULL);
	tell("web-1", facts, &news);
	tell("web-2", facts, &news);
	render(JB_EXPOSITION_TEXT);
	assert_line(MESH "edge_requests_total" OTHER TO("redis") ANSWERED("true") "14");
	assert_line(MESH "certificate_refresh_errors_total" OTHER "} 6");
	assert_line(SCRAPE "failures_total" OTHER ",reason=\"forbidden\"} 0");
	assert_int_equal(count(MESH "certificate_expiry"), 0);
	assert_int_equal(count(MESH "proxy_info"), 0);
	assert_int_equal(count(SCRAPE "success{"), 1);
	assert_line("jitterbug_agent_mesh_pods 2");
	assert_line("jitterbug_agent_mesh_edges 1");
	assert_line("jitterbug_agent_mesh_remotes 1");
	assert_line("jitterbug_agent_mesh_folded_total 2");
	assert_line("jitterbug_agent_mesh_lost_total 0");
}

/* One pod with something in each family. */
static void tell_all(void)
{
	static const struct jb_trust_anchor anchor = {"CN=root", "01", 2000000000};
	const struct jb_mesh_facts facts = {.certificate_expiry_s = 1999999999, .version = "2.18"};
	struct jb_mesh_news news = requests(outbound("redis", JB_MESH_MUTUAL), 7, 3, 10);

	tell("web-0", facts, &news);
	tell_refused();
	tell_proxys(JB_LEG_MESH_OUT, 2500, 4);
	page.anchors = &anchor;
	page.n_anchors = 1;
}

static void test_openmetrics(void **state)
{
	(void)state;
	tell_all();
	render(JB_EXPOSITION_OPENMETRICS);
	assert_line("# TYPE jitterbug_mesh_edge_requests counter");
	assert_line(REQUESTS TO("redis") ANSWERED("true") "7");
	assert_line("# TYPE jitterbug_mesh_edge_request_seconds counter");
	assert_line(MESH "edge_request_seconds_total" WEB TO("redis") "} 0.01");
	assert_line("# TYPE jitterbug_mesh_scrape_success gauge");
	assert_line(SCRAPE "success" WEB "} 1");
	assert_line("# TYPE jitterbug_mesh_trust_anchor_expiry_timestamp_seconds gauge");
	assert_line(ANCHOR "{subject=\"CN=root\",serial=\"01\"} 2000000000.0");
	assert_line("# TYPE jitterbug_agent_mesh_folded counter");
	assert_line("jitterbug_agent_mesh_folded_total 0");
	assert_string_equal(out.data + out.len - 6, "# EOF\n");
}

/* What the agent says of its page is what is on it; it says so of each family but its own. */
static void test_series_are_counted(void **state)
{
	static const char *const families[] = {"edge_requests",
					       "edge_request_seconds",
					       "edge_network_seconds",
					       "edge_network_requests",
					       "edge_retransmitted_segments",
					       "edge_connect_failures",
					       "bypass_connections",
					       "plaintext_bytes",
					       "proxy_bytes",
					       "kernel_bytes",
					       "certificate_expiry_timestamp_seconds",
					       "certificate_refresh_errors",
					       "trust_anchor_expiry_timestamp_seconds",
					       "proxy_info",
					       "scrape_success",
					       "scrape_bytes",
					       "scrape_seconds",
					       "scrape_failures"};
	enum { FAMILIES = sizeof(families) / sizeof(*families) };
	char name[128], line[160];

	(void)state;
	tell_all();
	render(JB_EXPOSITION_OPENMETRICS);
	for (int i = 0; i < FAMILIES; i++) {
		snprintf(name, sizeof(name), MESH "%s", families[i]);
		snprintf(line, sizeof(line), "# TYPE %s ", name);
		assert_int_equal(count(line), 1);
		assert_in_range(count(name), 1, 20);
		snprintf(line, sizeof(line), "jitterbug_agent_series{family=\"mesh_%s\"} ",
			 families[i]);
		assert_int_equal(count(line), 1);
	}
	assert_int_equal(count("# TYPE " MESH), FAMILIES);
	assert_int_equal(count("# TYPE jitterbug_agent_mesh_"), 6);
	assert_int_equal(count("jitterbug_agent_series{"), count("# TYPE ") - 1);
	assert_line("jitterbug_agent_series{family=\"mesh_edge_requests\"} 2");
	assert_line("jitterbug_agent_series{family=\"mesh_bypass_connections\"} 6");
	assert_line("jitterbug_agent_series{family=\"mesh_scrape_failures\"} 8");
	assert_line("jitterbug_agent_series{family=\"agent_mesh_pods\"} 1");
}

static void test_no_mesh(void **state)
{
	(void)state;
	tell_all();
	page.mesh = NULL;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(MESH), 0);
	assert_int_equal(count("jitterbug_agent_mesh"), 0);
}

static void test_no_pods(void **state)
{
	(void)state;
	render(JB_EXPOSITION_TEXT);
	assert_int_equal(count(MESH), 0);
	assert_line("jitterbug_agent_mesh_pods 0");
	assert_line("jitterbug_agent_mesh_edges 0");
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_mesh, teardown_mesh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_requests),
		TEST(test_network),
		TEST(test_edge_without_requests),
		TEST(test_connect_failures),
		TEST(test_pod_that_nothing_was_heard_of),
		TEST(test_bypass),
		TEST(test_bypass_in_the_nodes_network),
		TEST(test_bypass_of_both_kinds),
		TEST(test_octets),
		TEST(test_certificates),
		TEST(test_trust_anchors),
		TEST(test_scrapes),
		TEST(test_page_that_was_never_read),
		TEST(test_more_pods_than_room),
		TEST(test_openmetrics),
		TEST(test_series_are_counted),
		TEST(test_no_mesh),
		TEST(test_no_pods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
