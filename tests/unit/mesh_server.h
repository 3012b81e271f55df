/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pages of proxies over HTTP, from a server in a thread of the test's program, and a fetch of them.
 */
#ifndef JB_TEST_MESH_SERVER_H
#define JB_TEST_MESH_SERVER_H

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

#include "base/buffer.h"
#include "base/clock.h"
#include "mesh/fetch.h"

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

static inline void hang_up(struct connection *connection)
{
	close(connection->fd);
	*connection = (struct connection){};
}

static inline void accept_one(struct server *server)
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

static inline void begin_answer(struct server *server, struct connection *connection)
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

static inline void receive(struct server *server, struct connection *connection)
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

static inline void end_answer(struct connection *connection)
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
static inline bool answer(struct connection *connection)
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

static inline void go_on(struct connection *connection, bool is_group_due)
{
	enum manner manner = connection->answer->manner;

	if (manner == NEVER || (manner == IN_GROUPS && !is_group_due))
		return;
	for (int i = manner == ENDLESS ? 1000 : 1; i && answer(connection); i--) {
	}
}

static inline bool is_group_due(struct server *server)
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

static inline void turn(struct server *server)
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

static inline void *serve(void *arg)
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

static inline int listen_at(in_addr_t ip, int *ret_port, int backlog)
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

static inline void start_server(struct server *server)
{
	server->fd = listen_at(INADDR_ANY, &server->port, 64);
	pthread_mutex_init(&server->lock, NULL);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static inline void stop_server(struct server *server)
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
static inline int told(struct server *server, const int *figure)
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

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	struct scene *scene = *state;

	jb_mesh_fetch_stop(scene->fetch);
	stop_server(&scene->server);
	free(scene);
	return 0;
}

static inline void read_once(struct scene *scene)
{
	scene->options.interval_ms = 60000;
}

static inline void add_answer(struct scene *scene, int number, enum manner manner,
			      const void *octets, size_t len)
{
	struct route *route = &scene->server.routes[number];

	assert_true(route->n < ANSWERS);
	jb_buffer_append(&route->answers[route->n].octets, octets, len);
	route->answers[route->n].manner = manner;
	route->n++;
}

/* With Content-Length, `more` octets too much. */
static inline void add(struct scene *scene, int number, enum manner manner, const char *head,
		       const void *body, size_t len, size_t more)
{
	struct jb_buffer octets = {};

	jb_buffer_printf(&octets, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, len + more);
	jb_buffer_append(&octets, body, len);
	add_answer(scene, number, manner, octets.data, octets.len);
	jb_buffer_free(&octets);
}

#define TEXT "200 OK\r\nContent-Type: text/plain"

static inline void add_page(struct scene *scene, int number, enum manner manner, const char *page)
{
	add(scene, number, manner, TEXT, page, strlen(page), 0);
}

static inline void add_target(struct scene *scene, const char *url)
{
	struct jb_mesh_target *target = &scene->targets[scene->n];

	snprintf(target->namespace_, sizeof(target->namespace_), "shop");
	snprintf(target->pod, sizeof(target->pod), "pod-%zu", scene->n++);
	snprintf(target->url, sizeof(target->url), "%s", url);
}

/* Each at an address of its own: they would share connections. */
static inline void add_routes(struct scene *scene, int n)
{
	char url[64];

	for (int i = 0; i < n; i++) {
		snprintf(url, sizeof(url), "http://127.0.0.%zu:%d/%zu", scene->n + 1,
			 scene->server.port, scene->n);
		add_target(scene, url);
	}
}

static inline void set_targets(struct scene *scene, size_t from, size_t n)
{
	assert_int_equal(jb_mesh_fetch_targets(scene->fetch, scene->targets + from, n), 0);
}

static inline void start(struct scene *scene)
{
	assert_int_equal(jb_mesh_fetch_start(&scene->fetch, &scene->options), 0);
	set_targets(scene, 0, scene->n);
}

static inline void take_result(void *ctx, const struct jb_mesh_result *result)
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

static inline void take(struct scene *scene)
{
	jb_mesh_fetch_take(scene->fetch, take_result, scene);
}

static inline void wait_a_bit(uint64_t deadline_ns, const char *condition)
{
	if (jb_now_ns() > deadline_ns)
		fail_msg("never came: %s", condition);
	poll(NULL, 0, 1);
}

#define UNTIL(condition)                                                                           \
	for (uint64_t deadline_ns = jb_now_ns() + DEADLINE_S * JB_SECOND_NS; !(condition);         \
	     wait_a_bit(deadline_ns, #condition))
#define TAKE_UNTIL(scene, condition) UNTIL((take(scene), condition))

static inline int requests(struct scene *scene, int number)
{
	return told(&scene->server, &scene->server.routes[number].requests);
}

static inline bool all_have(const struct scene *scene, int results)
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

static inline const struct jb_mesh_news *news_at(const struct seen *seen, enum jb_mesh_side side)
{
	for (size_t i = 0; i < seen->last.n_news && i < 4; i++) {
		if (seen->news[i].far.side == side)
			return &seen->news[i];
	}
	fail_msg("no news of side %d", side);
	return NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

#endif
