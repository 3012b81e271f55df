/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Far ends: their round trips, and the requests that wait for one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "base/hash.h"
#include "mesh/join_private.h"

struct jb_join_remote_key jb_join_key_address(enum jb_tcp_leg leg, const union jb_ip *address,
					      __u16 port)
{
	return (struct jb_join_remote_key){
		.far = *address,
		.port = leg == JB_LEG_PLAIN_OUT ? port : 0,
		.leg = (__u8)leg,
	};
}

static __u64 hash_text(__u64 h, const char *text)
{
	size_t len = strlen(text);

	return jb_hash_octets(jb_mix(h, len), text, len);
}

struct jb_join_remote_key jb_join_key_client(const struct jb_mesh_join *join, enum jb_tcp_leg leg,
					     const struct jb_who *client)
{
	struct jb_join_remote_key key = {.leg = (__u8)leg};
	__u64 seeds[2] = {join->options.seed, ~join->options.seed};

	for (int i = 0; i < 2; i++)
		key.far.half[i] = hash_text(hash_text(seeds[i], client->namespace_),
					    client->workload);
	return key;
}

/* Seeded, for the addresses are the choice of who is talked to. */
static unsigned int hash_of(const struct jb_join_remote_key *key, __u64 seed)
{
	__u64 h = jb_mix(seed, key->far.half[0]);

	h = jb_mix(h, key->far.half[1]);
	return (unsigned int)jb_mix(h, (__u64)key->port << 8 | key->leg);
}

struct jb_join_remote *jb_join_remote_find(const struct jb_mesh_join *join,
					   const struct jb_join_pod *pod,
					   const struct jb_join_remote_key *key)
{
	unsigned int hash = hash_of(key, join->options.seed);
	struct jb_join_remote *remote;

	HASH_FIND_BYHASHVALUE(hh, pod->remotes, key, sizeof(*key), hash, remote);
	return remote;
}

static void stop_waiting(struct jb_join_pod *pod, struct jb_join_remote *remote)
{
	pod->waiting -= !!remote->waiting.edge;
	remote->waiting = (struct jb_join_waiting){};
}

static void forget(struct jb_join_pod *pod, struct jb_join_remote *remote)
{
	stop_waiting(pod, remote);
	HASH_DEL(pod->remotes, remote);
	DL_DELETE(pod->idlest, remote);
	free(remote);
}

static struct jb_join_remote *add(struct jb_mesh_join *join, struct jb_join_pod *pod,
				  const struct jb_join_remote_key *key)
{
	unsigned int hash = hash_of(key, join->options.seed);
	struct jb_join_remote *remote = calloc(1, sizeof(*remote));

	if (remote) {
		remote->key = *key;
		HASH_ADD_BYHASHVALUE(hh, pod->remotes, key, sizeof(remote->key), hash, remote);
	}
	if (remote && remote->hh.tbl) {
		DL_APPEND(pod->idlest, remote);
		return remote;
	}
	free(remote);
	join->lost++;
	return NULL;
}

struct jb_join_remote *jb_join_remote_get(struct jb_mesh_join *join, struct jb_join_pod *pod,
					  const struct jb_join_remote_key *key)
{
	struct jb_join_remote *remote = jb_join_remote_find(join, pod, key);

	if (remote) {
		DL_DELETE(pod->idlest, remote);
		DL_APPEND(pod->idlest, remote);
		return remote;
	}
	if (HASH_COUNT(pod->remotes) >= join->options.max_remotes)
		forget(pod, pod->idlest);
	return add(join, pod, key);
}

void jb_join_remotes_free(struct jb_join_pod *pod)
{
	struct jb_join_remote *remote, *next;

	HASH_CLEAR(hh, pod->remotes);
	DL_FOREACH_SAFE(pod->idlest, remote, next)
	free(remote);
	pod->idlest = NULL;
}

/* 0: none is known yet. */
static double round_trip_us(struct jb_join_remote *remote)
{
	if (remote->rtts)
		remote->mean_us = (double)remote->rtt_us / (double)remote->rtts;
	remote->rtt_us = 0;
	remote->rtts = 0;
	return remote->mean_us;
}

static void add_network(struct jb_join_edge *edge, double requests, double mean_us, __u64 page)
{
	double ns = requests * mean_us * 1e3;

	jb_join_add(&edge->told.network_requests, &edge->rest.network_requests, requests);
	jb_join_add(&edge->told.network_ns, &edge->rest.network_ns, ns);
	if (edge->page.number != page)
		return;
	edge->page.network_requests += requests;
	edge->page.network_ns += ns;
	ns = edge->page.network_ns / edge->page.network_requests;
	edge->told.network_s = isfinite(ns) ? ns / 1e9 : NAN;
}

/* One edge has all the requests to a far end; should pages name it twice, the first one waits. */
static void wait_for_one(struct jb_join_pod *pod, struct jb_join_remote *remote,
			 struct jb_join_edge *edge, double requests, __u64 page, __u64 now_ns)
{
	struct jb_join_waiting *waiting = &remote->waiting;

	if (!waiting->edge) {
		*waiting = (struct jb_join_waiting){.edge = edge, .since_ns = now_ns};
		pod->waiting++;
	}
	if (waiting->edge != edge)
		return;
	waiting->requests += requests;
	if (waiting->page < page)
		waiting->page = page;
}

void jb_join_remote_requests(const struct jb_join_reading *r, struct jb_join_remote *remote,
			     struct jb_join_edge *edge, double requests)
{
	double mean_us = round_trip_us(remote);

	if (mean_us > 0)
		add_network(edge, requests, mean_us, r->page);
	else
		wait_for_one(r->pod, remote, edge, requests, r->page, r->now_ns);
}

void jb_join_remotes_settle(const struct jb_mesh_join *join, struct jb_join_pod *pod, __u64 now_ns)
{
	struct jb_join_remote *remote;

	DL_FOREACH(pod->idlest, remote)
	{
		struct jb_join_waiting *waiting = &remote->waiting;
		double mean_us;

		if (!waiting->edge)
			continue;
		mean_us = round_trip_us(remote);
		if (mean_us > 0)
			add_network(waiting->edge, waiting->requests, mean_us, waiting->page);
		else if (now_ns < waiting->since_ns + join->options.wait_ns)
			continue;
		stop_waiting(pod, remote);
	}
}
