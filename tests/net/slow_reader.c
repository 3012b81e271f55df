/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * UDP receiver that reads deliberately slowly and measures how long each datagram waited in its
 * socket: from the kernel's software time stamp, which is made a little before the socket is found,
 * to the return of the read. Prints "ready" when bound; with --hold it begins to read at SIGUSR1.
 * At SIGTERM it reads what is left as fast as it can and prints a JSON summary.
 */
#include "tool.h"
#include "udp_sink.h"

#include <getopt.h>
#include <inttypes.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DATAGRAM = 2048, BATCH = 8, IDLE_MS = 100, CONTROL = 512, CLOSED_PORT = 9 };

/* How it reads. */
enum mode {
	PLAIN,
	PEEK,     /* looks at each datagram half a pause before it takes it */
	ERRQUEUE, /* makes the kernel queue an error before each read, and reads that as well */
	MULTIPLE, /* recvmmsg() */
};

struct options {
	struct jb_udp_sink_options socket;
	enum mode mode;
	uint64_t pause_ns;
	bool hold;
};

struct reader {
	int fd;
	const struct options *options;
	uint64_t datagrams, bytes, peeked, errors, overflows, delay_ns, longest_ns;
};

static volatile sig_atomic_t let_go;

static const struct option long_options[] = {
	JB_UDP_SINK_OPTIONS,
	{"pause-us", required_argument, NULL, 'u'},
	{"mode", required_argument, NULL, 'm'},
	{"hold", no_argument, NULL, 'h'},
	{},
};

static enum mode parse_mode(const char *text)
{
	static const char *const names[] = {"plain", "peek", "errqueue", "multiple"};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i]))
			return (enum mode)i;
	jb_tool_fail(2, "--mode: unknown '%s'", text);
}

static void parse_options(int argc, char **argv, struct options *ret)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == 'u')
			ret->pause_ns = JB_TOOL_USEC_NS *
					jb_tool_number("pause-us", optarg, 0, 10 * 1000 * 1000);
		else if (option == 'm')
			ret->mode = parse_mode(optarg);
		else if (option == 'h')
			ret->hold = true;
		else
			jb_udp_sink_option(&ret->socket, option);
	}
	jb_udp_sink_options_end(&ret->socket, argc, "slow_reader --port PORT [--OPTION VALUE]...");
}

static bool is6(const struct options *options)
{
	return options->socket.address.ss_family == AF_INET6;
}

static int open_socket(const struct options *options)
{
	int fd = jb_udp_sink_open(&options->socket);

	if (options->mode == ERRQUEUE && is6(options))
		jb_tool_set_socket(fd, IPPROTO_IPV6, IPV6_RECVERR, 1, "IPV6_RECVERR");
	else if (options->mode == ERRQUEUE)
		jb_tool_set_socket(fd, IPPROTO_IP, IP_RECVERR, 1, "IP_RECVERR");
	return fd;
}

static void take(struct reader *reader, struct msghdr *message, size_t length)
{
	uint64_t arrival_ns = jb_tool_arrival_ns(message), delay_ns;

	delay_ns = jb_tool_now_ns() - arrival_ns;
	reader->datagrams++;
	reader->bytes += length;
	reader->delay_ns += delay_ns;
	if (delay_ns > reader->longest_ns)
		reader->longest_ns = delay_ns;
	jb_udp_sink_overflows(message, &reader->overflows);
}

/* One read with these flags: its result. */
static ssize_t receive(struct reader *reader, int flags, bool counts)
{
	char buffer[DATAGRAM], control[CONTROL];
	struct iovec vector = {buffer, sizeof(buffer)};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(reader->fd, &message, flags);

	if (length >= 0 && counts)
		take(reader, &message, (size_t)length);
	return length;
}

static ssize_t receive_several(struct reader *reader)
{
	char buffers[BATCH][DATAGRAM], controls[BATCH][CONTROL];
	struct mmsghdr messages[BATCH] = {};
	struct iovec vectors[BATCH];
	int count;

	for (int i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){buffers[i], DATAGRAM};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i],
						      .msg_iovlen = 1,
						      .msg_control = controls[i],
						      .msg_controllen = CONTROL};
	}
	count = recvmmsg(reader->fd, messages, BATCH, 0, NULL);
	for (int i = 0; i < count; i++)
		take(reader, &messages[i].msg_hdr, messages[i].msg_len);
	return count;
}

/* A datagram to a port of this host where nobody listens comes back as an error. */
static void provoke_error(struct reader *reader)
{
	struct sockaddr_storage to;
	socklen_t length = jb_tool_address(is6(reader->options) ? "::1" : "127.0.0.1", CLOSED_PORT,
					   &to);

	sendto(reader->fd, "", 1, 0, (struct sockaddr *)&to, length);
	while (receive(reader, MSG_ERRQUEUE, false) >= 0)
		reader->errors++;
}

/* Once what is waiting; false when nothing is. */
static bool read_once(struct reader *reader, bool slowly)
{
	if (reader->options->mode == MULTIPLE)
		return receive_several(reader) > 0;
	if (reader->options->mode == PEEK && receive(reader, MSG_PEEK, false) >= 0) {
		reader->peeked++;
		if (slowly)
			jb_tool_sleep_until(jb_tool_now_ns() + reader->options->pause_ns / 2);
	}
	if (reader->options->mode == ERRQUEUE && slowly)
		provoke_error(reader);
	return receive(reader, 0, true) >= 0;
}

static void run(struct reader *reader)
{
	struct pollfd polled = {reader->fd, POLLIN, 0};

	while (!jb_tool_stopped()) {
		if (reader->options->hold && !let_go)
			poll(NULL, 0, IDLE_MS);
		else if (!read_once(reader, true))
			poll(&polled, 1, IDLE_MS);
		else
			jb_tool_sleep_until(jb_tool_now_ns() + reader->options->pause_ns);
	}
	/* An error of the socket ends a read as well, so twice. */
	for (int empty = 0; empty < 2;)
		empty = read_once(reader, false) ? 0 : empty + 1;
}

static void on_go(int number)
{
	(void)number;
	let_go = 1;
}

int main(int argc, char **argv)
{
	struct options options = {.pause_ns = JB_TOOL_MSEC_NS};
	struct reader reader = {.options = &options};
	struct sigaction action = {.sa_handler = on_go};

	parse_options(argc, argv, &options);
	sigaction(SIGUSR1, &action, NULL);
	reader.fd = open_socket(&options);
	jb_tool_precise_timers();
	jb_tool_catch_stop();
	jb_tool_ready();
	run(&reader);
	close(reader.fd);
	printf("{\"datagrams\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"peeked\": %" PRIu64
	       ", \"errors\": %" PRIu64 ", \"overflows\": %" PRIu64
	       ", \"delay_seconds\": %.9f, \"longest_seconds\": %.9f}\n",
	       reader.datagrams, reader.bytes, reader.peeked, reader.errors, reader.overflows,
	       (double)reader.delay_ns / (double)JB_TOOL_SEC_NS,
	       (double)reader.longest_ns / (double)JB_TOOL_SEC_NS);
	return 0;
}
