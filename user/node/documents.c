/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The documents: /metrics and /api/v1/streams. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/procfs.h"
#include "metrics/page.h"
#include "node/clock.h"
#include "node/private.h"
#include "streams/view.h"

/* More than there are. */
enum { JB_PROGRAMS_MAX = 32, JB_MAPS_MAX = 32 };

struct stream_count {
	const struct jb_node *node;
	struct jb_owner_totals *owners;
	__u64 now_ns;
};

static void count_stream(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct stream_count *count = ctx;
	int place = -1;

	(void)hash;
	if (stream->row < jb_kernel_rows(count->node->kernel))
		place = count->node->place[stream->row];
	if (place < 0 || count->now_ns > stream->receiver.last_ns + JB_IDLE_NS)
		return;
	count->owners[place]
		.streams[stream->direction % JB_DIRECTION_MAX][stream->row_media % JB_MEDIA_MAX]++;
}

static int read_owners(struct jb_node *node, struct jb_page *page, struct jb_owner_totals **ret)
{
	struct stream_count count = {.node = node, .now_ns = jb_now_ns()};
	int err = jb_registry_totals(node->registry, ret, &page->n_owners, node->place);

	if (err)
		return err;
	count.owners = *ret;
	page->owners = *ret;
	return jb_kernel_each_stream(node->kernel, count_stream, &count);
}

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

/* What the page tells of the agent's own programs and maps. */
struct parts {
	struct jb_kernel_program_info programs[JB_PROGRAMS_MAX];
	struct jb_kernel_map_info maps[JB_MAPS_MAX];
	struct jb_feature features[1];
};

static void read_parts(const struct jb_node *node, struct jb_page *page, struct parts *parts)
{
	while (page->n_programs < JB_PROGRAMS_MAX &&
	       jb_kernel_program(node->kernel, page->n_programs,
				 &parts->programs[page->n_programs]))
		page->n_programs++;
	while (page->n_maps < JB_MAPS_MAX &&
	       jb_kernel_map(node->kernel, page->n_maps, &parts->maps[page->n_maps]))
		page->n_maps++;
	parts->features[0] = (struct jb_feature){"rtp", jb_node_is_measuring(node)};
	page->n_features = 1;
	page->programs = parts->programs;
	page->maps = parts->maps;
	page->features = parts->features;
}

int jb_node_metrics(struct jb_node *node, bool openmetrics, struct jb_buffer *out)
{
	struct jb_owner_totals *owners = NULL;
	struct parts parts;
	__u64 start = jb_now_ns();
	struct jb_page page = {
		.full = node->full,
		.version = JB_VERSION,
		.runtime_known = runtime_known(),
		.faults = jb_kernel_faults(node->kernel),
		.resident_bytes = resident_bytes(),
		.scrape_ns = node->scrape_ns,
	};
	int err = jb_registry_refresh(node->registry, start);

	if (!err)
		err = read_owners(node, &page, &owners);
	page.folded = jb_registry_folded(node->registry);
	page.snapshot_ns = jb_now_ns() - start;
	read_parts(node, &page, &parts);
	if (!err)
		err = jb_page_render(
			&page, openmetrics ? JB_EXPOSITION_OPENMETRICS : JB_EXPOSITION_TEXT, out);
	free(owners);
	node->scrape_ns = jb_now_ns() - start;
	return err;
}

struct stream_list {
	const struct jb_node *node;
	struct jb_buffer *out;
	__u64 now_ns;
	bool any;
};

static void write_stream(void *ctx, __u64 hash, const struct jb_stream *stream)
{
	struct stream_list *list = ctx;
	struct jb_rates rates = jb_census_rates(list->node->census, hash, &stream->receiver,
						list->now_ns);
	const struct jb_stream_view view = {
		.key = &stream->key,
		.direction = stream->direction,
		.receiver = &stream->receiver,
		.identity = jb_registry_identity(list->node->registry, stream->row),
		.bitrate_bps = rates.bitrate_bps,
		.frame_rate = rates.frame_rate,
		.now_ns = list->now_ns,
	};
	struct jb_stream_info info;

	if (list->now_ns > stream->receiver.last_ns + JB_IDLE_NS)
		return;
	jb_buffer_puts(list->out, list->any ? ",\n" : "\n");
	list->any = true;
	jb_stream_view_info(&view, &info);
	jb_stream_json(&info, list->out);
}

int jb_node_streams(struct jb_node *node, struct jb_buffer *out)
{
	struct stream_list list = {.node = node, .out = out, .now_ns = jb_now_ns()};
	int err = jb_registry_refresh(node->registry, list.now_ns);

	if (err)
		return err;
	jb_buffer_puts(out, "{\"streams\":[");
	err = jb_kernel_each_stream(node->kernel, write_stream, &list);
	jb_buffer_puts(out, "\n]}\n");
	return err ? err : out->error;
}
