/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include "cli/agent.h"
#include "cli/common.h"
#include "cli/doctor.h"
#include "cli/connections.h"
#include "cli/drops.h"
#include "cli/edges.h"
#include "cli/replay.h"
#include "cli/streams.h"
#include "cli/workloads.h"

static int help(int argc, char **argv);
static int version(int argc, char **argv);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the name; returns the exit status */
	const char *help;
} commands[] = {
	{"agent", jb_cli_agent, "measure this node and serve /metrics"},
	{"streams", jb_cli_streams, "the RTP streams of this node, now"},
	{"connections", jb_cli_connections, "the TCP connections of this node, now"},
	{"workloads", jb_cli_workloads, "the pods and units of this node, and their figures"},
	{"edges", jb_cli_edges, "who talks to whom: connections and bytes between workloads"},
	{"drops", jb_cli_drops, "packets that the kernel dropped, by workload and reason"},
	{"doctor", jb_cli_doctor, "what this node lets the agent measure"},
	{"replay", jb_cli_replay, "the RTP streams of a pcap or pcapng file"},
	{"help", help, "this text"},
	{"version", version, "the version"},
};

/* --help and --version are what everybody tries first. */
static const char *command_name(const char *argument)
{
	if (!strcmp(argument, "--help") || !strcmp(argument, "-h"))
		return "help";
	return strcmp(argument, "--version") ? argument : "version";
}

/* They take nothing but --help, which says the same of them. */
static int too_many(int argc, char **argv)
{
	if (argc < 2 || !strcmp(command_name(argv[1]), "help"))
		return 0;
	return jb_cli_fail("jitterbug", JB_EXIT_USAGE, "%s: unexpected argument \"%s\"", argv[0],
			   argv[1]);
}

static int help(int argc, char **argv)
{
	if (too_many(argc, argv))
		return JB_EXIT_USAGE;
	printf("Usage: jitterbug COMMAND [OPTION]...\n\n"
	       "Sees how real-time media fares on this node: RTP jitter and loss by workload.\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		printf("  %-11s %s\n", commands[i].name, commands[i].help);
	printf("\n\"jitterbug COMMAND --help\" tells its options.\n");
	return jb_cli_flush("jitterbug");
}

static int version(int argc, char **argv)
{
	if (too_many(argc, argv))
		return JB_EXIT_USAGE;
	printf("jitterbug %s\n", JB_VERSION);
	return jb_cli_flush("jitterbug");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return jb_cli_fail("jitterbug", JB_EXIT_USAGE,
				   "no command given (see jitterbug help)");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, command_name(argv[1])))
			return commands[i].run(argc - 1, argv + 1);
	return jb_cli_fail("jitterbug", JB_EXIT_USAGE,
			   "unknown command \"%s\" (see jitterbug help)", argv[1]);
}
