/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tries everything that the agent would attach on this node, and takes it away again. */
#include "cli/doctor.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/table.h"
#include "cli/common.h"
#include "listing/json.h"
#include "node/node.h"

#define NAME "jitterbug doctor"

struct config {
	char *cgroup;
	char *uplink;
	bool json;
};

static const struct jb_option table[] = {
	{"cgroup", JB_OPTION_STRING(struct config, cgroup), .placeholder = "PATH",
	 .help = "as of the agent"},
	{"uplink", JB_OPTION_STRING(struct config, uplink), .placeholder = "IFACE",
	 .help = "as of the agent"},
	{"json", JB_OPTION_FLAG(struct config, json), .help = "print JSON", .argument_only = true},
};

static const struct jb_options options = {
	.usage = NAME " [OPTION]...",
	.about = "Tells what this node lets the agent measure.",
	.table = table,
	.count = sizeof(table) / sizeof(*table),
};

static void exchange(int client, int server)
{
	char octet = 0;

	for (int i = 0; i < 4; i++)
		if (send(client, &octet, 1, MSG_NOSIGNAL) != 1 || recv(server, &octet, 1, 0) != 1 ||
		    send(server, &octet, 1, MSG_NOSIGNAL) != 1 || recv(client, &octet, 1, 0) != 1)
			return;
}

/* A connection on loopback, on which the kernel shows whether it hands out round trips. */
static void talk_to_myself(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval limit = {.tv_sec = 1};
	socklen_t len = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int server = -1;

	setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!bind(listener, (struct sockaddr *)&to, sizeof(to)) && !listen(listener, 1) &&
	    !getsockname(listener, (struct sockaddr *)&to, &len) &&
	    !connect(client, (struct sockaddr *)&to, sizeof(to)))
		server = accept(listener, NULL, NULL);
	if (server >= 0) {
		exchange(client, server);
		close(server);
	}
	close(client);
	close(listener);
}

static const char *status_of(const struct jb_node *node, const struct config *config,
			     enum jb_feature feature)
{
	if (feature == JB_FEATURE_UPLINK && !config->uplink)
		return "not asked for";
	return jb_node_has(node, feature) ? "yes" : "no";
}

static void print_json(const struct jb_node *node, const struct config *config,
		       const struct utsname *system)
{
	struct jb_buffer out = {};

	jb_buffer_puts(&out, "{\"kernel\":");
	jb_json_string(&out, system->release);
	jb_buffer_puts(&out, ",\"cgroup\":");
	jb_json_string(&out, jb_node_cgroup(node));
	jb_buffer_puts(&out, ",\"features\":[");
	for (int i = 0; i < JB_FEATURE_MAX; i++) {
		jb_buffer_puts(&out, i ? ",\n{\"feature\":" : "\n{\"feature\":");
		jb_json_string(&out, jb_feature_names[i]);
		jb_buffer_puts(&out, ",\"available\":");
		jb_json_string(&out, status_of(node, config, i));
		jb_buffer_puts(&out, ",\"what\":");
		jb_json_string(&out, jb_feature_helps[i]);
		jb_buffer_puts(&out, "}");
	}
	jb_buffer_puts(&out, "\n]}\n");
	fwrite(out.data, 1, out.len, stdout);
	jb_buffer_free(&out);
}

static int print_table(const struct jb_node *node, const struct config *config,
		       const struct utsname *system)
{
	static const struct jb_column columns[] = {
		{"FEATURE", JB_ALIGN_LEFT}, {"HERE", JB_ALIGN_LEFT}, {"WHAT", JB_ALIGN_LEFT}};
	struct jb_table *features;
	int err = jb_table_new(columns, sizeof(columns) / sizeof(*columns), &features);

	if (err)
		return err;
	printf("kernel %s %s, cgroup %s\n\n", system->release, system->machine,
	       jb_node_cgroup(node));
	for (int i = 0; i < JB_FEATURE_MAX; i++) {
		jb_table_cell(features, jb_feature_names[i]);
		jb_table_cell(features, status_of(node, config, i));
		jb_table_cell(features, jb_feature_helps[i]);
	}
	err = jb_table_print(features, stdout);
	jb_table_free(features);
	return err;
}

static int doctor(const struct config *config)
{
	const struct jb_node_options node_options = {
		.kernel = {.max_streams = JB_NODE_MAX_STREAMS,
			   .max_workloads = JB_NODE_MAX_WORKLOADS,
			   .uplink = config->uplink},
		.cgroup = config->cgroup,
		.max_series = JB_NODE_MAX_SERIES,
		.limits = JB_NODE_LIMITS,
		.kubernetes = JB_PODS_MODE_OFF,
	};
	char error[JB_NODE_ERROR];
	struct utsname system = {};
	struct jb_node *node;
	int err = jb_node_open(&node, &node_options, error);

	if (err)
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", error);
	uname(&system);
	talk_to_myself();
	if (config->json)
		print_json(node, config, &system);
	else
		err = print_table(node, config, &system);
	jb_node_close(node);
	if (err)
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", strerror(-err));
	return jb_cli_flush(NAME);
}

int jb_cli_doctor(int argc, char **argv)
{
	struct config config;
	int status = jb_cli_options(NAME, &options, argc, argv, &config, NULL);

	if (status >= 0)
		return status;
	status = doctor(&config);
	jb_options_free(&options, &config);
	return status;
}
