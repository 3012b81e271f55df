/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pods with a proxy, as many as there is room for. */
#include <stdlib.h>
#include <string.h>
#include "mesh/join_private.h"

enum { NAMESPACE_SIZE = 64, POD_SIZE = 254 };

/* A key with room for any, then the entry's own. */
struct key {
	char text[NAMESPACE_SIZE + POD_SIZE];
	size_t length;
};

static struct key key_of(const char *namespace_, const char *pod)
{
	struct key key = {};
	size_t n = strnlen(namespace_, NAMESPACE_SIZE - 1);
	size_t m = strnlen(pod, POD_SIZE - 1);

	memcpy(key.text, namespace_, n);
	memcpy(key.text + n + 1, pod, m);
	key.length = n + 1 + m + 1;
	return key;
}

static bool is_other(const char *namespace_, const char *pod)
{
	return !*namespace_ && !strcmp(pod, JB_JOIN_OTHER);
}

static struct jb_join_pod *pod_new(const struct key *key)
{
	struct jb_join_pod *pod = calloc(1, sizeof(*pod) + key->length);

	if (!pod)
		return NULL;
	memcpy(pod->key, key->text, key->length);
	pod->proxy_uid = JB_JOIN_PROXY_UID;
	pod->told.namespace_ = pod->key;
	pod->told.pod = pod->key + strlen(pod->key) + 1;
	pod->told.error = pod->error;
	pod->told.version = pod->version;
	return pod;
}

static struct jb_join_pod *find(const struct jb_mesh_join *join, const struct key *key)
{
	struct jb_join_pod *pod;

	HASH_FIND(hh, join->pods, key->text, key->length, pod);
	return pod;
}

struct jb_join_pod *jb_join_pod_find(const struct jb_mesh_join *join, const char *namespace_,
				     const char *pod)
{
	struct key key = key_of(namespace_, pod);

	return is_other(namespace_, pod) ? join->other : find(join, &key);
}

static struct jb_join_pod *get_other(struct jb_mesh_join *join)
{
	struct key key = key_of("", JB_JOIN_OTHER);

	if (!join->other)
		join->other = pod_new(&key);
	if (!join->other)
		join->lost++;
	return join->other;
}

static struct jb_join_pod *add(struct jb_mesh_join *join, const struct key *key)
{
	struct jb_join_pod *pod = pod_new(key);

	if (pod)
		HASH_ADD_KEYPTR(hh, join->pods, pod->key, key->length, pod);
	if (pod && pod->hh.tbl)
		return pod;
	free(pod);
	join->lost++;
	return NULL;
}

struct jb_join_pod *jb_join_pod_get(struct jb_mesh_join *join, const char *namespace_,
				    const char *pod)
{
	struct key key = key_of(namespace_, pod);
	struct jb_join_pod *found = find(join, &key);

	if (found)
		return found;
	if (is_other(namespace_, pod) || HASH_COUNT(join->pods) >= join->options.max_pods)
		return get_other(join);
	return add(join, &key);
}

void jb_join_pod_free(struct jb_join_pod *pod)
{
	if (!pod)
		return;
	jb_join_unnamed_free(pod);
	jb_join_remotes_free(pod);
	jb_join_edges_free(pod);
	free(pod);
}

struct jb_join_pod *jb_join_pod_next(const struct jb_mesh_join *join, const struct jb_join_pod *pod)
{
	if (!pod)
		return join->pods ? join->pods : join->other;
	if (pod == join->other)
		return NULL;
	return pod->hh.next ? pod->hh.next : join->other;
}
