/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UDP sink: counts datagrams and bytes, with --gro the segments of coalesced ones, and can log the
 * RTP among them. Prints "ready" when bound and a JSON summary at SIGTERM.
 */
#include "rtp_log.h"
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { DATAGRAM = 66000, IDLE_MS = 100, RCVBUF_MAX = 512 << 20 };

struct options {
	struct sockaddr_storage address;
	socklen_t address_length;
	const char *log;
	int rcvbuf;
	bool only6, gro;
};

struct sink {
	int fd;
	FILE *log;
	uint64_t datagrams, bytes, messages, rtp, overflows;
	uint8_t buffer[DATAGRAM];
};

static struct sink the_sink;

static const struct option long_options[] = {
	{"port", required_argument, NULL, 'p'},
	{"bind", required_argument, NULL, 'b'},
	{"only6", no_argument, NULL, '6'},
	{"rcvbuf", required_argument, NULL, 'r'},
	{"gro", no_argument, NULL, 'g'},
	{"log", required_argument, NULL, 'l'},
	{},
};

static void parse_options(int argc, char **argv, struct options *ret)
{
	const char *bind_to = "::";
	uint16_t port = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'p')
			port = (uint16_t)jb_tool_number("port", optarg, 1, UINT16_MAX);
		else if (option == 'b')
			bind_to = optarg;
		else if (option == '6')
			ret->only6 = true;
		else if (option == 'r')
			ret->rcvbuf = (int)jb_tool_number("rcvbuf", optarg, 1, RCVBUF_MAX);
		else if (option == 'g')
			ret->gro = true;
		else if (option == 'l')
			ret->log = optarg;
		else
			exit(2);
	}
	if (optind != argc || !port)
		jb_tool_fail(2, "usage: receiver --port PORT [--bind ADDRESS] [--only6] "
				"[--rcvbuf BYTES] [--gro] [--log FILE]");
	ret->address_length = jb_tool_address(bind_to, port, &ret->address);
}

static void set_int(int fd, int level, int option, int value, const char *name)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		jb_tool_fail(1, "%s: %s", name, strerror(errno));
}

static int open_socket(const struct options *options)
{
	int family = options->address.ss_family;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		jb_tool_fail(1, "socket: %s", strerror(errno));
	jb_tool_socket_buffers(fd, options->rcvbuf);
	jb_tool_stamp_socket(fd);
	set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
	if (family == AF_INET6)
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, options->only6, "IPV6_V6ONLY");
	if (options->gro)
		set_int(fd, SOL_UDP, UDP_GRO, 1, "UDP_GRO");
	if (bind(fd, (const struct sockaddr *)&options->address, options->address_length))
		jb_tool_fail(1, "bind: %s", strerror(errno));
	return fd;
}

/* Takes the segment size (0: one datagram) and the socket's count of overflows so far. */
static size_t read_control(struct sink *sink, struct msghdr *message)
{
	uint32_t overflows;
	int segment = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&overflows, CMSG_DATA(c), sizeof(overflows));
			sink->overflows = overflows;
		}
	}
	return segment > 0 ? (size_t)segment : 0;
}

static void take_datagram(struct sink *sink, const uint8_t *data, size_t length, uint64_t t_ns)
{
	struct jb_wire_rtp rtp;

	sink->datagrams++;
	sink->bytes += length;
	if (!jb_wire_rtp_read(data, length, &rtp))
		return;
	sink->rtp++;
	jb_rtp_log_write(sink->log, t_ns, &rtp, length);
}

static bool receive(struct sink *sink)
{
	char control[256];
	struct iovec vector = {sink->buffer, DATAGRAM};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(sink->fd, &message, 0);
	size_t segment, left;
	uint64_t t_ns;

	if (length < 0)
		return false;
	sink->messages++;
	t_ns = jb_tool_arrival_ns(&message);
	segment = read_control(sink, &message);
	left = (size_t)length;
	if (!segment || segment > left)
		segment = left;
	do {
		if (segment > left)
			segment = left;
		take_datagram(sink, sink->buffer + ((size_t)length - left), segment, t_ns);
		left -= segment;
	} while (left);
	return true;
}

static void run(struct sink *sink)
{
	struct pollfd polled = {sink->fd, POLLIN, 0};

	while (!jb_tool_stopped())
		if (!receive(sink) && !poll(&polled, 1, IDLE_MS) && sink->log)
			fflush(sink->log);
	while (receive(sink))
		;
}

int main(int argc, char **argv)
{
	struct options options = {.rcvbuf = 64 << 20};
	struct sink *sink = &the_sink;

	parse_options(argc, argv, &options);
	sink->fd = open_socket(&options);
	sink->log = jb_rtp_log_open(options.log);
	jb_tool_catch_stop();
	jb_tool_ready();
	run(sink);
	jb_rtp_log_close(sink->log, options.log);
	close(sink->fd);
	printf("{\"datagrams\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"messages\": %" PRIu64
	       ", \"rtp\": %" PRIu64 ", \"overflows\": %" PRIu64 "}\n",
	       sink->datagrams, sink->bytes, sink->messages, sink->rtp, sink->overflows);
	return 0;
}
