/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcp_tool.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_MS = 100, DRAIN_NS = JB_TOOL_SEC_NS / 2 };

struct connection {
	int fd;
	uint8_t *buffer; /* what waits to be sent back */
	size_t length, sent;
};

struct server {
	const struct jb_tcp_options *options;
	int listener;
	struct connection connections[JB_TCP_CONNECTIONS];
	uint32_t count;
	uint64_t accepted, bytes_in, bytes_out, eofs, resets, errors;
};

static struct server the_server;

static int listen_at(const struct jb_tcp_options *options)
{
	int on = 1, fd;

	fd = socket(options->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		jb_tool_fail(1, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&options->address, options->address_length))
		jb_tool_fail(1, "bind: %s", strerror(errno));
	if (listen(fd, options->backlog))
		jb_tool_fail(1, "listen: %s", strerror(errno));
	return fd;
}

static void accept_one(struct server *server)
{
	struct connection *c = &server->connections[server->count];
	int on = 1;

	jb_tool_sleep_until(jb_tool_now_ns() + server->options->accept_delay_ns);
	c->fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c->fd < 0)
		return;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->buffer = malloc(JB_TCP_BUFFER);
	if (!c->buffer)
		jb_tool_fail(1, "no memory for a connection");
	c->length = c->sent = 0;
	server->accepted++;
	server->count++;
}

static void drop(struct server *server, struct connection *c)
{
	close(c->fd);
	free(c->buffer);
	*c = server->connections[--server->count];
}

/* False when the connection is at its end. */
static bool note_end(struct server *server, ssize_t result)
{
	if (result < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (!result)
		server->eofs++;
	else if (errno == ECONNRESET || errno == EPIPE)
		server->resets++;
	else
		server->errors++;
	return false;
}

static bool take(struct server *server, struct connection *c)
{
	ssize_t length = recv(c->fd, c->buffer, JB_TCP_BUFFER, 0);

	if (length <= 0)
		return note_end(server, length);
	server->bytes_in += (uint64_t)length;
	if (!server->options->discard) {
		c->length = (size_t)length;
		c->sent = 0;
	}
	return true;
}

static bool give(struct server *server, struct connection *c)
{
	ssize_t length = send(c->fd, c->buffer + c->sent, c->length - c->sent, 0);

	if (length < 0)
		return note_end(server, length);
	server->bytes_out += (uint64_t)length;
	c->sent += (size_t)length;
	if (c->sent == c->length)
		c->sent = c->length = 0;
	return true;
}

static bool is_alive(struct server *server, struct connection *c)
{
	if (!c->length && !take(server, c))
		return false;
	return !c->length || give(server, c);
}

static void run_once(struct server *server)
{
	struct pollfd polled[JB_TCP_CONNECTIONS + 1];
	bool accepts = !server->options->no_accept && server->count < JB_TCP_CONNECTIONS;
	uint32_t count = server->count;

	for (uint32_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){server->connections[i].fd,
					    server->connections[i].length ? POLLOUT : POLLIN, 0};
	polled[count] = (struct pollfd){server->listener, accepts ? POLLIN : 0, 0};
	if (poll(polled, count + 1, IDLE_MS) <= 0)
		return;
	/* Downwards: a dropped one's place is taken by one that was looked at. */
	for (uint32_t i = count; i--;)
		if (polled[i].revents && !is_alive(server, &server->connections[i]))
			drop(server, &server->connections[i]);
	if (accepts && polled[count].revents)
		accept_one(server);
}

int jb_tcp_serve(const struct jb_tcp_options *options)
{
	struct server *server = &the_server;

	server->options = options;
	server->listener = listen_at(options);
	jb_tool_ready();
	while (!jb_tool_stopped())
		run_once(server);
	/* What the clients have sent by now is still on its way. */
	for (uint64_t until = jb_tool_now_ns() + DRAIN_NS;
	     server->count && jb_tool_now_ns() < until;)
		run_once(server);
	while (server->count)
		drop(server, &server->connections[0]);
	close(server->listener);
	printf("{\"accepted\": %" PRIu64 ", \"bytes_in\": %" PRIu64 ", \"bytes_out\": %" PRIu64
	       ", \"eofs\": %" PRIu64 ", \"resets\": %" PRIu64 ", \"errors\": %" PRIu64 "}\n",
	       server->accepted, server->bytes_in, server->bytes_out, server->eofs, server->resets,
	       server->errors);
	return 0;
}
