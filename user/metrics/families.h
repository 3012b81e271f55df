/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every metric family the agent has, in the order of the page. */
#ifndef JB_METRICS_FAMILIES_H
#define JB_METRICS_FAMILIES_H

#include <jitterbug/totals.h>
#include "metrics/family.h"

/* How the totals of an owner become samples. */
enum jb_rtp_shape {
	JB_RTP_BY_MEDIA, /* direction and media */
	JB_RTP_INGRESS,  /* media; ingress only */
	JB_RTP_EGRESS,   /* media; egress only */
	JB_RTP_BY_DIRECTION
};

struct jb_rtp_family {
	struct jb_family family;
	enum jb_rtp_shape shape;
	enum jb_rtp_counter counter;
};

extern const struct jb_rtp_family jb_rtp_families[];
extern const unsigned int jb_rtp_families_count;

extern const struct jb_family jb_family_rtp_streams;
extern const struct jb_family jb_family_rtp_jitter;
extern const struct jb_family jb_family_rtp_deviation;

extern const struct jb_family jb_family_build_info;
extern const struct jb_family jb_family_feature_available;
extern const struct jb_family jb_family_program_attached;
extern const struct jb_family jb_family_pod_info;
extern const struct jb_family jb_family_kubernetes_source;
extern const struct jb_family jb_family_kubernetes_requests;
extern const struct jb_family jb_family_kubernetes_failures;
extern const struct jb_family jb_family_kubernetes_watch_restarts;
extern const struct jb_family jb_family_kubernetes_pods;
extern const struct jb_family jb_family_kubernetes_refused;
extern const struct jb_family jb_family_cluster_watching;
extern const struct jb_family jb_family_cluster_requests;
extern const struct jb_family jb_family_cluster_failures;
extern const struct jb_family jb_family_cluster_refused;
extern const struct jb_family jb_family_cluster_memory;
extern const struct jb_family jb_family_audit_records;
extern const struct jb_family jb_family_audit_lost;
extern const struct jb_family jb_family_edge_connections;
extern const struct jb_family jb_family_edge_bytes;
extern const struct jb_family jb_family_policy_connections;
extern const struct jb_family jb_family_edges_folded;
extern const struct jb_family jb_family_edges_lost;
extern const struct jb_family jb_family_mesh_requests;
extern const struct jb_family jb_family_mesh_request_seconds;
extern const struct jb_family jb_family_mesh_network_seconds;
extern const struct jb_family jb_family_mesh_network_requests;
extern const struct jb_family jb_family_mesh_retransmitted;
extern const struct jb_family jb_family_mesh_connect_failures;
extern const struct jb_family jb_family_mesh_bypass;
extern const struct jb_family jb_family_mesh_plaintext;
extern const struct jb_family jb_family_mesh_proxy_bytes;
extern const struct jb_family jb_family_mesh_kernel_bytes;
extern const struct jb_family jb_family_mesh_certificate_expiry;
extern const struct jb_family jb_family_mesh_certificate_errors;
extern const struct jb_family jb_family_mesh_anchor_expiry;
extern const struct jb_family jb_family_mesh_proxy_info;
extern const struct jb_family jb_family_mesh_scrape_success;
extern const struct jb_family jb_family_mesh_scrape_bytes;
extern const struct jb_family jb_family_mesh_scrape_seconds;
extern const struct jb_family jb_family_mesh_scrape_failures;
extern const struct jb_family jb_family_mesh_pods;
extern const struct jb_family jb_family_mesh_edges;
extern const struct jb_family jb_family_mesh_remotes;
extern const struct jb_family jb_family_mesh_folded;
extern const struct jb_family jb_family_mesh_lost;
extern const struct jb_family jb_family_mesh_skipped;
extern const struct jb_family jb_family_program_misses;
extern const struct jb_family jb_family_program_runtime;
extern const struct jb_family jb_family_map_entries;
extern const struct jb_family jb_family_map_capacity;
extern const struct jb_family jb_family_map_bytes;
extern const struct jb_family jb_family_resident_bytes;
extern const struct jb_family jb_family_faults;
extern const struct jb_family jb_family_series;
extern const struct jb_family jb_family_series_folded;
extern const struct jb_family jb_family_snapshot_seconds;
extern const struct jb_family jb_family_scrape_seconds;

#endif
