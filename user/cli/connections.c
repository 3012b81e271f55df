/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/connections.h"

#include "cli/list.h"
#include "connections/info.h"

static const struct jb_listing connections = {
	.name = "jitterbug connections",
	.about = "Lists the TCP connections of this node, in all network namespaces.",
	.path = "/api/v1/connections",
	.key = "connections",
	.record = &jb_connection_record,
	.document = jb_node_connections,
};

int jb_cli_connections(int argc, char **argv)
{
	return jb_cli_list(&connections, argc, argv);
}
