/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The families of the mesh. */
#include "metrics/families.h"

#define IDENTITY      "namespace", "pod", "container", "unit"
#define PEER          "reporter", "dst_namespace", "dst_workload", "src_namespace", "src_workload"
#define BY_PEER(...)  JB_LABELS(IDENTITY, PEER, ##__VA_ARGS__)
#define OF_A_POD(...) JB_LABELS(IDENTITY, ##__VA_ARGS__)

const struct jb_family jb_family_mesh_requests = {
	"mesh_edge_requests", "Requests that were answered, as the proxy has them.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, BY_PEER("tls", "classification")};
const struct jb_family jb_family_mesh_request_seconds = {
	"mesh_edge_request_seconds", "Time until their answers began, by the proxy.",
	JB_FAMILY_COUNTER, JB_FAMILY_NANOSECONDS, BY_PEER()};
const struct jb_family jb_family_mesh_network_seconds = {
	"mesh_edge_network_seconds",
	"Time of it that the network took: the kernel's smallest round trip, once a request.",
	JB_FAMILY_COUNTER, JB_FAMILY_NANOSECONDS, BY_PEER()};
const struct jb_family jb_family_mesh_network_requests = {
	"mesh_edge_network_requests", "Requests of which that time is known.", JB_FAMILY_COUNTER,
	JB_FAMILY_PLAIN, BY_PEER()};
const struct jb_family jb_family_mesh_retransmitted = {
	"mesh_edge_retransmitted_segments",
	"TCP segments sent again on the proxy's connections with the peer.", JB_FAMILY_COUNTER,
	JB_FAMILY_PLAIN, BY_PEER()};
const struct jb_family jb_family_mesh_connect_failures = {
	"mesh_edge_connect_failures", "Connections that the proxy tried to open and that failed.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, BY_PEER("reason")};

const struct jb_family jb_family_mesh_bypass = {
	"mesh_bypass_connections", "TCP connections past the proxy, by why they were.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, OF_A_POD("reason", "role")};
const struct jb_family jb_family_mesh_plaintext = {
	"mesh_plaintext_bytes", "Payload that isn't encrypted for all that is known, both ways.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, OF_A_POD("leg")};
const struct jb_family jb_family_mesh_proxy_bytes = {
	"mesh_proxy_bytes", "Payload on the proxy's connections, as the proxy has it.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, OF_A_POD("leg", "direction")};
const struct jb_family jb_family_mesh_kernel_bytes = {
	"mesh_kernel_bytes", "Payload on the proxy's connections, as the kernel has it.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, OF_A_POD("leg", "direction")};

const struct jb_family jb_family_mesh_certificate_expiry = {
	"mesh_certificate_expiry_timestamp_seconds", "When the proxy's certificate ends.",
	JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, OF_A_POD()};
const struct jb_family jb_family_mesh_certificate_errors = {
	"mesh_certificate_refresh_errors", "Times that the proxy got no new certificate.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, OF_A_POD()};
const struct jb_family jb_family_mesh_anchor_expiry = {
	"mesh_trust_anchor_expiry_timestamp_seconds", "When the mesh's trust anchor ends.",
	JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, JB_LABELS("subject", "serial")};
const struct jb_family jb_family_mesh_proxy_info = {"mesh_proxy_info", "The proxy's version.",
						    JB_FAMILY_GAUGE, JB_FAMILY_PLAIN,
						    OF_A_POD("version")};

const struct jb_family jb_family_mesh_scrape_success = {
	"mesh_scrape_success", "Whether the latest attempt to read the proxy's page was fine.",
	JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, OF_A_POD()};
const struct jb_family jb_family_mesh_scrape_bytes = {
	"mesh_scrape_bytes", "Size of the latest page that was fine, unpacked.", JB_FAMILY_GAUGE,
	JB_FAMILY_PLAIN, OF_A_POD()};
const struct jb_family jb_family_mesh_scrape_seconds = {
	"mesh_scrape_seconds", "How long the latest attempt took.", JB_FAMILY_GAUGE,
	JB_FAMILY_NANOSECONDS, OF_A_POD()};
const struct jb_family jb_family_mesh_scrape_failures = {
	"mesh_scrape_failures", "Attempts that failed, by what was in the way.", JB_FAMILY_COUNTER,
	JB_FAMILY_PLAIN, OF_A_POD("reason")};

const struct jb_family jb_family_mesh_pods = {"agent_mesh_pods",
					      "Pods of which the mesh's families tell.",
					      JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_mesh_edges = {"agent_mesh_edges", "Edges of these.",
					       JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_mesh_remotes = {
	"agent_mesh_remotes", "Far ends of the proxies' connections that are remembered.",
	JB_FAMILY_GAUGE, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_mesh_folded = {
	"agent_mesh_folded", "What was told of the pod or the peer ~other, for want of room.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_mesh_lost = {"agent_mesh_lost",
					      "What was left out, for want of memory.",
					      JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
const struct jb_family jb_family_mesh_skipped = {
	"agent_mesh_skipped", "Samples of the proxies' pages for which there was no place.",
	JB_FAMILY_COUNTER, JB_FAMILY_PLAIN, NULL};
