/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The trust anchors as they are followed, with the API server played by the test. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "certificates.h"
#include "node/trust.h"

enum { DEADLINE_MS = 10000 };

#define NAME     "linkerd-identity-trust-roots"
#define PATH     "/api/v1/namespaces/linkerd/configmaps?fieldSelector=metadata.name%3D" NAME
#define AND_LIST "&limit=500&resourceVersion=0"
#define OK       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define FORBIDDEN                                                                                  \
	"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n"                                      \
	"{\"kind\":\"Status\",\"code\":403,\"message\":\"configmaps is forbidden\"}"

struct scene {
	struct jb_node_trust *trust;
	int listener, watch; /* -1: none stands */
};

static bool is_readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, DEADLINE_MS) == 1;
}

/* Takes the next request, which is to be for that path and what may follow. */
static int expect(struct scene *scene, const char *path)
{
	char request[4096] = "GET ", wanted[512];
	size_t len = 0;
	ssize_t more;
	int fd;

	assert_true(is_readable(scene->listener));
	fd = accept(scene->listener, NULL, NULL);
	assert_true(fd >= 0);
	do {
		assert_true(is_readable(fd));
		more = read(fd, request + len, sizeof(request) - 1 - len);
		assert_true(more > 0);
		len += (size_t)more;
		request[len] = '\0';
	} while (!strstr(request, "\r\n\r\n"));
	snprintf(wanted, sizeof(wanted), "GET %s", path);
	request[strlen(wanted)] = '\0';
	assert_string_equal(request, wanted);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void answer(struct scene *scene, const char *path, const char *text)
{
	int fd = expect(scene, path);

	say(fd, text);
	close(fd);
}

/* The ConfigMap; a key of NULL: without data. */
static json_t *config_map(const char *namespace_, const char *name, const char *key,
			  const char *value)
{
	json_t *map = json_pack("{s{ssssss}}", "metadata", "namespace", namespace_, "name", name,
				"resourceVersion", "6");

	if (key)
		json_object_set_new(map, "data", json_pack("{ss}", key, value));
	return map;
}

static json_t *anchors(const char *pem)
{
	return config_map("linkerd", NAME, "ca-bundle.crt", pem);
}

/* Answers a list with these, which it takes, and lets the watch after it stand. */
static void list(struct scene *scene, json_t *items)
{
	json_t *whole = json_pack("{sss{ss}so}", "kind", "ConfigMapList", "metadata",
				  "resourceVersion", "5", "items", items);
	char *text = json_dumps(whole, 0);
	int fd = expect(scene, PATH AND_LIST " ");

	say(fd, OK);
	say(fd, text);
	close(fd);
	free(text);
	json_decref(whole);
	scene->watch = expect(scene, PATH "&watch=true");
	say(scene->watch, OK);
}

static void list_one(struct scene *scene, json_t *item)
{
	list(scene, json_pack("[o]", item));
}

static void tell(struct scene *scene, const char *type, json_t *object)
{
	json_t *event = json_pack("{ssso}", "type", type, "object", object);
	char *text = json_dumps(event, 0);

	say(scene->watch, text);
	say(scene->watch, "\n");
	free(text);
	json_decref(event);
}

/* Takes news until it stands so, and works or fails. */
static struct jb_node_trust_status await(struct scene *scene, enum jb_node_trust_state state,
					 size_t count, bool works)
{
	struct jb_node_trust_status status;

	do {
		assert_true(is_readable(jb_node_trust_fd(scene->trust)));
		jb_node_trust_take_news(scene->trust);
		jb_node_trust_status(scene->trust, &status);
	} while (status.state != state || status.anchors != count ||
		 !status.followed.since_ns == works);
	return status;
}

static int listen_at(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET};
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct jb_node_trust_options options;
	struct sockaddr_in address;
	char url[64];

	scene->watch = -1;
	scene->listener = listen_at(&address);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	jb_node_trust_options_default(&options);
	options.api.api_url = url;
	options.api.backoff_min_ms = options.api.backoff_max_ms = 1;
	*state = scene;
	return jb_node_trust_start(&scene->trust, &options);
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	jb_node_trust_stop(scene->trust);
	if (scene->watch >= 0)
		close(scene->watch);
	close(scene->listener);
	free(scene);
	return 0;
}

static void add_serial(void *ctx, const struct jb_trust_anchor *anchor)
{
	char *serials = ctx;

	assert_string_equal(anchor->subject, "CN=root.linkerd.cluster.local");
	snprintf(serials + strlen(serials), 128 - strlen(serials), "%s ", anchor->serial);
}

static const char *serials_of(struct scene *scene)
{
	static char serials[128];

	serials[0] = '\0';
	jb_node_trust_each(scene->trust, add_serial, serials);
	return serials;
}

#define NEXT_SERIAL "C0FFEE0102030405060708090A0B0C0D0E0F10 "

static void test_a_rotation(void **state)
{
	struct scene *scene = *state;
	struct jb_node_trust_status status;

	jb_node_trust_status(scene->trust, &status);
	assert_int_equal(status.state, JB_TRUST_UNKNOWN);
	list_one(scene, anchors(FIRST_ANCHOR));
	status = await(scene, JB_TRUST_READ, 1, true);
	assert_string_equal(status.error, "");
	assert_string_equal(status.followed.name, "configmaps");
	assert_int_equal(status.followed.lists, 1);
	assert_string_equal(serials_of(scene), "0A1B ");
	tell(scene, "MODIFIED", anchors(FIRST_ANCHOR NEXT_ANCHOR));
	await(scene, JB_TRUST_READ, 2, true);
	assert_string_equal(serials_of(scene), "0A1B " NEXT_SERIAL);
	tell(scene, "MODIFIED", anchors(NEXT_ANCHOR));
	await(scene, JB_TRUST_READ, 1, true);
	assert_string_equal(serials_of(scene), NEXT_SERIAL);
}

static void test_it_comes_and_goes(void **state)
{
	static const char missing[] = "ConfigMap linkerd/" NAME ": there is none";
	struct scene *scene = *state;
	struct jb_node_trust_status status;

	list(scene, json_array());
	status = await(scene, JB_TRUST_MISSING, 0, true);
	assert_string_equal(status.error, missing);
	assert_string_equal(serials_of(scene), "");
	tell(scene, "ADDED", anchors(FIRST_ANCHOR));
	status = await(scene, JB_TRUST_READ, 1, true);
	assert_string_equal(status.error, "");
	tell(scene, "DELETED", anchors(FIRST_ANCHOR));
	status = await(scene, JB_TRUST_MISSING, 0, true);
	assert_string_equal(status.error, missing);
}

static void test_bad_bundles(void **state)
{
	static const char about[] = "ConfigMap linkerd/" NAME ": ";
	struct scene *scene = *state;
	struct jb_node_trust_status status;

	list_one(scene, config_map("linkerd", NAME, NULL, NULL));
	status = await(scene, JB_TRUST_BAD, 0, true);
	assert_string_equal(status.error + strlen(about), "no ca-bundle.crt");
	tell(scene, "MODIFIED", anchors(FIRST_ANCHOR "-----BEGIN X-----\nAAAA\n-----END X-----\n"));
	status = await(scene, JB_TRUST_READ, 1, true);
	assert_int_equal(status.refused, 1);
	assert_string_equal(status.error + strlen(about), "block 2 of PEM: not a certificate");
	tell(scene, "MODIFIED", anchors("none"));
	status = await(scene, JB_TRUST_BAD, 0, true);
	assert_string_equal(status.error + strlen(about), "no certificate");
	assert_int_equal(status.refused, 0);
	assert_memory_equal(status.error, about, strlen(about));
}

static void test_others_are_ignored(void **state)
{
	struct scene *scene = *state;

	list(scene,
	     json_pack("[ooo{}]", config_map("linkerd", "other", "ca-bundle.crt", FIRST_ANCHOR),
		       anchors(NEXT_ANCHOR),
		       config_map("other", NAME, "ca-bundle.crt", FIRST_ANCHOR)));
	await(scene, JB_TRUST_READ, 1, true);
	assert_string_equal(serials_of(scene), NEXT_SERIAL);
	tell(scene, "DELETED", config_map("other", NAME, NULL, NULL));
	tell(scene, "MODIFIED", config_map("linkerd", "linkerd-config", NULL, NULL));
	tell(scene, "MODIFIED", anchors(FIRST_ANCHOR NEXT_ANCHOR));
	await(scene, JB_TRUST_READ, 2, true);
}

static void test_what_may_not_be_read(void **state)
{
	struct scene *scene = *state;
	struct jb_node_trust_status status;

	answer(scene, PATH AND_LIST " ", FORBIDDEN);
	do {
		assert_true(is_readable(jb_node_trust_fd(scene->trust)));
		jb_node_trust_take_news(scene->trust);
		jb_node_trust_status(scene->trust, &status);
	} while (!*status.error);
	assert_int_equal(status.state, JB_TRUST_UNKNOWN);
	assert_string_equal(status.error, status.followed.error);
	assert_non_null(strstr(status.error, "list of configmaps"));
	assert_non_null(strstr(status.error, "configmaps is forbidden"));
	assert_true(status.followed.failures[JB_PODS_FORBIDDEN] == 1);
	assert_string_equal(serials_of(scene), "");
	/* Once it may: */
	list_one(scene, anchors(FIRST_ANCHOR));
	status = await(scene, JB_TRUST_READ, 1, true);
	assert_string_equal(status.error, "");
}

/* What was read stays known. */
static void test_a_server_that_fails_later(void **state)
{
	struct scene *scene = *state;
	struct jb_node_trust_status status;

	list_one(scene, anchors(FIRST_ANCHOR));
	await(scene, JB_TRUST_READ, 1, true);
	close(scene->watch);
	scene->watch = -1;
	answer(scene, PATH "&watch=true", FORBIDDEN);
	answer(scene, PATH AND_LIST " ", FORBIDDEN);
	status = await(scene, JB_TRUST_READ, 1, false);
	assert_non_null(strstr(status.error, "configmaps is forbidden"));
	assert_string_equal(serials_of(scene), "0A1B ");
	list(scene, json_array());
	await(scene, JB_TRUST_MISSING, 0, true);
}

static void test_options(void **state)
{
	static const char *const names[] = {"", "Linkerd", "a/b", "a&b", "linkerd?"};
	struct jb_node_trust_options options;
	struct jb_node_trust *trust = NULL;

	(void)state;
	jb_node_trust_options_default(&options);
	assert_string_equal(options.linkerd_namespace, "linkerd");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		options.linkerd_namespace = names[i];
		assert_int_equal(jb_node_trust_start(&trust, &options), -EINVAL);
	}
	options.linkerd_namespace = "l5d";
	options.api.api_url = "ftp://x";
	assert_int_equal(jb_node_trust_start(&trust, &options), -EINVAL);
	assert_null(trust);
	jb_node_trust_stop(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_rotation),           TEST(test_it_comes_and_goes),
		TEST(test_bad_bundles),          TEST(test_others_are_ignored),
		TEST(test_what_may_not_be_read), TEST(test_a_server_that_fails_later),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
