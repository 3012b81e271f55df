/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "kernel/cgroup.h"
#include "kernel/drops.h"
#include "kernel/sockets.h"
#include "metrics/page.h"
#include "node/cluster.h"
#include "node/edges.h"
#include "node/mesh.h"
#include "node/private.h"
#include "workloads/registry.h"

static int find_cgroup(struct jb_node *node, const struct jb_node_options *options, char *error)
{
	int err = jb_cgroup_find_root(node->root, sizeof(node->root), error, JB_NODE_ERROR);

	if (!options->cgroup) {
		memcpy(node->cgroup, node->root, sizeof(node->cgroup));
		return err;
	}
	/* Asked for by name: then it may be all that can be seen. */
	if (err)
		snprintf(node->root, sizeof(node->root), "%s", options->cgroup);
	snprintf(node->cgroup, sizeof(node->cgroup), "%s", options->cgroup);
	return jb_cgroup_check(options->cgroup, error, JB_NODE_ERROR);
}

/* "/a/b" of a cgroup below the root; "" for the root itself, or one elsewhere. */
static const char *path_inside(const char *root, char *cgroup)
{
	size_t len = strlen(root);
	size_t end = strlen(cgroup);

	while (end > 1 && cgroup[end - 1] == '/')
		cgroup[--end] = '\0';
	return !strncmp(cgroup, root, len) && cgroup[len] == '/' ? cgroup + len : "";
}

static void on_workload(void *ctx, __u64 cgroup_id)
{
	(void)cgroup_id;
	((struct jb_node *)ctx)->workload_came = true;
}

static void on_stream(void *ctx, const struct jb_stream_news *news)
{
	jb_node_edges_stream(((struct jb_node *)ctx)->edges, news);
}

static int start_registry(struct jb_node *node, const struct jb_node_options *options)
{
	const struct jb_registry_options registry = {
		.cgroup_root = node->root,
		.inside = path_inside(node->root, node->cgroup),
		.grace_ns = options->grace_ns,
		.host_root = "",
		.find_pod = node->pods ? jb_node_pods_find : NULL,
		.find_ctx = node->pods,
		.max_series = options->max_series,
		.slot_series = node->slot_series,
	};

	jb_page_slot_series(options->kernel.full, node->slot_series);
	return jb_registry_new(&node->registry, node->kernel, &registry);
}

static int start_parts(struct jb_node *node, const struct jb_node_options *options)
{
	const struct jb_census_options census = {.limits = options->limits,
						 .mos = options->kernel.full,
						 .on_stream = on_stream,
						 .ctx = node,
						 .ends = options->audit};
	int err;

	node->full = options->kernel.full;
	node->place = calloc(jb_kernel_rows(node->kernel), sizeof(*node->place));
	err = node->place ? 0 : -ENOMEM;
	if (!err)
		err = jb_census_new(&node->census, node->kernel, &census);
	if (!err)
		err = jb_drops_ledger_new(&node->drops);
	if (!err)
		err = jb_node_pods_start(&node->pods, options);
	if (!err)
		err = start_registry(node, options);
	return err ? err : jb_kernel_events(node->kernel, on_workload, node);
}

static int start_cluster(struct jb_node *node, const struct jb_node_options *options, char *error)
{
	struct jb_node_cluster_options cluster;
	int err;

	jb_node_cluster_options_default(&cluster);
	cluster.peers_cluster = options->peers_cluster;
	cluster.policies = options->policies;
	cluster.node = options->node;
	err = jb_node_cluster_start(&node->cluster, &cluster);
	if (err)
		snprintf(error, JB_NODE_ERROR, "follow the cluster: %s", strerror(-err));
	return err;
}

static int start_edges(struct jb_node *node, const struct jb_node_options *options, char *error)
{
	int err = start_cluster(node, options, error);

	if (!err)
		err = jb_node_edges_new(&node->edges, node, options, error);
	if (!err && !options->linkerd.off && (node->pods || options->linkerd.n_targets))
		err = jb_node_mesh_new(&node->mesh, node, options, error);
	if (err)
		return err;
	err = jb_kernel_contacts(node->kernel, jb_node_edges_contact, node->edges);
	if (err)
		snprintf(error, JB_NODE_ERROR, "open the ring of connections: %s", strerror(-err));
	return err;
}

static int start(struct jb_node *node, const struct jb_node_options *options, char *error)
{
	int err = find_cgroup(node, options, error);

	if (!err)
		err = jb_kernel_load(&node->kernel, &options->kernel, error);
	if (err)
		return err;
	err = start_parts(node, options);
	if (err) {
		snprintf(error, JB_NODE_ERROR, "start measuring: %s", strerror(-err));
		return err;
	}
	err = start_edges(node, options, error);
	if (err)
		return err;
	err = jb_kernel_attach(node->kernel, node->cgroup, error);
	if (!err)
		err = jb_kernel_attach_uplink(node->kernel, error);
	/* Where it can't be done, these connections are found by their next segment. */
	if (!err)
		jb_kernel_sockets_adopt(node->kernel);
	return err;
}

int jb_node_open(struct jb_node **ret, const struct jb_node_options *options, char *error)
{
	struct jb_node *node = calloc(1, sizeof(*node));
	int err;

	if (!node) {
		snprintf(error, JB_NODE_ERROR, "out of memory");
		return -ENOMEM;
	}
	err = start(node, options, error);
	if (err) {
		jb_node_close(node);
		return err;
	}
	*ret = node;
	return 0;
}

__u64 jb_node_close(struct jb_node *node)
{
	__u64 lost = 0;

	if (!node)
		return 0;
	if (node->edges) {
		/* The audit stream ends with what was told until now. */
		jb_node_event(node);
		jb_node_mesh_free(node->mesh);
		lost = jb_node_edges_free(node->edges);
	}
	jb_node_cluster_stop(node->cluster);
	jb_registry_free(node->registry);
	jb_pods_stop(node->pods);
	jb_drops_ledger_free(node->drops);
	jb_census_free(node->census);
	jb_kernel_free(node->kernel);
	free(node->place);
	free(node);
	return lost;
}

const char *jb_node_cgroup(const struct jb_node *node)
{
	return node->cgroup;
}

bool jb_node_is_measuring(const struct jb_node *node)
{
	struct jb_kernel_program_info program;

	for (__u32 i = 0; jb_kernel_program(node->kernel, i, &program); i++)
		if (program.media && program.attaches && !program.attached)
			return false;
	return true;
}

int jb_node_uplink_error(const struct jb_node *node)
{
	return node->uplink_error;
}

__u64 jb_node_folded(const struct jb_node *node)
{
	return jb_registry_folded(node->registry);
}

struct noting {
	struct jb_drops_ledger *ledger;
	int error;
};

static void note_drop(void *ctx, const struct jb_drop_key *key, __u64 packets)
{
	struct noting *noting = ctx;
	int err = jb_drops_ledger_note(noting->ledger, key, packets);

	noting->error = noting->error ? noting->error : err;
}

static int note_drops(struct jb_node *node, __u64 now_ns)
{
	struct noting noting = {.ledger = node->drops};
	int err;

	jb_drops_ledger_begin(node->drops, now_ns);
	err = jb_kernel_each_drop(node->kernel, note_drop, &noting);
	/* What a scan that failed has not reached isn't gone. */
	if (!err)
		jb_drops_ledger_end(node->drops);
	return err ? err : noting.error;
}

int jb_node_tick(struct jb_node *node)
{
	__u64 now = jb_now_ns();
	int err = jb_census_pass(node->census, now, jb_unix_s());
	int e;

	/* Who was met within the census was met later than `now`. */
	now = jb_now_ns();
	e = jb_registry_tick(node->registry, jb_census_rows_in_use(node->census), now);
	err = err ? err : e;
	e = jb_kernel_consume(node->kernel);
	if (e >= 0)
		e = jb_node_edges_settle(node->edges, now);
	err = err ? err : e;
	if (node->mesh)
		jb_node_mesh_sweep(node->mesh);
	e = note_drops(node, now);
	node->uplink_error = jb_kernel_check_uplink(node->kernel);
	return err ? err : e;
}

bool jb_node_has(const struct jb_node *node, enum jb_feature feature)
{
	return jb_kernel_has(node->kernel, feature);
}

int jb_node_cluster_news_fd(const struct jb_node *node)
{
	return node->cluster ? jb_node_cluster_fd(node->cluster) : -1;
}

void jb_node_cluster_changed(struct jb_node *node, struct jb_node_cluster_status *ret)
{
	jb_node_cluster_take_news(node->cluster);
	jb_node_cluster_status(node->cluster, ret);
}

const char *jb_node_linkerd_error(const struct jb_node *node)
{
	return node->mesh ? jb_node_mesh_error(node->mesh) : "";
}

bool jb_node_audit(const struct jb_node *node, struct jb_audit_status *ret)
{
	return jb_node_edges_audit(node->edges, ret);
}

int jb_node_event_fd(const struct jb_node *node)
{
	return jb_kernel_events_fd(node->kernel);
}

int jb_node_second(struct jb_node *node)
{
	int err = jb_node_event(node);
	int e = jb_node_edges_turn(node->edges, jb_now_ns());

	err = err ? err : e;
	e = node->mesh ? jb_node_mesh_turn(node->mesh, jb_now_ns()) : 0;
	return err ? err : e;
}

int jb_node_event(struct jb_node *node)
{
	int n = jb_kernel_consume(node->kernel);

	if (n < 0)
		return n;
	if (!node->workload_came)
		return 0;
	node->workload_came = false;
	return jb_registry_refresh(node->registry, jb_now_ns());
}
