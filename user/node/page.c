/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page /metrics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/procfs.h"
#include "base/clock.h"
#include "kernel/drops.h"
#include "metrics/page.h"
#include "node/private.h"

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
	__u64 since = jb_census_impaired_since(count->node->census, hash);
	__u8 direction = stream->direction % JB_DIRECTION_MAX;
	struct jb_owner_totals *owner;
	int place = -1;

	if (stream->row < jb_kernel_rows(count->node->kernel))
		place = count->node->place[stream->row];
	if (place < 0 || count->now_ns > stream->receiver.last_ns + JB_IDLE_NS)
		return;
	owner = &count->owners[place];
	owner->streams[direction][stream->row_media % JB_MEDIA_MAX]++;
	if (since &&
	    (!owner->impaired_since_s[direction] || since < owner->impaired_since_s[direction]))
		owner->impaired_since_s[direction] = since;
}

static int read_owners(struct jb_node *node, struct jb_page *page, struct jb_owner_list *ret)
{
	struct stream_count count = {.node = node, .now_ns = jb_now_ns()};
	int err = jb_registry_totals(node->registry, ret, node->place);

	if (err)
		return err;
	count.owners = ret->owner;
	page->owners = ret->owner;
	page->n_owners = ret->count;
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
	for (int i = 0; i < JB_FEATURE_MAX; i++)
		page->has[i] = jb_kernel_has(node->kernel, i);
	page->programs = parts->programs;
	page->maps = parts->maps;
	page->reasons = jb_kernel_drop_reasons(node->kernel);
}

int jb_node_metrics(struct jb_node *node, bool openmetrics, struct jb_buffer *out)
{
	struct jb_owner_list owners = {};
	struct jb_node_pod_list pods;
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
	jb_node_pods_all(node->pods, &pods);
	if (!err && pods.failed)
		err = -ENOMEM;
	page.pods = (const struct jb_pod *const *)pods.pod;
	page.n_pods = pods.count;
	page.folded = jb_registry_folded(node->registry);
	page.snapshot_ns = jb_now_ns() - start;
	read_parts(node, &page, &parts);
	if (!err)
		err = jb_page_render(
			&page, openmetrics ? JB_EXPOSITION_OPENMETRICS : JB_EXPOSITION_TEXT, out);
	jb_node_pods_free_all(&pods);
	jb_owner_list_free(&owners);
	node->scrape_ns = jb_now_ns() - start;
	return err;
}
