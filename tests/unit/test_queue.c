/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive queues beside a plain list of who waits since when, which is the truth. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jitterbug/queue.h>

#include "random.h"

enum { LENGTH = 65536, DEEPEST = (JB_QUEUE_SLOTS << 8) - JB_QUEUE_SLACK };
#define GRAIN 1024 /* of the times kept, in ns */

static struct jb_queue queue;
static struct jb_random seed;
static __u64 now;
static __u64 fifo[LENGTH]; /* arrivals, from `head` on, modulo LENGTH */
static __u32 head, length;
static __u64 reads, weights, samples, skipped, too_deep;
static __u64 true_ns, measured_ns; /* sums over all reads; over the samples, by their weights */

static int setup(void **state)
{
	(void)state;
	memset(&queue, 0, sizeof(queue));
	seed = (struct jb_random){7};
	/* The times kept begin anew after 2^32 of them. */
	now = ((1ULL << 32) * GRAIN) - 3000000;
	head = length = 0;
	reads = weights = samples = skipped = too_deep = 0;
	true_ns = measured_ns = 0;
	return 0;
}

static void enqueue(void)
{
	assert_true(length < LENGTH);
	fifo[(head + length++) % LENGTH] = now;
}

static __u64 dequeue(void)
{
	assert_true(length > 0);
	length--;
	return fifo[head++ % LENGTH];
}

static void pass(__u32 ns)
{
	now += 1 + jb_random_below(&seed, ns);
}

static void arrive(void)
{
	pass(5000);
	jb_queue_arrive(&queue, now);
	enqueue();
}

/* The hook has seen it, and the socket has no room. */
static void arrive_in_vain(void)
{
	pass(5000);
	jb_queue_arrive(&queue, now);
	jb_queue_drop(&queue);
}

/* Its checksum is bad: it goes without having been read. */
static void vanish(void)
{
	dequeue();
}

static enum jb_queue_read read_one(void)
{
	__u64 ns = 0, truth;
	__u32 weight = 0;
	enum jb_queue_read got;

	pass(5000);
	truth = now - dequeue();
	true_ns += truth;
	got = jb_queue_read(&queue, length, now, &ns, &weight);
	reads++;
	if (got == JB_QUEUE_SKIPPED) {
		skipped++;
	} else if (got == JB_QUEUE_TOO_DEEP) {
		assert_true(length + 1 > DEEPEST);
		too_deep++;
	} else {
		assert_true(length + 1 <= DEEPEST);
		assert_true(ns < truth + GRAIN && truth < ns + GRAIN);
		samples++;
		weights += weight;
		measured_ns += ns * weight;
	}
	return got;
}

static void assert_weights(__u64 stride)
{
	if (weights + stride < reads || weights > reads + stride)
		fail_msg("%llu for %llu reads", (unsigned long long)weights,
			 (unsigned long long)reads);
}

static void test_short_queues_are_read_whole(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++) {
		arrive();
		while (length > jb_random_below(&seed, JB_QUEUE_SLOTS - JB_QUEUE_SLACK))
			assert_int_equal(read_one(), JB_QUEUE_SAMPLE);
	}
	assert_true(samples > 9000);
	assert_int_equal(weights, reads);
}

/* Of a queue that stays as long as it is, one in 4^n stands for all. */
static void test_each_level(void **state)
{
	(void)state;
	for (int level = 0; level < JB_QUEUE_LEVELS; level++) {
		__u32 deepest = (JB_QUEUE_SLOTS << 2 * level) - JB_QUEUE_SLACK;
		__u32 stride = 1U << 2 * level;

		setup(state);
		while (length < deepest)
			arrive();
		for (__u32 i = 0; i < 20 * stride; i++) {
			read_one();
			arrive();
		}
		assert_int_equal(samples, reads / stride);
		assert_weights(stride);
	}
}

static void test_one_more_is_the_next_level(void **state)
{
	(void)state;
	for (int level = 0; level < JB_QUEUE_LEVELS - 1; level++) {
		__u32 deepest = (JB_QUEUE_SLOTS << 2 * level) - JB_QUEUE_SLACK;
		__u32 stride = 4U << 2 * level;

		setup(state);
		while (length < deepest + 1)
			arrive();
		for (__u32 i = 0; i < 20 * stride; i++) {
			read_one();
			arrive();
		}
		assert_int_equal(samples, reads / stride);
	}
}

/* `n` arrive, 1 ms apart, and are then read at once. */
static void arrive_and_be_read(__u32 n)
{
	for (__u32 i = 0; i < n; i++) {
		now += 1000000;
		jb_queue_arrive(&queue, now);
		enqueue();
	}
	while (length)
		read_one();
}

/*
 * A reader that was stopped. Levels change while it catches up, wherever in a group that is, and
 * those that have waited for longest come first: neither may tell in the sum.
 */
static void test_the_mean_is_that_of_all(void **state)
{
	static const __u32 lengths[] = {119, 120, 121, 122,  123,  124,  125,
					150, 301, 487, 1000, 2000, 5000, 20000};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (__u32 phase = 0; phase < 256; phase += 5) {
			setup(state);
			queue.arrived = phase;
			arrive_and_be_read(lengths[i]);
			assert_int_equal(weights, reads);
			if (fabs((double)measured_ns / true_ns - 1) > 0.003)
				fail_msg("%u from %u on: %f of what it is", lengths[i], phase,
					 (double)measured_ns / true_ns);
		}
}

/* Those that would be samples are never read: what the next one stands for has a bound. */
static void test_samples_that_vanish(void **state)
{
	__u64 ns;
	__u32 weight;

	(void)state;
	while (length < 200)
		arrive();
	for (int i = 0; i < 10000; i++) {
		if (jb_queue_is_kept(queue.arrived - length, 1))
			vanish();
		else
			assert_int_equal(read_one(), JB_QUEUE_SKIPPED);
		arrive();
	}
	while (!jb_queue_is_kept(queue.arrived - length, 1))
		read_one();
	dequeue();
	assert_int_equal(jb_queue_read(&queue, length, now, &ns, &weight), JB_QUEUE_SAMPLE);
	assert_int_equal(weight, JB_QUEUE_OWED + 2);
	/* It has stood for them once. */
	reads = weights = 0;
	while (length)
		read_one();
	assert_weights(4);
}

static void test_too_deep_is_told(void **state)
{
	(void)state;
	while (length < DEEPEST + 1)
		arrive();
	assert_int_equal(read_one(), JB_QUEUE_TOO_DEEP);
	assert_int_not_equal(read_one(), JB_QUEUE_TOO_DEEP);
	while (length < 40000)
		arrive();
	while (length > DEEPEST)
		assert_int_equal(read_one(), JB_QUEUE_TOO_DEEP);
	/* No read afterwards is, and the samples stand for all of them. */
	reads = weights = too_deep = 0;
	while (length)
		read_one();
	assert_int_equal(too_deep, 0);
	assert_weights(256);
}

/* Waiting for longer than any number: 2^32 would be none. */
static void test_absurd_lengths(void **state)
{
	static const __u32 lengths[] = {32768, 65536, 1U << 31, UINT32_MAX - 1, UINT32_MAX};
	__u32 weight = 77;
	__u64 ns = 88;

	(void)state;
	queue.arrived = UINT32_MAX;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		assert_int_equal(jb_queue_read(&queue, lengths[i], now, &ns, &weight),
				 JB_QUEUE_TOO_DEEP);
	assert_int_equal(ns, 88);
	assert_int_equal(weight, 77);
}

static void test_what_came_before_is_skipped(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		enqueue();
	for (int i = 0; i < 20; i++)
		assert_int_equal(read_one(), JB_QUEUE_SKIPPED);
	for (int i = 0; i < 10; i++)
		arrive();
	for (int i = 0; i < 30; i++)
		assert_int_equal(read_one(), JB_QUEUE_SKIPPED);
	for (int i = 0; i < 10; i++)
		assert_int_equal(read_one(), JB_QUEUE_SAMPLE);
}

static void test_what_is_not_queued_puts_nothing_out_of_step(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		switch (jb_random_below(&seed, 4)) {
		case 0:
			arrive_in_vain();
			break;
		case 1:
			if (length)
				vanish();
			break;
		default:
			arrive();
		}
		while (length > jb_random_below(&seed, 100))
			assert_int_equal(read_one(), JB_QUEUE_SAMPLE);
	}
	assert_true(samples > 1000);
}

/* Bursts of any length, drops, vanishing ones, pauses; each sample is looked at in read_one(). */
static void test_random_lengths(void **state)
{
	(void)state;
	for (int turn = 0; turn < 300; turn++) {
		__u32 most = 1U << jb_random_below(&seed, 16);
		__u32 n = jb_random_below(&seed, most);

		for (__u32 i = 0; i < n && length < 40000; i++) {
			if (jb_random_below(&seed, 10) == 0)
				arrive_in_vain();
			else
				arrive();
		}
		pass(500000000);
		for (n = jb_random_below(&seed, 2 * most); n && length; n--) {
			if (jb_random_below(&seed, 20) == 0)
				vanish();
			else
				read_one();
		}
	}
	assert_true(samples > 10000 && skipped > 10000 && too_deep > 100);
	reads -= too_deep;
	assert_weights(JB_QUEUE_OWED);
}

/* Datagrams are numbered modulo 2^32: those across the end are left out, none is wrong. */
static void test_numbers_begin_anew(void **state)
{
	(void)state;
	queue.arrived = UINT32_MAX - 5000;
	while (length < 1000)
		arrive();
	for (int i = 0; i < 20000; i++) {
		arrive();
		read_one();
	}
	/* One in 16 is read; but for those that were in the queue at the end. */
	assert_in_range(weights, reads - 1000 - 32, reads);
	reads = weights = skipped = 0;
	while (length)
		read_one();
	assert_weights(16 + 4 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_short_queues_are_read_whole, setup),
		cmocka_unit_test_setup(test_each_level, setup),
		cmocka_unit_test_setup(test_one_more_is_the_next_level, setup),
		cmocka_unit_test_setup(test_the_mean_is_that_of_all, setup),
		cmocka_unit_test_setup(test_samples_that_vanish, setup),
		cmocka_unit_test_setup(test_too_deep_is_told, setup),
		cmocka_unit_test_setup(test_absurd_lengths, setup),
		cmocka_unit_test_setup(test_what_came_before_is_skipped, setup),
		cmocka_unit_test_setup(test_what_is_not_queued_puts_nothing_out_of_step, setup),
		cmocka_unit_test_setup(test_random_lengths, setup),
		cmocka_unit_test_setup(test_numbers_begin_anew, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
