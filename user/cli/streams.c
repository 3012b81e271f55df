/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/loop.h"
#include "cli/common.h"
#include "cli/http.h"
#include "node/node.h"
#include "streams/census.h"
#include "streams/info.h"

#define NAME "jitterbug streams"
/* What a measurement of one's own has time for: a clock locks after 2 s. */
#define JB_OWN_MEASUREMENT_MS 5000

#define JB_DEFAULT_AGENT      "http://127.0.0.1:9504"

struct config {
	char *agent;
	char *token_file;
	bool json;
};

static const struct jb_option table[] = {
	{"agent", JB_OPTION_STRING(struct config, agent), .value = JB_DEFAULT_AGENT,
	 .placeholder = "URL",
	 .help = "the agent to ask; if none runs on this node, measure for 5 s"},
	{"token-file", JB_OPTION_STRING(struct config, token_file), .placeholder = "FILE",
	 .help = "bearer token for an agent on another host"},
	{"json", JB_OPTION_FLAG(struct config, json), .help = "print JSON", .argument_only = true},
};

static const struct jb_options options = {
	.usage = NAME " [OPTION]...",
	.about = "Lists the live RTP streams of this node.",
	.table = table,
	.count = sizeof(table) / sizeof(*table),
};

static void on_end(void *loop)
{
	jb_loop_stop(loop);
}

/* Waits, interruptible: a signal ends it and what was measured until then is told. */
static int wait_a_while(void)
{
	struct jb_loop *loop;
	int err = jb_loop_new(&loop);

	if (err)
		return err;
	err = jb_loop_add_timer(loop, JB_OWN_MEASUREMENT_MS, on_end, loop);
	if (err >= 0)
		err = jb_loop_run(loop);
	jb_loop_free(loop);
	return err < 0 ? err : 0;
}

/* No agent runs: load the programs, look for a while, detach. */
static int measure(struct jb_buffer *body)
{
	const struct jb_node_options node_options = {
		.kernel = {.max_streams = JB_NODE_MAX_STREAMS,
			   .max_workloads = JB_NODE_MAX_WORKLOADS},
		.max_series = JB_NODE_MAX_SERIES,
		.grace_ns = JB_NODE_GRACE_MINUTES * (60 * JB_SECOND_NS),
	};
	char error[JB_NODE_ERROR];
	struct jb_node *node;
	int err = jb_node_open(&node, &node_options, error);

	if (err)
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", error);
	fprintf(stderr, NAME ": no agent runs here; measuring for %d s\n",
		JB_OWN_MEASUREMENT_MS / 1000);
	err = jb_node_tick(node);
	if (!err)
		err = wait_a_while();
	if (!err)
		err = jb_node_tick(node);
	if (!err)
		err = jb_node_streams(node, body);
	jb_node_close(node);
	return err ? jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", strerror(-err)) : JB_EXIT_OK;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By workload (units come before pods), what comes in before what goes out, source and SSRC. */
static int compare(const void *left, const void *right)
{
	const struct jb_stream_info *a = left, *b = right;

	return strcmp(a->namespace_, b->namespace_) ?: strcmp(a->pod, b->pod) ?:
	       strcmp(a->unit, b->unit) ?: strcmp(b->direction, a->direction) ?:
	       strcmp(a->source_address, b->source_address) ?:
	       compare_numbers(a->source_port, b->source_port) ?:
	       compare_numbers(a->ssrc, b->ssrc);
}

static int print_table(const json_t *list)
{
	const struct jb_stream_column *columns[JB_STREAM_COLUMNS_MAX];
	const char *bad;
	int len, err = 0;
	int n_columns = jb_stream_columns_parse(jb_stream_columns_default, columns, &bad, &len);
	size_t n = json_array_size(list);
	struct jb_stream_info *infos = calloc(n ? n : 1, sizeof(*infos));

	if (!infos)
		return jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", strerror(ENOMEM));
	for (size_t i = 0; i < n && !err; i++)
		err = jb_stream_parse(json_array_get(list, i), &infos[i], &bad);
	if (err)
		jb_cli_fail(NAME, JB_EXIT_FAILED, "the agent's answer: bad value of \"%s\"", bad);
	else {
		qsort(infos, n, sizeof(*infos), compare);
		err = jb_stream_print(infos, n, columns, n_columns, stdout);
	}
	free(infos);
	return err ? JB_EXIT_FAILED : jb_cli_flush(NAME);
}

static int print(const struct config *config, const struct jb_buffer *body)
{
	json_error_t error;
	json_t *root;
	json_t *list;
	int status;

	if (config->json) {
		fwrite(body->data, 1, body->len, stdout);
		return jb_cli_flush(NAME);
	}
	root = json_loadb(body->data ? body->data : "", body->len, 0, &error);
	list = json_object_get(root, "streams");
	if (json_is_array(list))
		status = print_table(list);
	else
		status = jb_cli_fail(NAME, JB_EXIT_FAILED,
				     "the agent's answer is no list of streams: %s",
				     root ? "no array \"streams\"" : error.text);
	json_decref(root);
	return status;
}

/* Another node's agent that can't be reached is not replaced by this node's figures. */
static bool is_here(const char *url)
{
	static const char *const here[] = {"http://127.", "http://localhost:", "http://[::1]"};

	for (size_t i = 0; i < sizeof(here) / sizeof(*here); i++)
		if (!strncmp(url, here[i], strlen(here[i])))
			return true;
	return false;
}

static int streams(const struct config *config)
{
	struct jb_buffer body = {};
	char error[JB_HTTP_ERROR];
	int status = JB_EXIT_OK;
	int err = jb_http_get(config->agent, "/api/v1/streams", config->token_file, &body, error);

	if (err == -ECONNREFUSED && is_here(config->agent))
		status = measure(&body);
	else if (err)
		status = jb_cli_fail(NAME, JB_EXIT_FAILED, "%s", error);
	if (!status)
		status = print(config, &body);
	jb_buffer_free(&body);
	return status;
}

int jb_cli_streams(int argc, char **argv)
{
	struct config config;
	int status = jb_cli_options(NAME, &options, argc, argv, &config, NULL);

	if (status >= 0)
		return status;
	status = streams(&config);
	jb_options_free(&options, &config);
	return status;
}
