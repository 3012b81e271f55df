/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcp_tool.h"

#include <errno.h>
#include <inttypes.h>
/* Debian 12's netinet/tcp.h ends its tcp_info before what is printed here. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_MS = 100 };

struct client {
	const struct jb_tcp_options *options;
	int fds[JB_TCP_CONNECTIONS]; /* -1: not connected */
	uint64_t connected, refused, timeouts, unreachable, resets, others;
	uint64_t connect_ns, longest_connect_ns;
	uint64_t requests, answer_ns, bytes_sent, bytes_received, broken;
	uint64_t retransmits, rtt_us, min_rtt_us;
	uint8_t buffer[JB_TCP_BUFFER];
};

static struct client the_client = {.min_rtt_us = UINT64_MAX};

static void note_failure(struct client *client, int error)
{
	if (error == ECONNREFUSED)
		client->refused++;
	else if (error == ETIMEDOUT)
		client->timeouts++;
	else if (error == EHOSTUNREACH || error == ENETUNREACH)
		client->unreachable++;
	else if (error == ECONNRESET)
		client->resets++;
	else
		client->others++;
}

/* 0 or an errno; ETIMEDOUT also when the client gave up by itself. */
static int wait_connected(int fd, uint64_t timeout_ns)
{
	struct pollfd polled = {fd, POLLOUT, 0};
	int error = 0, ready;
	socklen_t length = sizeof(error);

	ready = poll(&polled, 1, (int)(timeout_ns / JB_TOOL_MSEC_NS));
	if (ready <= 0)
		return ready ? errno : ETIMEDOUT;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

static void connect_one(struct client *client, uint32_t i)
{
	const struct jb_tcp_options *o = client->options;
	int fd = socket(o->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	uint64_t begin = jb_tool_now_ns(), took;
	int error = 0, on = 1;

	if (fd < 0)
		jb_tool_fail(1, "socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&o->address, o->address_length))
		error = errno == EINPROGRESS ? wait_connected(fd, o->timeout_ns) : errno;
	took = jb_tool_now_ns() - begin;
	if (error) {
		note_failure(client, error);
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	client->fds[i] = fd;
	client->connected++;
	client->connect_ns += took;
	if (took > client->longest_connect_ns)
		client->longest_connect_ns = took;
}

static void lose(struct client *client, uint32_t i)
{
	client->broken++;
	close(client->fds[i]);
	client->fds[i] = -1;
}

static bool await(int fd, short events)
{
	struct pollfd polled = {fd, events, 0};

	while (!jb_tool_stopped())
		if (poll(&polled, 1, IDLE_MS) > 0)
			return true;
	return false;
}

static bool send_all(struct client *client, int fd, size_t size)
{
	ssize_t length;

	for (size_t sent = 0; sent < size; sent += (size_t)length) {
		if (!await(fd, POLLOUT))
			return false;
		length = send(fd, client->buffer, size - sent, 0);
		if (length < 0 && errno != EAGAIN)
			return false;
		if (length < 0)
			length = 0;
		client->bytes_sent += (uint64_t)length;
	}
	return true;
}

static bool receive_all(struct client *client, int fd, size_t size)
{
	ssize_t length;

	for (size_t got = 0; got < size; got += (size_t)length) {
		if (!await(fd, POLLIN))
			return false;
		length = recv(fd, client->buffer, size - got, 0);
		if (!length || (length < 0 && errno != EAGAIN))
			return false;
		if (length < 0)
			length = 0;
		client->bytes_received += (uint64_t)length;
	}
	return true;
}

static void request(struct client *client, uint32_t i)
{
	uint64_t begin = jb_tool_now_ns();

	if (client->fds[i] < 0)
		return;
	if (!send_all(client, client->fds[i], client->options->size) ||
	    !receive_all(client, client->fds[i], client->options->size)) {
		if (!jb_tool_stopped())
			lose(client, i);
		return;
	}
	client->requests++;
	client->answer_ns += jb_tool_now_ns() - begin;
}

static void send_bulk(struct client *client, uint32_t i)
{
	uint64_t left = client->options->bulk;

	while (client->fds[i] >= 0 && left && !jb_tool_stopped()) {
		size_t size = left < JB_TCP_BUFFER ? left : JB_TCP_BUFFER;

		if (!send_all(client, client->fds[i], size)) {
			lose(client, i);
			return;
		}
		left -= size;
	}
}

static void note_info(struct client *client, int fd)
{
	struct tcp_info info = {};
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		return;
	client->retransmits += info.tcpi_total_retrans;
	client->rtt_us += info.tcpi_rtt;
	if (info.tcpi_min_rtt < client->min_rtt_us)
		client->min_rtt_us = info.tcpi_min_rtt;
}

static void end(struct client *client, int fd)
{
	struct linger linger = {.l_onoff = 1};

	note_info(client, fd);
	if (client->options->end == JB_TCP_END_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static void print_summary(const struct client *c)
{
	printf("{\"connected\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"timeouts\": %" PRIu64
	       ", \"unreachable\": %" PRIu64 ", \"resets\": %" PRIu64 ", \"others\": %" PRIu64
	       ", \"connect_seconds\": %.9f, \"longest_connect_seconds\": %.9f"
	       ", \"requests\": %" PRIu64 ", \"answer_seconds\": %.9f, \"bytes_sent\": %" PRIu64
	       ", \"bytes_received\": %" PRIu64 ", \"broken\": %" PRIu64
	       ", \"retransmits\": %" PRIu64 ", \"srtt_seconds\": %.6f"
	       ", \"min_rtt_seconds\": %.6f}\n",
	       c->connected, c->refused, c->timeouts, c->unreachable, c->resets, c->others,
	       (double)c->connect_ns / 1e9, (double)c->longest_connect_ns / 1e9, c->requests,
	       (double)c->answer_ns / 1e9, c->bytes_sent, c->bytes_received, c->broken,
	       c->retransmits, c->connected ? (double)c->rtt_us / 1e6 / (double)c->connected : 0,
	       c->connected ? (double)c->min_rtt_us / 1e6 : 0);
}

static void run(struct client *client)
{
	const struct jb_tcp_options *o = client->options;
	uint64_t due = jb_tool_now_ns();

	for (uint64_t n = 0; n < o->requests && !jb_tool_stopped(); n++) {
		for (uint32_t i = 0; i < o->connections; i++)
			request(client, i);
		due += o->interval_ns;
		jb_tool_sleep_until(due);
	}
	for (uint32_t i = 0; i < o->connections; i++)
		send_bulk(client, i);
}

int jb_tcp_connect(const struct jb_tcp_options *options)
{
	struct client *client = &the_client;

	client->options = options;
	for (uint32_t i = 0; i < options->connections; i++) {
		client->fds[i] = -1;
		connect_one(client, i);
	}
	jb_tool_ready();
	run(client);
	puts("done");
	fflush(stdout);
	while (options->hold && !jb_tool_stopped())
		poll(NULL, 0, IDLE_MS);
	for (uint32_t i = 0; i < options->connections; i++)
		if (client->fds[i] >= 0)
			end(client, client->fds[i]);
	print_summary(client);
	return 0;
}
