/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "web/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "web/listen.h"
#include "web/site.h"

#define IDLE_TIMEOUT_S    10U
#define PAGE_LIMIT        ((size_t)32 << 20)
#define MAX_CONNECTIONS   64U
#define CONNECTION_MEMORY ((size_t)16 * 1024) /* headers, a token of 4 KiB among them */

struct jb_server {
	struct jb_server_options options;
	struct jb_site site;
	struct MHD_Daemon *daemon;
	uint16_t port;
	int fd;    /* an epoll of the daemon's own one and the timer */
	int timer; /* the daemon's next timeout */
};

static bool announces_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *encoding = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							   MHD_HTTP_HEADER_TRANSFER_ENCODING);

	return encoding || (length && strcmp(length, "0") != 0);
}

/*
 * libmicrohttpd calls this once with the headers and again when the request is complete. An answer
 * to the first call closes the connection: right for a request with a body, which nobody reads,
 * while the others are answered at the second, so that the connection can be used again.
 */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **call_ctx)
{
	struct jb_server *server = ctx;
	bool has_body = announces_body(connection);

	(void)version;
	(void)upload;
	(void)upload_size;
	if (!*call_ctx && !has_body) {
		*call_ctx = ctx;
		return MHD_YES;
	}
	return jb_site_respond(&server->site, connection, path, method, has_body);
}

/* MHD closes the socket when it stops, but not when it fails to start. */
static int start_daemon(struct jb_server *server, int listener)
{
	unsigned int idle_timeout_s = server->options.idle_timeout_s;

	if (idle_timeout_s == 0)
		idle_timeout_s = IDLE_TIMEOUT_S;
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, server,
					  MHD_OPTION_LISTEN_SOCKET, listener,
					  MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
					  MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
					  MHD_OPTION_CONNECTION_TIMEOUT, idle_timeout_s,
					  MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (server->daemon)
		return 0;
	close(listener);
	return -ENOMEM;
}

static int start_listening(struct jb_server *server, struct jb_buffer *error)
{
	const struct jb_server_options *options = &server->options;
	int listener = jb_listen(options->address, options->port);
	int port = listener < 0 ? listener : jb_listen_port(listener);

	if (port < 0) {
		jb_buffer_printf(error, "can't listen on %s port %u: %s", options->address,
				 (unsigned int)options->port,
				 port == -EINVAL ? "not a usable IP address" : strerror(-port));
		if (listener >= 0)
			close(listener);
		return port;
	}
	server->port = (uint16_t)port;
	if (start_daemon(server, listener) == 0)
		return 0;
	jb_buffer_puts(error, "can't start the HTTP server: no memory or file descriptors");
	return -ENOMEM;
}

static int watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* One fd for the caller's loop: the daemon's epoll, and a timer for its timeouts. */
static int start_watching(struct jb_server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon,
							       MHD_DAEMON_INFO_EPOLL_FD);
	int err;

	server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (server->timer < 0)
		return -errno;
	server->fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->fd < 0)
		return -errno;
	err = watch(server->fd, server->timer);
	return err < 0 ? err : watch(server->fd, info->epoll_fd);
}

static int start(struct jb_server *server, struct jb_buffer *error)
{
	int err = jb_site_open(&server->site, error);

	if (err < 0)
		return err;
	err = start_listening(server, error);
	if (err < 0)
		return err;
	err = start_watching(server);
	if (err < 0)
		jb_buffer_printf(error, "can't watch the HTTP server: %s", strerror(-err));
	return err;
}

int jb_server_start(struct jb_server **ret_server, const struct jb_server_options *options,
		    struct jb_buffer *error)
{
	struct jb_server *server = calloc(1, sizeof(*server));
	int err;

	if (!server) {
		jb_buffer_puts(error, "can't start the HTTP server: no memory");
		return -ENOMEM;
	}
	server->options = *options;
	server->site.routes = options->routes;
	server->site.n_routes = options->n_routes;
	server->site.ctx = options->ctx;
	server->site.page_limit = options->page_limit ? options->page_limit : PAGE_LIMIT;
	server->site.token.path = options->token_file;
	server->fd = -1;
	server->timer = -1;
	err = start(server, error);
	if (err < 0) {
		jb_server_stop(server);
		return err;
	}
	*ret_server = server;
	return 0;
}

void jb_server_stop(struct jb_server *server)
{
	if (!server)
		return;
	if (server->fd >= 0)
		close(server->fd);
	if (server->timer >= 0)
		close(server->timer);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	jb_site_close(&server->site);
	free(server);
}

int jb_server_fd(const struct jb_server *server)
{
	return server->fd;
}

uint16_t jb_server_port(const struct jb_server *server)
{
	return server->port;
}

/* Sets the timer to the daemon's next timeout; to none disarms it. */
static int arm(struct jb_server *server)
{
	struct itimerspec when = {0};
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(server->daemon, &ms) == MHD_YES) {
		when.it_value.tv_sec = (time_t)(ms / 1000);
		/* At least 1: a timer of 0 would never ring, but 0 ms means work is left. */
		when.it_value.tv_nsec = (long)(ms % 1000) * 1000000 + 1;
	}
	return timerfd_settime(server->timer, 0, &when, NULL) < 0 ? -errno : 0;
}

static unsigned int connections(const struct jb_server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)
		->num_connections;
}

/*
 * At its limit the daemon no longer watches the listening socket, and watches it again only in the
 * first run after a connection has gone, for which nothing would wake it.
 */
int jb_server_turn(struct jb_server *server)
{
	unsigned int before = connections(server);

	if (MHD_run(server->daemon) != MHD_YES)
		return -EIO;
	if (connections(server) < before && MHD_run(server->daemon) != MHD_YES)
		return -EIO;
	return arm(server);
}
