/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/drops.h"

#include "cli/list.h"
#include "drops/info.h"

static const struct jb_listing drops = {
	.name = "jitterbug drops",
	.about = "Lists the packets that this node's kernel dropped, by workload and reason. With\n"
		 "--watch, first all that were counted, then those of each turn.",
	.path = "/api/v1/drops",
	.key = "drops",
	.record = &jb_drop_record,
	.document = jb_node_drops,
	.identity = jb_drop_compare_identity,
	.since = jb_drop_since,
};

int jb_cli_drops(int argc, char **argv)
{
	return jb_cli_list(&drops, argc, argv);
}
