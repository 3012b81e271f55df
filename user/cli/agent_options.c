/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/agent_options.h"

#include "node/node.h"

/* A number's macro as text. */
#define TEXT(number)   QUOTED(number)
#define QUOTED(number) #number

static const char *const peers_names[] = {"local", "cluster", NULL};
static const char *const metrics_names[] = {"standard", "full", NULL};

static const struct jb_option table[] = {
	{"listen", JB_OPTION_ADDRESS(struct jb_agent_config, listen), .value = "0.0.0.0:9504",
	 .placeholder = "ADDRESS:PORT", .help = "address and port of /metrics"},
	{"token-file", JB_OPTION_STRING(struct jb_agent_config, token_file), .placeholder = "FILE",
	 .help = "bearer token that opens /api/v1 to more than loopback"},
	{"cgroup", JB_OPTION_STRING(struct jb_agent_config, cgroup), .placeholder = "PATH",
	 .help = "measure only below this cgroup2 directory, not the whole node"},
	{"kubernetes", JB_OPTION_ENUM(struct jb_agent_config, kubernetes, jb_pods_mode_names),
	 .value = "auto", .help = "who tells the names of pods; auto: the first that does"},
	{"node", JB_OPTION_STRING(struct jb_agent_config, node), .placeholder = "NAME",
	 .help = "name of this node at Kubernetes: the API server is asked for its pods"},
	{"kubelet-url", JB_OPTION_STRING(struct jb_agent_config, kubelet_url),
	 .value = JB_PODS_KUBELET_URL, .placeholder = "URL",
	 .help = "the kubelet, where it is asked for the pods"},
	{"kubelet-ca", JB_OPTION_STRING(struct jb_agent_config, kubelet_ca), .placeholder = "FILE",
	 .help = "who signs the kubelet's certificate; without, the cluster's CA"},
	{"kubelet-insecure", JB_OPTION_FLAG(struct jb_agent_config, kubelet_insecure),
	 .help = "take any certificate of the kubelet's"},
	{"peers", JB_OPTION_ENUM(struct jb_agent_config, peers, peers_names), .value = "local",
	 .help = "whose names peers get: of this node's pods, or of the whole cluster's"},
	{"policies", JB_OPTION_FLAG(struct jb_agent_config, policies),
	 .help = "evaluate NetworkPolicies on what was seen; needs --node"},
	{"audit", JB_OPTION_STRING(struct jb_agent_config, audit), .placeholder = "FILE|-",
	 .help = "append a line of JSON for each connection and stream"},
	{"metrics", JB_OPTION_ENUM(struct jb_agent_config, metrics, metrics_names),
	 .value = "standard", .help = "full: deviation, DTLS and MOS, and all receive queues too"},
	{"max-series", JB_OPTION_U32(struct jb_agent_config, max_series),
	 .value = TEXT(JB_NODE_MAX_SERIES), .min = 1000, .max = 10000000,
	 .help = "beyond, workloads are folded into ~other"},
	{"max-streams", JB_OPTION_U32(struct jb_agent_config, max_streams),
	 .value = TEXT(JB_NODE_MAX_STREAMS), .min = 16, .max = 4194304, .help = "streams at once"},
	{"max-workloads", JB_OPTION_U32(struct jb_agent_config, max_workloads),
	 .value = TEXT(JB_NODE_MAX_WORKLOADS), .min = 2, .max = 65536, .help = "workloads at once"},
	{"media-ports", JB_OPTION_PORTS(struct jb_agent_config, media_ports),
	 .help = "ports of media: two packets in a row make a stream there, four elsewhere"},
	{"ice-tcp-ports", JB_OPTION_PORTS(struct jb_agent_config, ice_tcp_ports), .value = "7881",
	 .help = "TCP ports at which RTP framed by RFC 4571 is counted"},
	{"uplink", JB_OPTION_STRING(struct jb_agent_config, uplink), .placeholder = "IFACE",
	 .help = "measure streams on this interface, too: what is lost behind it is the node's"},
	{"impaired-loss", JB_OPTION_PERCENT(struct jb_agent_config, impaired_loss_ppm),
	 .value = TEXT(JB_NODE_IMPAIRED_PERCENT) "%",
	 .help = "a stream that misses so much in 5 s is impaired"},
	{"impaired-jitter", JB_OPTION_DURATION(struct jb_agent_config, impaired_jitter_ns),
	 .value = TEXT(JB_NODE_IMPAIRED_JITTER_MS) "ms", .help = "likewise with so much jitter"},
	{"grace", JB_OPTION_DURATION(struct jb_agent_config, grace_ns),
	 .value = TEXT(JB_NODE_GRACE_MINUTES) "m",
	 .help = "how long the counters of a workload outlive it"},
	{"log-level", JB_OPTION_ENUM(struct jb_agent_config, log_level, jb_log_level_names),
	 .value = "info", .help = "least severe messages to log"},
	{"log-format", JB_OPTION_ENUM(struct jb_agent_config, log_format, jb_log_format_names),
	 .value = "text", .help = "how messages are written"},
	{"config", JB_OPTION_CONFIG(struct jb_agent_config, config),
	 .help = "read options from FILE"},
};

const struct jb_options jb_agent_options = {
	.usage = JB_AGENT_NAME " [OPTION]...",
	.about = "Measures by BPF programs how media and TCP fare on this node; serves it as "
		 "/metrics.",
	.table = table,
	.count = sizeof(table) / sizeof(*table),
};

bool jb_agent_config_check(const struct jb_agent_config *config)
{
	if (!jb_pods_url_is_valid(config->kubelet_url)) {
		jb_log(JB_LOG_ERROR, "--kubelet-url: '%s' is not an http or https URL",
		       config->kubelet_url);
		return false;
	}
	if (config->kubernetes == JB_PODS_MODE_OFF &&
	    (config->policies || config->peers == JB_PEERS_CLUSTER)) {
		jb_log(JB_LOG_ERROR, "%s needs the API server, and --kubernetes is off",
		       config->policies ? "--policies" : "--peers cluster");
		return false;
	}
	if (config->policies &&
	    !(config->node && jb_name_is_subdomain(config->node, JB_POD_NAME_MAX))) {
		jb_log(JB_LOG_ERROR, "--policies: --node '%s' is not this node's name",
		       config->node ? config->node : "");
		return false;
	}
	return true;
}
