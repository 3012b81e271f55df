/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/mesh_pods.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct known {
	UT_hash_handle hh;
	struct jb_mesh_pod_facts facts;
	char key[JB_NAMESPACE_MAX + 1 + JB_POD_NAME_MAX + 1]; /* namespace, NUL, pod, NUL */
};

struct jb_mesh_pods {
	struct jb_pods *pods;
	struct known *known;
	struct jb_mesh_target *targets;
	size_t n_targets, room;
	int error; /* of the callback */
};

int jb_mesh_pods_new(struct jb_mesh_pods **ret, struct jb_pods *pods)
{
	struct jb_mesh_pods *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->pods = pods;
	*ret = made;
	return 0;
}

static void forget(struct jb_mesh_pods *pods)
{
	struct known *known = pods->known, *next;

	HASH_CLEAR(hh, pods->known);
	for (; known; known = next) {
		next = known->hh.next;
		free(known);
	}
	pods->n_targets = 0;
}

void jb_mesh_pods_free(struct jb_mesh_pods *pods)
{
	if (!pods)
		return;
	forget(pods);
	free(pods->targets);
	free(pods);
}

/* Returns its length. Shorter than the room, for the names are as long as Kubernetes has them. */
static size_t make_key(char *key, size_t size, const char *namespace_, const char *pod)
{
	return (size_t)snprintf(key, size, "%s%c%s", namespace_, '\0', pod) + 1;
}

static void keep(struct jb_mesh_pods *pods, const struct jb_pod *pod)
{
	struct known *known = calloc(1, sizeof(*known));
	size_t length;

	if (!known) {
		pods->error = -ENOMEM;
		return;
	}
	length = make_key(known->key, sizeof(known->key), pod->namespace_, pod->name);
	known->facts = (struct jb_mesh_pod_facts){
		.namespace_ = known->key,
		.pod = known->key + strlen(known->key) + 1,
		.meshed = pod->meshed,
		.wants_proxy = pod->asks_for_proxy && pod->host_network,
	};
	snprintf(known->facts.skip_outbound, sizeof(known->facts.skip_outbound), "%s",
		 pod->skip_outbound);
	snprintf(known->facts.skip_inbound, sizeof(known->facts.skip_inbound), "%s",
		 pod->skip_inbound);
	HASH_ADD_KEYPTR(hh, pods->known, known->key, length, known);
	if (known->hh.tbl)
		return;
	free(known);
	pods->error = -ENOMEM;
}

static void add_target(struct jb_mesh_pods *pods, const struct jb_pod *pod)
{
	size_t room = pods->room ? pods->room * 2 : 64;
	struct jb_mesh_target *target = pods->targets;
	bool v6 = strchr(pod->ip, ':');

	if (pods->n_targets == pods->room) {
		target = reallocarray(target, room, sizeof(*target));
		if (!target) {
			pods->error = -ENOMEM;
			return;
		}
		pods->targets = target;
		pods->room = room;
	}
	target = &pods->targets[pods->n_targets++];
	*target = (struct jb_mesh_target){};
	snprintf(target->namespace_, sizeof(target->namespace_), "%s", pod->namespace_);
	snprintf(target->pod, sizeof(target->pod), "%s", pod->name);
	snprintf(target->url, sizeof(target->url), "http://%s%s%s:%u/metrics", v6 ? "[" : "",
		 pod->ip, v6 ? "]" : "", pod->proxy_port);
}

static void take_pod(void *ctx, const struct jb_pod *pod)
{
	struct jb_mesh_pods *pods = ctx;

	if (!jb_mesh_pods_find(pods, pod->namespace_, pod->name))
		keep(pods, pod);
	/* Of two of one name, as a StatefulSet's are for a while, the one that has not ended. */
	if (pod->meshed && *pod->ip && pod->proxy_port && !jb_pod_has_ended(pod))
		add_target(pods, pod);
}

int jb_mesh_pods_refresh(struct jb_mesh_pods *pods)
{
	forget(pods);
	pods->error = 0;
	if (pods->pods)
		jb_pods_each(pods->pods, take_pod, pods);
	return pods->error;
}

const struct jb_mesh_pod_facts *jb_mesh_pods_find(const struct jb_mesh_pods *pods,
						  const char *namespace_, const char *pod)
{
	char key[sizeof(((struct known *)0)->key)];
	size_t length = make_key(key, sizeof(key), namespace_, pod);
	struct known *known;

	if (length > sizeof(key))
		return NULL;
	HASH_FIND(hh, pods->known, key, length, known);
	return known ? &known->facts : NULL;
}

size_t jb_mesh_pods_targets(const struct jb_mesh_pods *pods, const struct jb_mesh_target **ret)
{
	*ret = pods->targets;
	return pods->n_targets;
}

void jb_mesh_pods_each(const struct jb_mesh_pods *pods,
		       void (*fn)(void *ctx, const struct jb_mesh_pod_facts *facts), void *ctx)
{
	for (const struct known *known = pods->known; known; known = known->hh.next)
		fn(ctx, &known->facts);
}
