/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which proxies are read and when: connections, targets that change, results, times, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mesh/fetch_attempt.h"
#include "mesh/fetch_past.h"
#include "mesh/schedule.h"
#include "mesh_server.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
