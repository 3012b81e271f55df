/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of this room share of struct jb_node. */
#ifndef JB_NODE_PRIVATE_H
#define JB_NODE_PRIVATE_H

#include <limits.h>
#include "drops/ledger.h"
#include "node/node.h"
#include "node/pods.h"
#include "streams/census.h"
#include "workloads/registry.h"

struct jb_node {
	struct jb_kernel *kernel;
	struct jb_registry *registry;
	struct jb_pods *pods; /* NULL: there are none */
	struct jb_census *census;
	struct jb_node_cluster *cluster; /* NULL: neither --peers cluster nor --policies */
	struct jb_node_edges *edges;
	struct jb_node_mesh *mesh; /* NULL: --linkerd off, or neither pods nor targets */
	struct jb_drops_ledger *drops;
	__u32 slot_series[JB_SLOTS_PRICED];
	bool full;
	bool workload_came;
	int uplink_error; /* of the latest pass */
	int *place;       /* of each row's owner among the totals of the page in the making */
	__u64 scrape_ns;
	char root[PATH_MAX];   /* mount point of cgroup2: names are read there */
	char cgroup[PATH_MAX]; /* where the programs are attached */
	const char *inside;    /* the latter from the former on, "" for all */
};

#endif
