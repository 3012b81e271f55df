/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/agent_options.h"

#include <string.h>

#include "kubernetes/pod.h"
#include "mesh/target.h"
#include "node/node.h"

/* A number's macro as text. */
#define TEXT(number)   QUOTED(number)
#define QUOTED(number) #number

#define SECOND         UINT64_C(1000000000)

static const char *const peers_names[] = {"local", "cluster", NULL};
static const char *const linkerd_names[] = {"auto", "off", NULL};
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
	{"linkerd", JB_OPTION_ENUM(struct jb_agent_config, linkerd, linkerd_names), .value = "auto",
	 .help = "read the metrics of Linkerd's proxies on this node"},
	{"linkerd-target", JB_OPTION_LIST(struct jb_agent_config, linkerd_target),
	 .placeholder = "NAMESPACE/POD=URL",
	 .help = "a proxy to read beside those that Kubernetes tells of; may be given several "
		 "times"},
	{"linkerd-interval", JB_OPTION_DURATION(struct jb_agent_config, linkerd_interval_ns),
	 .value = "10s", .min = SECOND, .max = 600 * SECOND, .help = "how often each is read"},
	{"linkerd-namespace", JB_OPTION_STRING(struct jb_agent_config, linkerd_namespace),
	 .value = "linkerd", .placeholder = "NAME",
	 .help = "where Linkerd's control plane is: its trust anchors are read there"},
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

static bool check_target(const char *text)
{
	struct jb_mesh_target target;

	if (!jb_mesh_target_read(text, &target)) {
		jb_log(JB_LOG_ERROR,
		       "--linkerd-target: '%.600s' is not NAMESPACE/POD=URL with a URL of at most "
		       "%d octets",
		       text, JB_MESH_URL_SIZE - 1);
		return false;
	}
	if (!jb_name_is_label(target.namespace_, JB_NAMESPACE_MAX) ||
	    !jb_name_is_subdomain(target.pod, JB_POD_NAME_MAX)) {
		jb_log(JB_LOG_ERROR, "--linkerd-target: '%s/%s' is not a pod's namespace and name",
		       target.namespace_, target.pod);
		return false;
	}
	/* Credentials are not for the log: of such a URL it tells nothing. */
	if (jb_mesh_url_has_credentials(target.url)) {
		jb_log(JB_LOG_ERROR, "--linkerd-target: the URL of '%s/%s' has credentials",
		       target.namespace_, target.pod);
		return false;
	}
	if (!jb_pods_url_is_valid(target.url)) {
		jb_log(JB_LOG_ERROR,
		       "--linkerd-target: '%s' of '%s/%s' is not an http or https URL", target.url,
		       target.namespace_, target.pod);
		return false;
	}
	return true;
}

/* Whether the pod of the target at `index` is that of one before it. */
static bool is_there_twice(const struct jb_list *targets, size_t index)
{
	const char *text = targets->item[index];
	size_t len = strcspn(text, "=") + 1;

	for (size_t i = 0; i < index; i++) {
		if (!strncmp(targets->item[i], text, len))
			return true;
	}
	return false;
}

static bool check_targets(const struct jb_list *targets)
{
	if (targets->count > JB_MESH_MAX_TARGETS) {
		jb_log(JB_LOG_ERROR, "--linkerd-target: %zu are more than %d", targets->count,
		       JB_MESH_MAX_TARGETS);
		return false;
	}
	for (size_t i = 0; i < targets->count; i++) {
		const char *text = targets->item[i];

		if (!check_target(text))
			return false;
		if (is_there_twice(targets, i)) {
			jb_log(JB_LOG_ERROR, "--linkerd-target: '%.*s' is there twice",
			       (int)strcspn(text, "="), text);
			return false;
		}
	}
	return true;
}

static bool check_linkerd(const struct jb_agent_config *config)
{
	const struct jb_list *targets = &config->linkerd_target;

	if (!check_targets(targets))
		return false;
	if (config->linkerd == JB_LINKERD_OFF && targets->count) {
		jb_log(JB_LOG_ERROR, "--linkerd-target: '%s' is not read: --linkerd is off",
		       targets->item[0]);
		return false;
	}
	if (!jb_name_is_label(config->linkerd_namespace, JB_NAMESPACE_MAX)) {
		jb_log(JB_LOG_ERROR, "--linkerd-namespace: '%s' is not the name of a namespace",
		       config->linkerd_namespace);
		return false;
	}
	return true;
}

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
	return check_linkerd(config);
}
