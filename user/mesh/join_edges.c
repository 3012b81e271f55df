/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The edges of a pod, as many as there is room for, and their counters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mesh/join_private.h"

/* A key with room for any, then the entry's own. */
struct key {
	char text[1 + sizeof(((struct jb_who *)0)->namespace_) +
		  sizeof(((struct jb_who *)0)->workload)];
	size_t length;
};

/* Appends at most size - 1 octets and a NUL. */
static void put(struct key *key, const char *text, size_t size)
{
	size_t n = strnlen(text, size - 1);

	memcpy(key->text + key->length, text, n);
	key->length += n + 1;
}

static struct key key_of(enum jb_mesh_reporter reporter, const char *namespace_,
			 const char *workload)
{
	struct key key = {.text = {(char)reporter}, .length = 1};

	put(&key, namespace_, sizeof(((struct jb_who *)0)->namespace_));
	put(&key, workload, sizeof(((struct jb_who *)0)->workload));
	return key;
}

static bool is_other(const char *namespace_, const char *workload)
{
	return !*namespace_ && !strcmp(workload, JB_JOIN_OTHER);
}

static struct jb_join_edge *find(const struct jb_join_pod *pod, const struct key *key)
{
	struct jb_join_edge *edge;

	HASH_FIND(hh, pod->edges, key->text, key->length, edge);
	return edge;
}

struct jb_join_edge *jb_join_edge_find(const struct jb_join_pod *pod,
				       enum jb_mesh_reporter reporter, const char *namespace_,
				       const char *workload)
{
	struct key key = key_of(reporter, namespace_, workload);

	return find(pod, &key);
}

static struct jb_join_edge *edge_new(const struct jb_join_pod *pod, const struct key *key)
{
	struct jb_join_edge *edge = calloc(1, sizeof(*edge) + key->length);
	const char *namespace_;

	if (!edge)
		return NULL;
	memcpy(edge->key, key->text, key->length);
	namespace_ = edge->key + 1;
	edge->told = (struct jb_mesh_edge){
		.namespace_ = pod->told.namespace_,
		.pod = pod->told.pod,
		.reporter = (enum jb_mesh_reporter)edge->key[0],
		.peer_namespace = namespace_,
		.peer_workload = namespace_ + strlen(namespace_) + 1,
		.latency_s = NAN,
		.network_s = NAN,
	};
	return edge;
}

static struct jb_join_edge *add(struct jb_mesh_join *join, struct jb_join_pod *pod,
				const struct key *key)
{
	struct jb_join_edge *edge = edge_new(pod, key);

	if (edge)
		HASH_ADD_KEYPTR(hh, pod->edges, edge->key, key->length, edge);
	if (edge && edge->hh.tbl)
		return edge;
	free(edge);
	join->lost++;
	return NULL;
}

static struct jb_join_edge *get_other(struct jb_mesh_join *join, struct jb_join_pod *pod,
				      enum jb_mesh_reporter reporter)
{
	struct key key = key_of(reporter, "", JB_JOIN_OTHER);
	struct jb_join_edge *edge = find(pod, &key);

	return edge ? edge : add(join, pod, &key);
}

struct jb_join_edge *jb_join_edge_get(struct jb_mesh_join *join, struct jb_join_pod *pod,
				      enum jb_mesh_reporter reporter, const struct jb_who *peer)
{
	struct key key = key_of(reporter, peer->namespace_, peer->workload);
	struct jb_join_edge *edge = find(pod, &key);

	if (edge)
		return edge;
	if (is_other(peer->namespace_, peer->workload) ||
	    pod->places[reporter] >= join->options.destinations)
		return get_other(join, pod, reporter);
	edge = add(join, pod, &key);
	pod->places[reporter] += !!edge;
	return edge;
}

void jb_join_edges_free(struct jb_join_pod *pod)
{
	struct jb_join_edge *edge = pod->edges, *next;

	HASH_CLEAR(hh, pod->edges);
	for (; edge; edge = next) {
		next = edge->hh.next;
		free(edge);
	}
}

void jb_join_count_folded(struct jb_mesh_join *join, const struct jb_join_pod *pod,
			  const struct jb_join_edge *edge)
{
	const struct jb_mesh_edge *told = edge ? &edge->told : NULL;

	join->folded += pod == join->other ||
			(told && is_other(told->peer_namespace, told->peer_workload));
}

void jb_join_who(const struct jb_mesh_join *join, const union jb_ip *address, __u16 port,
		 struct jb_who *ret)
{
	const struct jb_mesh_asked *asked = &join->options.asked;

	*ret = (struct jb_who){};
	asked->who(asked->ctx, address, port, ret);
	if (!*ret->workload)
		strcpy(ret->workload, JB_WHO_UNKNOWN);
}

void jb_join_add(__u64 *counter, double *rest, double more)
{
	__u64 whole;

	if (!(more > 0)) /* nor if it is no number */
		return;
	if (more > 0x1p63)
		more = 0x1p63;
	whole = (__u64)more;
	*rest += more - (double)whole;
	if (*rest >= 1) {
		*rest -= 1;
		whole++;
	}
	*counter = whole > ~0ULL - *counter ? ~0ULL : *counter + whole;
}
