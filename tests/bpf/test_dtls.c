/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DTLS handshakes (--metrics full): from the first ClientHello until both sides have finished. */
#include <sched.h>
#include <string.h>
#include <netinet/in.h>
#include "kernel/batch.h"
#include "parallel.h"
#include "wire.h"

#define FLIGHTS_MAX 12
#define IN          JB_INGRESS
#define OUT         JB_EGRESS

enum flight {
	CLIENT_HELLO,
	CLIENT_HELLO_FRAGMENT, /* a later one */
	OTHER_CLIENT_HELLO,    /* with another random */
	SERVER_HELLO,
	VERIFY_REQUEST,
	KEYS, /* Certificate and so on, and ChangeCipherSpec */
	FINISHED,
	DATA,      /* of epoch 1 */
	UNIFIED,   /* DTLS 1.3 */
	CUT_SHORT, /* a record longer than the datagram */
	NOT_DTLS,  /* version 3.3 */
	EMPTY_CCS,
	APPLICATION /* of epoch 0: nonsense */
};

struct handshake {
	const char *name;
	int count;
	struct {
		enum jb_direction direction;
		enum flight flight;
	} flight[FLIGHTS_MAX];
	__u64 samples;
};

static const struct handshake handshakes[] = {
	{"client of 1.2",
	 8,
	 {{OUT, CLIENT_HELLO},
	  {IN, VERIFY_REQUEST},
	  {OUT, CLIENT_HELLO},
	  {IN, SERVER_HELLO},
	  {OUT, KEYS},
	  {IN, KEYS},
	  {OUT, DATA},
	  {IN, DATA}},
	 1},
	{"server of 1.2", 4, {{IN, CLIENT_HELLO}, {OUT, SERVER_HELLO}, {IN, KEYS}, {OUT, KEYS}}, 1},
	{"1.3", 4, {{OUT, CLIENT_HELLO}, {IN, SERVER_HELLO}, {IN, UNIFIED}, {OUT, UNIFIED}}, 1},
	{"resumed: the server finishes first",
	 4,
	 {{OUT, CLIENT_HELLO}, {IN, SERVER_HELLO}, {IN, KEYS}, {OUT, KEYS}},
	 1},
	{"both keys lost, data tells", 3, {{OUT, CLIENT_HELLO}, {OUT, DATA}, {IN, DATA}}, 1},
	{"again on the same flow",
	 6,
	 {{OUT, CLIENT_HELLO},
	  {OUT, KEYS},
	  {IN, KEYS},
	  {OUT, OTHER_CLIENT_HELLO},
	  {OUT, KEYS},
	  {IN, KEYS}},
	 2},
	{"finished, and the hello comes once more",
	 6,
	 {{OUT, CLIENT_HELLO},
	  {OUT, KEYS},
	  {IN, KEYS},
	  {OUT, CLIENT_HELLO},
	  {OUT, DATA},
	  {IN, DATA}},
	 1},
	{"finished, and a fragment of the hello comes once more",
	 7,
	 {{OUT, CLIENT_HELLO},
	  {OUT, CLIENT_HELLO_FRAGMENT},
	  {OUT, KEYS},
	  {IN, KEYS},
	  {OUT, CLIENT_HELLO_FRAGMENT},
	  {OUT, DATA},
	  {IN, DATA}},
	 1},
	{"the hello's fragments in disorder, then one once more",
	 7,
	 {{OUT, CLIENT_HELLO_FRAGMENT},
	  {OUT, CLIENT_HELLO},
	  {OUT, KEYS},
	  {IN, KEYS},
	  {OUT, CLIENT_HELLO},
	  {OUT, DATA},
	  {IN, DATA}},
	 1},
	{"a hello in fragments",
	 4,
	 {{OUT, CLIENT_HELLO}, {OUT, CLIENT_HELLO_FRAGMENT}, {OUT, KEYS}, {IN, KEYS}},
	 1},
	{"one side has not finished",
	 4,
	 {{OUT, CLIENT_HELLO}, {OUT, KEYS}, {OUT, DATA}, {OUT, DATA}},
	 0},
	{"keys without a hello", 4, {{OUT, KEYS}, {IN, KEYS}, {OUT, DATA}, {IN, DATA}}, 0},
	{"no answer", 3, {{OUT, CLIENT_HELLO}, {OUT, CLIENT_HELLO}, {OUT, CLIENT_HELLO}}, 0},
	{"finished, and data goes on",
	 5,
	 {{OUT, CLIENT_HELLO}, {OUT, KEYS}, {IN, KEYS}, {OUT, DATA}, {IN, FINISHED}},
	 1},
	{"nonsense between",
	 7,
	 {{OUT, CLIENT_HELLO},
	  {IN, CUT_SHORT},
	  {IN, NOT_DTLS},
	  {IN, EMPTY_CCS},
	  {IN, APPLICATION},
	  {OUT, KEYS},
	  {OUT, DATA}},
	 0},
};

static void record(struct jb_wire *w, __u8 content, __u16 epoch, __u16 size)
{
	jb_wire_u8(w, content);
	jb_wire_u16(w, 0xfefd);
	jb_wire_u16(w, epoch);
	jb_wire_fill(w, 0, 6); /* number */
	jb_wire_u16(w, size);
}

static void handshake_record(struct jb_wire *w, __u8 type, __u8 fragment, __u8 random)
{
	record(w, 22, 0, 60);
	jb_wire_u8(w, type);
	jb_wire_fill(w, 0, 7);
	jb_wire_u8(w, fragment); /* the last octet of its offset */
	jb_wire_fill(w, 0, 3);
	jb_wire_fill(w, random, 48);
}

static void protected_record(struct jb_wire *w, __u8 content)
{
	record(w, content, 1, 40);
	jb_wire_fill(w, 0xa5, 40);
}

static void change_cipher_spec(struct jb_wire *w)
{
	record(w, 20, 0, 1);
	jb_wire_u8(w, 1);
}

static void build(struct jb_wire *w, enum flight flight)
{
	switch (flight) {
	case CLIENT_HELLO:
		handshake_record(w, 1, 0, 0xa1);
		break;
	case OTHER_CLIENT_HELLO:
		handshake_record(w, 1, 0, 0xa2);
		break;
	case CLIENT_HELLO_FRAGMENT:
		handshake_record(w, 1, 48, 0xa3);
		break;
	case SERVER_HELLO:
		handshake_record(w, 2, 0, 0);
		handshake_record(w, 11, 0, 0);
		handshake_record(w, 14, 0, 0);
		break;
	case VERIFY_REQUEST:
		handshake_record(w, 3, 0, 0);
		break;
	case KEYS:
		handshake_record(w, 11, 0, 0);
		handshake_record(w, 16, 0, 0);
		handshake_record(w, 15, 0, 0);
		change_cipher_spec(w);
		protected_record(w, 22);
		break;
	case FINISHED:
		protected_record(w, 22);
		break;
	case DATA:
		protected_record(w, 23);
		break;
	case UNIFIED:
		jb_wire_octets(w, "\x2e\x00\x01\x00\x20", 5);
		jb_wire_fill(w, 0xa5, 32);
		break;
	case CUT_SHORT:
		record(w, 20, 0, 2);
		jb_wire_u8(w, 1);
		break;
	case NOT_DTLS:
		jb_wire_octets(w, "\x14\x03\x03\0\0\0\0\0\0\0\0\0\1\1", 14);
		break;
	case EMPTY_CCS:
		record(w, 20, 0, 0);
		jb_wire_u8(w, 0);
		break;
	case APPLICATION:
		record(w, 23, 0, 1);
		jb_wire_u8(w, 0);
		break;
	}
}

/* Each handshake is between ports of its own. */
static void send_flight(const struct jb_harness *h, enum jb_direction direction, int version,
			__u16 port, enum flight flight)
{
	struct jb_test_packet p;
	struct jb_wire w = {};

	build(&w, flight);
	if (version == 4)
		jb_test_ipv4(&p, IPPROTO_UDP, 0);
	else
		jb_test_ipv6(&p, IPPROTO_UDP);
	jb_test_udp(&p, port, 5006);
	jb_test_payload(&p, w.data, w.len);
	jb_test_finish(&p);
	if (direction == JB_INGRESS)
		jb_test_reverse(&p);
	jb_harness_run(h, direction, &p);
}

static __u64 samples(const struct jb_harness *h, __u64 *ret_ns)
{
	union jb_totals grown;
	__u64 n = 0;

	jb_harness_grown(h, JB_SLOT_UDP, &grown);
	for (int i = 0; i < JB_DTLS_BUCKETS; i++)
		n += grown.udp.dtls[i];
	*ret_ns = grown.udp.dtls_ns;
	return n;
}

static void check_handshake(struct jb_harness *h, const struct handshake *s, int version,
			    __u64 expected)
{
	static __u16 port = 30000;
	__u64 ns, begin = jb_parallel_now_ns();

	port++;
	jb_harness_mark(h);
	for (int i = 0; i < s->count; i++)
		send_flight(h, s->flight[i].direction, version, port, s->flight[i].flight);
	if (samples(h, &ns) != expected)
		fail_msg("%s: %llu samples instead of %llu", s->name, samples(h, &ns), expected);
	assert_true(expected ? ns && ns <= jb_parallel_now_ns() - begin : !ns);
	jb_harness_check_still(h, s->name, 1 << JB_SLOT_UDP);
	jb_harness_check_faults(h, s->name, JB_FAULT_MAX, 0);
}

static void test_handshakes(void **state)
{
	for (int version = 4; version <= 6; version += 2)
		for (size_t i = 0; i < sizeof(handshakes) / sizeof(*handshakes); i++)
			check_handshake(*state, &handshakes[i], version, handshakes[i].samples);
}

/* Not with --metrics essential. */
static void test_essential(void **state)
{
	struct jb_harness h;

	(void)state;
	jb_harness_load_essential(&h);
	check_handshake(&h, &handshakes[0], 4, 0);
	jb_harness_free(&h);
}

struct aging {
	int fd;
	__u64 ns;
};

static void age_one(void *ctx, const void *key, const void *value)
{
	const struct aging *aging = ctx;
	struct jb_handshake {
		__u64 id;
		__u64 started_ns;
		__u64 finished;
	} h;

	memcpy(&h, value, sizeof(h));
	if (!h.id)
		return;
	h.started_ns -= aging->ns;
	assert_int_equal(bpf_map_update_elem(aging->fd, key, &h, 0), 0);
}

/* As if so much time had passed since each hello. */
static void age(const struct jb_harness *h, __u64 ns)
{
	struct aging aging = {.fd = bpf_map__fd(h->kernel->skel->maps.jb_handshakes), .ns = ns};

	assert_int_equal(jb_batch_each(aging.fd, sizeof(__u32), 24, 0, age_one, &aging), 0);
}

/* Measured from the first hello: one that is sent again does not begin anew. */
static void test_time(void **state)
{
	static const __u64 times[] = {80 * JB_MS_NS, 3 * JB_SECOND_NS, 30 * JB_SECOND_NS};
	struct jb_harness *h = *state;

	for (int i = 0; i < 3; i++) {
		__u64 begin = jb_parallel_now_ns(), ns;
		union jb_totals grown;

		jb_harness_mark(h);
		send_flight(h, OUT, 4, 31000 + i, CLIENT_HELLO);
		age(h, times[i] / 2);
		send_flight(h, OUT, 4, 31000 + i, CLIENT_HELLO);
		age(h, times[i] / 2);
		send_flight(h, OUT, 4, 31000 + i, KEYS);
		send_flight(h, IN, 4, 31000 + i, KEYS);
		assert_int_equal(samples(h, &ns), 1);
		assert_in_range(ns, times[i], times[i] + jb_parallel_now_ns() - begin);
		jb_harness_grown(h, JB_SLOT_UDP, &grown);
		assert_int_equal(grown.udp.dtls[jb_dtls_bucket(ns)], 1);
	}
}

/* Given up, and begun anew on the same ports ten minutes later: that is when it began. */
static void test_abandoned(void **state)
{
	struct jb_harness *h = *state;
	__u64 begin, ns;

	send_flight(h, OUT, 4, 32000, CLIENT_HELLO);
	send_flight(h, OUT, 4, 32000, KEYS);
	age(h, 600 * JB_SECOND_NS);
	jb_harness_mark(h);
	begin = jb_parallel_now_ns();
	send_flight(h, OUT, 4, 32000, CLIENT_HELLO);
	send_flight(h, IN, 4, 32000, KEYS);
	assert_int_equal(samples(h, &ns), 0);
	send_flight(h, OUT, 4, 32000, KEYS);
	assert_int_equal(samples(h, &ns), 1);
	assert_in_range(ns, 1, jb_parallel_now_ns() - begin);
}

/* A late duplicate of the hello changes nothing; on the same ports it is a new one in a minute. */
static void test_late_hello(void **state)
{
	struct jb_harness *h = *state;
	__u64 ns, known;

	jb_harness_mark(h);
	send_flight(h, OUT, 4, 33000, CLIENT_HELLO);
	age(h, 80 * JB_MS_NS);
	send_flight(h, OUT, 4, 33000, KEYS);
	send_flight(h, IN, 4, 33000, KEYS);
	assert_int_equal(samples(h, &known), 1);
	send_flight(h, OUT, 4, 33000, CLIENT_HELLO);
	age(h, 2 * JB_SECOND_NS);
	send_flight(h, OUT, 4, 33000, DATA);
	send_flight(h, IN, 4, 33000, DATA);
	assert_int_equal(samples(h, &ns), 1);
	assert_int_equal(ns, known);
	age(h, 60 * JB_SECOND_NS);
	send_flight(h, OUT, 4, 33000, CLIENT_HELLO);
	send_flight(h, OUT, 4, 33000, KEYS);
	send_flight(h, IN, 4, 33000, KEYS);
	assert_int_equal(samples(h, &ns), 2);
	assert_true(ns - known < 80 * JB_MS_NS);
}

#define ROUNDS 5000U

static _Atomic __u32 hellos;
static _Atomic __u32 finishes; /* two to a hello */

/* Each side sends as soon as there was a hello; the one that comes in says it, too. */
static void finish_one_side(struct jb_sender *sender)
{
	struct jb_test_packet p;
	struct jb_wire w = {};

	build(&w, DATA);
	jb_test_datagram(&p, 4, w.data, w.len);
	if (sender->index == IN)
		jb_test_reverse(&p);
	for (__u32 i = 0; i < ROUNDS; i++) {
		while (sender->index == IN && finishes < 2 * i)
			sched_yield();
		if (sender->index == IN) {
			send_flight(sender->h, OUT, 4, 5004,
				    i % 2 ? CLIENT_HELLO : OTHER_CLIENT_HELLO);
			hellos++;
		}
		while (hellos <= i)
			sched_yield();
		jb_parallel_send(sender, sender->index, &p);
		finishes++;
	}
}

/* Both sides finish at once, on two CPUs: each handshake counts once. */
static void test_two_cpus(void **state)
{
	struct jb_sender senders[JB_DIRECTION_MAX];
	struct jb_harness *h = *state;
	__u64 ns;

	jb_harness_mark(h);
	for (int i = 0; i < JB_DIRECTION_MAX; i++) {
		senders[i] = (struct jb_sender){.h = h, .run = finish_one_side, .index = i};
		jb_parallel_start(&senders[i]);
	}
	for (int i = 0; i < JB_DIRECTION_MAX; i++) {
		jb_parallel_join(&senders[i]);
		assert_int_equal(senders[i].refused, 0);
	}
	assert_int_equal(samples(h, &ns), ROUNDS);
}

static void test_cut_anywhere(void **state)
{
	struct jb_harness *h = *state;
	struct jb_wire w = {};
	__u64 ns;

	build(&w, KEYS);
	jb_harness_mark(h);
	send_flight(h, OUT, 4, 5004, CLIENT_HELLO); /* the port of jb_harness_datagram() */
	send_flight(h, OUT, 4, 5004, KEYS);
	/* Up to where ChangeCipherSpec is whole. */
	for (size_t len = 0; len < 3 * 73 + 14; len++)
		jb_harness_datagram(h, IN, 4, w.data, len);
	assert_int_equal(samples(h, &ns), 0);
	jb_harness_datagram(h, IN, 4, w.data, 3 * 73 + 14);
	assert_int_equal(samples(h, &ns), 1);
	jb_harness_check_faults(h, "cut", JB_FAULT_MAX, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes), cmocka_unit_test(test_essential),
		cmocka_unit_test(test_time),       cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_late_hello), cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_two_cpus),
	};

	return cmocka_run_group_tests_name("DTLS", tests, jb_harness_setup, jb_harness_teardown);
}
