/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* STUN messages: which make a pair, and what is none. */
#include "stun.h"

#define MESSAGES_MAX 6

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

static void check_dialogue(struct jb_harness *h, const struct dialogue *d, int version,
			   __u16 attributes)
{
	__u32 first = jb_test_stun_apart(h);

	jb_harness_mark(h);
	for (int i = 0; i < d->count; i++) {
		struct message m = d->message[i];

		m.transaction += first;
		jb_test_stun_send(h, version, &m, attributes);
	}
	jb_test_stun_check(h, d->name, d->requests, d->samples);
	if (jb_test_stun_waiting(h) != d->waiting)
		fail_msg("%s: %u wait instead of %u", d->name, jb_test_stun_waiting(h), d->waiting);
	jb_test_stun_forget_all(h);
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
			jb_test_stun_check(h, s->name, jb_test_stun_no_requests, 0);
			assert_int_equal(jb_test_stun_waiting(h), 0);
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
	jb_test_stun_check(h, "cut", jb_test_stun_no_requests, 0);
	assert_int_equal(jb_test_stun_waiting(h), 0);
}

/* A packet of three datagrams (UDP_SEGMENT): each is a request. */
static void test_segments(void **state)
{
	struct jb_harness *h = *state;
	const struct __sk_buff ctx = {.gso_size = 28};
	const __u64 requests[JB_DIRECTION_MAX] = {[OUT] = 3};
	struct jb_test_packet p;
	__u32 first = jb_test_stun_apart(h);
	struct jb_wire w = {};

	for (int i = 0; i < 3; i++)
		jb_wire_stun(&w, STUN_REQUEST, first + i, i < 2 ? 8 : 0);
	jb_test_datagram(&p, 4, w.data, w.len);
	jb_harness_mark(h);
	assert_int_equal(jb_harness_try(h, OUT, &p, &ctx), 1);
	jb_test_stun_check(h, "segments", requests, 0);
	assert_int_equal(jb_test_stun_waiting(h), 3);
	jb_test_stun_forget_all(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_segments),
	};

	return cmocka_run_group_tests_name("stun", tests, jb_harness_setup, jb_harness_teardown);
}
