/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bridge.h"

#include <getopt.h>
#include <stdlib.h>

enum { MINUTE_US = 60 * 1000000 };

static const struct option long_options[] = {
	{"seed", required_argument, NULL, 's'},
	{"loss", required_argument, NULL, 'l'},
	{"dup", required_argument, NULL, 'd'},
	{"reorder", required_argument, NULL, 'r'},
	{"gap-us", required_argument, NULL, 'g'},
	{"dup-after-us", required_argument, NULL, 'a'},
	{"delay-us", required_argument, NULL, 'D'},
	{"jitter-us", required_argument, NULL, 'J'},
	{"drop", required_argument, NULL, 'x'},
	{"hold", required_argument, NULL, 'h'},
	{"ssrc", required_argument, NULL, 'S'},
	{"all-frames", no_argument, NULL, 'A'},
	{"both-ways", no_argument, NULL, 'B'},
	{"log", required_argument, NULL, 'o'},
	{"spin-us", required_argument, NULL, 'w'},
	{"rt", no_argument, NULL, 'R'},
	{},
};

static void add_event(const char *name, const char *text, struct jb_bridge_event *events,
		      unsigned int *count)
{
	if (*count == JB_BRIDGE_EVENTS)
		jb_tool_fail(2, "--%s: more than %d events", name, JB_BRIDGE_EVENTS);
	jb_tool_pair(name, text, UINT32_MAX, &events[*count].index, &events[*count].value);
	++*count;
}

static void parse_impairment(struct jb_bridge_plan *plan, int option, const char *name)
{
	if (option == 'l')
		plan->loss = jb_tool_share(name, optarg);
	else if (option == 'd')
		plan->dup = jb_tool_share(name, optarg);
	else if (option == 'r')
		plan->reorder = jb_tool_share(name, optarg);
	else if (option == 'g')
		plan->gap_ns = jb_tool_number(name, optarg, 0, MINUTE_US) * JB_TOOL_USEC_NS;
	else if (option == 'a')
		plan->dup_after_ns = jb_tool_number(name, optarg, 0, MINUTE_US) * JB_TOOL_USEC_NS;
	else if (option == 'D')
		plan->delay_ns = jb_tool_number(name, optarg, 0, MINUTE_US) * JB_TOOL_USEC_NS;
	else if (option == 'J')
		plan->jitter_ns = jb_tool_number(name, optarg, 0, MINUTE_US) * JB_TOOL_USEC_NS;
	else if (option == 'S')
		plan->ssrc = (uint32_t)jb_tool_number(name, optarg, 1, UINT32_MAX);
	else if (option == 'A')
		plan->all_frames = true;
	else if (option == 'B')
		plan->both_ways = true;
	else if (option == 'x')
		add_event(name, optarg, plan->drops, &plan->drop_count);
	else
		add_event(name, optarg, plan->holds, &plan->hold_count);
}

void jb_bridge_options_parse(int argc, char **argv, struct jb_bridge_options *ret,
			     struct jb_bridge_plan *plan)
{
	int option, at = 0;

	while ((option = getopt_long(argc, argv, "", long_options, &at)) != -1) {
		if (option == '?')
			exit(2);
		else if (option == 's')
			ret->seed = jb_tool_number("seed", optarg, 0, UINT64_MAX);
		else if (option == 'o')
			ret->log = optarg;
		else if (option == 'w')
			ret->spin_us = jb_tool_number("spin-us", optarg, 0, 1000000);
		else if (option == 'R')
			ret->realtime = true;
		else
			parse_impairment(plan, option, long_options[at].name);
	}
	if (argc - optind != 2)
		jb_tool_fail(2, "usage: bridge INTERFACE_A INTERFACE_B [--OPTION VALUE]...");
	if (plan->jitter_ns > plan->delay_ns)
		jb_tool_fail(2, "--jitter-us must not exceed --delay-us: it goes both ways");
	ret->interfaces[0] = argv[optind];
	ret->interfaces[1] = argv[optind + 1];
}
