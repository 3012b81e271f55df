/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One stream from two CPUs at once, as receive side scaling and a sender with two threads make it.
 * Who comes first is chance, and so is what is reordered. What is lost, what came twice and what
 * came at all is not. Then the counters of UDP and of signals, to which user space adds, too.
 */
#include <sched.h>
#include "parallel.h"
#include "wire.h"

#define SENDERS 2
#define NUMBERS 400000U
/* No sender gets farther ahead of the other: what is late by more than the window is lost. */
#define SKEW_MAX 100U
#define WARM_UP  4U
#define DONE     (~0U - SKEW_MAX)

static _Atomic __u32 next_number;
static _Atomic __u32 at[SENDERS]; /* the number in hand, or one before it */
static _Atomic __u64 skipped, repeated;

static void wait_for_the_other(int index, __u32 number)
{
	while (at[!index] + SKEW_MAX < number)
		sched_yield();
}

static void send_number(struct jb_sender *sender, struct jb_test_packet *p, __u32 number)
{
	if (number % 17 == 5 || number % 1000 >= 990) { /* alone, and in runs */
		skipped++;
		return;
	}
	jb_test_set_sequence(p, number, number * 160);
	jb_parallel_send(sender, JB_INGRESS, p);
	for (__u32 i = 0; i < number % 13 / 11; i++) {
		jb_parallel_send(sender, JB_INGRESS, p);
		repeated++;
	}
}

static void send_numbers(struct jb_sender *sender)
{
	struct jb_test_packet p;

	jb_harness_rtp(&p, 5004, 4711);
	for (;;) {
		__u32 number = next_number++;

		if (number >= NUMBERS)
			break;
		at[sender->index] = number;
		wait_for_the_other(sender->index, number);
		send_number(sender, &p, number);
	}
	at[sender->index] = DONE;
}

static __u64 send_from_two_cpus(struct jb_harness *h)
{
	struct jb_sender senders[SENDERS];
	__u64 sent = 0;

	next_number = WARM_UP;
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct jb_sender){.h = h, .run = send_numbers, .index = i};
		at[i] = WARM_UP;
	}
	for (int i = 0; i < SENDERS; i++)
		jb_parallel_start(&senders[i]);
	for (int i = 0; i < SENDERS; i++) {
		jb_parallel_join(&senders[i]);
		assert_int_equal(senders[i].refused, 0);
		print_message("             CPU %d sent %llu packets\n", i, senders[i].sent);
		sent += senders[i].sent;
	}
	return sent;
}

static void check_stream(struct jb_harness *h, __u64 sent, __u32 numbers)
{
	static struct jb_harness_streams streams;
	const struct jb_receiver *r = &streams.stream[0].receiver;

	jb_harness_streams(h, &streams);
	assert_int_equal(streams.count, 1);
	assert_int_equal(r->packets, sent);
	assert_int_equal(r->ext - r->base + 1, numbers);
	assert_int_equal(r->unique, numbers - skipped);
	assert_int_equal(r->lost, skipped);
	assert_int_equal(r->duplicates, repeated);
	assert_int_equal(r->gap - r->recovered, skipped);
	assert_int_equal(r->reordered + r->late, r->recovered);
	assert_int_equal(r->restarts, 0);
	print_message("             %llu packets, %llu lost, %u duplicates, %u recovered\n",
		      r->packets, r->lost, r->duplicates, r->recovered);
}

static void check_totals(struct jb_harness *h, __u64 sent, __u32 numbers)
{
	struct jb_rtp_totals t;

	jb_harness_totals(h, JB_INGRESS, JB_MEDIA_MAX, &t);
	assert_int_equal(t.counter[JB_RTP_PACKETS], sent);
	assert_int_equal(t.counter[JB_RTP_BYTES], sent * 172);
	assert_int_equal(t.counter[JB_RTP_EXPECTED], numbers - JB_WINDOW);
	assert_int_equal(t.counter[JB_RTP_LOST], skipped);
	assert_int_equal(t.counter[JB_RTP_DUPLICATES], repeated);
	assert_int_equal(t.counter[JB_RTP_GAP] - t.counter[JB_RTP_RECOVERED], skipped);
	assert_int_equal(jb_harness_retire_all(h), 1);
	jb_harness_totals(h, JB_INGRESS, JB_MEDIA_MAX, &t);
	assert_int_equal(t.counter[JB_RTP_EXPECTED], numbers);
	assert_int_equal(t.counter[JB_RTP_LOST], skipped);
}

static void check_udp(struct jb_harness *h, __u64 sent)
{
	union jb_totals t;

	jb_harness_slot(h, JB_SLOT_UDP, &t);
	assert_int_equal(t.udp.packets[JB_INGRESS], sent);
	assert_int_equal(t.udp.bytes[JB_INGRESS], sent * 172);
	assert_int_equal(t.udp.packets[JB_EGRESS], 0);
}

static void test_one_stream(void **state)
{
	struct jb_harness *h = *state;
	struct jb_test_packet p;
	__u64 sent;

	jb_harness_rtp(&p, 5004, 4711);
	jb_harness_run_in_order(h, JB_INGRESS, &p, 0, WARM_UP);
	sent = WARM_UP + send_from_two_cpus(h);
	/* Everything in question leaves the window. */
	for (__u32 n = NUMBERS; n < NUMBERS + JB_WINDOW; n++, sent++) {
		jb_test_set_sequence(&p, n, n * 160);
		jb_harness_run(h, JB_INGRESS, &p);
	}
	assert_true(skipped > 0 && repeated > 0);
	check_stream(h, sent, NUMBERS + JB_WINDOW);
	check_totals(h, sent, NUMBERS + JB_WINDOW);
	check_udp(h, sent);
	for (int i = 0; i < JB_FAULT_MAX; i++)
		assert_int_equal(jb_harness_fault(h, i), 0);
}

#define DATAGRAMS 200000U

/* In turn an indication of STUN, a compound of RTCP, and nothing. */
static void send_signals(struct jb_sender *sender)
{
	struct jb_test_packet stun, rtcp, other;
	struct jb_wire w = {};

	jb_wire_stun(&w, STUN_INDICATION, sender->index, 0);
	jb_test_datagram(&stun, 4, w.data, w.len);
	w.len = 0;
	jb_wire_rr(&w, 1, 0);
	jb_wire_rtcp(&w, 206, 1, 1, 1);
	jb_test_datagram(&rtcp, 4, w.data, w.len);
	jb_test_datagram(&other, 6, "\x05hello", 6);
	while (sender->sent < DATAGRAMS) {
		jb_parallel_send(sender, JB_EGRESS, &stun);
		jb_parallel_send(sender, JB_EGRESS, &rtcp);
		jb_parallel_send(sender, JB_EGRESS, &other);
	}
}

struct added {
	struct jb_harness *h;
	const union jb_totals *one;
	__u32 slot;
	__u64 times;
};

/* As user space does what it has found out itself, to the very shard of the first CPU. */
static void add_to_row(void *ctx, const struct jb_row_key *key, __u32 row)
{
	struct added *added = ctx;

	if (key->slot != added->slot)
		return;
	jb_kernel_count(added->h->kernel, row, added->one);
	added->times++;
}

/* Both senders, and additions to those two rows for as long; how many datagrams passed. */
static __u64 send_and_add(struct jb_harness *h, struct added *a, struct added *b)
{
	struct jb_sender senders[SENDERS];
	__u64 sent = 0;

	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct jb_sender){.h = h, .run = send_signals, .index = i};
		jb_parallel_start(&senders[i]);
	}
	while (senders[0].sent < DATAGRAMS || senders[1].sent < DATAGRAMS) {
		assert_int_equal(jb_kernel_each_row(h->kernel, add_to_row, a), 0);
		assert_int_equal(jb_kernel_each_row(h->kernel, add_to_row, b), 0);
	}
	for (int i = 0; i < SENDERS; i++) {
		jb_parallel_join(&senders[i]);
		assert_int_equal(senders[i].refused, 0);
		sent += senders[i].sent;
	}
	assert_true(a->times > 0 && b->times > 0);
	print_message("             %llu datagrams, %llu additions of user space\n", sent,
		      a->times + b->times);
	return sent;
}

static void test_counters(void **state)
{
	const union jb_totals udp_one = {.udp = {.packets[JB_EGRESS] = 1, .bytes[JB_EGRESS] = 1}};
	const union jb_totals signal_one = {
		.signal = {.feedback[JB_RTCP_PLI] = 1, .stun_timeouts = 1}};
	struct jb_harness *h = *state;
	struct added udp = {.h = h, .one = &udp_one, .slot = JB_SLOT_UDP};
	struct added signal = {.h = h, .one = &signal_one, .slot = JB_SLOT_SIGNAL + JB_EGRESS};
	union jb_totals t;
	__u64 sent;

	jb_harness_mark(h);
	sent = send_and_add(h, &udp, &signal);
	jb_harness_grown(h, JB_SLOT_UDP, &t);
	assert_int_equal(t.udp.packets[JB_EGRESS], sent + udp.times);
	assert_int_equal(t.udp.bytes[JB_EGRESS], sent / 3 * (20 + 20 + 6) + udp.times);
	jb_harness_grown(h, JB_SLOT_SIGNAL + JB_EGRESS, &t);
	assert_int_equal(t.signal.rtcp[JB_RTCP_RR], sent / 3);
	assert_int_equal(t.signal.feedback[JB_RTCP_PLI], sent / 3 + signal.times);
	assert_int_equal(t.signal.stun_timeouts, signal.times);
	jb_harness_check_faults(h, "counters", JB_FAULT_MAX, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_stream),
		cmocka_unit_test(test_counters),
	};

	return cmocka_run_group_tests_name("two CPUs", tests, jb_harness_setup,
					   jb_harness_teardown);
}
