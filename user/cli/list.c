/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "cli/common.h"
#include "cli/http.h"
#include "cli/list_turn.h"
#include "streams/census.h"

/* What a measurement of one's own has time for: a clock locks after 2 s. */
#define JB_OWN_MEASUREMENT_MS 5000

#define JB_DEFAULT_AGENT      "http://127.0.0.1:9504"

struct config {
	char *agent;
	char *token_file;
	bool json;
	uint32_t watch;
};

static const struct jb_option table[] = {
	{"agent", JB_OPTION_STRING(struct config, agent), .value = JB_DEFAULT_AGENT,
	 .placeholder = "URL",
	 .help = "the agent to ask; if none runs on this node, measure for 5 s"},
	{"token-file", JB_OPTION_STRING(struct config, token_file), .placeholder = "FILE",
	 .help = "bearer token for an agent on another host"},
	{"json", JB_OPTION_FLAG(struct config, json), .help = "print JSON", .argument_only = true},
	{"watch", JB_OPTION_U32(struct config, watch), .value = "0", .max = 86400,
	 .placeholder = "N", .help = "print again every N seconds; 0: once", .argument_only = true},
};

struct run {
	const struct jb_listing *list;
	const struct config *config;
	struct jb_node *node; /* measures where no agent runs; else NULL, likewise: */
	struct jb_loop *loop; /* waits and takes signals */
	struct jb_buffer document;
	struct jb_list_turn before; /* the turn before this one, if there was one */
	bool interrupted;
};

static int fail(const struct run *run, int err)
{
	return jb_cli_fail(run->list->name, JB_EXIT_FAILED, "%s", strerror(-err));
}

static void on_end(void *loop)
{
	jb_loop_stop(loop);
}

/* 0, the number of the signal that ended it, or -errno. */
static int pause_ms(struct jb_loop *loop, uint64_t ms)
{
	int timer = jb_loop_add_timer(loop, ms, on_end, loop);
	int err;

	if (timer < 0)
		return timer;
	err = jb_loop_run(loop);
	jb_loop_remove_fd(loop, timer);
	return err;
}

/* With its passes when they are due. A signal ends it, and what was measured till then is told. */
static int measure_ms(struct run *run, uint64_t ms)
{
	while (ms && !run->interrupted) {
		uint64_t some = ms < JB_CENSUS_INTERVAL_MS ? ms : JB_CENSUS_INTERVAL_MS;
		int err = pause_ms(run->loop, some);

		run->interrupted = err > 0;
		if (err >= 0)
			err = jb_node_tick(run->node);
		if (err)
			return fail(run, err);
		ms -= some;
	}
	return JB_EXIT_OK;
}

/* No agent runs: load the programs, look for a while. */
static int measure(struct run *run)
{
	const struct jb_node_options options = {
		.kernel = {.max_streams = JB_NODE_MAX_STREAMS,
			   .max_workloads = JB_NODE_MAX_WORKLOADS},
		.max_series = JB_NODE_MAX_SERIES,
		.grace_ns = JB_NODE_GRACE_MINUTES * (60 * JB_SECOND_NS),
		.limits = JB_NODE_LIMITS,
		.node = getenv("JITTERBUG_NODE"),
	};
	char error[JB_NODE_ERROR];
	int err = jb_node_open(&run->node, &options, error);

	if (err)
		return jb_cli_fail(run->list->name, JB_EXIT_FAILED, "%s", error);
	err = jb_loop_new(&run->loop);
	if (err)
		return fail(run, err);
	fprintf(stderr, "%s: no agent runs here; measuring for %d s\n", run->list->name,
		JB_OWN_MEASUREMENT_MS / 1000);
	err = jb_node_tick(run->node);
	return err ? fail(run, err) : measure_ms(run, JB_OWN_MEASUREMENT_MS);
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

/* From the agent, or, if there was none in the first turn, from the measurement. */
static int get_document(struct run *run, bool first)
{
	const struct config *config = run->config;
	char error[JB_HTTP_ERROR];
	int status = JB_EXIT_OK;
	int err;

	jb_buffer_reset(&run->document);
	if (!run->node) {
		err = jb_http_get(config->agent, run->list->path, config->token_file,
				  &run->document, error);
		if (!first || err != -ECONNREFUSED || !is_here(config->agent))
			return err ? jb_cli_fail(run->list->name, JB_EXIT_FAILED, "%s", error)
				   : JB_EXIT_OK;
		status = measure(run);
	}
	if (status)
		return status;
	err = run->list->document(run->node, &run->document);
	return err ? fail(run, err) : JB_EXIT_OK;
}

/* A screen is drawn anew; in a file an empty line is between two tables. */
static void begin_table(bool first)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	else if (!first)
		fputc('\n', stdout);
}

static int print_table(struct run *run, bool first)
{
	struct jb_list_turn turn;
	int status = jb_list_turn_read(run->list, &run->document, &turn);

	if (status)
		return status;
	if (run->config->watch)
		begin_table(first);
	status = jb_list_turn_print(run->list, &turn, first ? NULL : &run->before);
	jb_list_turn_free(&run->before);
	run->before = turn;
	return status;
}

static int take_turn(struct run *run, bool first)
{
	int status = get_document(run, first);

	if (status)
		return status;
	if (!run->config->json)
		return print_table(run, first);
	fwrite(run->document.data, 1, run->document.len, stdout);
	return jb_cli_flush(run->list->name);
}

static int run_turns(const struct jb_listing *list, const struct config *config)
{
	struct run run = {.list = list, .config = config};
	int status = take_turn(&run, true);

	while (!status && config->watch && !run.interrupted) {
		if (run.node)
			status = measure_ms(&run, config->watch * 1000ULL);
		else
			sleep(config->watch); /* a signal ends the program */
		if (!status)
			status = take_turn(&run, false);
	}
	jb_loop_free(run.loop);
	jb_node_close(run.node);
	jb_list_turn_free(&run.before);
	jb_buffer_free(&run.document);
	return status;
}

int jb_cli_list(const struct jb_listing *list, int argc, char **argv)
{
	char usage[64];
	const struct jb_options options = {
		.usage = usage,
		.about = list->about,
		.table = table,
		.count = sizeof(table) / sizeof(*table),
	};
	struct config config;
	int status;

	snprintf(usage, sizeof(usage), "%s [OPTION]...", list->name);
	status = jb_cli_options(list->name, &options, argc, argv, &config, NULL);
	if (status >= 0)
		return status;
	status = run_turns(list, &config);
	jb_options_free(&options, &config);
	return status;
}
