/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routes, negotiation, access and starting, over real sockets. */
#include <stdlib.h>
#include <zlib.h>

#include "http_client.h"

#define LARGE ((size_t)8 << 20)

static unsigned int handler_calls;

static unsigned int metrics(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	handler_calls++;
	assert_string_equal(ctx, "context");
	assert_string_equal(request->path, "/metrics");
	jb_buffer_puts(body, request->openmetrics ? "# EOF\n" : "text 1\n");
	return 200;
}

static unsigned int streams(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	(void)ctx;
	assert_false(request->openmetrics);
	jb_buffer_puts(body, "[\"secret\"]");
	return 200;
}

static unsigned int large(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	char line[1024];

	(void)ctx;
	(void)request;
	memset(line, 'a', sizeof(line));
	for (size_t i = 0; i < LARGE / sizeof(line); i++)
		jb_buffer_append(body, line, sizeof(line));
	return 200;
}

static unsigned int starting(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	(void)ctx;
	(void)request;
	jb_buffer_puts(body, "starting\n");
	return 503;
}

static unsigned int nothing(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	(void)ctx;
	(void)request;
	(void)body;
	return 200;
}

static unsigned int broken(void *ctx, const struct jb_request *request, struct jb_buffer *body)
{
	(void)ctx;
	(void)request;
	jb_buffer_puts(body, "half a page");
	body->error = -ENOMEM;
	return 200;
}

static const struct jb_route routes[] = {
	{"/metrics", JB_ROUTE_OPEN, JB_ROUTE_METRICS, metrics},
	{"/readyz", JB_ROUTE_OPEN, JB_ROUTE_TEXT, starting},
	{"/healthz", JB_ROUTE_OPEN, JB_ROUTE_TEXT, nothing},
	{"/large", JB_ROUTE_OPEN, JB_ROUTE_TEXT, large},
	{"/broken", JB_ROUTE_OPEN, JB_ROUTE_TEXT, broken},
	{"/api/v1/streams", JB_ROUTE_GUARDED, JB_ROUTE_JSON, streams},
	{"/", JB_ROUTE_GUARDED, JB_ROUTE_HTML, nothing},
};

static struct jb_server_options options_for(const char *address)
{
	return (struct jb_server_options){
		.address = address,
		.routes = routes,
		.n_routes = sizeof(routes) / sizeof(*routes),
		.ctx = "context",
	};
}

static struct jb_server *start(void)
{
	struct jb_server_options options = options_for("127.0.0.1");

	return start_server(&options);
}

static void test_metrics(void **state)
{
	struct jb_server *server = start();

	(void)state;
	expect(server, "GET /metrics HTTP/1.1\r\nHost: node:9504\r\n" CLOSE, "200",
	       HEADERS("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
		       "X-Content-Type-Options: nosniff\r\n", "Cache-Control: no-store\r\n",
		       "Content-Length: 7\r\n"),
	       "text 1\n");
	expect(server,
	       "GET /metrics?x=y HTTP/1.1\r\nHost: node:9504\r\n"
	       "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n" CLOSE,
	       "200",
	       HEADERS("Content-Type: application/openmetrics-text; version=1.0.0; "
		       "charset=utf-8\r\n"),
	       "# EOF\n");
	jb_server_stop(server);
}

static void test_head(void **state)
{
	struct jb_server *server = start();

	(void)state;
	expect(server, "HEAD /metrics HTTP/1.1\r\n" LOCAL CLOSE, "200",
	       HEADERS("Content-Length: 7\r\n", "Content-Type: text/plain"), "");
	expect(server, "HEAD /nowhere HTTP/1.1\r\n" LOCAL CLOSE, "404", NULL, "");
	jb_server_stop(server);
}

static void test_contents(void **state)
{
	struct jb_server *server = start();

	(void)state;
	expect(server, "GET /api/v1/streams HTTP/1.1\r\n" LOCAL CLOSE, "200",
	       HEADERS("Content-Type: application/json\r\n"), "[\"secret\"]");
	expect(server, "GET / HTTP/1.1\r\n" LOCAL CLOSE, "200",
	       HEADERS("Content-Type: text/html; charset=utf-8\r\n",
		       "Content-Security-Policy: default-src 'none'"),
	       "");
	expect(server, "GET /readyz HTTP/1.1\r\n" LOCAL CLOSE, "503",
	       HEADERS("Content-Type: text/plain; charset=utf-8\r\n"), "starting\n");
	expect(server, "GET /healthz HTTP/1.1\r\n" LOCAL CLOSE, "200",
	       HEADERS("Content-Length: 0\r\n"), "");
	expect(server, "GET /broken HTTP/1.1\r\n" LOCAL CLOSE, "500", NULL,
	       "the page could not be rendered\n");
	jb_server_stop(server);
}

static void test_not_found(void **state)
{
	static const char *const paths[] = {"/metrics/", "/Metrics", "//",
					    "/api/v1",   "*",        "http://evil.example/metrics"};
	struct jb_server *server = start();
	char request[256];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" LOCAL CLOSE, paths[i]);
		expect(server, request, "404",
		       HEADERS("X-Content-Type-Options: nosniff\r\n",
			       "Content-Type: text/plain; charset=utf-8\r\n"),
		       "no such page\n");
	}
	jb_server_stop(server);
}

static void test_methods(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"};
	struct jb_server *server = start();
	char request[256];

	(void)state;
	handler_calls = 0;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		snprintf(request, sizeof(request),
			 "%s /metrics HTTP/1.1\r\n" LOCAL "Origin: http://evil.example\r\n" CLOSE,
			 methods[i]);
		expect(server, request, "405", HEADERS("Allow: GET, HEAD\r\n"), NULL);
	}
	expect(server, "POST /metrics HTTP/1.1\r\n" LOCAL "Content-Length: 3\r\n\r\na=b", "405",
	       HEADERS("Allow: GET, HEAD\r\n", "Connection: close\r\n"), NULL);
	assert_int_equal(handler_calls, 0);
	jb_server_stop(server);
}

/* What looks like the body's request must not be answered as one: nobody else asked for it. */
static void test_request_body(void **state)
{
	struct jb_server *server = start();

	(void)state;
	handler_calls = 0;
	expect(server,
	       "GET /metrics HTTP/1.1\r\n" LOCAL "Content-Length: 40\r\n\r\n"
	       "GET /metrics HTTP/1.1\r\n" LOCAL CLOSE,
	       "413", HEADERS("Connection: close\r\n"), "a request has no body here\n");
	expect(server,
	       "GET /metrics HTTP/1.1\r\n" LOCAL "Transfer-Encoding: chunked\r\n\r\n"
	       "0\r\n\r\nGET /metrics HTTP/1.1\r\n" LOCAL CLOSE,
	       "413", HEADERS("Connection: close\r\n"), "a request has no body here\n");
	assert_int_equal(handler_calls, 0);
	expect(server, "GET /metrics HTTP/1.1\r\n" LOCAL "Content-Length: 0\r\n" CLOSE, "200", NULL,
	       "text 1\n");
	jb_server_stop(server);
}

static void assert_unpacks_large(const char *packed, size_t len)
{
	unsigned char *page = malloc(LARGE + 1);
	z_stream stream = {.next_in = (unsigned char *)packed, .avail_in = (uInt)len};

	assert_non_null(page);
	stream.next_out = page;
	stream.avail_out = (uInt)LARGE + 1;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.total_out, LARGE);
	assert_int_equal(page[LARGE - 1], 'a');
	inflateEnd(&stream);
	free(page);
}

static void test_gzip(void **state)
{
	struct jb_server *server = start();
	struct jb_buffer answer = ask(server, "GET /large HTTP/1.1\r\n" LOCAL
					      "Accept-Encoding: gzip\r\n" CLOSE);
	const char *body = body_of(&answer);

	(void)state;
	assert_true(has(&answer, "Content-Encoding: gzip\r\n"));
	assert_unpacks_large(body, answer.len - (size_t)(body - answer.data));
	jb_buffer_free(&answer);

	answer = ask(server, "GET /large HTTP/1.1\r\n" LOCAL "Accept-Encoding: gzip;q=0\r\n" CLOSE);
	body = body_of(&answer);
	assert_false(has(&answer, "Content-Encoding"));
	assert_int_equal(answer.len - (size_t)(body - answer.data), LARGE);
	jb_buffer_free(&answer);

	answer = ask(server, "GET /metrics HTTP/1.1\r\n" LOCAL "Accept-Encoding: gzip\r\n" CLOSE);
	assert_false(has(&answer, "Content-Encoding"));
	jb_buffer_free(&answer);
	jb_server_stop(server);
}

static void test_guard(void **state)
{
	struct jb_server *server = start();

	(void)state;
	expect(server, "GET /api/v1/streams HTTP/1.1\r\nHost: [::1]:9504\r\n" CLOSE, "200", NULL,
	       "[\"secret\"]");
	expect(server, "GET /api/v1/streams HTTP/1.1\r\nHost: evil.example\r\n" CLOSE, "403",
	       HEADERS("X-Content-Type-Options: nosniff\r\n"),
	       "only for clients on localhost (kubectl port-forward)\n");
	expect(server, "GET / HTTP/1.1\r\nHost: evil.example\r\n" CLOSE, "403", NULL, NULL);
	expect(server, "HEAD / HTTP/1.1\r\nHost: evil.example\r\n" CLOSE, "403", NULL, "");
	expect(server, "GET /api/v1/streams HTTP/1.1\r\n" CLOSE, "400", NULL, NULL);
	expect(server, "GET /api/v1/streams HTTP/1.0\r\n\r\n", "403", NULL, NULL);
	expect(server,
	       "GET /api/v1/streams HTTP/1.1\r\nHost: evil.example\r\n"
	       "Authorization: Bearer \r\n" CLOSE,
	       "403", NULL, NULL);
	jb_server_stop(server);
}

static void write_token(const char *path, const char *token)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(token, file);
	assert_int_equal(fclose(file), 0);
}

#define FAR_ASKS(token)                                                                            \
	"GET /api/v1/streams HTTP/1.1\r\nHost: node:9504\r\nAuthorization: Bearer " token          \
	"\r\n" CLOSE

static void test_token(void **state)
{
	char path[] = "/tmp/jb_server.XXXXXX";
	struct jb_server_options options = options_for("127.0.0.1");
	struct jb_server *server;

	(void)state;
	close(mkstemp(path));
	write_token(path, "first\n");
	options.token_file = path;
	server = start_server(&options);
	expect(server, FAR_ASKS("first"), "200", NULL, "[\"secret\"]");
	expect(server, FAR_ASKS("wrong"), "401",
	       HEADERS("WWW-Authenticate: Bearer realm=\"jitterbug\"\r\n"), NULL);
	expect(server, "GET / HTTP/1.1\r\nHost: node\r\n" CLOSE, "401", NULL, NULL);
	expect(server, "GET / HTTP/1.1\r\n" LOCAL CLOSE, "200", NULL, NULL);
	write_token(path, "rotated\n");
	expect(server, FAR_ASKS("first"), "401", NULL, NULL);
	expect(server, FAR_ASKS("rotated"), "200", NULL, NULL);
	unlink(path);
	expect(server, FAR_ASKS("rotated"), "401", NULL, NULL);
	jb_server_stop(server);
}

static void expect_no_start(const struct jb_server_options *options, int err, const char *message)
{
	struct jb_server *server = NULL;
	struct jb_buffer error = {0};

	assert_int_equal(jb_server_start(&server, options, &error), err);
	assert_null(server);
	assert_string_equal(error.data, message);
	jb_buffer_free(&error);
}

static void test_port_taken(void **state)
{
	struct jb_server *server = start();
	struct jb_server_options options = options_for("127.0.0.1");
	char message[128];

	(void)state;
	options.port = jb_server_port(server);
	snprintf(message, sizeof(message),
		 "can't listen on 127.0.0.1 port %d: Address already in use", options.port);
	expect_no_start(&options, -EADDRINUSE, message);
	jb_server_stop(server);
}

static void test_bad_options(void **state)
{
	char path[] = "/tmp/jb_server.XXXXXX";
	char message[128];
	struct jb_server_options options = options_for("nonsense");

	(void)state;
	expect_no_start(&options, -EINVAL,
			"can't listen on nonsense port 0: not a usable IP address");
	options = options_for("192.0.2.1");
	expect_no_start(&options, -EADDRNOTAVAIL,
			"can't listen on 192.0.2.1 port 0: Cannot assign requested address");
	options = options_for("127.0.0.1");
	options.token_file = "/nonexistent/token";
	expect_no_start(&options, -ENOENT,
			"can't read token file /nonexistent/token: No such file or directory");
	close(mkstemp(path));
	options.token_file = path;
	snprintf(message, sizeof(message), "token file %s is empty", path);
	expect_no_start(&options, -ENODATA, message);
	unlink(path);
	jb_server_stop(NULL);
}

/* `::` takes IPv4 clients, who are loopback peers as ::ffff:127.0.0.1. */
static void test_dual_stack(void **state)
{
	struct jb_server_options options = options_for("[::]");
	struct jb_buffer error = {0};
	struct jb_server *server;
	int err = jb_server_start(&server, &options, &error);

	(void)state;
	jb_buffer_free(&error);
	if (err == -EAFNOSUPPORT)
		skip();
	assert_int_equal(err, 0);
	expect(server, "GET /api/v1/streams HTTP/1.1\r\n" LOCAL CLOSE, "200", NULL, "[\"secret\"]");
	jb_server_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),     cmocka_unit_test(test_head),
		cmocka_unit_test(test_contents),    cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_methods),     cmocka_unit_test(test_request_body),
		cmocka_unit_test(test_gzip),        cmocka_unit_test(test_guard),
		cmocka_unit_test(test_token),       cmocka_unit_test(test_port_taken),
		cmocka_unit_test(test_bad_options), cmocka_unit_test(test_dual_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
