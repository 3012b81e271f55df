/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "udp_sink.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum { RCVBUF_MAX = 512 << 20 };

void jb_udp_sink_option(struct jb_udp_sink_options *options, int option)
{
	if (option == 'p')
		options->port = (uint16_t)jb_tool_number("port", optarg, 1, UINT16_MAX);
	else if (option == 'b')
		options->bind_to = optarg;
	else if (option == '6')
		options->only6 = true;
	else if (option == 'r')
		options->rcvbuf = (int)jb_tool_number("rcvbuf", optarg, 1, RCVBUF_MAX);
	else
		exit(2);
}

void jb_udp_sink_options_end(struct jb_udp_sink_options *options, int argc, const char *usage)
{
	if (optind != argc || !options->port)
		jb_tool_fail(2, "usage: %s", usage);
	options->address_length = jb_tool_address(
		options->bind_to ? options->bind_to : "::", options->port, &options->address);
}

int jb_udp_sink_open(const struct jb_udp_sink_options *options)
{
	int family = options->address.ss_family;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		jb_tool_fail(1, "socket: %s", strerror(errno));
	if (options->rcvbuf)
		jb_tool_socket_buffers(fd, options->rcvbuf);
	jb_tool_stamp_socket(fd);
	jb_tool_set_socket(fd, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
	if (family == AF_INET6)
		jb_tool_set_socket(fd, IPPROTO_IPV6, IPV6_V6ONLY, options->only6, "IPV6_V6ONLY");
	if (bind(fd, (const struct sockaddr *)&options->address, options->address_length))
		jb_tool_fail(1, "bind: %s", strerror(errno));
	return fd;
}

void jb_udp_sink_overflows(struct msghdr *message, uint64_t *ret_overflows)
{
	uint32_t overflows;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&overflows, CMSG_DATA(c), sizeof(overflows));
		*ret_overflows = overflows;
	}
}
