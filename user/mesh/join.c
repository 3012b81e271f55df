/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What there is, and what is handed out of it. */
#include <errno.h>
#include <stdlib.h>
#include "mesh/join_private.h"

const char *const jb_mesh_bypass_names[JB_BYPASS_MAX] = {
	[JB_BYPASS_SKIPPED_PORT] = "skipped_port",
	[JB_BYPASS_NO_RULES] = "no_rules",
	[JB_BYPASS_PROXY_UID] = "proxy_uid",
	[JB_BYPASS_HOST_NETWORK] = "host_network",
};

int jb_mesh_join_new(struct jb_mesh_join **ret, const struct jb_mesh_join_options *options)
{
	struct jb_mesh_join *join = calloc(1, sizeof(*join));

	if (!join)
		return -ENOMEM;
	join->options = *options;
	*ret = join;
	return 0;
}

void jb_mesh_join_free(struct jb_mesh_join *join)
{
	struct jb_join_pod *pod, *next;

	if (!join)
		return;
	pod = join->pods;
	HASH_CLEAR(hh, join->pods);
	for (; pod; pod = next) {
		next = pod->hh.next;
		jb_join_pod_free(pod);
	}
	jb_join_pod_free(join->other);
	free(join);
}

void jb_mesh_join_pod(struct jb_mesh_join *join, const char *namespace_, const char *pod)
{
	struct jb_join_pod *found = jb_join_pod_get(join, namespace_, pod);

	if (found)
		found->told.has_proxy = true;
}

void jb_mesh_join_settle(struct jb_mesh_join *join, __u64 now_ns)
{
	struct jb_join_pod *pod = NULL;

	/* What gets its name now doesn't go with requests that have waited for long enough. */
	while ((pod = jb_join_pod_next(join, pod))) {
		if (pod->waiting)
			jb_join_remotes_settle(join, pod, now_ns);
		jb_join_unnamed_settle(join, pod, now_ns);
	}
}

void jb_mesh_join_sweep(struct jb_mesh_join *join,
			bool (*alive)(void *ctx, const char *namespace_, const char *pod),
			void *ctx)
{
	struct jb_join_pod *pod, *next;

	HASH_ITER (hh, join->pods, pod, next) {
		if (alive(ctx, pod->told.namespace_, pod->told.pod))
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it doesn't see that it is unlinked */
		HASH_DEL(join->pods, pod);
		jb_join_pod_free(pod);
	}
}

void jb_mesh_join_each_pod(const struct jb_mesh_join *join,
			   void (*fn)(void *ctx, const struct jb_mesh_pod *pod), void *ctx)
{
	const struct jb_join_pod *pod = NULL;

	while ((pod = jb_join_pod_next(join, pod)))
		fn(ctx, &pod->told);
}

void jb_mesh_join_each_edge(const struct jb_mesh_join *join,
			    void (*fn)(void *ctx, const struct jb_mesh_edge *edge), void *ctx)
{
	const struct jb_join_pod *pod = NULL;

	while ((pod = jb_join_pod_next(join, pod)))
		for (const struct jb_join_edge *e = pod->edges; e; e = e->hh.next)
			fn(ctx, &e->told);
}

bool jb_mesh_join_find(const struct jb_mesh_join *join, const char *namespace_, const char *pod,
		       enum jb_mesh_reporter reporter, const char *peer_namespace,
		       const char *peer_workload, struct jb_mesh_edge *ret)
{
	const struct jb_join_pod *found = jb_join_pod_find(join, namespace_, pod);
	const struct jb_join_edge *edge;

	if (!found)
		return false;
	edge = jb_join_edge_find(found, reporter, peer_namespace, peer_workload);
	if (!edge)
		return false;
	*ret = edge->told;
	return true;
}

struct jb_mesh_join_stats jb_mesh_join_stats(const struct jb_mesh_join *join)
{
	struct jb_mesh_join_stats stats = {
		.folded = join->folded,
		.lost = join->lost,
		.skipped = join->skipped,
	};
	const struct jb_join_pod *pod = NULL;

	while ((pod = jb_join_pod_next(join, pod))) {
		stats.pods++;
		stats.edges += HASH_COUNT(pod->edges);
		stats.remotes += HASH_COUNT(pod->remotes);
		jb_join_unnamed_count(pod, &stats);
	}
	return stats;
}

void jb_mesh_join_lost(struct jb_mesh_join *join)
{
	join->lost++;
}
