/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics/families.h"

#define JB_IDENTITY     "namespace", "pod", "container", "unit"
#define JB_BY_MEDIA     JB_LABELS(JB_IDENTITY, "direction", "media")
#define JB_MEDIA_ONLY   JB_LABELS(JB_IDENTITY, "media")
#define JB_BY_DIRECTION JB_LABELS(JB_IDENTITY, "direction")
#define JB_BY_PEER                                                                                 \
	JB_LABELS(JB_IDENTITY, "reporter", "protocol", "dst_namespace", "dst_workload",            \
		  "src_namespace", "src_workload")

const struct jb_rtp_family jb_rtp_families[] = {
	{{"rtp_packets", "RTP packets, duplicates, late and padding included.", JB_FAMILY_COUNTER,
	  JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_PACKETS},
	{{"rtp_bytes", "UDP payload bytes of RTP packets.", JB_FAMILY_COUNTER, JB_FAMILY_PLAIN,
	  JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_BYTES},
	{{"rtp_expected_packets",
	  "RTP sequence numbers that left the loss window of 256, arrived or not.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_EXPECTED},
	{{"rtp_duplicate_packets", "RTP packets that had arrived before, within the window.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_DUPLICATES},
	{{"rtp_reordered_packets",
	  "RTP packets behind a later one, within 40 ms of the latest gap; not lost.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_REORDERED},
	{{"rtp_late_packets",
	  "RTP packets behind a later one by more than that; beyond the window also lost.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_LATE},
	{{"rtp_padding_packets", "RTP packets of nothing but padding (bandwidth probes).",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_PADDING},
	{{"rtp_restarts", "Streams whose sequence numbers began anew.", JB_FAMILY_COUNTER,
	  JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_RESTARTS},
	{{"rtp_frames", "RTP timestamps seen first, in order: video frames, audio packets.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_FRAMES},
	{{"rtp_lost_packets",
	  "RTP sequence numbers that left the loss window of 256 unseen, at the receiver.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_MEDIA_ONLY},
	 JB_RTP_INGRESS,
	 JB_RTP_LOST},
	{{"rtp_gap_packets", "RTP sequence numbers skipped by a packet in order; told at once.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_MEDIA_ONLY},
	 JB_RTP_INGRESS,
	 JB_RTP_GAP},
	{{"rtp_recovered_packets", "Skipped RTP sequence numbers that arrived after all.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_MEDIA_ONLY},
	 JB_RTP_INGRESS,
	 JB_RTP_RECOVERED},
	{{"rtp_source_gap_packets",
	  "RTP sequence numbers that the sender itself skipped; for an SFU mostly loss upstream.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_MEDIA_ONLY},
	 JB_RTP_EGRESS,
	 JB_RTP_LOST},
	{{"rtp_freezes",
	  "Video frame intervals of at least max(3 means, mean + 150 ms), pauses excepted.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_DIRECTION},
	 JB_RTP_BY_DIRECTION,
	 JB_RTP_FREEZES},
	{{"rtp_freeze_seconds", "Time within these intervals.", JB_FAMILY_COUNTER,
	  JB_FAMILY_NANOSECONDS, JB_BY_DIRECTION},
	 JB_RTP_BY_DIRECTION,
	 JB_RTP_FREEZE_NS},
	{{"rtp_streams_started", "RTP streams, by the media known when they were admitted.",
	  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_MEDIA},
	 JB_RTP_BY_MEDIA,
	 JB_RTP_STARTED},
};
const unsigned int jb_rtp_families_count = sizeof(jb_rtp_families) / sizeof(*jb_rtp_families);

const struct jb_family jb_family_rtp_streams = {"rtp_streams",
						"RTP streams with packets in the last 30 s.",
						JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, JB_BY_MEDIA};
const struct jb_family jb_family_rtp_jitter = {"rtp_jitter_seconds",
					       "Interarrival jitter J of RFC 3550 (one sample a "
					       "timestamp, in order), each stream every 5 s.",
					       JB_FAMILY_HISTOGRAM, JB_FAMILY_PLAIN, JB_BY_MEDIA};
const struct jb_family jb_family_rtp_deviation = {
	"rtp_deviation_seconds", "Interarrival deviation |D| of RFC 3550, of each timestamp.",
	JB_FAMILY_HISTOGRAM, JB_FAMILY_PLAIN, JB_BY_MEDIA};

const struct jb_family jb_family_build_info = {"agent_build_info", "The agent's version.",
					       JB_FAMILY_GAUGE, JB_FAMILY_PLAIN,
					       JB_LABELS("version")};
const struct jb_family jb_family_feature_available = {
	"agent_feature_available", "Whether this node lets the agent measure it.", JB_FAMILY_GAUGE,
	JB_FAMILY_PLAIN, JB_LABELS("feature")};
const struct jb_family jb_family_program_attached = {
	"agent_program_attached", "Whether the BPF program is attached.", JB_FAMILY_GAUGE,
	JB_FAMILY_PLAIN, JB_LABELS("program")};
const struct jb_family jb_family_pod_info = {
	"pod_info", "Pods of this node; empty is what isn't known.", JB_FAMILY_GAUGE,
	JB_FAMILY_PLAIN,
	JB_LABELS("namespace", "pod", "container", "node", "uid", "pod_ip", "host_network",
		  "created_by_kind", "created_by_name", "meshed")};
const struct jb_family jb_family_kubernetes_source = {
	"agent_kubernetes_source", "1 for who tells the names of pods now.", JB_FAMILY_GAUGE,
	JB_FAMILY_PLAIN, JB_LABELS("source")};
const struct jb_family jb_family_kubernetes_requests = {
	"agent_kubernetes_requests", "Requests for pods; of files, looks at their directories.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_LABELS("source")};
const struct jb_family jb_family_kubernetes_failures = {
	"agent_kubernetes_failures", "Of these, failed, by what was in the way.", JB_FAMILY_COUNTER,
	JB_FAMILY_PLAIN, JB_LABELS("failure")};
const struct jb_family jb_family_kubernetes_watch_restarts = {
	"agent_kubernetes_watch_restarts", "Watches of the API server that were begun again.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_kubernetes_pods = {"agent_kubernetes_pods",
						    "Pods of this node that are known.",
						    JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_kubernetes_refused = {
	"agent_kubernetes_refused",
	"Objects that were not pods as Kubernetes has them, or for which there was no room.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_cluster_watching = {
	"agent_cluster_watching", "1 while this resource of the whole cluster is followed.",
	JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, JB_LABELS("resource")};
const struct jb_family jb_family_cluster_requests = {"agent_cluster_requests",
						     "Requests to follow it.", JB_FAMILY_COUNTER,
						     JB_FAMILY_PLAIN, JB_LABELS("resource")};
const struct jb_family jb_family_cluster_failures = {"agent_cluster_failures", "Of these, failed.",
						     JB_FAMILY_COUNTER, JB_FAMILY_PLAIN,
						     JB_LABELS("resource")};
const struct jb_family jb_family_cluster_refused = {
	"agent_cluster_refused", "Objects that are not as Kubernetes has them, or found no room.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_cluster_memory = {"agent_cluster_memory_bytes",
						   "What is kept of the cluster's objects.",
						   JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_audit_records = {"agent_audit_records",
						  "Lines written to --audit.", JB_FAMILY_COUNTER,
						  JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_audit_lost = {
	"agent_audit_lost", "Records that --audit misses, by reason.", JB_FAMILY_COUNTER,
	JB_FAMILY_PLAIN, JB_LABELS("reason")};
const struct jb_family jb_family_edge_connections = {
	"edge_connections", "TCP connections opened and RTP streams started between workloads.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_PEER};
const struct jb_family jb_family_edge_bytes = {"edge_bytes",
					       "Payload between workloads, both ways.",
					       JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_BY_PEER};
const struct jb_family jb_family_policy_connections = {
	"policy_observed_connections",
	"TCP connections and failed attempts, by what NetworkPolicies say of them.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_LABELS(JB_IDENTITY, "verdict")};
const struct jb_family jb_family_edges_folded = {
	"agent_edges_folded", "Contacts told of the peer or the owner ~other, for want of room.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_edges_lost = {
	"agent_edges_lost",
	"Contacts without memory for them, or of workloads that never got a name.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_program_misses = {
	"agent_program_misses",
	"Runs of the BPF program that the kernel skipped, as it was running on that CPU already.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_LABELS("program")};
const struct jb_family jb_family_program_runtime = {
	"agent_program_runtime_seconds",
	"Time spent in the BPF program, while kernel.bpf_stats_enabled is 1.", JB_FAMILY_COUNTER,
	JB_FAMILY_NANOSECONDS, JB_LABELS("program")};
const struct jb_family jb_family_map_entries = {
	"agent_map_entries", "Entries of the BPF map, where they can be counted.", JB_FAMILY_GAUGE,
	JB_FAMILY_PLAIN, JB_LABELS("map")};
const struct jb_family jb_family_map_capacity = {
	"agent_map_capacity", "Entries that the BPF map has room for (of the event ring: bytes).",
	JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, JB_LABELS("map")};
const struct jb_family jb_family_map_bytes = {"agent_map_bytes", "Kernel memory of the BPF map.",
					      JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, JB_LABELS("map")};
const struct jb_family jb_family_resident_bytes = {"agent_resident_memory_bytes",
						   "Resident memory of the agent's process.",
						   JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_faults = {"agent_faults",
					   "What failed or could not be measured, by kind.",
					   JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, JB_LABELS("fault")};
const struct jb_family jb_family_series = {"agent_series", "Series on this page, by family.",
					   JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, JB_LABELS("family")};
const struct jb_family jb_family_series_folded = {"agent_series_folded",
						  "Workloads folded into ~other, for --max-series.",
						  JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_snapshot_seconds = {
	"agent_snapshot_seconds", "Time that reading the BPF maps took for this page.",
	JB_FAMILY_GAUGE, JB_FAMILY_NANOSECONDS, NULL};
const struct jb_family jb_family_scrape_seconds = {"agent_scrape_seconds",
						   "Time that the page before this one took.",
						   JB_FAMILY_GAUGE, JB_FAMILY_NANOSECONDS, NULL};
