/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page /metrics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/procfs.h"
#include "base/clock.h"
#include "kernel/drops.h"
#include "metrics/page.h"
#include "node/cluster.h"
#include "node/edges.h"
#include "node/mesh.h"
#include "node/owners.h"
#include "node/private.h"

/* More than there are. */
enum { JB_PROGRAMS_MAX = 32, JB_MAPS_MAX = 32 };

static bool runtime_known(void)
{
	__u64 enabled;

	return !jb_procfs_u64("/proc/sys/kernel/bpf_stats_enabled", 0, &enabled) && enabled;
}

static __u64 resident_bytes(void)
{
	__u64 pages;

	return jb_procfs_u64("/proc/self/statm", 1, &pages) ? 0 : pages * sysconf(_SC_PAGESIZE);
}

/* NULL where there is no Kubernetes. */
static const struct jb_pods_status *read_status(const struct jb_node *node,
						struct jb_pods_status *status)
{
	if (!node->pods)
		return NULL;
	jb_pods_status(node->pods, status);
	return status;
}

/* What the page tells of the agent's own programs and maps, and of what it follows and writes. */
struct parts {
	struct jb_node_cluster_status cluster;
	struct jb_follow_status followed[JB_NODE_CLUSTER_FOLLOWED + 1];
	struct jb_audit_status audit;
	struct jb_kernel_program_info programs[JB_PROGRAMS_MAX];
	struct jb_kernel_map_info maps[JB_MAPS_MAX];
};

static void read_followed(const struct jb_node *node, struct jb_page *page, struct parts *parts)
{
	size_t n = 0;

	if (node->cluster) {
		jb_node_cluster_status(node->cluster, &parts->cluster);
		n = parts->cluster.n_followed;
		memcpy(parts->followed, parts->cluster.followed, n * sizeof(*parts->followed));
	}
	if (node->mesh && jb_node_mesh_followed(node->mesh, &parts->followed[n]))
		n++;
	page->followed = parts->followed;
	page->n_followed = n;
}

static void read_feeds(const struct jb_node *node, struct jb_page *page, struct parts *parts)
{
	if (jb_node_audit(node, &parts->audit))
		page->audit = &parts->audit;
	if (node->mesh) {
		page->mesh = jb_node_mesh_joined(node->mesh);
		page->n_anchors = jb_node_mesh_anchors(node->mesh, &page->anchors);
	}
	read_followed(node, page, parts);
	if (!node->cluster)
		return;
	page->cluster_refused = parts->cluster.refused;
	page->cluster_bytes = parts->cluster.directory.bytes + parts->cluster.policies_bytes;
}

static void read_parts(const struct jb_node *node, struct jb_page *page, struct parts *parts)
{
	while (page->n_programs < JB_PROGRAMS_MAX &&
	       jb_kernel_program(node->kernel, page->n_programs,
				 &parts->programs[page->n_programs]))
		page->n_programs++;
	while (page->n_maps < JB_MAPS_MAX &&
	       jb_kernel_map(node->kernel, page->n_maps, &parts->maps[page->n_maps]))
		page->n_maps++;
	for (int i = 0; i < JB_FEATURE_MAX; i++)
		page->has[i] = jb_kernel_has(node->kernel, i);
	page->programs = parts->programs;
	page->maps = parts->maps;
	page->reasons = jb_kernel_drop_reasons(node->kernel);
}

int jb_node_metrics(struct jb_node *node, bool openmetrics, struct jb_buffer *out)
{
	struct jb_owner_list owners = {};
	struct jb_node_pod_list pods;
	struct jb_pods_status status;
	struct parts parts;
	__u64 start = jb_now_ns();
	struct jb_page page = {
		.full = node->full,
		.version = JB_VERSION,
		.runtime_known = runtime_known(),
		.faults = jb_kernel_faults(node->kernel),
		.resident_bytes = resident_bytes(),
		.scrape_ns = node->scrape_ns,
		.edges = jb_node_edges_known(node->edges),
		.policies = jb_node_edges_are_judged(node->edges),
	};
	int err = jb_registry_refresh(node->registry, start);

	if (!err)
		err = jb_node_owners(node, start, &owners);
	page.owners = owners.owner;
	page.n_owners = owners.count;
	jb_node_pods_all(node->pods, &pods);
	if (!err && pods.failed)
		err = -ENOMEM;
	page.pods = (const struct jb_pod *const *)pods.pod;
	page.n_pods = pods.count;
	page.pods_status = read_status(node, &status);
	page.folded = jb_registry_folded(node->registry);
	page.snapshot_ns = jb_now_ns() - start;
	read_parts(node, &page, &parts);
	read_feeds(node, &page, &parts);
	if (!err)
		err = jb_page_render(
			&page, openmetrics ? JB_EXPOSITION_OPENMETRICS : JB_EXPOSITION_TEXT, out);
	jb_node_pods_free_all(&pods);
	jb_owner_list_free(&owners);
	node->scrape_ns = jb_now_ns() - start;
	return err;
}
