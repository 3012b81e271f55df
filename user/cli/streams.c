/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/streams.h"

#include "cli/list.h"
#include "streams/info.h"

static const struct jb_listing streams = {
	.name = "jitterbug streams",
	.about = "Lists the live RTP streams of this node.",
	.path = "/api/v1/streams",
	.key = "streams",
	.record = &jb_stream_record,
	.document = jb_node_streams,
};

int jb_cli_streams(int argc, char **argv)
{
	return jb_cli_list(&streams, argc, argv);
}
