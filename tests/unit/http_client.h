/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An HTTP client for the tests of the server, which runs in the same thread. Includes cmocka. */
#ifndef JITTERBUG_TESTS_HTTP_CLIENT_H
#define JITTERBUG_TESTS_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "web/server.h"

#define DEADLINE_MS 10000 /* only a failing test gets there */
#define CLOSE       "Connection: close\r\n\r\n"
#define LOCAL       "Host: localhost:9504\r\n"

static inline struct jb_server *start_server(const struct jb_server_options *options)
{
	struct jb_buffer error = {0};
	struct jb_server *server = NULL;

	if (jb_server_start(&server, options, &error) < 0)
		fail_msg("%s", error.data);
	assert_null(error.data);
	return server;
}

static inline int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int connect_to(const struct jb_server *server)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(jb_server_port(server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline int send_to(const struct jb_server *server, const char *request)
{
	int fd = connect_to(server);

	send_text(fd, request);
	return fd;
}

/* Appends what has arrived. False at the end of the connection. */
static inline bool receive(int fd, struct jb_buffer *out)
{
	static char bytes[1 << 16];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n > 0)
		jb_buffer_append(out, bytes, (size_t)n);
	return n > 0;
}

/* Lets the server work until the connection ends, or `until` (if not NULL) has arrived. */
static inline void run(struct jb_server *server, int fd, struct jb_buffer *out, const char *until)
{
	int64_t deadline = now_ms() + DEADLINE_MS;
	struct pollfd fds[] = {{.fd = jb_server_fd(server), .events = POLLIN},
			       {.fd = fd, .events = POLLIN}};

	while (!until || !out->data || !strstr(out->data, until)) {
		if (now_ms() > deadline)
			fail_msg("no end; so far: %.300s", out->data ? out->data : "");
		assert_true(poll(fds, 2, DEADLINE_MS) >= 0);
		if (fds[0].revents)
			assert_int_equal(jb_server_turn(server), 0);
		if (fds[1].revents && !receive(fd, out))
			break;
	}
}

/* The whole answer to a request that asks to close the connection. */
static inline struct jb_buffer ask(struct jb_server *server, const char *request)
{
	struct jb_buffer out = {0};
	int fd = send_to(server, request);

	run(server, fd, &out, NULL);
	close(fd);
	if (!out.data)
		fail_msg("no answer to %s", request);
	return out;
}

static inline const char *body_of(const struct jb_buffer *answer)
{
	const char *end = strstr(answer->data, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static inline bool has(const struct jb_buffer *answer, const char *header_line)
{
	char line[256];
	const char *found;

	snprintf(line, sizeof(line), "\r\n%s", header_line);
	found = strstr(answer->data, line);
	return found && found < body_of(answer);
}

/* Asks, and checks the status, some header lines (NULL ends) and, unless NULL, the body. */
static inline void expect(struct jb_server *server, const char *request, const char *status,
			  const char *const *headers, const char *body)
{
	struct jb_buffer answer = ask(server, request);

	if (strncmp(answer.data + strlen("HTTP/1.1 "), status, strlen(status)) != 0)
		fail_msg("not %s: %s", status, answer.data);
	for (; headers && *headers; headers++)
		if (!has(&answer, *headers))
			fail_msg("no %s in: %s", *headers, answer.data);
	if (has(&answer, "Access-Control-"))
		fail_msg("CORS: %s", answer.data);
	if (body)
		assert_string_equal(body_of(&answer), body);
	jb_buffer_free(&answer);
}

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Lets the server work until it has nothing to do. Returns how often it was called. */
static inline int settle(struct jb_server *server)
{
	struct pollfd fd = {.fd = jb_server_fd(server), .events = POLLIN};
	int turns = 0;

	while (poll(&fd, 1, 100) > 0 && turns < 1000) {
		assert_int_equal(jb_server_turn(server), 0);
		turns++;
	}
	return turns;
}

#endif
