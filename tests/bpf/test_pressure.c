/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Full maps: told by a fault, never by a counter that falls or a packet that is lost. */
#include <string.h>
#include "harness.h"

#define CAPACITY 64
#define OFFERED  200

struct offer {
	struct jb_harness h;
	struct jb_rtp_totals before; /* at the last look */
};

/* Counters have not fallen since the last look. */
static void look(struct offer *o)
{
	struct jb_rtp_totals now;

	jb_harness_totals(&o->h, JB_INGRESS, JB_MEDIA_MAX, &now);
	for (int i = 0; i < JB_RTP_COUNTER_MAX; i++)
		assert_true(now.counter[i] >= o->before.counter[i]);
	o->before = now;
}

static void offer_stream(struct offer *o, __u32 ssrc, __u16 sequence, __u32 count)
{
	struct jb_test_packet p;

	jb_harness_rtp(&p, 5004, ssrc);
	jb_harness_run_in_order(&o->h, JB_INGRESS, &p, sequence, count);
	look(o);
}

static __u32 living(const struct offer *o)
{
	static struct jb_harness_streams streams;

	jb_harness_streams(&o->h, &streams);
	return streams.count;
}

static void check_sum(struct offer *o, __u64 sent)
{
	assert_int_equal(o->before.counter[JB_RTP_PACKETS] + jb_harness_held(&o->h) +
				 jb_harness_fault(&o->h, JB_FAULT_PROBATION_FAILED),
			 sent);
}

static void test_more_streams_than_entries(void **state)
{
	struct offer o = {};

	(void)state;
	jb_harness_load(&o.h, CAPACITY, 16);
	for (__u32 i = 0; i < OFFERED; i++)
		offer_stream(&o, 1 + i, 0, JB_PROBATION);
	assert_int_equal(living(&o), CAPACITY);
	assert_int_equal(jb_harness_fault(&o.h, JB_FAULT_STREAMS_FULL), OFFERED - CAPACITY);
	assert_int_equal(o.before.counter[JB_RTP_STARTED], CAPACITY);
	check_sum(&o, OFFERED * JB_PROBATION);

	/* Those that are in go on, those that are not try again and again. */
	for (__u32 i = 0; i < OFFERED; i++)
		offer_stream(&o, 1 + i, JB_PROBATION, JB_PROBATION);
	assert_int_equal(o.before.counter[JB_RTP_PACKETS], 2 * CAPACITY * JB_PROBATION);
	assert_int_equal(jb_harness_fault(&o.h, JB_FAULT_STREAMS_FULL), 2 * (OFFERED - CAPACITY));
	check_sum(&o, 2 * OFFERED * JB_PROBATION);

	/* Room again: who was refused comes in. */
	assert_int_equal(jb_harness_retire_all(&o.h), CAPACITY);
	assert_int_equal(living(&o), 0);
	for (__u32 i = 0; i < CAPACITY; i++)
		offer_stream(&o, OFFERED - i, 2 * JB_PROBATION, JB_PROBATION);
	assert_int_equal(living(&o), CAPACITY);
	assert_int_equal(jb_harness_fault(&o.h, JB_FAULT_STREAMS_FULL), 2 * (OFFERED - CAPACITY));
	check_sum(&o, (2 * OFFERED + CAPACITY) * JB_PROBATION);
	jb_harness_free(&o.h);
}

/*
 * Every (direction, media) of this process's cgroup wants a row; UDP one more, and the quality of
 * either direction.
 */
#define ROWS    (1 + 2 * 3 + 2)
#define PACKETS 60
static void send_kinds(struct jb_harness *h)
{
	static const __u8 types[] = {0, 26, 111}; /* audio, video, unknown */

	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int i = 0; i < 3; i++) {
			const struct jb_test_rtp rtp = {.ssrc = 10 + i,
							.payload_type = types[i],
							.extension = -1,
							.size = 160};
			struct jb_test_packet p;

			jb_test_rtp_packet(&p, 6, &rtp);
			jb_harness_run_in_order(h, direction, &p, 1, 10);
		}
}

static void count_row(void *ctx, const struct jb_row_key *key, __u32 row)
{
	assert_int_not_equal(key->cgroup_id, 0);
	assert_true(row >= JB_UNKNOWN_ROWS);
	++*(__u32 *)ctx;
}

static __u32 rows(const struct jb_harness *h)
{
	__u32 count = 0;

	assert_int_equal(jb_kernel_each_row(h->kernel, count_row, &count), 0);
	return count;
}

static __u64 unknown_packets(const struct jb_harness *h)
{
	__u64 sum = 0;

	for (__u32 row = JB_SLOT_RTP; row < JB_SLOT_SIGNAL; row++) {
		union jb_totals totals = {};

		jb_kernel_add_totals(h->kernel, row, &totals);
		sum += totals.rtp.counter[JB_RTP_PACKETS];
	}
	return sum;
}

static void check_kinds(const struct jb_harness *h)
{
	union jb_totals udp;

	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int media = 0; media < JB_MEDIA_RTX; media++)
			assert_int_equal(jb_harness_counter(h, direction, media, JB_RTP_PACKETS),
					 10);
	jb_harness_slot(h, JB_SLOT_UDP, &udp);
	assert_int_equal(udp.udp.packets[JB_INGRESS], PACKETS / 2);
	assert_int_equal(udp.udp.packets[JB_EGRESS], PACKETS / 2);
}

struct shortage {
	__u32 max_workloads;
	__u32 given;   /* rows, then */
	__u64 unknown; /* RTP packets that go to nobody's */
	__u64 faults;  /* each time that a row is asked for in vain */
};

static void check_rows(const struct shortage *s)
{
	struct jb_harness h;

	jb_harness_load(&h, CAPACITY, s->max_workloads);
	send_kinds(&h);
	assert_int_equal(rows(&h), s->given);
	assert_int_equal(unknown_packets(&h), s->unknown);
	assert_int_equal(jb_harness_fault(&h, JB_FAULT_ROWS_FULL), s->faults);
	check_kinds(&h); /* under their direction and media all the same */
	jb_harness_free(&h);
}

/* Each packet's socket asks for UDP's, each stream for its own and that of its quality. */
static void test_no_rows_at_all(void **state)
{
	const struct shortage s = {0, 0, PACKETS, PACKETS + 2 * 6};

	(void)state;
	check_rows(&s);
}

/* Six: the last is that of audio at egress. Its quality's is missed by all three streams there. */
static void test_some_rows_missing(void **state)
{
	const struct shortage s = {1, 6, 20, 3 + 2};

	(void)state;
	check_rows(&s);
}

static void test_rows_enough(void **state)
{
	const struct shortage s = {2, ROWS, 0, 0};

	(void)state;
	check_rows(&s);
}

static void free_one(void *ctx, const struct jb_row_key *key, __u32 row)
{
	assert_int_equal(jb_kernel_unlink_row(ctx, key), 0);
	assert_int_equal(jb_kernel_recycle_row(ctx, row), 0);
}

/* Rows that are given back serve the next. */
static void test_rows_freed(void **state)
{
	struct jb_harness h;

	(void)state;
	jb_harness_load(&h, CAPACITY, 2);
	for (int round = 0; round < 50; round++) {
		send_kinds(&h);
		assert_int_equal(rows(&h), ROWS);
		check_kinds(&h);
		assert_int_equal(jb_harness_retire_all(&h), 6);
		assert_int_equal(jb_kernel_each_row(h.kernel, free_one, h.kernel), 0);
		assert_int_equal(rows(&h), 0);
	}
	assert_int_equal(jb_harness_fault(&h, JB_FAULT_ROWS_FULL), 0);
	assert_int_equal(unknown_packets(&h), 0);
	jb_harness_free(&h);
}

static void count_event(void *ctx, __u64 cgroup_id)
{
	assert_int_not_equal(cgroup_id, 0);
	++*(__u32 *)ctx;
}

/* A row is announced once; nobody reading, the ring fills and says so. */
static void test_announced(void **state)
{
	struct jb_harness h;
	__u32 events = 0;

	(void)state;
	jb_harness_load(&h, CAPACITY, 2);
	assert_int_equal(jb_kernel_events(h.kernel, count_event, &events), 0);
	send_kinds(&h);
	assert_true(jb_kernel_consume(h.kernel) >= 0);
	assert_int_equal(events, ROWS);
	assert_int_equal(jb_harness_fault(&h, JB_FAULT_EVENTS_LOST), 0);
	jb_harness_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_streams_than_entries),
		cmocka_unit_test(test_no_rows_at_all),
		cmocka_unit_test(test_some_rows_missing),
		cmocka_unit_test(test_rows_enough),
		cmocka_unit_test(test_rows_freed),
		cmocka_unit_test(test_announced),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
