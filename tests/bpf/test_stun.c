/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* STUN transactions: which make a pair, what of them is a round trip, what is given up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "parallel.h"
#include "wire.h"

#define MESSAGES_MAX 8
#define IN           JB_INGRESS
#define OUT          JB_EGRESS

struct message {
	enum jb_direction direction;
	enum jb_wire_stun_type type;
	__u32 transaction;
};

struct dialogue {
	const char *name;
	int count;
	struct message message[MESSAGES_MAX];
	/* expected */
	__u64 requests[JB_DIRECTION_MAX];
	__u64 samples; /* at ingress; at egress never */
	__u32 waiting;
};

static const struct dialogue dialogues[] = {
	{"asked and answered",
	 2,
	 {{OUT, STUN_REQUEST, 1}, {IN, STUN_SUCCESS, 1}},
	 .requests[OUT] = 1,
	 .samples = 1},
	{"asked by the other side: its answer's time is the application's",
	 2,
	 {{IN, STUN_REQUEST, 1}, {OUT, STUN_SUCCESS, 1}},
	 .requests[IN] = 1},
	{"an error is an answer",
	 4,
	 {{OUT, STUN_REQUEST, 1}, {IN, STUN_ERROR, 1}, {IN, STUN_REQUEST, 2}, {OUT, STUN_ERROR, 2}},
	 .requests = {1, 1},
	 .samples = 1},
	{"TURN",
	 2,
	 {{OUT, STUN_ALLOCATE_REQUEST, 1}, {IN, STUN_ALLOCATE_ERROR, 1}},
	 .requests[OUT] = 1,
	 .samples = 1},
	{"not answered", 1, {{OUT, STUN_REQUEST, 1}}, .requests[OUT] = 1, .waiting = 1},
	{"sent again: one request, and which was answered nobody knows",
	 4,
	 {{OUT, STUN_REQUEST, 1},
	  {OUT, STUN_REQUEST, 1},
	  {OUT, STUN_REQUEST, 1},
	  {IN, STUN_SUCCESS, 1}},
	 .requests[OUT] = 1},
	{"answered twice",
	 3,
	 {{OUT, STUN_REQUEST, 1}, {IN, STUN_SUCCESS, 1}, {IN, STUN_SUCCESS, 1}},
	 .requests[OUT] = 1,
	 .samples = 1},
	{"answers to nothing",
	 4,
	 {{IN, STUN_SUCCESS, 1}, {OUT, STUN_SUCCESS, 1}, {IN, STUN_ERROR, 2}, {OUT, STUN_ERROR, 2}},
	 .samples = 0},
	{"an answer that goes where the request went",
	 2,
	 {{OUT, STUN_REQUEST, 1}, {OUT, STUN_SUCCESS, 1}},
	 .requests[OUT] = 1,
	 .waiting = 1},
	{"the answer of another",
	 2,
	 {{OUT, STUN_REQUEST, 1}, {IN, STUN_SUCCESS, 2}},
	 .requests[OUT] = 1,
	 .waiting = 1},
	{"answered out of order",
	 6,
	 {{OUT, STUN_REQUEST, 1},
	  {OUT, STUN_REQUEST, 2},
	  {OUT, STUN_REQUEST, 3},
	  {IN, STUN_SUCCESS, 2},
	  {IN, STUN_SUCCESS, 1},
	  {IN, STUN_SUCCESS, 3}},
	 .requests[OUT] = 3,
	 .samples = 3},
	{"one number, both ways",
	 4,
	 {{OUT, STUN_REQUEST, 1},
	  {IN, STUN_REQUEST, 1},
	  {IN, STUN_SUCCESS, 1},
	  {OUT, STUN_SUCCESS, 1}},
	 .requests = {1, 1},
	 .samples = 1},
	{"a number that is used again",
	 4,
	 {{OUT, STUN_REQUEST, 1},
	  {IN, STUN_SUCCESS, 1},
	  {OUT, STUN_REQUEST, 1},
	  {IN, STUN_SUCCESS, 1}},
	 .requests[OUT] = 2,
	 .samples = 2},
	{"an indication is no answer",
	 2,
	 {{OUT, STUN_REQUEST, 1}, {IN, STUN_INDICATION, 1}},
	 .requests[OUT] = 1,
	 .waiting = 1},
	{"indications",
	 4,
	 {{OUT, STUN_INDICATION, 1},
	  {IN, STUN_INDICATION, 1},
	  {OUT, STUN_INDICATION, 2},
	  {IN, STUN_SUCCESS, 2}},
	 .samples = 0},
};

static void send_stun(const struct jb_harness *h, int version, const struct message *m,
		      __u16 attributes)
{
	struct jb_wire w = {};

	jb_wire_stun(&w, m->type, m->transaction, attributes);
	jb_harness_datagram(h, m->direction, version, w.data, w.len);
}

static void ask(const struct jb_harness *h, enum jb_direction direction, __u32 transaction)
{
	send_stun(h, 4, &(struct message){direction, STUN_REQUEST, transaction}, 0);
}

static void answer(const struct jb_harness *h, enum jb_direction direction, __u32 transaction)
{
	send_stun(h, 4, &(struct message){direction, STUN_SUCCESS, transaction}, 0);
}

static __u32 waiting(const struct jb_harness *h)
{
	__u32 n = 0;

	for (__u32 i = 0; i < JB_PAIRS; i++)
		n += !!h->kernel->stun[i].id;
	return n;
}

static void forget_all(const struct jb_harness *h)
{
	memset(h->kernel->stun, 0, JB_PAIRS * sizeof(*h->kernel->stun));
}

/*
 * The first of MESSAGES_MAX transactions that have places of their own, both ways: which share one
 * is another chance in each run.
 */
static __u32 apart(const struct jb_harness *h)
{
	static __u32 first;

	for (int tries = 0; tries < 20; tries++) {
		first += MESSAGES_MAX;
		forget_all(h);
		for (__u32 i = 0; i < MESSAGES_MAX; i++) {
			ask(h, IN, first + i);
			ask(h, OUT, first + i);
		}
		if (waiting(h) == 2 * MESSAGES_MAX)
			break;
	}
	assert_int_equal(waiting(h), 2 * MESSAGES_MAX);
	forget_all(h);
	return first;
}

/* As if so much time had passed since all requests. */
static void age(const struct jb_harness *h, __u64 ns)
{
	for (__u32 i = 0; i < JB_PAIRS; i++)
		h->kernel->stun[i].at -= jb_pair_time(ns);
}

static __u64 samples(const struct jb_rtt_histogram *rtt)
{
	__u64 n = 0;

	for (int i = 0; i < JB_RTT_BUCKETS; i++)
		n += rtt->bucket[i];
	return n;
}

/* What has been counted since the mark, and no more than that. */
static void check(const struct jb_harness *h, const char *name, const __u64 requests[2],
		  __u64 expected)
{
	union jb_totals grown[JB_DIRECTION_MAX];
	__u64 sampled;

	for (int d = 0; d < JB_DIRECTION_MAX; d++) {
		jb_harness_grown(h, JB_SLOT_SIGNAL + d, &grown[d]);
		if (grown[d].signal.stun_requests != requests[d])
			fail_msg("%s: direction %d: %llu requests instead of %llu", name, d,
				 grown[d].signal.stun_requests, requests[d]);
		assert_int_equal(grown[d].signal.stun_timeouts, 0);
		assert_int_equal(samples(&grown[d].signal.rtcp_rtt), 0);
	}
	sampled = samples(&grown[IN].signal.stun_rtt);
	if (sampled != expected || samples(&grown[OUT].signal.stun_rtt))
		fail_msg("%s: %llu samples instead of %llu", name, sampled, expected);
	jb_harness_check_still(h, name, 3 << JB_SLOT_SIGNAL | 1 << JB_SLOT_UDP);
	jb_harness_check_faults(h, name, JB_FAULT_MAX, 0);
}

static void check_dialogue(struct jb_harness *h, const struct dialogue *d, int version,
			   __u16 attributes)
{
	__u32 first = apart(h);

	jb_harness_mark(h);
	for (int i = 0; i < d->count; i++) {
		struct message m = d->message[i];

		m.transaction += first;
		send_stun(h, version, &m, attributes);
	}
	check(h, d->name, d->requests, d->samples);
	if (waiting(h) != d->waiting)
		fail_msg("%s: %u wait instead of %u", d->name, waiting(h), d->waiting);
	forget_all(h);
}

static void test_dialogues(void **state)
{
	for (int version = 4; version <= 6; version += 2)
		for (__u16 attributes = 0; attributes <= 1000; attributes += 1000)
			for (size_t i = 0; i < sizeof(dialogues) / sizeof(*dialogues); i++)
				check_dialogue(*state, &dialogues[i], version, attributes);
}

struct hostile {
	const char *name;
	__u16 attributes; /* that there are */
	int at;           /* -1: nothing is changed */
	__u8 octet;
	size_t len; /* 0: all */
};

static const struct hostile hostiles[] = {
	{"without the cookie (RFC 3489)", 0, 4, 0x20, 0},
	{"the cookie's last octet", 0, 7, 0x43, 0},
	{"length 4 too long", 0, 3, 4, 0},
	{"length 4 too short", 8, 3, 4, 0},
	{"length no multiple of 4", 2, -1, 0, 0},
	{"length 65532", 0, 2, 0xff, 0},
	{"cut behind the header", 8, -1, 0, 20},
	{"cut in the attributes", 8, -1, 0, 27},
	{"one octet too many", 9, 3, 8, 0},
};

static const __u64 none[JB_DIRECTION_MAX];

static void test_hostile(void **state)
{
	struct jb_harness *h = *state;

	for (size_t i = 0; i < sizeof(hostiles) / sizeof(*hostiles); i++)
		for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
			const struct hostile *s = &hostiles[i];
			struct jb_wire w = {};

			jb_wire_stun(&w, STUN_REQUEST, 1, s->attributes);
			if (s->at >= 0)
				w.data[s->at] = s->octet;
			jb_harness_mark(h);
			jb_harness_datagram(h, direction, 4, w.data, s->len ? s->len : w.len);
			check(h, s->name, none, 0);
			assert_int_equal(waiting(h), 0);
		}
}

static void test_cut_anywhere(void **state)
{
	struct jb_harness *h = *state;
	struct jb_wire w = {};

	jb_wire_stun(&w, STUN_REQUEST, 1, 0);
	jb_harness_mark(h);
	for (size_t len = 0; len < w.len; len++)
		jb_harness_datagram(h, len % 2, 6, w.data, len);
	check(h, "cut", none, 0);
	assert_int_equal(waiting(h), 0);
}

/* A packet of three datagrams (UDP_SEGMENT): each is a request. */
static void test_segments(void **state)
{
	struct jb_harness *h = *state;
	const struct __sk_buff ctx = {.gso_size = 28};
	const __u64 requests[JB_DIRECTION_MAX] = {[OUT] = 3};
	struct jb_test_packet p;
	__u32 first = apart(h);
	struct jb_wire w = {};

	for (int i = 0; i < 3; i++)
		jb_wire_stun(&w, STUN_REQUEST, first + i, i < 2 ? 8 : 0);
	jb_test_datagram(&p, 4, w.data, w.len);
	jb_harness_mark(h);
	assert_int_equal(jb_harness_try(h, OUT, &p, &ctx), 1);
	check(h, "segments", requests, 0);
	assert_int_equal(waiting(h), 3);
	forget_all(h);
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
		ask(h, OUT, 1);
		age(h, trips[i]);
		answer(h, IN, 1);
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

static void check_timeouts(struct jb_harness *h)
{
	__u32 first = apart(h);
	__u64 begin, end;

	jb_harness_mark(h);
	begin = jb_parallel_now_ns();
	for (int i = 0; i < 3; i++)
		ask(h, OUT, first + i);
	ask(h, OUT, first); /* again: still one */
	ask(h, IN, first + 3);
	end = jb_parallel_now_ns();

	assert_int_equal(expire(h, begin + JB_STUN_TIMEOUT_NS - 4096), 2);
	assert_int_equal(waiting(h), 4);
	assert_int_equal(timeouts(h, OUT) + timeouts(h, IN), 0);
	assert_int_equal(expire(h, end + JB_STUN_TIMEOUT_NS + 4096), 2);
	assert_int_equal(waiting(h), 0);
	assert_int_equal(timeouts(h, OUT), 3);
	assert_int_equal(timeouts(h, IN), 1);
	/* Nobody waits for these any more. */
	answer(h, IN, first + 1);
	assert_int_equal(expire(h, end + 2 * JB_STUN_TIMEOUT_NS), 0);
	assert_int_equal(timeouts(h, OUT), 3);
}

static void test_timeouts(void **state)
{
	struct jb_harness h;

	check_timeouts(*state);
	jb_harness_load(&h, 64, 0); /* without rows: nobody's */
	check_timeouts(&h);
	jb_harness_free(&h);
}

/* The table is mapped by nobody but us, but what it says is not believed. */
static void test_row_of_nonsense(void **state)
{
	struct jb_harness *h = *state;

	jb_harness_mark(h);
	h->kernel->stun[5] = (struct jb_pair){.id = 1, .row = 0x7fffffff};
	assert_int_equal(expire(h, jb_parallel_now_ns()), 0);
	jb_harness_check_still(h, "nonsense", 0);
	forget_all(h);
}

#define FLOOD 20000U

/* More requests than places: each is counted, and either waits or has been evicted. */
static void test_flood(void **state)
{
	struct jb_harness *h = *state;
	union jb_totals grown;

	jb_harness_mark(h);
	for (__u32 i = 0; i < FLOOD; i++)
		ask(h, OUT, 1000 + i);
	jb_harness_grown(h, JB_SLOT_SIGNAL + OUT, &grown);
	assert_int_equal(grown.signal.stun_requests, FLOOD);
	print_message("             of %u requests %u wait in %u places\n", FLOOD, waiting(h),
		      JB_PAIRS);
	assert_in_range(waiting(h), JB_PAIRS * 8 / 10, JB_PAIRS);
	jb_harness_check_faults(h, "flood", JB_FAULT_STUN_EVICTED, FLOOD - waiting(h));
	forget_all(h);
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
	ask(h, OUT, 1);
	place = place_in_use(h);
	id = h->kernel->stun[place].id;
	while (h->kernel->stun[place].id == id && n++ < 50 * JB_PAIRS) {
		if (n > 1)
			answer(h, IN, 100 + n - 1);
		ask(h, OUT, 100 + n);
	}
	jb_harness_check_faults(h, "eviction", JB_FAULT_STUN_EVICTED, 1);
	assert_int_equal(waiting(h), 1);
	jb_harness_mark(h);
	answer(h, IN, 1);
	check(h, "evicted", none, 0);
	answer(h, IN, 100 + n);
	check(h, "evictor", none, 1);
	assert_int_equal(waiting(h), 0);
	jb_harness_grown(h, JB_SLOT_SIGNAL + OUT, &grown);
	assert_int_equal(grown.signal.stun_timeouts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),       cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_cut_anywhere),    cmocka_unit_test(test_segments),
		cmocka_unit_test(test_round_trip_time), cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_row_of_nonsense), cmocka_unit_test(test_flood),
		cmocka_unit_test(test_eviction),
	};

	return cmocka_run_group_tests_name("stun", tests, jb_harness_setup, jb_harness_teardown);
}
