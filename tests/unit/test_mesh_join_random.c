/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The join at random: no counter falls, none is lost, and nothing outgrows its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mesh_world.h"
#include "random.h"

enum { PODS = 6, EDGES = 256, ROUND_TRIP_US = 1000, NEWS = 300 };

/* All counters of an edge or a pod, as they were handed out. */
struct seen {
	char name[700];
	__u64 counter[64];
	unsigned int n;
};

static struct reading {
	struct seen of[EDGES];
	unsigned int n;
	__u64 successes, retransmitted, failed, kernel_bytes, proxy_bytes, bypass, network;
} before, after;

static __u64 see(struct seen *seen, const __u64 *counters, unsigned int n)
{
	__u64 sum = 0;

	assert_in_range(seen->n + n, 1, 64);
	for (unsigned int i = 0; i < n; i++) {
		seen->counter[seen->n++] = counters[i];
		sum += counters[i];
	}
	return sum;
}

static struct seen *next_seen(struct reading *r)
{
	assert_in_range(r->n, 0, EDGES - 1);
	r->of[r->n] = (struct seen){};
	return &r->of[r->n++];
}

static void see_edge(void *ctx, const struct jb_mesh_edge *edge)
{
	struct reading *r = ctx;
	struct seen *seen = next_seen(r);

	snprintf(seen->name, sizeof(seen->name), "%s %d %s/%s", edge->pod, edge->reporter,
		 edge->peer_namespace, edge->peer_workload);
	r->successes += see(seen, &edge->requests[0][0], 2 * JB_MESH_TLS_MAX);
	r->retransmitted += see(seen, &edge->retransmitted, 1);
	r->failed += see(seen, edge->failures, JB_TCP_FAILURE_MAX);
	r->network += see(seen, &edge->network_requests, 1);
	see(seen,
	    (__u64[]){edge->request_ns, edge->network_ns, edge->mtls_bytes, edge->other_bytes}, 4);
	assert_int_equal(edge->network_ns, edge->network_requests * ROUND_TRIP_US * 1000);
	assert_true(isnan(edge->network_s) || fabs(edge->network_s - 0.001) < 1e-9);
}

static void see_pod(void *ctx, const struct jb_mesh_pod *pod)
{
	struct reading *r = ctx;
	struct seen *seen = next_seen(r);

	snprintf(seen->name, sizeof(seen->name), "%s", pod->pod);
	r->kernel_bytes += see(seen, &pod->kernel_bytes[0][0], JB_LEG_MAX * JB_DIRECTION_MAX);
	r->proxy_bytes += see(seen, &pod->proxy_bytes[0][0], JB_LEG_MAX * JB_DIRECTION_MAX);
	r->bypass += see(seen, &pod->bypass[0][0], JB_BYPASS_MAX * JB_TCP_ROLE_MAX);
	see(seen, pod->plaintext_bytes, JB_LEG_MAX);
}

static void assert_grown(const struct seen *earlier)
{
	for (unsigned int i = 0; i < after.n; i++) {
		if (strcmp(after.of[i].name, earlier->name) != 0)
			continue;
		for (unsigned int c = 0; c < earlier->n; c++)
			assert_true(after.of[i].counter[c] >= earlier->counter[c]);
		return;
	}
	fail_msg("%s is gone", earlier->name);
}

/* Reads it all, and compares with the last time. */
static void read_all(void)
{
	before = after;
	memset(&after, 0, sizeof(after));
	jb_mesh_join_each_pod(join, see_pod, &after);
	jb_mesh_join_each_edge(join, see_edge, &after);
	for (unsigned int i = 0; i < before.n; i++)
		assert_grown(&before.of[i]);
}

/* What was told altogether. */
static struct told {
	__u64 successes, retransmitted, failed, kernel_bytes, proxy_bytes, bypass, responses;
} told;

static const char *random_pod(struct jb_random *random)
{
	static const char *const names[PODS] = {"web", "a", "b", "c", "d", "e"};

	return names[jb_random_below(random, PODS)];
}

static void tell_random_contact(struct jb_random *random)
{
	bool proxy = jb_random_below(random, 3);
	enum jb_tcp_leg leg = jb_random_below(random, JB_LEG_MAX);
	struct a_contact contact = a_contact(proxy ? JB_ROLE_PROXY : JB_ROLE_APP, leg,
					     jb_random_below(random, 12) + 1);
	struct jb_contact *kernel = &contact.kernel;
	bool in = leg == JB_LEG_MESH_IN || leg == JB_LEG_PLAIN_IN;
	bool out = leg == JB_LEG_MESH_OUT || leg == JB_LEG_PLAIN_OUT;

	contact.told.skipped = jb_random_below(random, 2);
	kernel->what = 1 << jb_random_below(random, 3);
	kernel->reason = jb_random_below(random, JB_TCP_FAILURE_MAX);
	kernel->role = jb_random_below(random, JB_TCP_ROLE_MAX + 1);
	kernel->uid = jb_random_below(random, 2) ? PROXY_UID : 1000;
	kernel->rtt_min_us = jb_random_below(random, 3) ? 0 : ROUND_TRIP_US;
	kernel->retransmitted_since = jb_random_below(random, 3);
	told.kernel_bytes += proxy ? 110 : 0;
	told.retransmitted += proxy && (in || out) ? kernel->retransmitted_since : 0;
	told.failed += proxy && out && kernel->what == JB_CONTACT_FAILED;
	told.bypass += !proxy && leg == JB_LEG_BYPASS && kernel->what == JB_CONTACT_OPENED &&
		       kernel->role < JB_TCP_ROLE_MAX;
	tell_of(random_pod(random), contact);
}

/* One, several, or none. */
static void know_random_client(struct jb_random *random)
{
	static const char *const names[] = {"peer-1", "peer-2", "peer-3",
					    "peer-4", "peer-5", "peer-6"};

	world.client = jb_random_below(random, 4) ? names[jb_random_below(random, 6)] : NULL;
	world.several = !jb_random_below(random, 8);
}

static struct jb_mesh_news inbound_at(enum jb_mesh_tls tls, __u16 port)
{
	struct jb_mesh_news news = inbound(tls, tls == JB_MESH_MUTUAL ? "peers" : "");

	news.far.target_port = port;
	return news;
}

static void tell_random_page(struct jb_random *random)
{
	struct jb_mesh_news news[NEWS];
	unsigned int n = jb_random_below(random, jb_random_below(random, 20) ? 8 : NEWS);

	for (unsigned int i = 0; i < n; i++) {
		double count = jb_random_below(random, 5);
		enum jb_mesh_tls tls = jb_random_below(random, JB_MESH_TLS_MAX);
		__u32 far = jb_random_below(random, 12) + 1;

		if (jb_random_below(random, 2))
			news[i] = outbound(far, tls, jb_random_below(random, 2) ? "voting" : "");
		else
			news[i] = inbound_at(tls, jb_random_below(random, 200));
		news[i] = octets(requests(news[i], count, count * 2.5), 3, 4);
		told.successes += (__u64)count;
		told.responses += (__u64)count;
		told.proxy_bytes += 7;
	}
	know_random_client(random);
	tell_page(random_pod(random), news, n);
}

/* Requests are told of an edge, or wait to be. */
static void assert_none_lost(void)
{
	struct jb_mesh_join_stats stats = jb_mesh_join_stats(join);

	assert_true(stats.unnamed <= 5 * JB_MESH_MAX_UNNAMED);
	assert_int_equal(after.successes + stats.unnamed_requests, told.successes);
}

static void test_random(void **state)
{
	struct jb_random random = {.state = 42};
	__u32 most_unnamed = 0;

	(void)state;
	options.max_pods = 4;
	options.destinations = 4;
	options.max_remotes = 24;
	restart();
	for (int turn = 0; turn < 2000; turn++) {
		for (int i = jb_random_below(&random, 20); i > 0; i--)
			tell_random_contact(&random);
		for (int i = jb_random_below(&random, 4); i > 0; i--)
			tell_random_page(&random);
		if (most_unnamed < jb_mesh_join_stats(join).unnamed)
			most_unnamed = jb_mesh_join_stats(join).unnamed;
		read_all();
		assert_none_lost();
		now += jb_random_below(&random, 12) * SECOND;
		know_random_client(&random);
		settle();
		read_all();
		assert_none_lost();
		assert_true(jb_mesh_join_stats(join).pods <= 5);
		assert_true(jb_mesh_join_stats(join).edges <= 5 * 2 * 5);
		assert_true(jb_mesh_join_stats(join).remotes <= 5 * 24);
	}
	assert_true(most_unnamed > JB_MESH_MAX_UNNAMED);
	now += JB_MESH_WAIT_NS;
	settle();
	read_all();
	assert_stats(unnamed, 0);
	assert_int_equal(after.successes, told.successes);
	assert_int_equal(after.retransmitted, told.retransmitted);
	assert_int_equal(after.failed, told.failed);
	assert_int_equal(after.kernel_bytes, told.kernel_bytes);
	assert_int_equal(after.proxy_bytes, told.proxy_bytes);
	assert_int_equal(after.bypass, told.bypass);
	assert_in_range(after.network, told.responses / 10, told.responses / 2);
	assert_true(jb_mesh_join_stats(join).folded > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
