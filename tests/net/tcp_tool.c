/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcp_tool.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000, REQUESTS_MAX = 10000000 };

static const struct option long_options[] = {
	{"address", required_argument, NULL, 'a'},
	{"port", required_argument, NULL, 'p'},
	{"discard", no_argument, NULL, 'd'},
	{"no-accept", no_argument, NULL, 'n'},
	{"backlog", required_argument, NULL, 'b'},
	{"accept-delay-ms", required_argument, NULL, 'A'},
	{"connections", required_argument, NULL, 'c'},
	{"size", required_argument, NULL, 's'},
	{"requests", required_argument, NULL, 'r'},
	{"interval-us", required_argument, NULL, 'i'},
	{"timeout-ms", required_argument, NULL, 't'},
	{"bulk", required_argument, NULL, 'B'},
	{"hold", no_argument, NULL, 'h'},
	{"reset", no_argument, NULL, 'R'},
	{},
};

static bool parse_server(struct jb_tcp_options *o, int option)
{
	if (option == 'd')
		o->discard = true;
	else if (option == 'n')
		o->no_accept = true;
	else if (option == 'b')
		o->backlog = (int)jb_tool_number("backlog", optarg, 0, 65535);
	else if (option == 'A')
		o->accept_delay_ns = JB_TOOL_MSEC_NS *
				     jb_tool_number("accept-delay-ms", optarg, 0, MINUTE_MS);
	else
		return false;
	return true;
}

static void parse_client(struct jb_tcp_options *o, int option)
{
	if (option == 'c')
		o->connections = (uint32_t)jb_tool_number("connections", optarg, 1,
							  JB_TCP_CONNECTIONS);
	else if (option == 's')
		o->size = (uint32_t)jb_tool_number("size", optarg, 1, JB_TCP_BUFFER);
	else if (option == 'r')
		o->requests = jb_tool_number("requests", optarg, 0, REQUESTS_MAX);
	else if (option == 'i')
		o->interval_ns = JB_TOOL_USEC_NS *
				 jb_tool_number("interval-us", optarg, 0, MINUTE_MS * 1000);
	else if (option == 't')
		o->timeout_ns = JB_TOOL_MSEC_NS *
				jb_tool_number("timeout-ms", optarg, 1, MINUTE_MS);
	else if (option == 'B')
		o->bulk = jb_tool_number("bulk", optarg, 0, UINT32_MAX);
	else if (option == 'h')
		o->hold = true;
	else
		o->end = JB_TCP_END_RESET;
}

static void parse_options(int argc, char **argv, struct jb_tcp_options *ret)
{
	const char *address = NULL;
	uint16_t port = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == '?')
			exit(2);
		else if (option == 'a')
			address = optarg;
		else if (option == 'p')
			port = (uint16_t)jb_tool_number("port", optarg, 1, UINT16_MAX);
		else if (!parse_server(ret, option))
			parse_client(ret, option);
	}
	if (optind + 1 != argc || !port)
		jb_tool_fail(2, "usage: tcp_tool serve|connect --port PORT [--OPTION VALUE]...");
	if (!address)
		address = strcmp(argv[optind], "serve") ? "127.0.0.1" : "::";
	ret->address_length = jb_tool_address(address, port, &ret->address);
}

int main(int argc, char **argv)
{
	struct jb_tcp_options options = {
		.backlog = 1024,
		.connections = 1,
		.size = 100,
		.requests = 1,
		.timeout_ns = 10 * JB_TOOL_SEC_NS,
	};

	parse_options(argc, argv, &options);
	signal(SIGPIPE, SIG_IGN);
	jb_tool_precise_timers();
	jb_tool_catch_stop();
	if (!strcmp(argv[optind], "serve"))
		return jb_tcp_serve(&options);
	if (!strcmp(argv[optind], "connect"))
		return jb_tcp_connect(&options);
	jb_tool_fail(2, "unknown '%s': serve or connect", argv[optind]);
}
