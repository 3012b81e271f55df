/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page /metrics: plain rows in, text out. Pure: nothing is read from the system here. */
#ifndef JB_METRICS_PAGE_H
#define JB_METRICS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buffer.h"
#include "edges/edges.h"
#include "kernel/object.h"
#include "kubernetes/follow.h"
#include "kubernetes/pods.h"
#include "metrics/exposition.h"
#include "workloads/registry.h"

struct jb_audit_status;
struct jb_mesh_join;
struct jb_trust_anchor;

struct jb_page {
	const struct jb_owner_totals *owners;
	size_t n_owners;
	const struct jb_pod *const *pods; /* of this node */
	size_t n_pods;
	const struct jb_pods_status *pods_status; /* NULL: there is no Kubernetes */
	const struct jb_edges *edges;             /* NULL: not measured */
	const struct jb_follow_status *followed;  /* of the cluster; none without --peers cluster */
	size_t n_followed;                        /* and --policies */
	__u64 cluster_refused, cluster_bytes;     /* objects; what is kept of them */
	const struct jb_audit_status *audit;      /* NULL: no --audit */
	const struct jb_mesh_join *mesh;          /* NULL: --linkerd off */
	const struct jb_trust_anchor *anchors;    /* of the mesh; none where they can't be read */
	size_t n_anchors;
	bool policies; /* edges are judged */
	bool full;     /* --metrics full */

	const char *version;
	bool has[JB_FEATURE_MAX];              /* what this node lets us measure */
	const struct jb_drop_reasons *reasons; /* names */
	const struct jb_kernel_program_info *programs;
	size_t n_programs;
	bool runtime_known; /* the kernel counts the programs' time */
	const struct jb_kernel_map_info *maps;
	size_t n_maps;
	const __u64 *faults; /* JB_FAULT_MAX */
	__u64 folded;
	__u64 resident_bytes;
	__u64 snapshot_ns;
	__u64 scrape_ns;
};

/* 0 or -errno. */
int jb_page_render(const struct jb_page *page, enum jb_exposition_format format,
		   struct jb_buffer *out);

/*
 * Series that each slot of an owner takes; of RTP the first slot of a direction stands for all. Of
 * TCP by leg, and at JB_PRICE_OF_TCP those of all legs together.
 */
void jb_page_slot_series(bool full, __u32 ret[JB_SLOTS_PRICED]);

#endif
