/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `jitterbug agent` is told by its options. */
#ifndef JB_CLI_AGENT_OPTIONS_H
#define JB_CLI_AGENT_OPTIONS_H

#include "base/log.h"
#include "base/options.h"
#include "kubernetes/pods.h"

#define JB_AGENT_NAME "jitterbug agent"

enum jb_peers_mode {
	JB_PEERS_LOCAL,
	JB_PEERS_CLUSTER,
};

enum jb_metrics_mode {
	JB_METRICS_STANDARD,
	JB_METRICS_FULL,
};

enum jb_linkerd_mode {
	JB_LINKERD_AUTO,
	JB_LINKERD_OFF,
};

struct jb_agent_config {
	struct jb_address listen;
	char *token_file;
	char *cgroup;
	enum jb_pods_mode kubernetes;
	char *node;
	char *kubelet_url;
	char *kubelet_ca;
	bool kubelet_insecure;
	enum jb_peers_mode peers;
	bool policies;
	enum jb_linkerd_mode linkerd;
	struct jb_list linkerd_target; /* each is one for jb_mesh_target_read() once checked */
	uint64_t linkerd_interval_ns;
	char *linkerd_namespace;
	char *audit;
	enum jb_metrics_mode metrics;
	uint32_t max_series;
	uint32_t max_streams;
	uint32_t max_workloads;
	struct jb_ports media_ports;
	struct jb_ports ice_tcp_ports;
	char *uplink;
	uint32_t impaired_loss_ppm;
	uint64_t impaired_jitter_ns;
	uint64_t grace_ns;
	enum jb_log_level log_level;
	enum jb_log_format log_format;
	char *config;
};

extern const struct jb_options jb_agent_options;

/* Whether the values go together; else logs what doesn't. */
bool jb_agent_config_check(const struct jb_agent_config *config);

#endif
