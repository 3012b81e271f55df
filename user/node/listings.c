/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The documents of /api/v1. */
#include <errno.h>
#include <stdlib.h>
#include "base/clock.h"
#include "connections/view.h"
#include "drops/info.h"
#include "edges/view.h"
#include "kernel/drops.h"
#include "kernel/names.h"
#include "kernel/sockets.h"
#include "node/edges.h"
#include "node/mesh.h"
#include "node/private.h"
#include "node/uplink.h"
#include "streams/view.h"

/* A JSON array in the making. */
struct list {
	const struct jb_node *node;
	struct jb_buffer *out;
	struct jb_node_uplink uplink; /* of streams only */
	__u64 now_ns;
	bool any;
};

static void next(struct list *list)
{
	jb_buffer_puts(list->out, list->any ? ",\n" : "\n");
	list->any = true;
}

static void write_stream(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct list *list = ctx;
	struct jb_rates rates = jb_census_rates(list->node->census, hash, &stream->receiver,
						list->now_ns);
	const struct jb_stream_view view = {
		.key = &stream->key,
		.direction = stream->direction,
		.receiver = &stream->receiver,
		.uplink = jb_node_uplink_find(&list->uplink, stream),
		.identity = jb_registry_identity(list->node->registry, stream->row),
		.bitrate_bps = rates.bitrate_bps,
		.frame_rate = rates.frame_rate,
		.now_ns = list->now_ns,
	};
	struct jb_stream_info info;

	if (stream->key.cgroup_id == JB_EDGE_CGROUP ||
	    list->now_ns > stream->receiver.last_ns + JB_IDLE_NS)
		return;
	next(list);
	jb_stream_view_info(&view, &info);
	jb_stream_json(&info, list->out);
}

int jb_node_streams(struct jb_node *node, struct jb_buffer *out)
{
	struct list list = {.node = node, .out = out, .now_ns = jb_now_ns()};
	int err = jb_registry_refresh(node->registry, list.now_ns);

	if (!err)
		err = jb_node_uplink_read(&list.uplink, node->kernel);
	jb_buffer_puts(out, "{\"streams\":[");
	if (!err)
		err = jb_kernel_each_stream(node->kernel, write_stream, &list);
	jb_buffer_puts(out, "\n]}\n");
	free(list.uplink.stream);
	return err ? err : out->error;
}

/* Row 0's owner would be told for a cgroup of 0. */
static const struct jb_identity *peer_of(const struct jb_registry *registry, __u64 cgroup_id)
{
	return cgroup_id ? jb_registry_cgroup(registry, cgroup_id) : NULL;
}

static void write_connection(void *ctx, const struct jb_connection *connection)
{
	struct list *list = ctx;
	struct jb_connection_info info;
	__u64 cgroup = connection->socket.cgroup_id;

	if (!jb_registry_is_inside(list->node->registry, cgroup))
		return;
	next(list);
	jb_connection_view(connection, jb_registry_cgroup(list->node->registry, cgroup),
			   jb_registry_role(list->node->registry, cgroup),
			   peer_of(list->node->registry, connection->peer_cgroup_id), list->now_ns,
			   &info);
	jb_connection_json(&info, list->out);
}

int jb_node_connections(struct jb_node *node, struct jb_buffer *out)
{
	struct list list = {.node = node, .out = out, .now_ns = jb_now_ns()};
	int err = jb_registry_refresh(node->registry, list.now_ns);

	if (err)
		return err;
	jb_buffer_puts(out, "{\"connections\":[");
	err = jb_kernel_each_connection(node->kernel, write_connection, &list);
	jb_buffer_puts(out, "\n]}\n");
	return err ? err : out->error;
}

static void write_edge(void *ctx, const struct jb_edge *edge)
{
	struct list *list = ctx;
	struct jb_edge_info info;

	next(list);
	jb_edge_view(edge, list->now_ns, &info);
	if (list->node->mesh)
		jb_node_mesh_show(list->node->mesh, edge, &info);
	jb_edge_json(&info, list->out);
}

int jb_node_edges(struct jb_node *node, struct jb_buffer *out)
{
	struct list list = {.node = node, .out = out, .now_ns = jb_now_ns()};

	jb_buffer_puts(out, "{\"edges\":[");
	jb_edges_each(jb_node_edges_known(node->edges), write_edge, &list);
	jb_buffer_puts(out, "\n]}\n");
	return out->error;
}

static void write_drop(void *ctx, const struct jb_drop_key *key, __u64 packets)
{
	static const struct jb_identity nobody = {"", "", "", ""};
	struct list *list = ctx;
	const struct jb_registry *registry = list->node->registry;
	const struct jb_identity *id = jb_registry_cgroup(registry, key->cgroup_id);
	char reason[JB_DROP_REASON_NAME];
	struct jb_drop_info info = {.packets = packets, .reason = reason};

	if (!jb_registry_is_inside(registry, key->cgroup_id))
		return;
	if (!id)
		id = &nobody;
	info.namespace_ = id->namespace_;
	info.pod = id->pod;
	info.container = id->container;
	info.unit = id->unit;
	info.protocol = jb_drop_protocol_names[key->protocol % JB_DROP_PROTOCOL_MAX];
	info.rate = jb_drops_ledger_rate(list->node->drops, key);
	jb_drop_reason_name(jb_kernel_drop_reasons(list->node->kernel), key->reason, reason);
	next(list);
	jb_drop_json(&info, list->out);
}

int jb_node_drops(struct jb_node *node, struct jb_buffer *out)
{
	struct list list = {.node = node, .out = out, .now_ns = jb_now_ns()};
	int err = jb_registry_refresh(node->registry, list.now_ns);

	if (err)
		return err;
	jb_buffer_puts(out, "{\"drops\":[");
	err = jb_kernel_each_drop(node->kernel, write_drop, &list);
	jb_buffer_puts(out, "\n]}\n");
	return err ? err : out->error;
}
