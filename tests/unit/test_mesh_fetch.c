/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pages of proxies over HTTP, from a server in a thread of this program. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "mesh/fetch.h"
#include "mesh/fetch_attempt.h"
#include "mesh/fetch_past.h"
#include "mesh/schedule.h"

enum {
	DEADLINE_S = 20, /* only a failing test gets there */
	ROUTES = 32,
	CONNECTIONS = 64,
	ANSWERS = 4,
	TICK_MS = 5,
	PARALLEL = 4,
	GROUP_TICKS = 16, /* how long a group waits for one more than there may be */
};

/* --- the server: path /N is route N, whose answers are given in turn, the last again and again */

enum manner {
	AT_ONCE,
	THEN_CLOSE, /* the connection, after the answer */
	CLOSED,     /* the connection, instead of an answer */
	NEVER,      /* takes the request and is silent */
	DRIP,       /* an octet per tick */
	ENDLESS,    /* the answer again and again */
	IN_GROUPS,  /* when PARALLEL requests have waited for GROUP_TICKS */
};

struct answer {
	enum manner manner;
	struct jb_buffer octets;
};

struct route {
	struct answer answers[ANSWERS];
	int n, requests;
};

struct connection {
	int fd; /* 0: none */
	char request[2048];
	size_t len;
	const struct answer *answer; /* that is being given */
	size_t sent;
};

struct server {
	int fd, port;
	pthread_t thread;
	pthread_mutex_t lock;
	bool stop;
	struct route routes[ROUTES];
	struct connection connections[CONNECTIONS];
	int accepted, left_by_client, most_at_once, group_ticks;
	char request[2048]; /* the last one */
};

static void hang_up(struct connection *connection)
{
	close(connection->fd);
	*connection = (struct connection){};
}

static void accept_one(struct server *server)
{
	int fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	for (int i = 0; fd >= 0 && i < CONNECTIONS; i++) {
		if (!server->connections[i].fd) {
			server->connections[i].fd = fd;
			server->accepted++;
			return;
		}
	}
}

static void begin_answer(struct server *server, struct connection *connection)
{
	struct route *route;
	int number = -1, turn;

	if (sscanf(connection->request, "GET /%d", &number) != 1 || number < 0 ||
	    number >= ROUTES) {
		hang_up(connection);
		return;
	}
	memcpy(server->request, connection->request, sizeof(server->request));
	route = &server->routes[number];
	turn = route->requests++;
	connection->answer = &route->answers[turn < route->n ? turn : route->n - 1];
	connection->sent = 0;
	connection->len = 0;
	if (connection->answer->manner == CLOSED)
		hang_up(connection);
}

static void receive(struct server *server, struct connection *connection)
{
	size_t room = sizeof(connection->request) - connection->len - 1;
	ssize_t n = recv(connection->fd, connection->request + connection->len, room, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		server->left_by_client++;
		hang_up(connection);
	} else if (n > 0) {
		connection->len += (size_t)n;
		connection->request[connection->len] = '\0';
		if (strstr(connection->request, "\r\n\r\n"))
			begin_answer(server, connection);
	}
}

static void end_answer(struct connection *connection)
{
	if (connection->answer->manner == ENDLESS)
		connection->sent = (size_t)(strstr(connection->answer->octets.data, "\r\n\r\n") +
					    4 - connection->answer->octets.data);
	else if (connection->answer->manner == THEN_CLOSE)
		hang_up(connection);
	else
		connection->answer = NULL;
}

/* False: no more goes out now. */
static bool answer(struct connection *connection)
{
	const struct answer *answer = connection->answer;
	size_t len = answer->octets.len - connection->sent;
	ssize_t n = send(connection->fd, answer->octets.data + connection->sent,
			 answer->manner == DRIP ? 1 : len, MSG_NOSIGNAL);

	if (n <= 0)
		return false;
	connection->sent += (size_t)n;
	if (connection->sent == answer->octets.len)
		end_answer(connection);
	return true;
}

static void go_on(struct connection *connection, bool is_group_due)
{
	enum manner manner = connection->answer->manner;

	if (manner == NEVER || (manner == IN_GROUPS && !is_group_due))
		return;
	for (int i = manner == ENDLESS ? 1000 : 1; i && answer(connection); i--) {
	}
}

static bool is_group_due(struct server *server)
{
	int waiting = 0;

	for (int i = 0; i < CONNECTIONS; i++)
		waiting += server->connections[i].answer &&
			   server->connections[i].answer->manner == IN_GROUPS;
	if (waiting > server->most_at_once)
		server->most_at_once = waiting;
	server->group_ticks = waiting >= PARALLEL ? server->group_ticks + 1 : 0;
	return server->group_ticks > GROUP_TICKS;
}

static void turn(struct server *server)
{
	bool is_due;

	accept_one(server);
	for (int i = 0; i < CONNECTIONS; i++) {
		if (server->connections[i].fd)
			receive(server, &server->connections[i]);
	}
	is_due = is_group_due(server);
	for (int i = 0; i < CONNECTIONS; i++) {
		if (server->connections[i].answer)
			go_on(&server->connections[i], is_due);
	}
}

static void *serve(void *arg)
{
	struct server *server = arg;
	struct pollfd fd = {.fd = server->fd, .events = POLLIN};
	bool stop = false;

	while (!stop) {
		poll(&fd, 1, TICK_MS);
		pthread_mutex_lock(&server->lock);
		turn(server);
		stop = server->stop;
		pthread_mutex_unlock(&server->lock);
	}
	return NULL;
}

static int listen_at(in_addr_t ip, int *ret_port, int backlog)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void start_server(struct server *server)
{
	server->fd = listen_at(INADDR_ANY, &server->port, 64);
	pthread_mutex_init(&server->lock, NULL);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop_server(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stop = true;
	pthread_mutex_unlock(&server->lock);
	pthread_join(server->thread, NULL);
	for (int i = 0; i < CONNECTIONS; i++) {
		if (server->connections[i].fd)
			hang_up(&server->connections[i]);
	}
	for (int i = 0; i < ROUTES * ANSWERS; i++)
		jb_buffer_free(&server->routes[i / ANSWERS].answers[i % ANSWERS].octets);
	close(server->fd);
	pthread_mutex_destroy(&server->lock);
}

/* Any figure of the server's. */
static int told(struct server *server, const int *figure)
{
	int value;

	pthread_mutex_lock(&server->lock);
	value = *figure;
	pthread_mutex_unlock(&server->lock);
	return value;
}

/* --- a fetch of that server's pages */

struct seen {
	int results, failures;
	struct jb_mesh_result last;
	char error[JB_MESH_ERROR_SIZE];
	bool has_facts;
	struct jb_mesh_facts facts;
	struct jb_mesh_news news[4]; /* the last one's */
	double sum[JB_MESH_FIGURE_MAX];
};

struct scene {
	struct server server;
	struct jb_mesh_fetch_options options;
	struct jb_mesh_fetch *fetch;
	struct jb_mesh_target targets[ROUTES];
	size_t n;
	struct seen seen[ROUTES];
	int results;
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	start_server(&scene->server);
	jb_mesh_fetch_options_default(&scene->options);
	scene->options.interval_ms = 50;
	scene->options.connect_ms = DEADLINE_S * 1000;
	scene->options.total_ms = DEADLINE_S * 1000;
	scene->options.page.since_s = 1; /* the proxies have started after it */
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	jb_mesh_fetch_stop(scene->fetch);
	stop_server(&scene->server);
	free(scene);
	return 0;
}

static void read_once(struct scene *scene)
{
	scene->options.interval_ms = 60000;
}

static void add_answer(struct scene *scene, int number, enum manner manner, const void *octets,
		       size_t len)
{
	struct route *route = &scene->server.routes[number];

	assert_true(route->n < ANSWERS);
	jb_buffer_append(&route->answers[route->n].octets, octets, len);
	route->answers[route->n].manner = manner;
	route->n++;
}

/* With Content-Length, `more` octets too much. */
static void add(struct scene *scene, int number, enum manner manner, const char *head,
		const void *body, size_t len, size_t more)
{
	struct jb_buffer octets = {};

	jb_buffer_printf(&octets, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, len + more);
	jb_buffer_append(&octets, body, len);
	add_answer(scene, number, manner, octets.data, octets.len);
	jb_buffer_free(&octets);
}

#define TEXT "200 OK\r\nContent-Type: text/plain"

static void add_page(struct scene *scene, int number, enum manner manner, const char *page)
{
	add(scene, number, manner, TEXT, page, strlen(page), 0);
}

static void add_target(struct scene *scene, const char *url)
{
	struct jb_mesh_target *target = &scene->targets[scene->n];

	snprintf(target->namespace_, sizeof(target->namespace_), "shop");
	snprintf(target->pod, sizeof(target->pod), "pod-%zu", scene->n++);
	snprintf(target->url, sizeof(target->url), "%s", url);
}

/* Each at an address of its own: they would share connections. */
static void add_routes(struct scene *scene, int n)
{
	char url[64];

	for (int i = 0; i < n; i++) {
		snprintf(url, sizeof(url), "http://127.0.0.%zu:%d/%zu", scene->n + 1,
			 scene->server.port, scene->n);
		add_target(scene, url);
	}
}

static void set_targets(struct scene *scene, size_t from, size_t n)
{
	assert_int_equal(jb_mesh_fetch_targets(scene->fetch, scene->targets + from, n), 0);
}

static void start(struct scene *scene)
{
	assert_int_equal(jb_mesh_fetch_start(&scene->fetch, &scene->options), 0);
	set_targets(scene, 0, scene->n);
}

static void take_result(void *ctx, const struct jb_mesh_result *result)
{
	struct scene *scene = ctx;
	int number = atoi(result->target->pod + strlen("pod-"));
	struct seen *seen = &scene->seen[number];

	assert_string_equal(result->target->namespace_, "shop");
	assert_string_equal(result->target->url, scene->targets[number].url);
	assert_true(!*result->error == !result->failure);
	scene->results++;
	seen->results++;
	seen->failures += result->failure != JB_MESH_FINE;
	seen->last = *result;
	snprintf(seen->error, sizeof(seen->error), "%s", result->error);
	seen->has_facts = result->facts;
	if (result->facts)
		seen->facts = *result->facts;
	for (size_t i = 0; i < result->n_news; i++) {
		for (int figure = 0; figure < JB_MESH_FIGURE_MAX; figure++)
			seen->sum[figure] += result->news[i].by[figure];
		if (i < 4)
			seen->news[i] = result->news[i];
	}
}

static void take(struct scene *scene)
{
	jb_mesh_fetch_take(scene->fetch, take_result, scene);
}

static void wait_a_bit(uint64_t deadline_ns, const char *condition)
{
	if (jb_now_ns() > deadline_ns)
		fail_msg("never came: %s", condition);
	poll(NULL, 0, 1);
}

#define UNTIL(condition)                                                                           \
	for (uint64_t deadline_ns = jb_now_ns() + DEADLINE_S * JB_SECOND_NS; !(condition);         \
	     wait_a_bit(deadline_ns, #condition))
#define TAKE_UNTIL(scene, condition) UNTIL((take(scene), condition))

static int requests(struct scene *scene, int number)
{
	return told(&scene->server, &scene->server.routes[number].requests);
}

static bool all_have(const struct scene *scene, int results)
{
	for (size_t i = 0; i < scene->n; i++) {
		if (scene->seen[i].results < results)
			return false;
	}
	return true;
}

/* --- pages */

#define CART                                                                                       \
	"direction=\"outbound\",target_addr=\"10.0.0.7:8080\",target_ip=\"10.0.0.7\",target_port=" \
	"\"8080\",tls=\"true\",dst_namespace=\"shop\",dst_deployment=\"cart\""
#define WEB                                                                                        \
	"direction=\"inbound\",peer=\"src\",target_addr=\"10.0.0.5:80\",target_ip=\"10.0.0.5\","   \
	"target_port=\"80\",tls=\"true\",client_id=\"web.front.serviceaccount.identity.linkerd."   \
	"cluster.local\""
#define START      "process_start_time_seconds 1000\n"
#define SUCCESS(n) "response_total{" CART ",status_code=\"200\",classification=\"success\"} " n "\n"
#define FAILURE(n) "response_total{" CART ",status_code=\"500\",classification=\"failure\"} " n "\n"
#define OPEN(n)    "tcp_open_total{" WEB "} " n "\n"
#define PAGE(n)    START SUCCESS(n) "# EOF\n"

static const struct jb_mesh_news *news_at(const struct seen *seen, enum jb_mesh_side side)
{
	for (size_t i = 0; i < seen->last.n_news && i < 4; i++) {
		if (seen->news[i].far.side == side)
			return &seen->news[i];
	}
	fail_msg("no news of side %d", side);
	return NULL;
}

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

/* --- connections */

static void test_connections_are_kept(void **state)
{
	struct scene *scene = *state;

	for (int i = 0; i < 12; i++)
		add_page(scene, i, AT_ONCE, PAGE("1"));
	add_routes(scene, 12); /* more than are read at once */
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 3));
	for (int i = 0; i < 12; i++)
		assert_int_equal(scene->seen[i].failures, 0);
	assert_int_equal(told(&scene->server, &scene->server.accepted), 12);
}

/* The server may close one when it likes, also just as the next request comes. */
static void test_a_kept_connection_is_closed(void **state)
{
	struct scene *scene = *state;

	add_page(scene, 0, AT_ONCE, PAGE("1"));
	add_page(scene, 0, CLOSED, "");
	add_page(scene, 0, AT_ONCE, PAGE("2"));
	add_page(scene, 1, THEN_CLOSE, PAGE("1"));
	add_routes(scene, 2);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 3));
	assert_int_equal(scene->seen[0].failures, 0);
	assert_true(scene->seen[0].sum[JB_MESH_SUCCESSES] == 2);
	assert_int_equal(scene->seen[1].failures, 0);
	assert_true(told(&scene->server, &scene->server.accepted) >= 2 + 3);
}

/* More is due than can be done: each comes again all the same. */
static void test_many_targets(void **state)
{
	struct scene *scene = *state;
	int most = 0;

	scene->options.parallel = PARALLEL;
	scene->options.interval_ms = 300;
	for (int i = 0; i < 20; i++)
		add_page(scene, i, IN_GROUPS, PAGE("1"));
	add_routes(scene, 20);
	start(scene);
	TAKE_UNTIL(scene, all_have(scene, 4));
	for (int i = 0; i < 20; i++) {
		assert_int_equal(scene->seen[i].failures, 0);
		most = scene->seen[i].results > most ? scene->seen[i].results : most;
	}
	assert_in_range(most, 4, 7);
	assert_int_equal(told(&scene->server, &scene->server.most_at_once), PARALLEL);
}

static void test_more_targets_than_allowed(void **state)
{
	struct scene *scene = *state;

	scene->options.max_targets = 2;
	for (int i = 0; i < 3; i++)
		add_page(scene, i, AT_ONCE, PAGE("1"));
	add_routes(scene, 3);
	start(scene);
	TAKE_UNTIL(scene, scene->seen[0].results > 3 && scene->seen[1].results > 3);
	assert_int_equal(requests(scene, 2), 0);
	scene->targets[0] = scene->targets[1]; /* twice the same */
	set_targets(scene, 0, 2);
	TAKE_UNTIL(scene, scene->seen[1].results > 6);
	assert_true(scene->seen[1].sum[JB_MESH_SUCCESSES] == 1);
}

/* --- changes */

static void test_a_running_target_is_forgotten(void **state)
{
	struct scene *scene = *state;
	uint64_t begin_ns;

	read_once(scene);
	add_page(scene, 0, NEVER, "");
	add_page(scene, 1, AT_ONCE, PAGE("1"));
	add_page(scene, 2, NEVER, "");
	add_routes(scene, 3);
	start(scene);
	UNTIL(requests(scene, 0) && requests(scene, 2));
	set_targets(scene, 1, 2);
	begin_ns = jb_now_ns();
	UNTIL(told(&scene->server, &scene->server.left_by_client) == 1);
	assert_true(jb_now_ns() - begin_ns < 5 * JB_SECOND_NS); /* not because it was too slow */
	TAKE_UNTIL(scene, scene->seen[1].results);
	assert_int_equal(scene->results, 1);
	set_targets(scene, 0, 3); /* as new */
	UNTIL(requests(scene, 0) == 2);
	assert_int_equal(requests(scene, 2), 1);
	set_targets(scene, 0, 0);
	UNTIL(told(&scene->server, &scene->server.left_by_client) == 3);
	take(scene);
	assert_int_equal(scene->results, 1);
}

static void expect_again(struct scene *scene, double successes)
{
	set_targets(scene, 0, 0);
	scene->seen[0] = (struct seen){};
	set_targets(scene, 0, scene->n);
	TAKE_UNTIL(scene, scene->seen[0].results);
	assert_int_equal(scene->seen[0].failures, 0);
	assert_true(scene->seen[0].sum[JB_MESH_SUCCESSES] == successes);
}

/* It is counted once. A proxy that has started since is another one. */
static void test_a_target_comes_back(void **state)
{
	struct scene *scene = *state;
	char page[1024];

	read_once(scene);
	for (int i = 0; i < 3; i++)
		add_page(scene, 0, AT_ONCE, PAGE("10"));
	snprintf(page, sizeof(page), "process_start_time_seconds %" PRIu64 "\n" SUCCESS("4"),
		 (uint64_t)jb_unix_s() + 3600);
	add_page(scene, 0, AT_ONCE, page);
	add_routes(scene, 1);
	start(scene);
	TAKE_UNTIL(scene, scene->seen[0].results);
	assert_true(scene->seen[0].sum[JB_MESH_SUCCESSES] == 10);
	expect_again(scene, 0);
	expect_again(scene, 0);
	expect_again(scene, 4);
}

/* Of one that was never read, also while it was read, nothing has been counted. */
static void test_an_unread_target_comes_back(void **state)
{
	struct scene *scene = *state;

	read_once(scene);
	add_page(scene, 0, NEVER, "");
	add(scene, 0, AT_ONCE, "404 Not Found", "", 0, 0);
	add_page(scene, 0, AT_ONCE, PAGE("10"));
	add_routes(scene, 1);
	start(scene);
	UNTIL(requests(scene, 0));
	set_targets(scene, 0, 0);
	set_targets(scene, 0, 1);
	TAKE_UNTIL(scene, scene->seen[0].results);
	assert_int_equal(scene->seen[0].last.failure, JB_MESH_STATUS);
	expect_again(scene, 10);
}

static struct jb_mesh_target target_of(int pod)
{
	struct jb_mesh_target target = {.namespace_ = "shop", .url = "http://h"};

	snprintf(target.pod, sizeof(target.pod), "%d", pod);
	return target;
}

/* Bounded: the one that was forgotten first gives way. */
static void test_past(void **state)
{
	struct jb_fetch_past past = {.seed = 1};
	struct jb_mesh_target target, again = target_of(1);

	(void)state;
	assert_true(jb_fetch_past_since(&past, &again, 7) == 7);
	for (int i = 0; i <= JB_FETCH_PAST; i++) {
		target = target_of(i);
		jb_fetch_past_add(&past, &target, 1000 + i);
		jb_fetch_past_add(&past, &again, 1000.5 + i);
	}
	for (int i = 0; i <= JB_FETCH_PAST; i++) {
		target = target_of(i);
		assert_true(jb_fetch_past_since(&past, &target, 7) ==
			    (i == 0   ? 7
			     : i == 1 ? 1000.5 + JB_FETCH_PAST
				      : 1000 + i));
	}
	again.url[0] = 'H';
	assert_true(jb_fetch_past_since(&past, &again, 7) == 7);
}

/* Of all pages together, and none is lost when targets go. */
static void test_series_of_all_pages(void **state)
{
	struct scene *scene = *state;
	uint32_t budget = 3;

	read_once(scene);
	scene->options.page.budget = &budget;
	for (int i = 0; i < 2; i++)
		add_page(scene, i, AT_ONCE, START SUCCESS("1") OPEN("1") "# EOF\n");
	add_page(scene, 2, NEVER, "");
	add_routes(scene, 3);
	start(scene);
	TAKE_UNTIL(scene, scene->seen[0].results && scene->seen[1].results);
	assert_int_equal(scene->seen[0].facts.skipped + scene->seen[1].facts.skipped, 1);
	assert_int_equal(scene->seen[0].facts.series + scene->seen[1].facts.series, 3);
	assert_int_equal(__atomic_load_n(&budget, __ATOMIC_RELAXED), 0);
	set_targets(scene, 1, 2);
	assert_int_equal(__atomic_load_n(&budget, __ATOMIC_RELAXED), scene->seen[0].facts.series);
	jb_mesh_fetch_stop(scene->fetch);
	scene->fetch = NULL;
	assert_int_equal(budget, 3);
}

/* Again and again while pages come: for the sanitizers. */
static void test_targets_change_all_the_time(void **state)
{
	struct scene *scene = *state;
	size_t turn = 0;

	scene->options.interval_ms = 20;
	scene->options.total_ms = 19;
	for (int i = 0; i < 8; i++)
		add_page(scene, i, i % 4 ? AT_ONCE : NEVER, PAGE("1"));
	add_routes(scene, 8);
	start(scene);
	TAKE_UNTIL(scene, scene->results > 100)
	{
		if (++turn % 16 == 0)
			set_targets(scene, turn / 16 % 6, 2 + turn / 16 % 2);
	}
}

static void test_no_result_of_a_forgotten_target(void **state)
{
	struct scene *scene = *state;

	add_page(scene, 0, AT_ONCE, PAGE("1"));
	add_routes(scene, 1);
	start(scene);
	UNTIL(requests(scene, 0) > 2); /* so there is a result */
	set_targets(scene, 0, 0);
	take(scene);
	assert_int_equal(scene->results, 0);
}

/* What nobody takes is added up; the latest attempt is told of. */
static void test_results_that_nobody_takes(void **state)
{
	static const char first[] = START SUCCESS("10")
		OPEN("1") "control_identity_cert_refreshes_total{result=\"error\"} 2\n# EOF\n";
	static const char third[] = START SUCCESS(
		"15") "control_identity_cert_refreshes_total{result=\"error\"} 5\n# EOF\n";
	struct scene *scene = *state;
	struct seen *seen = &scene->seen[0];

	add_page(scene, 0, AT_ONCE, first);
	add(scene, 0, AT_ONCE, "404 Not Found", "", 0, 0);
	add_page(scene, 0, AT_ONCE, third);
	add(scene, 0, AT_ONCE, "403 Forbidden", "", 0, 0);
	add_routes(scene, 1);
	start(scene);
	UNTIL(requests(scene, 0) > 5);
	take(scene);
	assert_int_equal(seen->results, 1);
	assert_int_equal(seen->last.failure, JB_MESH_FORBIDDEN);
	assert_int_equal(seen->last.earlier[JB_MESH_FINE], 2);
	assert_int_equal(seen->last.earlier[JB_MESH_STATUS], 1);
	assert_in_range(seen->last.earlier[JB_MESH_FORBIDDEN], 1, 1000);
	assert_int_equal(seen->facts.certificate_refresh_errors, 5);
	assert_int_equal(seen->last.n_news, 2);
	assert_true(news_at(seen, JB_MESH_OUTBOUND_DST)->by[JB_MESH_SUCCESSES] == 15);
	assert_true(news_at(seen, JB_MESH_INBOUND_SRC)->by[JB_MESH_OPENED] == 1);
	TAKE_UNTIL(scene, seen->results > 1);
	assert_false(seen->has_facts);
	assert_int_equal(seen->last.earlier[JB_MESH_FINE], 0);
}

static void add_news(struct jb_attempt *attempt, int port)
{
	struct jb_mesh_news news = {.far.target_port = (uint16_t)port, .by[JB_MESH_OPENED] = port};

	assert_int_equal(jb_attempt_add_news(attempt, &news), 0);
	attempt->has_facts = true;
}

static void test_no_more_far_ends_than_allowed(void **state)
{
	struct jb_attempt before = {.facts.skipped = 1}, attempt = {.facts.skipped = 2};
	double sum = 0;

	(void)state;
	for (int port = 100; port > 0; port--)
		add_news(&before, port);
	for (int port = 91; port <= 120; port++)
		add_news(&attempt, port);
	jb_attempt_merge(&attempt, &before, 110);
	assert_int_equal(attempt.n_news, 110); /* of 120 */
	assert_int_equal(attempt.facts.skipped, 1 + 2 + 10);
	for (size_t i = 0; i < attempt.n_news; i++)
		sum += attempt.news[i].by[JB_MESH_OPENED];
	/* Each of both once, but for those that were left out, the last ones of before: 1 to 10. */
	assert_true(sum == 100 * 101 / 2 + (91 + 120) * 30 / 2 - 10 * 11 / 2);
	assert_int_equal(before.n_news, 0);
	jb_attempt_clear(&attempt);
}

/* --- times */

static void test_schedule(void **state)
{
	const uint64_t interval_ns = 10 * JB_SECOND_NS;
	uint64_t random = 1, start_ns = 12345 * JB_SECOND_NS, now_ns, last_ns;
	struct jb_schedule schedule;
	int tenths[10] = {};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		jb_schedule_first(&schedule, interval_ns, random, start_ns);
		assert_in_range(schedule.due_ns - start_ns, 0, JB_SCHEDULE_FIRST_NS);
		last_ns = now_ns = schedule.due_ns;
		jb_schedule_next(&schedule, interval_ns, now_ns);
		assert_in_range(schedule.due_ns - now_ns, interval_ns / 2, interval_ns * 3 / 2);
		assert_int_equal(schedule.due_ns % interval_ns, schedule.offset_ns);
		tenths[schedule.offset_ns / JB_SECOND_NS]++;
		last_ns = schedule.due_ns; /* a bit late, as ever */
		jb_schedule_next(&schedule, interval_ns, last_ns + random % (interval_ns / 2));
		assert_int_equal(schedule.due_ns, last_ns + interval_ns);
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(tenths[i], 50, 150);
}

static void test_options(void **state)
{
	struct scene *scene = *state;
	struct jb_mesh_fetch_options options;

	jb_mesh_fetch_options_default(&options);
	assert_int_equal(options.interval_ms, 10000);
	assert_int_equal(options.page.max_series, 32768);
	assert_true(options.page.since_s > 1e9);
	assert_null(options.page.budget);
	options.total_ms = 0;
	assert_int_equal(jb_mesh_fetch_start(&scene->fetch, &options), -EINVAL);
	jb_mesh_fetch_options_default(&options);
	options.parallel = 0;
	assert_int_equal(jb_mesh_fetch_start(&scene->fetch, &options), -EINVAL);
	assert_null(scene->fetch);
	for (int failure = 0; failure < JB_MESH_FAILURE_MAX; failure++)
		assert_non_null(jb_mesh_failure_names[failure]);
}

/* --- the end */

static void stop_at_once(struct scene *scene)
{
	uint64_t begin_ns = jb_now_ns();

	jb_mesh_fetch_stop(scene->fetch);
	scene->fetch = NULL;
	assert_true(jb_now_ns() - begin_ns < JB_SECOND_NS);
}

static void test_stop_during_transfers(void **state)
{
	struct scene *scene = *state;

	read_once(scene);
	scene->options.max_bytes = UINT64_MAX;
	add_page(scene, 0, NEVER, "");
	add_answer(scene, 1, ENDLESS, "HTTP/1.1 200 OK\r\n\r\n" OPEN("1"),
		   strlen("HTTP/1.1 200 OK\r\n\r\n" OPEN("1")));
	add_routes(scene, 2);
	start(scene);
	UNTIL(requests(scene, 0) && requests(scene, 1));
	set_targets(scene, 1, 1); /* one may be forgotten by then */
	stop_at_once(scene);
}

/* At once: it is no matter of luck. */
static void test_stop_without_targets(void **state)
{
	struct scene *scene = *state;
	uint64_t begin_ns = jb_now_ns();

	for (int i = 0; i < 10; i++) {
		start(scene);
		take(scene);
		poll(NULL, 0, 20); /* most times it has nothing to do then, and waits */
		stop_at_once(scene);
	}
	assert_true(jb_now_ns() - begin_ns < 5 * JB_SECOND_NS);
	jb_mesh_fetch_stop(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

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
		TEST(connections_are_kept),
		TEST(a_kept_connection_is_closed),
		TEST(many_targets),
		TEST(more_targets_than_allowed),
		TEST(a_running_target_is_forgotten),
		TEST(a_target_comes_back),
		TEST(an_unread_target_comes_back),
		cmocka_unit_test(test_past),
		TEST(series_of_all_pages),
		TEST(targets_change_all_the_time),
		TEST(no_result_of_a_forgotten_target),
		TEST(results_that_nobody_takes),
		cmocka_unit_test(test_no_more_far_ends_than_allowed),
		cmocka_unit_test(test_schedule),
		TEST(options),
		TEST(stop_during_transfers),
		TEST(stop_without_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
