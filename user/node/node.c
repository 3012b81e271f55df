/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/cgroup.h"
#include "metrics/page.h"
#include "node/clock.h"
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

static void on_workload(void *ctx, __u64 cgroup_id)
{
	(void)cgroup_id;
	((struct jb_node *)ctx)->workload_came = true;
}

static int start_registry(struct jb_node *node, const struct jb_node_options *options)
{
	__u32 per_owner = jb_page_series_per_owner(options->kernel.full);
	const struct jb_registry_options registry = {
		.cgroup_root = node->root,
		.grace_ns = options->grace_ns,
		.max_owners = options->max_series / per_owner,
	};

	return jb_registry_new(&node->registry, node->kernel, &registry);
}

static int start(struct jb_node *node, const struct jb_node_options *options, char *error)
{
	int err = find_cgroup(node, options, error);

	if (!err)
		err = jb_kernel_load(&node->kernel, &options->kernel, error);
	if (err)
		return err;
	node->full = options->kernel.full;
	node->place = calloc(jb_kernel_rows(node->kernel), sizeof(*node->place));
	err = node->place ? 0 : -ENOMEM;
	if (!err)
		err = jb_census_new(&node->census, node->kernel);
	if (!err)
		err = start_registry(node, options);
	if (!err)
		err = jb_kernel_events(node->kernel, on_workload, node);
	if (err) {
		snprintf(error, JB_NODE_ERROR, "start measuring: %s", strerror(-err));
		return err;
	}
	return jb_kernel_attach(node->kernel, node->cgroup, error);
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

void jb_node_close(struct jb_node *node)
{
	if (!node)
		return;
	jb_registry_free(node->registry);
	jb_census_free(node->census);
	jb_kernel_free(node->kernel);
	free(node->place);
	free(node);
}

const char *jb_node_cgroup(const struct jb_node *node)
{
	return node->cgroup;
}

bool jb_node_is_measuring(const struct jb_node *node)
{
	struct jb_kernel_program_info program;

	for (__u32 i = 0; jb_kernel_program(node->kernel, i, &program); i++)
		if (program.attaches && !program.attached)
			return false;
	return true;
}

int jb_node_tick(struct jb_node *node)
{
	__u64 now = jb_now_ns();
	int err = jb_census_pass(node->census, now);
	int e = jb_registry_tick(node->registry, jb_census_rows_in_use(node->census), now);

	return err ? err : e;
}

int jb_node_event_fd(const struct jb_node *node)
{
	return jb_kernel_events_fd(node->kernel);
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
