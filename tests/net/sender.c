/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "sender.h"

#include <inttypes.h>
#include <string.h>

static void print_summary(const struct jb_sender_result *r, uint64_t ns)
{
	printf("{\"sent\": %" PRIu64 ", \"errors\": %" PRIu64 ", \"skipped\": %" PRIu64
	       ", \"repeated\": %" PRIu64 ", \"swapped\": %" PRIu64 ", \"restarts\": %" PRIu64
	       ", \"seconds\": %.6f, \"first_error\": \"%s\"}\n",
	       r->sent, r->errors, r->skipped, r->repeated, r->swapped, r->restarts,
	       (double)ns / (double)JB_TOOL_SEC_NS, r->first_error ? strerror(r->first_error) : "");
}

int main(int argc, char **argv)
{
	struct jb_sender_options options = {
		.pps = 50,
		.count = 100,
		.seed = 1,
		.size_min = 160,
		.size_max = 160,
		.first = {.ssrc = 0x1111, .pt = 111},
		.ts_step = 960,
		.frame = 1,
		.marker = JB_SENDER_MARKER_AUTO,
		.extension_words = -1,
		.threads = 1,
	};
	struct jb_sender_result result = {};
	uint64_t start;

	jb_sender_options_parse(argc, argv, &options);
	jb_tool_precise_timers();
	jb_tool_catch_stop();
	start = jb_tool_now_ns();
	if (options.mode != JB_SENDER_STREAM)
		jb_sender_run_random(&options, &result);
	else if (options.threads > 1)
		jb_sender_run_threads(&options, &result);
	else
		jb_sender_run_stream(&options, &result);
	print_summary(&result, jb_tool_now_ns() - start);
	return 0;
}
