/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kubernetes/intake.h"
#include "kubernetes/split.h"
#include "kubernetes/table.h"
#include "kubernetes/watch.h"

#define S        UINT64_C(1000000000)
#define MIN_NS   (1 * S)
#define MAX_NS   (30 * S)
#define SELECTOR "/api/v1/pods?fieldSelector=spec.nodeName%3Dhere"
#define POD(n)                                                                                     \
	"{\"metadata\":{\"namespace\":\"calls\",\"name\":\"p" n "\",\"uid\":\"u" n                 \
	"\",\"resourceVersion\":\"5" n "\"},\"spec\":{\"nodeName\":\"here\"}}"
/* Braces within strings are none, wherever the strings end. */
#define ODD                                                                                        \
	"{\"metadata\":{\"namespace\":\"calls\",\"name\":\"p1\",\"uid\":\"u1\",\"annotations\":{"  \
	"\"items\":\"[\",\"a\":\"\\\"}]\",\"b\":\"\\\\\",\"c\":\"{\\\\\\\"{\"}},\"spec\":{"        \
	"\"nodeName\":\"here\"}}"
#define LIST(items, meta) "{\"kind\":\"PodList\",\"items\":[" items "],\"metadata\":{" meta "}}"
#define VERSION(v)        "\"resourceVersion\":\"" v "\""
#define EVENT(t, o)       "{\"type\":\"" t "\",\"object\":" o "}\n"
#define BOOKMARK(v)       EVENT("BOOKMARK", "{\"kind\":\"Pod\",\"metadata\":{" VERSION(v) "}}")
#define STATUS(code)      "{\"kind\":\"Status\",\"code\":" code ",\"message\":\"so it is\"}"

/* A watch over a table, and the time. */
struct scene {
	struct jb_pod_table *table;
	struct jb_pod_sink sink;
	struct jb_pod_intake intake;
	struct jb_watch *watch;
	struct jb_outcome outcome; /* of the last request */
	uint64_t now;
	size_t piece; /* octets that arrive at once */
};

static void list_begin(void *ctx)
{
	jb_pod_table_list_begin(((struct scene *)ctx)->table);
}

static void list_end(void *ctx)
{
	jb_pod_table_list_end(((struct scene *)ctx)->table, 0);
}

static void put(void *ctx, const struct jb_pod *pod)
{
	jb_pod_table_put(((struct scene *)ctx)->table, pod, 0);
}

static void remove_pod(void *ctx, const char *uid)
{
	jb_pod_table_remove(((struct scene *)ctx)->table, uid, 0);
}

static int setup(void **state)
{
	static const struct jb_watch_options options = {
		.resource = {SELECTOR, "pods", "PodList"},
		.backoff_min_ns = MIN_NS,
		.backoff_max_ns = MAX_NS,
		.seconds = 240,
		.seed = 7,
	};
	struct scene *scene = calloc(1, sizeof(*scene));
	struct jb_object_sink objects;

	assert_int_equal(jb_pod_table_new(&scene->table, 100, 1000), 0);
	scene->sink = (struct jb_pod_sink){.ctx = scene,
					   .list_begin = list_begin,
					   .list_end = list_end,
					   .put = put,
					   .remove = remove_pod};
	scene->intake.sink = &scene->sink;
	scene->intake.node = "here";
	scene->now = 1000 * S;
	scene->piece = 1;
	*state = scene;
	objects = jb_pod_intake_objects(&scene->intake);
	return jb_watch_new(&scene->watch, &options, &objects);
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	jb_watch_free(scene->watch);
	jb_pod_table_free(scene->table);
	free(scene);
	return 0;
}

/* Begins the request when it is due. */
static const char *begin(struct scene *scene)
{
	if (jb_watch_due_ns(scene->watch) > scene->now)
		scene->now = jb_watch_due_ns(scene->watch);
	return jb_watch_begin(scene->watch, scene->now);
}

static int feed(struct scene *scene, long status, const char *text)
{
	size_t len = strlen(text), part;
	int err = jb_watch_data(scene->watch, status, "", 0);

	for (size_t at = 0; !err && at < len; at += part) {
		part = len - at < scene->piece ? len - at : scene->piece;
		err = jb_watch_data(scene->watch, status, text + at, part);
	}
	return err;
}

static void end(struct scene *scene, long status, enum jb_pods_failure failure, uint64_t after)
{
	scene->now += after;
	scene->outcome = (struct jb_outcome){.status = status};
	if (failure)
		jb_outcome_set(&scene->outcome, failure, "as told");
	jb_watch_end(scene->watch, &scene->outcome, scene->now);
}

/* A whole request. */
static void answer(struct scene *scene, long status, const char *text)
{
	begin(scene);
	feed(scene, status, text);
	end(scene, status, JB_PODS_FINE, S);
}

static void expect(struct scene *scene, enum jb_pods_failure failure, const char *error)
{
	assert_int_equal(scene->outcome.failure, failure);
	assert_string_equal(scene->outcome.error, error);
}

static uint64_t delay(const struct scene *scene)
{
	uint64_t due = jb_watch_due_ns(scene->watch);

	return due > scene->now ? due - scene->now : 0;
}

static int present(const struct scene *scene)
{
	return (int)jb_pod_table_counts(scene->table).present;
}

/* Until it watches, with p1 and p2. */
static void listed(struct scene *scene)
{
	answer(scene, 200, LIST(POD("1") "," POD("2"), VERSION("42")));
	expect(scene, JB_PODS_FINE, "");
	assert_true(jb_watch_is_watching(scene->watch));
}

static void test_list_then_watch(void **state)
{
	struct scene *scene = *state;
	char path[256];

	assert_int_equal(delay(scene), 0);
	assert_string_equal(begin(scene), SELECTOR "&limit=500&resourceVersion=0");
	assert_false(jb_watch_is_watching(scene->watch));
	end(scene, 200, JB_PODS_BROKEN, 0);
	listed(scene);
	assert_int_equal(present(scene), 2);
	assert_int_equal(delay(scene), 0);
	snprintf(path, sizeof(path), "%s", begin(scene));
	assert_non_null(
		strstr(path, SELECTOR "&watch=true&allowWatchBookmarks=true&timeoutSeconds="));
	assert_non_null(strstr(path, "&resourceVersion=42"));
	assert_in_range(jb_watch_seconds(scene->watch), 240, 479);
	feed(scene, 200,
	     EVENT("ADDED", POD("3")) EVENT("MODIFIED", POD("1")) EVENT("DELETED", POD("2")));
	assert_int_equal(present(scene), 2);
	assert_non_null(jb_pod_table_get(scene->table, "u3"));
	feed(scene, 200, BOOKMARK("99") EVENT("NEWS", "{}"));
	end(scene, 200, JB_PODS_FINE, 0);
	expect(scene, JB_PODS_FINE, "");
	assert_int_equal(delay(scene), 0);
	assert_non_null(strstr(begin(scene), "&resourceVersion=99"));
	assert_int_equal(jb_watch_restarts(scene->watch), 1);
}

static void test_any_piece_size(void **state)
{
	struct scene *scene = *state;

	for (scene->piece = 1; scene->piece < 400; scene->piece++) {
		jb_watch_restart(scene->watch);
		answer(scene, 200, " " LIST(ODD " ,\n" POD("2"), VERSION("4\\u00322")) "\n");
		expect(scene, JB_PODS_FINE, "");
		assert_non_null(strstr(begin(scene), "&resourceVersion=422"));
		feed(scene, 200, EVENT("MODIFIED", ODD) "\n" EVENT("ADDED", POD("3")));
		feed(scene, 200, EVENT("DELETED", POD("2")));
		assert_int_equal(present(scene), 2);
		end(scene, 200, JB_PODS_FINE, 0);
	}
}

static void test_pages(void **state)
{
	struct scene *scene = *state;

	listed(scene);
	jb_watch_restart(scene->watch);
	answer(scene, 200, LIST(POD("1"), VERSION("7") ",\"continue\":\"a+b/=\""));
	expect(scene, JB_PODS_FINE, "");
	assert_int_equal(present(scene), 2); /* p2 may be on the next page */
	assert_string_equal(begin(scene), SELECTOR "&limit=500&continue=a%2Bb%2F%3D");
	end(scene, 200, JB_PODS_BROKEN, 0);
	assert_string_equal(begin(scene), SELECTOR "&limit=500&continue=a%2Bb%2F%3D");
	feed(scene, 200, LIST(POD("3"), VERSION("7")));
	end(scene, 200, JB_PODS_FINE, 0);
	assert_int_equal(present(scene), 2);
	assert_null(strstr(begin(scene), "continue"));
	assert_true(jb_watch_is_watching(scene->watch));
}

static void test_an_expired_page(void **state)
{
	struct scene *scene = *state;

	answer(scene, 200, LIST(POD("1"), VERSION("7") ",\"continue\":\"x\""));
	answer(scene, 410, STATUS("410"));
	expect(scene, JB_PODS_GONE, "");
	assert_int_equal(delay(scene), 0);
	assert_string_equal(begin(scene), SELECTOR "&limit=500");
}

static void test_gone(void **state)
{
	static const struct {
		long status;
		const char *body;
	} ways[] = {{410, STATUS("410")}, {200, EVENT("ERROR", STATUS("410"))}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct scene *scene = *state;

		listed(scene);
		answer(scene, ways[i].status, ways[i].body);
		expect(scene, JB_PODS_GONE, "");
		assert_int_equal(delay(scene), 0);
		assert_int_equal(present(scene), 2);
		assert_string_equal(begin(scene), SELECTOR "&limit=500");
		feed(scene, 200, LIST(POD("2"), VERSION("43")));
		end(scene, 200, JB_PODS_FINE, 0);
		assert_int_equal(present(scene), 1);
		/* Again, at once: that is an error and no more asked for at once. */
		answer(scene, ways[i].status, ways[i].body);
		assert_int_equal(scene->outcome.failure, JB_PODS_GONE);
		assert_non_null(strstr(scene->outcome.error, "410: so it is"));
		assert_true(delay(scene) >= MIN_NS / 2);
		teardown(state);
		setup(state);
	}
}

static void test_a_watch_broken_within_an_object(void **state)
{
	struct scene *scene = *state;

	listed(scene);
	begin(scene);
	feed(scene, 200, EVENT("ADDED", POD("3")) "{\"type\":\"DELETED\",\"object\":{\"meta");
	end(scene, 200, JB_PODS_BROKEN, 0);
	expect(scene, JB_PODS_BROKEN, "");
	assert_int_equal(present(scene), 3);
	assert_in_range(delay(scene), MIN_NS / 2, MIN_NS);
	assert_non_null(strstr(begin(scene), "&resourceVersion=53"));
	feed(scene, 200, EVENT("ADDED", POD("4")) "{\"type\":");
	end(scene, 200, JB_PODS_FINE, 0); /* closed in order, in the middle */
	expect(scene, JB_PODS_BROKEN, "");
	assert_int_equal(present(scene), 4);
}

static void test_a_cut_is_told_if_it_means_anything(void **state)
{
	struct scene *scene = *state;

	listed(scene);
	for (int i = 0; i < 3; i++) { /* each has lasted */
		begin(scene);
		feed(scene, 200, "");
		end(scene, 200, JB_PODS_BROKEN, 7 * S);
		expect(scene, JB_PODS_BROKEN, "");
		assert_in_range(delay(scene), MIN_NS / 2, MIN_NS);
	}
	begin(scene);
	feed(scene, 200, "");
	end(scene, 200, JB_PODS_BROKEN, S);
	expect(scene, JB_PODS_BROKEN, "watch of pods: as told");
	/* Who was waited for in vain was no good watch, however long it took. */
	for (uint64_t expected = 4 * MIN_NS; expected <= 16 * MIN_NS; expected *= 2) {
		begin(scene);
		end(scene, 0, JB_PODS_UNREACHABLE, 6 * S);
		expect(scene, JB_PODS_UNREACHABLE, "watch of pods: as told");
		assert_in_range(delay(scene), expected / 2, expected);
	}
	/* What the server says itself is always told. */
	answer(scene, 200, BOOKMARK("50") EVENT("ERROR", STATUS("500")));
	expect(scene, JB_PODS_SERVER, "watch of pods: ERROR event with status 500: so it is");
}

static void test_a_watch_that_falls_silent(void **state)
{
	struct scene *scene = *state;

	listed(scene);
	begin(scene);
	feed(scene, 200, BOOKMARK("50"));
	end(scene, 200, JB_PODS_TIMEOUT, 190 * S);
	expect(scene, JB_PODS_TIMEOUT, "");
	/* From the begin: it may be one that has nothing to tell. */
	begin(scene);
	feed(scene, 200, "");
	end(scene, 200, JB_PODS_TIMEOUT, 130 * S);
	expect(scene, JB_PODS_FINE, "");
	assert_int_equal(delay(scene), 0);
	assert_non_null(strstr(begin(scene), "&resourceVersion=50"));
	end(scene, 0, JB_PODS_UNREACHABLE, 130 * S);
	expect(scene, JB_PODS_UNREACHABLE, "watch of pods: as told");
}

static void test_a_list_broken_within_an_object(void **state)
{
	struct scene *scene = *state;
	const char *whole = LIST(POD("2") "," POD("3"), VERSION("44"));

	listed(scene);
	for (size_t len = 0; len < strlen(whole); len++) {
		char *part = strndup(whole, len);

		jb_watch_restart(scene->watch);
		answer(scene, 200, part);
		free(part);
		assert_int_equal(scene->outcome.failure, JB_PODS_MALFORMED);
		assert_false(jb_watch_is_watching(scene->watch));
		assert_non_null(jb_pod_table_get(scene->table, "u1"));
		assert_true(present(scene) >= 2);
	}
}

static void test_backoff(void **state)
{
	struct scene *scene = *state;
	uint64_t expected = MIN_NS;

	for (int i = 0; i < 200; i++) {
		answer(scene, 500, STATUS("500"));
		expect(scene, JB_PODS_SERVER, "list of pods: HTTP status 500: so it is");
		assert_in_range(delay(scene), expected / 2, expected);
		expected = expected * 2 < MAX_NS ? expected * 2 : MAX_NS;
	}
	/* A list alone is no proof; a watch that tells something is. */
	listed(scene);
	answer(scene, 500, "");
	expect(scene, JB_PODS_SERVER, "watch of pods: HTTP status 500");
	assert_true(delay(scene) >= MAX_NS / 2);
	answer(scene, 200, BOOKMARK("50"));
	assert_int_equal(delay(scene), 0);
	answer(scene, 503, "<html>");
	assert_in_range(delay(scene), MIN_NS / 2, MIN_NS);
	/* Nor one that ends at once without a word, though it is no failure. */
	answer(scene, 200, "");
	expect(scene, JB_PODS_FINE, "");
	assert_true(delay(scene) >= MIN_NS / 2);
	begin(scene);
	end(scene, 200, JB_PODS_FINE, 10 * S);
	assert_int_equal(delay(scene), 0);
}

static void test_the_server_asks_for_time(void **state)
{
	static const struct {
		long asked;
		uint64_t more;
	} cases[] = {{0, 0}, {7, 7 * S}, {3000, MAX_NS}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene *scene = *state;

		begin(scene);
		feed(scene, 429, STATUS("429"));
		scene->outcome = (struct jb_outcome){.status = 429,
						     .retry_after_s = cases[i].asked};
		jb_watch_end(scene->watch, &scene->outcome, scene->now);
		expect(scene, JB_PODS_BUSY, "list of pods: HTTP status 429: so it is");
		assert_in_range(delay(scene), cases[i].more + MIN_NS / 2, cases[i].more + MIN_NS);
		teardown(state);
		setup(state);
	}
}

static void test_statuses(void **state)
{
	static const struct {
		long status;
		enum jb_pods_failure failure;
		bool goes_on;
	} cases[] = {
		{401, JB_PODS_UNAUTHORIZED, true}, {403, JB_PODS_FORBIDDEN, false},
		{429, JB_PODS_BUSY, true},         {503, JB_PODS_SERVER, true},
		{404, JB_PODS_STATUS, false},      {204, JB_PODS_STATUS, false},
		{302, JB_PODS_STATUS, false},
	};
	char error[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene *scene = *state;

		listed(scene);
		answer(scene, cases[i].status, STATUS("1"));
		snprintf(error, sizeof(error), "watch of pods: HTTP status %ld: so it is",
			 cases[i].status);
		expect(scene, cases[i].failure, error);
		assert_int_equal(jb_watch_is_watching(scene->watch), cases[i].goes_on);
		assert_int_equal(present(scene), 2);
		teardown(state);
		setup(state);
	}
}

static void test_what_is_malformed(void **state)
{
	static const struct {
		const char *body, *error;
	} lists[] =
		{
			{"<html>", "list of pods: not a whole list in JSON"},
			{"", "list of pods: not a whole list in JSON"},
			{"[]", "list of pods: kind '': not a PodList"},
			{STATUS("1"), "list of pods: kind 'Status': not a PodList"},
			{"{\"items\":[1]}", "list of pods: not JSON of that kind"},
			{"{\"items\":[{]}", "list of pods: not JSON of that kind"},
			{"}", "list of pods: not JSON of that kind"},
		},
	  events[] = {
		  {"x", "watch of pods: not JSON of that kind"},
		  {"{]\n", "watch of pods: not JSON of that kind"},
		  {"{}", "watch of pods: an event without type or object"},
		  {EVENT("ERROR", "{}"), "watch of pods: ERROR event with status 0: "},
	  };
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		answer(scene, 200, lists[i].body);
		assert_string_equal(scene->outcome.error, lists[i].error);
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		listed(scene);
		answer(scene, 200, events[i].body);
		assert_string_equal(scene->outcome.error, events[i].error);
		assert_false(jb_watch_is_watching(scene->watch));
		assert_int_equal(present(scene), 2);
	}
}

static void test_refused_objects_stop_nothing(void **state)
{
	struct scene *scene = *state;

	answer(scene, 200, LIST("{},{\"metadata\":{\"name\":\"a\"}}," POD("1"), VERSION("42")));
	expect(scene, JB_PODS_FINE, "");
	assert_int_equal(present(scene), 1);
	assert_int_equal(scene->intake.refused, 2);
	begin(scene);
	feed(scene, 200,
	     EVENT("ADDED", "{\"metadata\":{\"namespace\":\"a\",\"name\":\"b\",\"uid\":\"c\"},"
			    "\"spec\":{\"nodeName\":\"there\"}}") EVENT("DELETED", "{}")
		     EVENT("ADDED", POD("2")));
	assert_string_equal(scene->intake.why, "pod a/b: nodeName 'there': not 'here'");
	assert_int_equal(present(scene), 2);
	assert_int_equal(scene->intake.refused, 3);
}

static void test_too_large(void **state)
{
	static char block[1 << 16];
	struct scene *scene = *state;
	int err = 0, n;

	listed(scene);
	begin(scene);
	scene->piece = sizeof(block);
	feed(scene, 200, "{\"x\":\"");
	memset(block, 'y', sizeof(block));
	for (n = 0; n < 1000 && !err; n++)
		err = jb_watch_data(scene->watch, 200, block, sizeof(block));
	assert_int_equal(err, -E2BIG);
	assert_int_equal(n, JB_SPLIT_OBJECT_MAX / (int)sizeof(block));
	end(scene, 200, JB_PODS_BROKEN, 0);
	expect(scene, JB_PODS_TOO_LARGE, "watch of pods: an object of more than 4 MiB");
	/* Nor does what is beside the items, or an error's body, have no end. */
	begin(scene);
	feed(scene, 200, "{\"x\":\"");
	for (n = 0, err = 0; n < 1000 && !err; n++)
		err = jb_watch_data(scene->watch, 200, block, sizeof(block));
	assert_int_equal(err, -E2BIG);
	assert_true(n <= 2);
	end(scene, 200, JB_PODS_BROKEN, 0);
	begin(scene);
	for (n = 0; n < 100; n++)
		assert_int_equal(jb_watch_data(scene->watch, 500, block, sizeof(block)), 0);
	end(scene, 500, JB_PODS_FINE, 0);
	expect(scene, JB_PODS_SERVER, "list of pods: HTTP status 500");
}

/* Any other resource: what its sink was told. */
struct objects {
	char told[256];
	size_t room;
};

static void note(struct objects *objects, char what, const json_t *object)
{
	size_t len = strlen(objects->told);
	const char *name = json_string_value(json_object_get(object, "name"));

	snprintf(objects->told + len, sizeof(objects->told) - len, "%c%s ", what, name ? name : "");
}

static void note_begin(void *ctx)
{
	note(ctx, '(', NULL);
}

static void note_end(void *ctx)
{
	note(ctx, ')', NULL);
}

static bool note_put(void *ctx, const json_t *object)
{
	struct objects *objects = ctx;

	note(objects, '+', object);
	return objects->room && objects->room--;
}

static void note_remove(void *ctx, const json_t *object)
{
	note(ctx, '-', object);
}

/* Watches another resource in the place of pods. */
static void watch_services(struct scene *scene, struct objects *objects)
{
	const struct jb_watch_options options = {
		.resource = {"/api/v1/services", "services", "ServiceList"},
		.backoff_min_ns = MIN_NS,
		.backoff_max_ns = MAX_NS,
		.seconds = 240,
		.seed = 7,
	};
	const struct jb_object_sink sink = {objects, note_begin, note_end, note_put, note_remove};

	jb_watch_free(scene->watch);
	assert_int_equal(jb_watch_new(&scene->watch, &options, &sink), 0);
}

#define NAMED(n)          "{\"name\":\"" n "\"}"
#define SERVICES(i, meta) "{\"kind\":\"ServiceList\",\"items\":[" i "],\"metadata\":{" meta "}}"

static void test_another_resource(void **state)
{
	struct scene *scene = *state;
	struct objects objects = {.room = 100};

	watch_services(scene, &objects);
	assert_string_equal(begin(scene), "/api/v1/services?limit=500&resourceVersion=0");
	feed(scene, 200, LIST("", VERSION("1")));
	end(scene, 200, JB_PODS_FINE, 0);
	expect(scene, JB_PODS_MALFORMED, "list of services: kind 'PodList': not a ServiceList");
	answer(scene, 200, SERVICES(NAMED("a"), VERSION("7") ",\"continue\":\"x\""));
	assert_string_equal(begin(scene), "/api/v1/services?limit=500&continue=x");
	feed(scene, 200, SERVICES(NAMED("b"), VERSION("7")));
	end(scene, 200, JB_PODS_FINE, 0);
	assert_non_null(strstr(begin(scene), "/api/v1/services?watch=true&"));
	feed(scene, 200, EVENT("ADDED", NAMED("c")) EVENT("MODIFIED", NAMED("a")));
	feed(scene, 200, EVENT("DELETED", NAMED("b")) EVENT("ERROR", STATUS("500")));
	end(scene, 200, JB_PODS_FINE, 0);
	expect(scene, JB_PODS_SERVER, "watch of services: ERROR event with status 500: so it is");
	assert_string_equal(objects.told, "( ( +a +b ) +c +a -b ");
}

/* Lists and watches; how long after the list's begin the watch ends in order. */
static void list_and_watch(struct scene *scene, const char *events, uint64_t after)
{
	answer(scene, 200, SERVICES(NAMED("a"), VERSION("7")));
	begin(scene);
	feed(scene, 200, events);
	end(scene, 200, JB_PODS_FINE, after - S);
	expect(scene, JB_PODS_FINE, "");
	assert_int_equal(delay(scene), 0);
}

static void test_lists_again_what_had_no_room(void **state)
{
	struct scene *scene = *state;
	struct objects objects = {.room = 2};

	watch_services(scene, &objects);
	list_and_watch(scene, EVENT("ADDED", NAMED("b")), 300 * S);
	assert_true(jb_watch_is_watching(scene->watch));
	jb_watch_restart(scene->watch);
	list_and_watch(scene, "", 239 * S); /* not so soon again */
	assert_true(jb_watch_is_watching(scene->watch));
	answer(scene, 200, BOOKMARK("9"));
	assert_false(jb_watch_is_watching(scene->watch));
	objects.room = 1;
	list_and_watch(scene, EVENT("ADDED", NAMED("b")), 240 * S);
	assert_false(jb_watch_is_watching(scene->watch));
	objects.room = 100;
	list_and_watch(scene, "", 300 * S);
	assert_true(jb_watch_is_watching(scene->watch));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_list_then_watch),
		TEST(test_any_piece_size),
		TEST(test_pages),
		TEST(test_an_expired_page),
		TEST(test_gone),
		TEST(test_a_watch_broken_within_an_object),
		TEST(test_a_cut_is_told_if_it_means_anything),
		TEST(test_a_watch_that_falls_silent),
		TEST(test_a_list_broken_within_an_object),
		TEST(test_backoff),
		TEST(test_statuses),
		TEST(test_the_server_asks_for_time),
		TEST(test_what_is_malformed),
		TEST(test_refused_objects_stop_nothing),
		TEST(test_too_large),
		TEST(test_another_resource),
		TEST(test_lists_again_what_had_no_room),
	};

	jb_watch_free(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
