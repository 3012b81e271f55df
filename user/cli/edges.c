/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/edges.h"

#include "cli/list.h"
#include "edges/info.h"

static const struct jb_listing edges = {
	.name = "jitterbug edges",
	.about = "Lists who talks to whom: connections, media streams and bytes by workload. With\n"
		 "--watch, first all that were counted, then those of each turn.",
	.path = "/api/v1/edges",
	.key = "edges",
	.record = &jb_edge_record,
	.document = jb_node_edges,
	.identity = jb_edge_compare,
	.since = jb_edge_since,
};

int jb_cli_edges(int argc, char **argv)
{
	return jb_cli_list(&edges, argc, argv);
}
