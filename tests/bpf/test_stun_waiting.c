/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* STUN requests that wait: how long, until when, and whose place is taken. */
#include <stdlib.h>
#include "parallel.h"
#include "stun.h"

/* As if so much time had passed since all requests. */
static void age(const struct jb_harness *h, __u64 ns)
{
	for (__u32 i = 0; i < JB_PAIRS; i++)
		h->kernel->stun[i].at -= jb_pair_time(ns);
}

/* 40 ms and 700 ms, made by moving the request back: exact but for what the test itself takes. */
static void test_round_trip_time(void **state)
{
	static const __u64 trips[] = {40 * JB_MS_NS, 700 * JB_MS_NS};
	struct jb_harness *h = *state;

	for (size_t i = 0; i < sizeof(trips) / sizeof(*trips); i++) {
		union jb_totals grown;
		__u64 begin = jb_parallel_now_ns(), took;

		jb_harness_mark(h);
		jb_test_stun_ask(h, OUT, 1);
		age(h, trips[i]);
		jb_test_stun_answer(h, IN, 1);
		took = jb_parallel_now_ns() - begin;
		jb_harness_grown(h, JB_SLOT_SIGNAL + IN, &grown);
		assert_in_range(grown.signal.stun_rtt.sum_ns, trips[i] - 2048,
				trips[i] + took + 2048);
		assert_int_equal(
			grown.signal.stun_rtt.bucket[jb_rtt_bucket(grown.signal.stun_rtt.sum_ns)],
			1);
	}
}

static __u64 timeouts(const struct jb_harness *h, enum jb_direction direction)
{
	union jb_totals grown;

	jb_harness_grown(h, JB_SLOT_SIGNAL + direction, &grown);
	return grown.signal.stun_timeouts;
}

/* Expires as at `now_ns`; how many rows are in use. */
static __u32 expire(const struct jb_harness *h, __u64 now_ns)
{
	__u8 *in_use = calloc(jb_kernel_rows(h->kernel), 1);
	__u32 rows = 0;

	assert_non_null(in_use);
	jb_kernel_expire_stun(h->kernel, now_ns, in_use);
	for (__u32 row = 0; row < jb_kernel_rows(h->kernel); row++)
		rows += in_use[row];
	free(in_use);
	return rows;
}

/* Of those in the table, how many have timed out. */
static __u32 timed_out(const struct jb_harness *h)
{
	__u32 n = 0;

	for (__u32 i = 0; i < JB_PAIRS; i++)
		n += h->kernel->stun[i].id && !(h->kernel->stun[i].id & JB_PAIR_WAITING);
	return n;
}

static void check_timeouts(struct jb_harness *h)
{
	__u32 first = jb_test_stun_apart(h);
	__u64 begin, end;

	jb_harness_mark(h);
	begin = jb_parallel_now_ns();
	for (int i = 0; i < 3; i++)
		jb_test_stun_ask(h, OUT, first + i);
	jb_test_stun_ask(h, OUT, first); /* again: still one */
	jb_test_stun_ask(h, IN, first + 3);
	end = jb_parallel_now_ns();

	assert_int_equal(expire(h, begin + JB_STUN_TIMEOUT_NS - 4096), 2);
	assert_int_equal(jb_test_stun_waiting(h), 4);
	assert_int_equal(timeouts(h, OUT) + timeouts(h, IN), 0);
	assert_int_equal(timed_out(h), 0);
	assert_int_equal(expire(h, end + JB_STUN_TIMEOUT_NS + 4096), 2);
	assert_int_equal(timed_out(h), 4);
	assert_int_equal(timeouts(h, OUT), 3);
	assert_int_equal(timeouts(h, IN), 1);
	/* Nobody waits for these any more. */
	jb_test_stun_answer(h, IN, first + 1);
	assert_int_equal(expire(h, end + 2 * JB_STUN_TIMEOUT_NS), 0);
	assert_int_equal(timeouts(h, OUT), 3);
	/* Remembered for as long as they may be sent again. */
	assert_int_equal(expire(h, begin + JB_PAIR_KEPT_NS - 4096), 0);
	assert_int_equal(jb_test_stun_waiting(h), 3);
	assert_int_equal(expire(h, end + JB_PAIR_KEPT_NS + 4096), 0);
	assert_int_equal(jb_test_stun_waiting(h), 0);
	assert_int_equal(timeouts(h, OUT), 3);
	assert_int_equal(timeouts(h, IN), 1);
}

static void test_timeouts(void **state)
{
	struct jb_harness h;

	check_timeouts(*state);
	jb_harness_load(&h, 64, 0); /* without rows: nobody's */
	check_timeouts(&h);
	jb_harness_free(&h);
}

static void pass_time(const struct jb_harness *h, __u64 ns)
{
	for (; ns >= JB_SECOND_NS; ns -= JB_SECOND_NS) {
		age(h, JB_SECOND_NS);
		expire(h, jb_parallel_now_ns());
	}
	age(h, ns);
}

/* Asserts one request since the mark that has timed out, and no round trip. */
static void check_one_timeout(const struct jb_harness *h)
{
	union jb_totals asked, answered;

	jb_harness_grown(h, JB_SLOT_SIGNAL + OUT, &asked);
	assert_int_equal(asked.signal.stun_requests, 1);
	assert_int_equal(asked.signal.stun_timeouts, 1);
	jb_harness_grown(h, JB_SLOT_SIGNAL + IN, &answered);
	assert_int_equal(answered.signal.stun_rtt.sum_ns, 0);
	jb_harness_check_faults(h, "timeout", JB_FAULT_MAX, 0);
}

/* As RFC 8489 6.2.1 has it with the usual 500 ms, looked after each second: one transaction. */
static void test_sent_seven_times(void **state)
{
	struct jb_harness *h = *state;

	jb_harness_mark(h);
	for (__u64 wait = 0; wait <= 16000; wait = wait ? 2 * wait : 500) {
		pass_time(h, wait * JB_MS_NS);
		jb_test_stun_ask(h, OUT, 1);
	}
	check_one_timeout(h);
	pass_time(h, 20 * JB_SECOND_NS);
	check_one_timeout(h);
	assert_int_equal(jb_test_stun_waiting(h), 0);
}

/* Its answer that comes after all tells no round trip, sent again or not; what follows does. */
static void test_late_answer(void **state)
{
	struct jb_harness *h = *state;

	for (int again = 0; again < 2; again++) {
		jb_harness_mark(h);
		jb_test_stun_ask(h, OUT, 1);
		pass_time(h, 11 * JB_SECOND_NS);
		if (again)
			jb_test_stun_ask(h, OUT, 1);
		assert_int_equal(timed_out(h), 1);
		jb_test_stun_answer(h, IN, 1);
		assert_int_equal(jb_test_stun_waiting(h), 0);
		check_one_timeout(h);
		jb_harness_mark(h);
		jb_test_stun_ask(h, OUT, 1);
		jb_test_stun_answer(h, IN, 1);
		jb_test_stun_check(h, "asked anew", (__u64[JB_DIRECTION_MAX]){[OUT] = 1}, 1);
	}
}

/* Looked at so late that no repeat is to come. */
static void test_looked_at_late(void **state)
{
	struct jb_harness *h = *state;

	jb_harness_mark(h);
	jb_test_stun_ask(h, OUT, 1);
	assert_int_equal(expire(h, jb_parallel_now_ns() + JB_PAIR_KEPT_NS + 4096), 1);
	assert_int_equal(jb_test_stun_waiting(h), 0);
	check_one_timeout(h);
}

/* A pass over many streams takes a while: what is asked meanwhile is not old. */
static void test_asked_during_a_pass(void **state)
{
	struct jb_harness *h = *state;
	__u64 begin = jb_parallel_now_ns();

	jb_harness_mark(h);
	jb_test_stun_ask(h, OUT, 1);
	assert_int_equal(expire(h, begin - 20 * JB_MS_NS), 1);
	assert_int_equal(timeouts(h, OUT), 0);
	assert_int_equal(jb_test_stun_waiting(h), 1);
	jb_test_stun_answer(h, IN, 1);
	jb_test_stun_check(h, "answered", (__u64[JB_DIRECTION_MAX]){[OUT] = 1}, 1);
}

/* The table is mapped by nobody but us, but what it says is not believed. */
static void test_row_of_nonsense(void **state)
{
	struct jb_harness *h = *state;

	jb_harness_mark(h);
	h->kernel->stun[5] = (struct jb_pair){.id = JB_PAIR_WAITING, .row = 0x7fffffff};
	assert_int_equal(expire(h, jb_parallel_now_ns()), 0);
	jb_harness_check_still(h, "nonsense", 0);
	jb_test_stun_forget_all(h);
}

#define FLOOD 20000U

/* More requests than places: each is counted, and either waits or has been evicted. */
static void test_flood(void **state)
{
	struct jb_harness *h = *state;
	union jb_totals grown;

	jb_harness_mark(h);
	for (__u32 i = 0; i < FLOOD; i++)
		jb_test_stun_ask(h, OUT, 1000 + i);
	jb_harness_grown(h, JB_SLOT_SIGNAL + OUT, &grown);
	assert_int_equal(grown.signal.stun_requests, FLOOD);
	print_message("             of %u requests %u wait in %u places\n", FLOOD,
		      jb_test_stun_waiting(h), JB_PAIRS);
	assert_in_range(jb_test_stun_waiting(h), JB_PAIRS * 8 / 10, JB_PAIRS);
	jb_harness_check_faults(h, "flood", JB_FAULT_STUN_EVICTED, FLOOD - jb_test_stun_waiting(h));
	jb_test_stun_forget_all(h);
}

static __u32 place_in_use(const struct jb_harness *h)
{
	__u32 i = 0;

	while (i < JB_PAIRS - 1 && !h->kernel->stun[i].id)
		i++;
	return i;
}

/* Whose place was taken gets no answer, and is no timeout; who took it does. */
static void test_eviction(void **state)
{
	struct jb_harness *h = *state;
	union jb_totals grown;
	__u32 place, n = 0;
	__u64 id;

	jb_harness_mark(h);
	jb_test_stun_ask(h, OUT, 1);
	place = place_in_use(h);
	id = h->kernel->stun[place].id;
	while (h->kernel->stun[place].id == id && n++ < 50 * JB_PAIRS) {
		if (n > 1)
			jb_test_stun_answer(h, IN, 100 + n - 1);
		jb_test_stun_ask(h, OUT, 100 + n);
	}
	jb_harness_check_faults(h, "eviction", JB_FAULT_STUN_EVICTED, 1);
	assert_int_equal(jb_test_stun_waiting(h), 1);
	jb_harness_mark(h);
	jb_test_stun_answer(h, IN, 1);
	jb_test_stun_check(h, "evicted", jb_test_stun_no_requests, 0);
	jb_test_stun_answer(h, IN, 100 + n);
	jb_test_stun_check(h, "evictor", jb_test_stun_no_requests, 1);
	assert_int_equal(jb_test_stun_waiting(h), 0);
	jb_harness_grown(h, JB_SLOT_SIGNAL + OUT, &grown);
	assert_int_equal(grown.signal.stun_timeouts, 0);
}

/* Who has timed out makes room for whoever asks. */
static void test_timed_out_make_room(void **state)
{
	struct jb_harness *h = *state;
	__u32 asked;

	for (__u32 i = 0; i < FLOOD; i++)
		jb_test_stun_ask(h, OUT, 100000 + i);
	expire(h, jb_parallel_now_ns() + JB_STUN_TIMEOUT_NS + 4096);
	asked = jb_test_stun_waiting(h);
	assert_int_equal(timed_out(h), asked);
	jb_harness_mark(h);
	for (__u32 i = 0; i < FLOOD; i++) {
		jb_test_stun_ask(h, OUT, 200000 + i);
		jb_test_stun_answer(h, IN, 200000 + i);
	}
	jb_test_stun_check(h, "room", (__u64[JB_DIRECTION_MAX]){[OUT] = FLOOD}, FLOOD);
	assert_true(jb_test_stun_waiting(h) < asked / 4);
	jb_test_stun_forget_all(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip_time),  cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_sent_seven_times), cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_looked_at_late),   cmocka_unit_test(test_asked_during_a_pass),
		cmocka_unit_test(test_row_of_nonsense),  cmocka_unit_test(test_flood),
		cmocka_unit_test(test_eviction),         cmocka_unit_test(test_timed_out_make_room),
	};

	return cmocka_run_group_tests_name("STUN, waiting", tests, jb_harness_setup,
					   jb_harness_teardown);
}
