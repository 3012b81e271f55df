/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Clients that are slow, many, hostile or persistent: none of them holds up the server. */
#include "http_client.h"

#define PAGE      ((size_t)8 << 20)
#define HUGE_PAGE ((size_t)40 << 20) /* over the server's own limit */

static unsigned int small(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	unsigned int *calls = ctx;

	(void)request;
	++*calls;
	jb_buffer_puts(body, "text 1\n");
	return 200;
}

static unsigned int fill(struct jb_buffer *body, size_t size)
{
	char line[1024];

	memset(line, 'a', sizeof(line));
	for (size_t i = 0; i < size / sizeof(line); i++)
		jb_buffer_append(body, line, sizeof(line));
	return 200;
}

static unsigned int large(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	(void)ctx;
	(void)request;
	return fill(body, PAGE);
}

static unsigned int huge(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	(void)ctx;
	(void)request;
	return fill(body, HUGE_PAGE);
}

static const struct jb_route routes[] = {
	{"/metrics", JB_ROUTE_OPEN, JB_ROUTE_METRICS, small},
	{"/large", JB_ROUTE_OPEN, JB_ROUTE_TEXT, large},
	{"/huge", JB_ROUTE_OPEN, JB_ROUTE_TEXT, huge},
};

static unsigned int handler_calls;

static struct jb_server *start(unsigned int idle_timeout_s)
{
	const struct jb_server_options options = {
		.address = "127.0.0.1",
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(*routes),
		.ctx = &handler_calls,
		.idle_timeout_s = idle_timeout_s,
	};

	handler_calls = 0;
	return start_server(&options);
}

static void test_keep_alive(void **state)
{
	struct jb_server *server = start(0);
	struct jb_buffer out = {0};
	int fd = send_to(server, "GET /metrics HTTP/1.1\r\n" LOCAL "\r\n");

	(void)state;
	run(server, fd, &out, "text 1\n");
	jb_buffer_reset(&out);
	send_text(fd, "GET /metrics HTTP/1.1\r\n" LOCAL "\r\n"
		      "HEAD /metrics HTTP/1.1\r\n" LOCAL CLOSE);
	run(server, fd, &out, NULL);
	assert_non_null(strstr(out.data, "text 1\n"));
	assert_int_equal(handler_calls, 3);
	close(fd);
	jb_buffer_free(&out);
	jb_server_stop(server);
}

static void test_garbage(void **state)
{
	static char huge[64 * 1024];
	struct jb_server *server = start(0);
	struct jb_buffer out = {0};
	int fd;

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	memcpy(huge, "GET /metrics HTTP/1.1\r\nX: ", 26);
	fd = send_to(server, huge);
	run(server, fd, &out, NULL);
	close(fd);
	assert_true(!out.data || strncmp(out.data, "HTTP/1.1 4", 10) == 0);
	jb_buffer_free(&out);
	fd = send_to(server, "\x16\x03\x01\x02 tls hello\r\n\r\n");
	run(server, fd, &out, NULL);
	close(fd);
	jb_buffer_free(&out);
	expect(server, "GET /metrics HTTP/1.1\r\n" LOCAL CLOSE, "200", NULL, "text 1\n");
	jb_server_stop(server);
}

/* Clients that take no bytes neither keep the server busy nor hold up others nor use up memory. */
static void test_slow_readers(void **state)
{
	struct jb_server *server = start(0);
	int slow[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		slow[i] = send_to(server, "GET /large HTTP/1.1\r\n" LOCAL "\r\n");
		assert_in_range(settle(server), 1, 200);
		if (i == 0)
			expect(server, "GET /metrics HTTP/1.1\r\n" LOCAL CLOSE, "200", NULL,
			       "text 1\n");
	}
	expect(server, "GET /metrics HTTP/1.1\r\n" LOCAL CLOSE, "503",
	       HEADERS("Retry-After: 10\r\n"), NULL);
	for (size_t i = 0; i < 2; i++)
		close(slow[i]);
	settle(server);
	expect(server, "GET /metrics HTTP/1.1\r\n" LOCAL CLOSE, "200", NULL, "text 1\n");
	jb_server_stop(server);
}

/* A page longer than all that may wait for slow clients is served too, if the limit has room. */
static void test_page_limit(void **state)
{
	static const struct {
		size_t limit;
		const char *path, *status;
	} cases[] = {
		{PAGE, "/large", "200"},
		{PAGE - 1, "/large", "500"},
		{0, "/huge", "500"},
		{HUGE_PAGE, "/huge", "200"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct jb_server_options options = {
			.address = "127.0.0.1",
			.routes = routes,
			.n_routes = sizeof(routes) / sizeof(*routes),
			.page_limit = cases[i].limit,
		};
		struct jb_server *server = start_server(&options);
		char request[128];

		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" LOCAL CLOSE,
			 cases[i].path);
		expect(server, request, cases[i].status, NULL, NULL);
		jb_server_stop(server);
	}
}

static void test_stop_with_readers(void **state)
{
	struct jb_server *server = start(0);
	int fd = send_to(server, "GET /large HTTP/1.1\r\n" LOCAL "\r\n");

	(void)state;
	settle(server);
	jb_server_stop(server);
	close(fd);
}

static void test_idle_timeout(void **state)
{
	struct jb_buffer out = {0};
	struct jb_server *server = start(1);
	int fd;

	(void)state;
	fd = send_to(server, "GET /metr");
	run(server, fd, &out, NULL);
	close(fd);
	jb_buffer_free(&out);
	jb_server_stop(server);
}

/* Past the limit clients wait in the kernel's queue until another one is gone. */
static void test_connection_limit(void **state)
{
	struct jb_server *server = start(0);
	struct jb_buffer out = {0};
	int idle[64];
	int fd;

	(void)state;
	for (size_t i = 0; i < 64; i++)
		idle[i] = connect_to(server);
	settle(server);
	fd = send_to(server, "GET /metrics HTTP/1.1\r\n" LOCAL CLOSE);
	assert_in_range(settle(server), 0, 100);
	assert_true(receive(fd, &out));
	assert_null(out.data);
	for (size_t i = 0; i < 64; i++)
		close(idle[i]);
	run(server, fd, &out, NULL);
	assert_string_equal(body_of(&out), "text 1\n");
	close(fd);
	jb_buffer_free(&out);
	jb_server_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep_alive),        cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_slow_readers),      cmocka_unit_test(test_page_limit),
		cmocka_unit_test(test_stop_with_readers), cmocka_unit_test(test_idle_timeout),
		cmocka_unit_test(test_connection_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
