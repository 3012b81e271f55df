/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The receiver against the plain reference, on random sequences of fixed seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "feed.h"
#include "random.h"
#include "reference.h"

#define SEEDS   100
#define PACKETS 5000

static struct jb_feed f;
static struct jb_reference reference;

/* How often each verdict was given: a test that never met one has not tested it. */
static int met[JB_RESTARTED + 1];

static void compare_window(void)
{
	__u64 ext = f.receiver.ext;

	for (__u64 n = ext; n > ext - JB_WINDOW; n--) {
		bool open = !(f.receiver.seen[n / 64 % JB_WINDOW_WORDS] >> n % 64 & 1);

		assert_int_equal(open, jb_reference_is_open(&reference, n));
	}
}

static void compare_jitter(void)
{
	long double ns = reference.jitter * 1e9L;
	__u64 got = jb_receiver_jitter_ns(&f.receiver);

	assert_int_equal(jb_clock_rate(f.receiver.clock), reference.rate);
	assert_true(got < ns + 3000 && got + 3000 > ns);
}

static void start(__u64 seed, __u8 payload_type)
{
	jb_feed_start(&f, seed * 7919, seed * 0x12345679, payload_type);
	jb_reference_start(&reference, &f.rtp, f.now_ns);
	memset(reference.added, 0, sizeof(reference.added));
}

/* Feeds both with f.rtp at f.now_ns. */
static void packet(__u64 seed, int number)
{
	enum jb_verdict got = jb_feed_packet(&f);
	enum jb_verdict expected = jb_reference_packet(&reference, &f.rtp, BYTES, f.now_ns);

	if (got != expected)
		fail_msg("seed %llu, packet %d: verdict %d, expected %d", (unsigned long long)seed,
			 number, got, expected);
	met[got]++;
	for (int i = 0; i < JB_RTP_COUNTER_MAX; i++) {
		long long added = f.delta.counter[i];

		if (i != JB_RTP_FREEZES && i != JB_RTP_FREEZE_NS && added != reference.added[i])
			fail_msg("seed %llu, packet %d: counter %d got %lld, expected %lld",
				 (unsigned long long)seed, number, i, added, reference.added[i]);
	}
	assert_int_equal(f.receiver.ext, reference.highest);
	assert_int_equal(f.receiver.base, reference.base);
	compare_jitter();
	if (number % 5 == 0)
		compare_window();
}

static __u16 wild_step(struct jb_random *random)
{
	static const __u16 steps[] = {2,    3,    64,   255,  256,   257,   300,  1000,
				      2998, 2999, 3000, 3001, 10000, 32767, 32768};
	__u16 step = steps[jb_random_below(random, sizeof(steps) / sizeof(steps[0]))];

	switch (jb_random_below(random, 16)) {
	case 0:
		return step;
	case 1:
		return -step;
	case 2:
		return -(__u16)jb_random_below(random, 300);
	case 3:
		return jb_random_below(random, 5);
	case 4:
		return 0;
	default:
		return 1;
	}
}

static __u32 wild_ticks(struct jb_random *random)
{
	switch (jb_random_below(random, 40)) {
	case 0:
		return jb_random_next(random);
	case 1:
		return -3000;
	case 2:
	case 3:
		return 0;
	default:
		return 960;
	}
}

static __s64 wild_time(struct jb_random *random)
{
	static const __u64 steps[] = {39999999,   40000000,    4999999999,
				      5000000000, 29999999999, 30000000000};

	switch (jb_random_below(random, 64)) {
	case 0:
		return steps[jb_random_below(random, sizeof(steps) / sizeof(steps[0]))];
	case 1:
		return -(__s64)jb_random_below(random, 100000);
	case 2:
		return 0;
	default:
		return jb_random_below(random, 40000000);
	}
}

/* Each step may be anything, edges above all. */
static void test_wild_sequences(void **state)
{
	static const __u8 types[] = {0, 34, 111, 96};

	(void)state;
	memset(met, 0, sizeof(met));
	for (__u64 seed = 1; seed <= SEEDS; seed++) {
		struct jb_random random = {seed};

		start(seed, types[seed % 4]);
		for (int i = 0; i < PACKETS; i++) {
			f.rtp.sequence += wild_step(&random);
			f.rtp.timestamp += wild_ticks(&random);
			f.now_ns += wild_time(&random);
			f.rtp.padding_only = !jb_random_below(&random, 30);
			if (!jb_random_below(&random, 200))
				f.rtp.payload_type = types[jb_random_below(&random, 4)];
			packet(seed, i);
		}
	}
	for (int i = 0; i <= JB_RESTARTED; i++)
		assert_true(met[i] > 100);
}

struct arrival {
	__u64 at;
	__u32 order, timestamp;
	__u16 sequence;
	__u8 padding_only;
};

static int by_arrival(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* A network: most come in 0..8 ms, some are lost, doubled, late by much, some times all are. */
static __u32 transmit(struct jb_random *random, struct arrival *ret, __u32 count)
{
	__u16 sequence = jb_random_next(random);
	__u32 timestamp = jb_random_next(random), arrived = 0, lost_until = 0;
	__u64 at = 1001 * JB_SECOND_NS;

	for (__u32 n = 0; n < count; n++, at += 4 * MS) {
		__u32 luck = jb_random_below(random, 10000);

		sequence++;
		timestamp += n % 5 ? 0 : 1800;
		if (luck < 2) /* the sender begins anew */
			sequence = jb_random_next(random);
		if (luck == 2 && n > 5000) /* an outage, of up to 4800 packets */
			lost_until = n + jb_random_below(random, 4800);
		if (n < lost_until || (luck >= 100 && luck < 300))
			continue;
		ret[arrived++] = (struct arrival){at + jb_random_below(random, 8 * MS), n,
						  timestamp, sequence, luck >= 9900};
		if (luck >= 300 && luck < 400)
			ret[arrived - 1].at += jb_random_below(random, 12 * JB_SECOND_NS / 4);
		if (luck >= 400 && luck < 500) {
			ret[arrived] = ret[arrived - 1];
			ret[arrived++].at += jb_random_below(random, 400 * MS);
		}
	}
	qsort(ret, arrived, sizeof(*ret), by_arrival);
	return arrived;
}

static void test_networks(void **state)
{
	static struct arrival arrivals[2 * 4 * PACKETS];

	(void)state;
	memset(met, 0, sizeof(met));
	for (__u64 seed = 1; seed <= SEEDS / 4; seed++) {
		struct jb_random random = {seed * 1000003};
		__u32 count = transmit(&random, arrivals, 4 * PACKETS);

		start(seed, seed % 2 ? 34 : 96);
		for (__u32 i = 0; i < count; i++) {
			f.now_ns = arrivals[i].at;
			f.rtp.sequence = arrivals[i].sequence;
			f.rtp.timestamp = arrivals[i].timestamp;
			f.rtp.padding_only = arrivals[i].padding_only;
			packet(seed, i);
		}
		assert_true(jb_feed_sum(&f, JB_RTP_LOST) > 100);
	}
	assert_true(met[JB_DUPLICATE] > 100 && met[JB_RECOVERED] > 100 && met[JB_LATE] > 100);
	assert_true(met[JB_RESTARTED] > 10);
}

static int teardown(void **state)
{
	(void)state;
	jb_reference_free(&reference);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_wild_sequences, teardown),
		cmocka_unit_test_teardown(test_networks, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
