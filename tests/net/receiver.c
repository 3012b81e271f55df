/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UDP sink: counts datagrams and bytes, with --gro the segments of coalesced ones, and can log the
 * RTP among them. Prints "ready" when bound and a JSON summary at SIGTERM.
 */
#include "rtp_log.h"
#include "tool.h"
#include "udp_sink.h"

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

enum { DATAGRAM = 66000, IDLE_MS = 100 };

struct options {
	struct jb_udp_sink_options socket;
	const char *log;
	bool gro;
};

struct sink {
	int fd;
	FILE *log;
	uint64_t datagrams, bytes, messages, rtp, overflows;
	uint8_t buffer[DATAGRAM];
};

static struct sink the_sink;

static const struct option long_options[] = {
	JB_UDP_SINK_OPTIONS,
	{"gro", no_argument, NULL, 'g'},
	{"log", required_argument, NULL, 'l'},
	{},
};

static void parse_options(int argc, char **argv, struct options *ret)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'g')
			ret->gro = true;
		else if (option == 'l')
			ret->log = optarg;
		else
			jb_udp_sink_option(&ret->socket, option);
	}
	jb_udp_sink_options_end(&ret->socket, argc,
				"receiver --port PORT [--bind ADDRESS] [--only6] [--rcvbuf BYTES] "
				"[--gro] [--log FILE]");
}

static int open_socket(const struct options *options)
{
	int fd = jb_udp_sink_open(&options->socket);

	if (options->gro)
		jb_tool_set_socket(fd, SOL_UDP, UDP_GRO, 1, "UDP_GRO");
	return fd;
}

/* The size of the segments that came as one; 0: one datagram. */
static size_t segment_size(struct msghdr *message)
{
	int segment = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&segment, CMSG_DATA(c), sizeof(segment));
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
	jb_udp_sink_overflows(&message, &sink->overflows);
	segment = segment_size(&message);
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
	struct options options = {.socket.rcvbuf = 64 << 20};
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
