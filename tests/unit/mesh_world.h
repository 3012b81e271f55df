/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The join in a world where the address N is pod-N of peers/peer-N unless the test says otherwise,
 * and nobody was heard of as a client unless the test names it, or tells of several. For the
 * programs that test the join: each includes it, with cmocka before it.
 */
#ifndef JITTERBUG_TESTS_MESH_WORLD_H
#define JITTERBUG_TESTS_MESH_WORLD_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "mesh/join.h"

enum { STRANGE = 8, PROXY_UID = 2102 };
#define SECOND JB_SECOND_NS

static struct {
	struct {
		__u32 address; /* 0: no such */
		const char *namespace_;
		const char *workload;
	} strange[STRANGE];
	const char *client; /* NULL: nobody knows */
	bool several;       /* of which it could be any */
	/* How they were asked last. */
	unsigned int who_asked, client_asked;
	__u16 who_port;
	struct {
		char namespace_[64], pod[254], of[64];
		enum jb_tcp_leg leg;
		__u16 port;
	} client_question;
} world;

static struct jb_mesh_join *join;
static struct jb_mesh_join_options options;
static __u64 now;

static inline union jb_ip address(__u32 n)
{
	return (union jb_ip){.word = {0, 0, htonl(0xffff), htonl(n)}};
}

static inline void strange(int i, __u32 n, const char *namespace_, const char *workload)
{
	world.strange[i].address = n;
	world.strange[i].namespace_ = namespace_;
	world.strange[i].workload = workload;
}

static inline void say(struct jb_who *ret, const char *namespace_, const char *workload)
{
	snprintf(ret->namespace_, sizeof(ret->namespace_), "%s", namespace_);
	snprintf(ret->workload, sizeof(ret->workload), "%s", workload);
}

/* Who has that address. */
static inline void name(__u32 n, struct jb_who *ret)
{
	char workload[32];

	snprintf(workload, sizeof(workload), "peer-%u", n);
	say(ret, "peers", workload);
	for (int i = 0; i < STRANGE; i++)
		if (world.strange[i].address == n && n)
			say(ret, world.strange[i].namespace_, world.strange[i].workload);
}

static inline void who(void *ctx, const union jb_ip *ip, __u16 port, struct jb_who *ret)
{
	assert_ptr_equal(ctx, &world);
	assert_string_equal(ret->workload, "");
	world.who_asked++;
	world.who_port = port;
	name(ntohl(ip->word[3]), ret);
}

static inline enum jb_mesh_client client(void *ctx, const char *namespace_, const char *pod,
					 enum jb_tcp_leg leg, const char *client_namespace,
					 __u16 port, struct jb_who *ret)
{
	assert_ptr_equal(ctx, &world);
	world.client_asked++;
	snprintf(world.client_question.namespace_, 64, "%s", namespace_);
	snprintf(world.client_question.pod, 254, "%s", pod);
	snprintf(world.client_question.of, 64, "%s", client_namespace);
	world.client_question.leg = leg;
	world.client_question.port = port;
	if (world.client)
		say(ret, "peers", world.client);
	if (world.several)
		return JB_CLIENT_SEVERAL;
	return world.client ? JB_CLIENT_KNOWN : JB_CLIENT_NONE;
}

/* --- what the kernel tells, of the pod ns/web */

struct a_contact {
	struct jb_contact kernel;
	struct jb_mesh_contact told;
	struct jb_who peer;
};

/* With the address `far`, of 100 octets in and 10 out. */
static inline struct a_contact a_contact(enum jb_mesh_role role, enum jb_tcp_leg leg, __u32 far)
{
	bool serves = leg == JB_LEG_MESH_IN || leg == JB_LEG_PLAIN_IN || leg == JB_LEG_APP_IN;
	struct a_contact made = {
		.kernel = {.remote = address(far),
			   .remote_port = leg == JB_LEG_MESH_OUT ? 4143 : 8080,
			   .bytes = {[JB_INGRESS] = 100, [JB_EGRESS] = 10},
			   .uid = role == JB_ROLE_PROXY ? PROXY_UID : 1000,
			   .role = serves ? JB_TCP_SERVER : JB_TCP_CLIENT},
		.told = {.namespace_ = "ns", .pod = "web", .role = role, .leg = leg},
	};

	name(far, &made.peer);
	return made;
}

static inline struct a_contact of_proxy(enum jb_tcp_leg leg, __u32 far)
{
	return a_contact(JB_ROLE_PROXY, leg, far);
}

static inline struct a_contact of_app(enum jb_tcp_leg leg)
{
	return a_contact(JB_ROLE_APP, leg, 9);
}

static inline void tell(struct a_contact contact)
{
	contact.told.contact = &contact.kernel;
	contact.told.peer = &contact.peer;
	jb_mesh_join_contact(join, &contact.told);
}

static inline void tell_of(const char *pod, struct a_contact contact)
{
	contact.told.pod = pod;
	tell(contact);
}

static inline void tell_rtt(enum jb_tcp_leg leg, __u32 far, __u32 rtt_us)
{
	struct a_contact contact = of_proxy(leg, far);

	contact.kernel.rtt_min_us = rtt_us;
	tell(contact);
}

static inline void tell_retransmitted(enum jb_tcp_leg leg, __u32 far, __u32 segments)
{
	struct a_contact contact = of_proxy(leg, far);

	contact.kernel.retransmitted = 1000 + segments;
	contact.kernel.retransmitted_since = segments;
	tell(contact);
}

/* A bypass that is opened. */
static inline void tell_opened(struct a_contact contact)
{
	contact.kernel.what = JB_CONTACT_OPENED;
	tell(contact);
}

/* --- what pages tell, of the pod ns/web unless the test says otherwise */

static inline struct jb_mesh_news outbound(__u32 far, enum jb_mesh_tls tls, const char *workload)
{
	struct jb_mesh_news news = {.far = {.target = far ? address(far) : (union jb_ip){},
					    .target_port = 8080,
					    .side = JB_MESH_OUTBOUND_DST,
					    .tls = tls}};

	snprintf(news.far.namespace_, sizeof(news.far.namespace_), "%s", *workload ? "peers" : "");
	snprintf(news.far.workload, sizeof(news.far.workload), "%s", workload);
	return news;
}

static inline struct jb_mesh_news inbound(enum jb_mesh_tls tls, const char *client_namespace)
{
	struct jb_mesh_news news = {
		.far = {.target_port = 8080, .side = JB_MESH_INBOUND_SRC, .tls = tls}};

	snprintf(news.far.namespace_, sizeof(news.far.namespace_), "%s", client_namespace);
	snprintf(news.far.workload, sizeof(news.far.workload), "%s",
		 *client_namespace ? "default" : "");
	return news;
}

/* n requests that were answered well, in ms altogether. */
static inline struct jb_mesh_news requests(struct jb_mesh_news news, double n, double ms)
{
	news.by[JB_MESH_SUCCESSES] = n;
	news.by[JB_MESH_RESPONSES] = n;
	news.by[JB_MESH_RESPONSE_MS] = ms;
	return news;
}

static inline struct jb_mesh_news octets(struct jb_mesh_news news, double read, double written)
{
	news.by[JB_MESH_READ] = read;
	news.by[JB_MESH_WRITTEN] = written;
	return news;
}

static inline void tell_page(const char *pod, const struct jb_mesh_news *news, size_t n)
{
	struct jb_mesh_target target = {.namespace_ = "ns"};
	struct jb_mesh_facts facts = {};
	struct jb_mesh_result result = {
		.target = &target, .error = "", .facts = &facts, .news = news, .n_news = n};

	snprintf(target.pod, sizeof(target.pod), "%s", pod);
	jb_mesh_join_result(join, &result, now);
}

static inline void tell_news(struct jb_mesh_news news)
{
	tell_page("web", &news, 1);
}

static inline void settle(void)
{
	jb_mesh_join_settle(join, now);
}

/* --- what is told of them */

struct looked_for {
	const char *namespace_, *pod;
	struct jb_mesh_pod found;
	unsigned int times;
};

static inline void look_at(void *ctx, const struct jb_mesh_pod *pod)
{
	struct looked_for *l = ctx;

	if (strcmp(pod->namespace_, l->namespace_) || strcmp(pod->pod, l->pod))
		return;
	l->found = *pod;
	l->times++;
}

static inline bool has_pod(const char *namespace_, const char *pod, struct jb_mesh_pod *ret)
{
	struct looked_for l = {.namespace_ = namespace_, .pod = pod};

	jb_mesh_join_each_pod(join, look_at, &l);
	assert_in_range(l.times, 0, 1);
	if (l.times)
		*ret = l.found;
	return l.times;
}

static inline struct jb_mesh_pod get_pod(const char *namespace_, const char *pod)
{
	struct jb_mesh_pod found;

	assert_true(has_pod(namespace_, pod, &found));
	return found;
}

static inline struct jb_mesh_pod web(void)
{
	return get_pod("ns", "web");
}

static inline struct jb_mesh_edge edge_of(const char *pod, enum jb_mesh_reporter reporter,
					  const char *peer_namespace, const char *peer)
{
	struct jb_mesh_edge edge;

	if (!jb_mesh_join_find(join, strcmp(pod, "~other") ? "ns" : "", pod, reporter,
			       peer_namespace, peer, &edge))
		fail_msg("no edge of %s to %s/%s", pod, peer_namespace, peer);
	assert_string_equal(edge.pod, pod);
	assert_int_equal(edge.reporter, reporter);
	assert_string_equal(edge.peer_namespace, peer_namespace);
	assert_string_equal(edge.peer_workload, peer);
	return edge;
}

static inline struct jb_mesh_edge to(const char *peer)
{
	return edge_of("web", JB_MESH_SOURCE, "peers", peer);
}

static inline struct jb_mesh_edge from(const char *peer)
{
	return edge_of("web", JB_MESH_DESTINATION, "peers", peer);
}

static inline void assert_network(const struct jb_mesh_edge *edge, __u64 n, __u64 ns)
{
	assert_int_equal(edge->network_requests, n);
	assert_int_equal(edge->network_ns, ns);
}

#define assert_mean(have, want) assert_true(fabs((have) - (want)) < 1e-12)
#define assert_stats(member, n) assert_int_equal(jb_mesh_join_stats(join).member, n)

/* With the options as they are now. */
static inline void restart(void)
{
	jb_mesh_join_free(join);
	join = NULL;
	assert_int_equal(jb_mesh_join_new(&join, &options), 0);
}

static inline int setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	options = (struct jb_mesh_join_options){
		.asked = {who, client, &world},
		.max_pods = JB_MESH_MAX_PODS,
		.destinations = 16,
		.max_remotes = JB_MESH_MAX_REMOTES,
		.wait_ns = JB_MESH_WAIT_NS,
		.seed = 0x5eed,
	};
	now = 1000 * SECOND;
	return jb_mesh_join_new(&join, &options);
}

static inline int teardown(void **state)
{
	(void)state;
	assert_int_equal(jb_mesh_join_stats(join).lost, 0);
	jb_mesh_join_free(join);
	join = NULL;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
