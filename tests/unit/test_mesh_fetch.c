/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What becomes of a proxy's page that is read over HTTP, and of one that can't be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "mesh_server.h"

static void test_a_fine_page(void **state)
{
	static const char page[] = "# HELP response_total Responses.\n" START SUCCESS("30")
		FAILURE("2") "response_latency_ms_sum{" CART "} 640\n"
			     "response_latency_ms_count{" CART "} 32\n" OPEN("3") "# EOF\n";
	struct scene *scene = *state;
	struct seen *seen = &scene->seen[0];
	const struct jb_mesh_news *news;

	read_once(scene);
	add_page(scene, 0, AT_ONCE, page);
	add_routes(scene, 1);
	start(scene);
	TAKE_UNTIL(scene, seen->results);
	assert_int_equal(seen->last.failure, JB_MESH_FINE);
	assert_int_equal(seen->last.bytes, strlen(page));
	assert_int_equal(seen->last.lines, 8);
	assert_int_equal(seen->last.malformed, 0);
	assert_in_range(seen->last.duration_ns, 1, DEADLINE_S * JB_SECOND_NS);
	assert_true(seen->facts.start_s == 1000);
	assert_int_equal(seen->last.n_news, 2);
	news = news_at(seen, JB_MESH_OUTBOUND_DST);
	assert_true(news->by[JB_MESH_SUCCESSES] == 30 && news->by[JB_MESH_FAILURES] == 2);
	assert_true(news->by[JB_MESH_RESPONSES] == 32 && news->by[JB_MESH_RESPONSE_MS] == 640);
	assert_string_equal(news->far.workload, "cart");
	assert_int_equal(news->far.target_port, 8080);
	assert_true(news_at(seen, JB_MESH_INBOUND_SRC)->by[JB_MESH_OPENED] == 3);
	assert_string_equal(news_at(seen, JB_MESH_INBOUND_SRC)->far.namespace_, "front");
	assert_non_null(strstr(scene->server.request, "GET /0 HTTP/1.1\r\n"));
	assert_non_null(strstr(scene->server.request, "\r\nAccept-Encoding: gzip\r\n"));
	assert_non_null(strstr(scene->server.request, "\r\nUser-Agent: jitterbug/"));
}

/* What has been added, exactly once, whatever comes between: of what breaks off nothing counts. */
static void test_news_from_page_to_page(void **state)
{
	static const char *const later[] = {PAGE("15"), PAGE("4")}; /* it was forgotten meanwhile */
	static const double sums[] = {15, 14};
	struct scene *scene = *state;

	for (int i = 0; i < 2; i++) {
		add_page(scene, i, AT_ONCE, PAGE("10"));
		add(scene, i, THEN_CLOSE, TEXT, PAGE("12"), strlen(PAGE("12")), 10);
		add(scene, i, AT_ONCE, "503 Busy\r\nContent-Type: text/plain", PAGE("13"), 9, 0);
		add_page(scene, i, AT_ONCE, later[i]);
	}
	add_routes(scene, 2);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 6));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(scene->seen[i].failures, 2);
		assert_true(scene->seen[i].sum[JB_MESH_SUCCESSES] == sums[i]);
	}
}

static void test_the_same_target_goes_on(void **state)
{
	struct scene *scene = *state;

	scene->options.page.since_s = 2000; /* the first page counts nothing */
	add_page(scene, 0, AT_ONCE, PAGE("10"));
	add_page(scene, 0, AT_ONCE, PAGE("11"));
	add_page(scene, 0, AT_ONCE, PAGE("17"));
	add_routes(scene, 1);
	start(scene);
	TAKE_UNTIL(scene, (set_targets(scene, 0, 1), scene->seen[0].results > 4));
	assert_int_equal(scene->seen[0].failures, 0);
	assert_true(scene->seen[0].sum[JB_MESH_SUCCESSES] == 7);
	assert_int_equal(told(&scene->server, &scene->server.accepted), 1);
	/* With another URL it is another one, whose first page it is. */
	snprintf(scene->targets[0].url + strlen(scene->targets[0].url), 3, "?a");
	set_targets(scene, 0, 1);
	scene->seen[0] = (struct seen){};
	TAKE_UNTIL(scene, scene->seen[0].results > 1);
	assert_true(scene->seen[0].sum[JB_MESH_SUCCESSES] == 0);
}

static struct jb_buffer gzip(const char *text, size_t len)
{
	struct jb_buffer out = {};
	unsigned char octets[4096];
	z_stream z = {.next_in = (Bytef *)text, .avail_in = (uInt)len};
	int end;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 9, Z_DEFAULT_STRATEGY), Z_OK);
	do {
		z.next_out = octets;
		z.avail_out = sizeof(octets);
		end = deflate(&z, Z_FINISH);
		jb_buffer_append(&out, octets, sizeof(octets) - z.avail_out);
	} while (end == Z_OK);
	deflateEnd(&z);
	return out;
}

#define GZIP TEXT "\r\nContent-Encoding: gzip"

static void test_gzip(void **state)
{
	struct jb_buffer packed = gzip(PAGE("10"), strlen(PAGE("10")));
	struct scene *scene = *state;

	read_once(scene);
	add(scene, 0, AT_ONCE, GZIP, packed.data, packed.len, 0);
	jb_buffer_free(&packed);
	add_routes(scene, 1);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 1));
	assert_int_equal(scene->seen[0].last.failure, JB_MESH_FINE);
	assert_int_equal(scene->seen[0].last.bytes, strlen(PAGE("10")));
	assert_true(scene->seen[0].sum[JB_MESH_SUCCESSES] == 10);
}

/* Cut within a line, or where a line ends: libcurl doesn't mind either. */
static void test_truncated_gzip(void **state)
{
	static const char lines[] = START SUCCESS("10");
	struct jb_buffer whole = gzip(PAGE("10"), strlen(PAGE("10"))),
			 cut = gzip(lines, strlen(lines));
	struct scene *scene = *state;

	for (int i = 0; i < 2; i++)
		add(scene, i, AT_ONCE, GZIP, whole.data, whole.len, 0);
	add(scene, 0, AT_ONCE, GZIP, whole.data, whole.len - 20, 0);
	add(scene, 1, AT_ONCE, GZIP, cut.data, cut.len - 8, 0);
	for (int i = 0; i < 2; i++)
		add(scene, i, AT_ONCE, GZIP, whole.data, whole.len, 0);
	jb_buffer_free(&whole);
	jb_buffer_free(&cut);
	add_routes(scene, 2);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 4));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(scene->seen[i].failures, 1);
		assert_int_equal(scene->seen[i].last.failure, JB_MESH_FINE);
		assert_true(scene->seen[i].sum[JB_MESH_SUCCESSES] == 10);
	}
}

/* --- failures */

#define HTML "<!DOCTYPE html>\n<html>\n<p>Not found\n</html>\n"

static const struct {
	const char *head; /* NULL: the body is the whole answer */
	const char *body;
	enum manner manner;
	size_t more;
	enum jb_mesh_failure failure;
	const char *error;
} failures[] = {
	{"403 Forbidden", "", AT_ONCE, 0, JB_MESH_FORBIDDEN,
	 "403: denied by a policy of the mesh; the chart's AuthorizationPolicy 'jitterbug-proxies' "
	 "would allow it"},
	{"401 Unauthorized", "", THEN_CLOSE, 9, JB_MESH_STATUS, "HTTP status 401"},
	{"404 Not Found\r\nContent-Type: text/html", HTML, AT_ONCE, 0, JB_MESH_STATUS,
	 "HTTP status 404"},
	{"500 Oh\r\nContent-Type: text/plain", PAGE("1"), THEN_CLOSE, 9, JB_MESH_STATUS,
	 "HTTP status 500"},
	{"302 Found\r\nLocation: /31", "", AT_ONCE, 0, JB_MESH_STATUS, "HTTP status 302"},
	{"200 OK\r\nContent-Type: text/html", HTML, AT_ONCE, 0, JB_MESH_NOT_METRICS,
	 "Content-Type 'text/html' is not of metrics"},
	{"200 OK\r\nContent-Type: application/\xff", "{}", AT_ONCE, 0, JB_MESH_NOT_METRICS,
	 "Content-Type 'application/?' is not of metrics"},
	{"200 OK\r\nContent-Type: application/json", PAGE("1"), AT_ONCE, 0, JB_MESH_NOT_METRICS,
	 "Content-Type 'application/json' is not of metrics"},
	{TEXT, HTML, AT_ONCE, 0, JB_MESH_NOT_METRICS,
	 "nothing on the page reads as a metric of a proxy"},
	{TEXT, "", AT_ONCE, 0, JB_MESH_NOT_METRICS,
	 "nothing on the page reads as a metric of a proxy"},
	{TEXT, START "tcp_open_to", THEN_CLOSE, 9, JB_MESH_BROKEN, "Transferred a partial file"},
	{TEXT, START "tcp_open_to", AT_ONCE, 0, JB_MESH_BROKEN, "the page is cut off"},
	{"200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0", START, AT_ONCE, 0,
	 JB_MESH_BROKEN, "the page is cut off"},
	{GZIP, PAGE("1"), AT_ONCE, 0, JB_MESH_BROKEN,
	 "Unrecognized or bad HTTP Content or Transfer-Encoding"},
	{NULL, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" START, THEN_CLOSE, 0,
	 JB_MESH_BROKEN, "Transferred a partial file"},
	{NULL, "SSH-2.0-none\r\n", THEN_CLOSE, 0, JB_MESH_BROKEN, "Unsupported protocol"},
	{NULL, "", CLOSED, 0, JB_MESH_BROKEN, "Server returned nothing (no headers, no data)"},
	{NULL, "HTTP/1.1 200 OK\r\n\r\n" START "x{a=\"b\"} 1\n", ENDLESS, 0, JB_MESH_TOO_LARGE,
	 "more than 100000 octets"},
	{NULL, "HTTP/1.1 404 No\r\n\r\nno no no\n", ENDLESS, 0, JB_MESH_STATUS, "HTTP status 404"},
};

enum { N_FAILURES = sizeof(failures) / sizeof(*failures) };

static void test_failures(void **state)
{
	struct scene *scene = *state;

	read_once(scene);
	scene->options.max_bytes = 100000;
	for (int i = 0; i < N_FAILURES; i++) {
		size_t len = strlen(failures[i].body);

		if (failures[i].head)
			add(scene, i, failures[i].manner, failures[i].head, failures[i].body, len,
			    failures[i].more);
		else
			add_answer(scene, i, failures[i].manner, failures[i].body, len);
	}
	add_routes(scene, N_FAILURES);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 1));
	for (int i = 0; i < N_FAILURES; i++) {
		assert_string_equal(scene->seen[i].error, failures[i].error);
		assert_int_equal(scene->seen[i].last.failure, failures[i].failure);
		assert_false(scene->seen[i].has_facts);
		assert_int_equal(scene->seen[i].last.n_news, 0);
		assert_in_range(scene->seen[i].last.bytes, 0, 100000);
		assert_int_equal(requests(scene, i), 1);
	}
	assert_int_equal(requests(scene, 31), 0);
}

/* A few octets that are many when unpacked, and headers without an end. */
static void test_bombs(void **state)
{
	static char zeros[1 << 20];
	static const char head[] = "HTTP/1.1 200 OK\r\n\r\n",
			  header[] = "A: bcdefghijklmnopqrs\r\n";
	struct jb_buffer packed, headers = {};
	struct scene *scene = *state;

	read_once(scene);
	scene->options.max_bytes = sizeof(zeros) - 1;
	packed = gzip(zeros, sizeof(zeros));
	add(scene, 0, AT_ONCE, GZIP, packed.data, packed.len, 0);
	jb_buffer_append(&headers, head, strlen(head) - 2);
	while (headers.len < 200 << 10) /* libcurl has a bound of its own beyond that */
		jb_buffer_puts(&headers, header);
	add_answer(scene, 1, AT_ONCE, headers.data, headers.len);
	jb_buffer_free(&packed);
	jb_buffer_free(&headers);
	add_routes(scene, 2);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 1));
	assert_int_equal(scene->seen[0].last.failure, JB_MESH_TOO_LARGE);
	assert_int_equal(scene->seen[0].last.bytes, sizeof(zeros) - 1);
	assert_int_equal(scene->seen[1].last.failure, JB_MESH_BROKEN);
	assert_string_equal(scene->seen[1].error, "too many headers");
}

static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	connect(fd, (struct sockaddr *)&address, sizeof(address));
	return fd;
}

/* Nobody there; a queue that takes no more connections; what is no such URL. */
static void test_unreachable(void **state)
{
	struct scene *scene = *state;
	int port, full, clients[4];
	char url[64];

	read_once(scene);
	scene->options.connect_ms = 200;
	close(listen_at(INADDR_LOOPBACK, &port, 1));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/metrics", port);
	add_target(scene, url);
	full = listen_at(INADDR_LOOPBACK, &port, 0);
	for (int i = 0; i < 4; i++)
		clients[i] = connect_to(port);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/metrics", port);
	add_target(scene, url);
	add_target(scene, "file:///etc/hostname");
	add_target(scene, "");
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 1));
	for (size_t i = 0; i < scene->n; i++)
		assert_int_equal(scene->seen[i].last.failure, JB_MESH_UNREACHABLE);
	assert_string_equal(scene->seen[0].error, "Connection refused");
	assert_string_equal(scene->seen[1].error, "no connection in time");
	assert_string_equal(scene->seen[2].error, "Unsupported protocol");
	assert_string_equal(scene->seen[3].error, "URL using bad/illegal format or missing URL");
	for (int i = 0; i < 4; i++)
		close(clients[i]);
	close(full);
}

static void test_too_slow(void **state)
{
	struct scene *scene = *state;

	read_once(scene);
	scene->options.total_ms = 500;
	add_page(scene, 0, NEVER, PAGE("1"));
	add_page(scene, 1, DRIP, PAGE("1"));
	add_page(scene, 2, AT_ONCE, PAGE("1"));
	add_routes(scene, 3);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 1));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(scene->seen[i].last.failure, JB_MESH_TIMEOUT);
		assert_string_equal(scene->seen[i].error, "too slow, given up");
		assert_in_range(scene->seen[i].last.duration_ns, JB_SECOND_NS / 3,
				DEADLINE_S * JB_SECOND_NS);
	}
	assert_int_equal(scene->seen[2].last.failure, JB_MESH_FINE);
}

/* --- facts */

static void test_facts(void **state)
{
	static const char *const pages[] = {
		START "identity_cert_expiration_timestamp_seconds 5000\n",
		START "control_identity_cert_expiration_timestamp_seconds 6000\n"
		      "control_identity_cert_refreshes_total{result=\"error\"} 2\n"
		      "proxy_build_info{version=\"2.366\"} 1\n# EOF\n",
		START SUCCESS("1") OPEN("1") "tcp_open_total{} nonsense\n",
	};
	struct scene *scene = *state;

	read_once(scene);
	scene->options.page.max_series = 1;
	for (int i = 0; i < 3; i++)
		add_page(scene, i, AT_ONCE, pages[i]);
	add_routes(scene, 3);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 1));
	assert_true(scene->seen[0].facts.certificate_expiry_s == 5000);
	assert_true(scene->seen[1].facts.certificate_expiry_s == 6000);
	assert_int_equal(scene->seen[1].facts.certificate_refresh_errors, 2);
	assert_string_equal(scene->seen[1].facts.version, "2.366");
	assert_int_equal(scene->seen[2].last.failure, JB_MESH_FINE); /* for one bad line */
	assert_int_equal(scene->seen[2].last.malformed, 1);
	assert_int_equal(scene->seen[2].facts.skipped, 1);
	assert_int_equal(scene->seen[2].facts.series, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fine_page),
		TEST(news_from_page_to_page),
		TEST(the_same_target_goes_on),
		TEST(gzip),
		TEST(truncated_gzip),
		TEST(failures),
		TEST(bombs),
		TEST(unreachable),
		TEST(too_slow),
		TEST(facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
