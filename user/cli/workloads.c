/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/workloads.h"

#include "cli/list.h"
#include "inventory/info.h"

static const struct jb_listing workloads = {
	.name = "jitterbug workloads",
	.about = "Lists the workloads of this node, pods and units, and what they have counted.",
	.path = "/api/v1/workloads",
	.key = "workloads",
	.record = &jb_workload_record,
	.document = jb_node_workloads,
};

int jb_cli_workloads(int argc, char **argv)
{
	return jb_cli_list(&workloads, argc, argv);
}
