/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "cli/agent_options.h"
#include "cli/common.h"
#include "cli/passes.h"
#include "mesh/target.h"
#include "node/node.h"
#include "streams/census.h"
#include "web/server.h"

/* What a stream and a series take of a page, with room; and between what a page's limit is. */
#define STREAM_BYTES   1024
#define SERIES_BYTES   512
#define PAGE_LIMIT_MIN ((uint64_t)32 << 20)
#define PAGE_LIMIT_MAX ((uint64_t)1 << 30) /* what `jitterbug streams` takes, too */

#define SECOND_MS      1000

struct agent {
	struct jb_node *node;
	struct jb_server *server;
	struct jb_loop *loop;
	struct jb_passes passes;
};

static unsigned int serve_metrics(void *ctx, const struct jb_request *request,
				  struct jb_buffer *body)
{
	struct agent *agent = ctx;

	return jb_node_metrics(agent->node, request->openmetrics, body) ? 500 : 200;
}

static unsigned int serve_streams(void *ctx, const struct jb_request *request,
				  struct jb_buffer *body)
{
	struct agent *agent = ctx;

	(void)request;
	return jb_node_streams(agent->node, body) ? 500 : 200;
}

static unsigned int serve_connections(void *ctx, const struct jb_request *request,
				      struct jb_buffer *body)
{
	struct agent *agent = ctx;

	(void)request;
	return jb_node_connections(agent->node, body) ? 500 : 200;
}

static unsigned int serve_edges(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	struct agent *agent = ctx;

	(void)request;
	return jb_node_edges(agent->node, body) ? 500 : 200;
}

static unsigned int serve_drops(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	struct agent *agent = ctx;

	(void)request;
	return jb_node_drops(agent->node, body) ? 500 : 200;
}

static unsigned int serve_workloads(void *ctx, const struct jb_request *request,
				    struct jb_buffer *body)
{
	struct agent *agent = ctx;

	(void)request;
	return jb_node_workloads(agent->node, body) ? 500 : 200;
}

static unsigned int serve_alive(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	(void)ctx;
	(void)request;
	jb_buffer_puts(body, "ok\n");
	return 200;
}

static unsigned int serve_ready(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	const struct agent *agent = ctx;

	(void)request;
	if (!jb_node_is_measuring(agent->node)) {
		jb_buffer_printf(body, JB_PASSES_CGROUP_GONE "\n", jb_node_cgroup(agent->node));
		return 503;
	}
	jb_buffer_puts(body,
		       agent->passes.failing ? "the last pass over the BPF maps failed\n" : "ok\n");
	return agent->passes.failing ? 503 : 200;
}

static const struct jb_route routes[] = {
	{"/metrics", JB_ROUTE_OPEN, JB_ROUTE_METRICS, serve_metrics},
	{"/healthz", JB_ROUTE_OPEN, JB_ROUTE_TEXT, serve_alive},
	{"/readyz", JB_ROUTE_OPEN, JB_ROUTE_TEXT, serve_ready},
	{"/api/v1/streams", JB_ROUTE_GUARDED, JB_ROUTE_JSON, serve_streams},
	{"/api/v1/connections", JB_ROUTE_GUARDED, JB_ROUTE_JSON, serve_connections},
	{"/api/v1/workloads", JB_ROUTE_GUARDED, JB_ROUTE_JSON, serve_workloads},
	{"/api/v1/edges", JB_ROUTE_GUARDED, JB_ROUTE_JSON, serve_edges},
	{"/api/v1/drops", JB_ROUTE_GUARDED, JB_ROUTE_JSON, serve_drops},
};

static void on_tick(void *ctx)
{
	struct agent *agent = ctx;

	jb_passes_tell(&agent->passes, agent->node, jb_node_tick(agent->node));
}

static void on_second(void *ctx)
{
	struct agent *agent = ctx;

	jb_passes_tell_second(&agent->passes, agent->node, jb_node_second(agent->node));
}

static void on_workload(int fd, uint32_t events, void *ctx)
{
	struct agent *agent = ctx;
	int err = jb_node_event(agent->node);

	(void)fd;
	(void)events;
	if (err)
		jb_log(JB_LOG_WARNING, "name a new workload: %s", strerror(-err));
}

static void on_pods(int fd, uint32_t events, void *ctx)
{
	struct agent *agent = ctx;
	struct jb_pods_status status;
	int err = jb_node_pods_changed(agent->node, &status);

	(void)fd;
	(void)events;
	if (err)
		jb_log(JB_LOG_WARNING, "name the workloads of pods: %s", strerror(-err));
	jb_passes_tell_pods(&agent->passes, &status);
}

static void on_cluster(int fd, uint32_t events, void *ctx)
{
	struct agent *agent = ctx;
	struct jb_node_cluster_status status;

	(void)fd;
	(void)events;
	jb_node_cluster_changed(agent->node, &status);
	jb_passes_tell_cluster(&agent->passes, &status);
}

static void on_request(int fd, uint32_t events, void *ctx)
{
	struct agent *agent = ctx;
	int err = jb_server_turn(agent->server);

	(void)fd;
	(void)events;
	if (!err)
		return;
	jb_log(JB_LOG_ERROR, "HTTP server: %s", strerror(-err));
	jb_loop_stop(agent->loop);
}

static size_t page_limit(const struct jb_agent_config *config)
{
	uint64_t limit = (uint64_t)config->max_streams * STREAM_BYTES +
			 (uint64_t)config->max_series * SERIES_BYTES;

	if (limit < PAGE_LIMIT_MIN)
		return PAGE_LIMIT_MIN;
	return limit < PAGE_LIMIT_MAX ? limit : PAGE_LIMIT_MAX;
}

static void log_libbpf(const char *line)
{
	jb_log(JB_LOG_DEBUG, "%s", line);
}

/* The server comes first: a port that is taken is told before anything is attached. */
static int start_server(struct agent *agent, const struct jb_agent_config *config)
{
	struct jb_buffer error = {};
	const struct jb_server_options server = {
		.address = config->listen.host,
		.port = config->listen.port,
		.token_file = config->token_file,
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(*routes),
		.ctx = agent,
		.page_limit = page_limit(config),
	};
	int err = jb_server_start(&agent->server, &server, &error);

	if (err)
		jb_log(JB_LOG_ERROR, "%s", error.data ? error.data : strerror(-err));
	jb_buffer_free(&error);
	return err;
}

/* Each has been checked. NULL: no memory. */
static struct jb_mesh_target *read_targets(const struct jb_list *list)
{
	struct jb_mesh_target *targets = calloc(list->count + 1, sizeof(*targets));

	for (size_t i = 0; targets && i < list->count; i++)
		jb_mesh_target_read(list->item[i], &targets[i]);
	return targets;
}

static int start_node(struct agent *agent, const struct jb_agent_config *config)
{
	char error[JB_NODE_ERROR];
	struct jb_mesh_target *targets = read_targets(&config->linkerd_target);
	const struct jb_node_options node = {
		.kernel = {.max_streams = config->max_streams,
			   .max_workloads = config->max_workloads,
			   .full = config->metrics == JB_METRICS_FULL,
			   .media_ports = (const __u64 *)config->media_ports.bits,
			   .uplink = config->uplink,
			   .ice_tcp_ports = (const __u64 *)config->ice_tcp_ports.bits},
		.cgroup = config->cgroup,
		.grace_ns = config->grace_ns,
		.max_series = config->max_series,
		.limits = {config->impaired_loss_ppm, config->impaired_jitter_ns},
		.kubernetes = config->kubernetes,
		.node = config->node,
		.kubelet_url = config->kubelet_url,
		.kubelet_ca = config->kubelet_ca,
		.kubelet_insecure = config->kubelet_insecure,
		.peers_cluster = config->peers == JB_PEERS_CLUSTER,
		.policies = config->policies,
		.audit = config->audit,
		.linkerd = {.off = config->linkerd == JB_LINKERD_OFF,
			    .targets = targets,
			    .n_targets = config->linkerd_target.count,
			    .interval_ns = config->linkerd_interval_ns,
			    .namespace_ = config->linkerd_namespace},
	};
	int err;

	jb_kernel_set_log(log_libbpf);
	err = targets ? jb_node_open(&agent->node, &node, error) : -ENOMEM;
	if (err)
		jb_log(JB_LOG_ERROR, "%s", targets ? error : "out of memory");
	free(targets);
	return err;
}

static int watch(struct agent *agent)
{
	int err = jb_loop_add_fd(agent->loop, jb_server_fd(agent->server), EPOLLIN, on_request,
				 agent);
	int timer;

	if (!err)
		err = jb_loop_add_fd(agent->loop, jb_node_event_fd(agent->node), EPOLLIN,
				     on_workload, agent);
	if (!err && jb_node_pods_fd(agent->node) >= 0)
		err = jb_loop_add_fd(agent->loop, jb_node_pods_fd(agent->node), EPOLLIN, on_pods,
				     agent);
	if (!err && jb_node_cluster_news_fd(agent->node) >= 0)
		err = jb_loop_add_fd(agent->loop, jb_node_cluster_news_fd(agent->node), EPOLLIN,
				     on_cluster, agent);
	if (err)
		return err;
	timer = jb_loop_add_timer(agent->loop, JB_CENSUS_INTERVAL_MS, on_tick, agent);
	if (timer >= 0)
		timer = jb_loop_add_timer(agent->loop, SECOND_MS, on_second, agent);
	return timer < 0 ? timer : 0;
}

/* What this kernel lacks is told once; the agent is Ready all the same. */
static void tell_missing(const struct agent *agent)
{
	for (int i = 0; i < JB_FEATURE_MAX; i++)
		if (!jb_node_has(agent->node, i) && i != JB_FEATURE_TCP_SAMPLES &&
		    i != JB_FEATURE_UPLINK)
			jb_log(JB_LOG_WARNING, "this kernel does not give %s: %s",
			       jb_feature_names[i], jb_feature_helps[i]);
}

static void announce(const struct agent *agent, const struct jb_agent_config *config)
{
	const char *host = config->listen.host;
	bool any = !*host || !strcmp(host, "0.0.0.0") || !strcmp(host, "::");
	bool v6 = !any && strchr(host, ':');
	char base[sizeof("http://[]:65535") + sizeof(config->listen.host)];

	snprintf(base, sizeof(base), "http://%s%s%s:%u", v6 ? "[" : "", any ? "127.0.0.1" : host,
		 v6 ? "]" : "", jb_server_port(agent->server));
	jb_log(JB_LOG_INFO, "measuring at %s", jb_node_cgroup(agent->node));
	jb_log(JB_LOG_INFO, "metrics: %s/metrics", base);
	jb_log(JB_LOG_INFO, "streams: %s/api/v1/streams", base);
}

static int run(struct agent *agent, const struct jb_agent_config *config)
{
	int err = jb_loop_new(&agent->loop);

	if (err) {
		jb_log(JB_LOG_ERROR, "event loop: %s", strerror(-err));
		return JB_EXIT_FAILED;
	}
	if (start_server(agent, config) || start_node(agent, config))
		return JB_EXIT_FAILED;
	err = watch(agent);
	if (err) {
		jb_log(JB_LOG_ERROR, "event loop: %s", strerror(-err));
		return JB_EXIT_FAILED;
	}
	on_tick(agent);
	tell_missing(agent);
	announce(agent, config);
	err = jb_loop_run(agent->loop);
	if (err > 0)
		jb_log(JB_LOG_INFO, "%s: detaching", strsignal(err));
	return err > 0 ? JB_EXIT_OK : JB_EXIT_FAILED;
}

int jb_cli_agent(int argc, char **argv)
{
	struct agent agent = {};
	struct jb_agent_config config;
	uint64_t lost;
	int status = jb_cli_options(JB_AGENT_NAME, &jb_agent_options, argc, argv, &config, NULL);

	if (status >= 0)
		return status;
	jb_log_init(config.log_level, config.log_format);
	agent.passes = (struct jb_passes){
		.uplink = config.uplink, .audit = config.audit, .max_series = config.max_series};
	status = jb_agent_config_check(&config) ? run(&agent, &config) : JB_EXIT_USAGE;
	jb_server_stop(agent.server);
	lost = jb_node_close(agent.node);
	if (lost)
		jb_log(JB_LOG_WARNING,
		       "--audit %s: %" PRIu64 " records were not written at the end", config.audit,
		       lost);
	jb_loop_free(agent.loop);
	jb_options_free(&jb_agent_options, &config);
	return status;
}
