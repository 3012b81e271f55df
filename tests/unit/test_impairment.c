/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "streams/impairment.h"

#define SECONDS      (1000 * JB_MS_NS)
#define INTERVAL     (5 * SECONDS)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LOSS         (1U << JB_IMPAIRED_LOSS)
#define JITTER       (1U << JB_IMPAIRED_JITTER)
#define FREEZE       (1U << JB_IMPAIRED_FREEZE)
#define SOURCE_GAP   (1U << JB_IMPAIRED_SOURCE_GAP)
#define NO_JITTER    JB_IMPAIRMENT_NO_JITTER

/* The defaults of --impaired-loss and --impaired-jitter. */
static const struct jb_impairment_limits limits = {.loss_ppm = 20000, .jitter_ns = 30 * JB_MS_NS};
static const struct jb_impairment_counts nothing;

/* A stream that had a past; each test says what the interval adds. */
static const struct jb_impairment_counts past = {.started_ns = 7,
						 .last_ns = 100 * SECONDS,
						 .packets = 5000,
						 .unique = 4000,
						 .duplicates = 20,
						 .gap = 300,
						 .recovered = 100,
						 .restarts = 1,
						 .freezes = 3};

/* The past, and `received` packets in the numbers' order with `gap` skipped before them. */
static struct jb_impairment_counts after(__u32 received, __u32 gap, __u32 recovered)
{
	struct jb_impairment_counts counts = past;

	counts.packets += received;
	counts.unique += received;
	counts.gap += gap;
	counts.recovered += recovered;
	counts.last_ns += received ? INTERVAL : 0;
	return counts;
}

static __u32 judge(const struct jb_impairment_counts *current, enum jb_direction direction)
{
	return jb_impairment_judge(&past, current, NO_JITTER, direction, &limits);
}

#define FEW UINT32_MAX /* too few packets to tell */

/* The set's bits and the label's order are one contract. */
static void test_reasons(void **state)
{
	(void)state;
	assert_int_equal(JB_IMPAIRED_LOSS, 0);
	assert_int_equal(JB_IMPAIRED_JITTER, 1);
	assert_int_equal(JB_IMPAIRED_FREEZE, 2);
	assert_int_equal(JB_IMPAIRED_SOURCE_GAP, 3);
	assert_int_equal(JB_IMPAIRED_MAX, 4);
}

static void test_loss(void **state)
{
	static const struct {
		__u32 received, gap, recovered;
		__u32 ppm;
		bool impaired;
	} table[] = {
		{250, 0, 0, 0, false},
		/* around 2% */
		{49, 1, 0, 20000, true},
		{50, 1, 0, 19607, false},
		{48, 1, 0, 20408, true},
		{98, 2, 0, 20000, true},
		{99, 2, 0, 19801, false},
		{980000, 20000, 0, 20000, true},
		{980001, 20000, 0, 19999, false},
		{979999, 20000, 0, 20000, true},
		/* what came later was not lost */
		{250, 6, 6, 0, false},
		{245, 11, 6, 20000, true},
		{246, 11, 6, 19920, false},
		/* repaired now, skipped before */
		{250, 0, 1, 0, false},
		{250, 3, 10, 0, false},
		{250, 0, 250, 0, false},
		/* so few that they say nothing */
		{2, 1, 0, FEW, false},
		{8, 1, 0, FEW, false},
		{1, 8, 0, FEW, false},
		{9, 0, 0, FEW, false},
		{9, 1, 0, 100000, true},
		{1, 9, 0, 900000, true},
		{10, 0, 0, 0, false},
		/* an outage */
		{1, 65535, 0, 999984, true},
		{1, UINT32_MAX, 0, 999999, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct jb_impairment_counts now = after(table[i].received, table[i].gap,
							table[i].recovered);
		__u32 ppm = FEW;

		assert_int_equal(jb_impairment_loss(&past, &now, &ppm), table[i].ppm != FEW);
		assert_int_equal(ppm, table[i].ppm);
		assert_int_equal(judge(&now, JB_INGRESS), table[i].impaired ? LOSS : 0);
		assert_int_equal(judge(&now, JB_EGRESS), table[i].impaired ? SOURCE_GAP : 0);
	}
}

static void test_loss_at_other_limits(void **state)
{
	static const struct {
		__u32 limit, received, gap;
		bool impaired;
	} table[] = {
		{0, 250, 0, false},      {0, 249, 1, true},       {10, 99999, 1, true},
		{10, 100000, 1, false},  {1000000, 1, 99, false}, {500000, 10, 10, true},
		{500000, 11, 10, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct jb_impairment_counts now = after(table[i].received, table[i].gap, 0);
		struct jb_impairment_limits other = {table[i].limit, 0};

		assert_int_equal(jb_impairment_judge(&past, &now, NO_JITTER, JB_INGRESS, &other),
				 table[i].impaired ? LOSS : 0);
	}
}

static void test_jitter(void **state)
{
	static const struct {
		__u64 limit_ns, jitter_ns;
		bool impaired;
	} table[] = {
		{30 * JB_MS_NS, 0, false},
		{30 * JB_MS_NS, 30 * JB_MS_NS - 1, false},
		{30 * JB_MS_NS, 30 * JB_MS_NS, true},
		{30 * JB_MS_NS, 30 * JB_MS_NS + 1, true},
		{30 * JB_MS_NS, 20 * SECONDS, true},
		{30 * JB_MS_NS, NO_JITTER, false},
		{0, 0, false},
		{0, 1, true},
		{0, NO_JITTER, false},
	};
	struct jb_impairment_counts now = after(250, 0, 0);

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct jb_impairment_limits other = {20000, table[i].limit_ns};

		for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
			assert_int_equal(jb_impairment_judge(&past, &now, table[i].jitter_ns,
							     direction, &other),
					 table[i].impaired ? JITTER : 0);
	}
}

/* Only audio and video, with a clock. */
static void test_who_has_jitter(void **state)
{
	struct jb_receiver r = {.jitter = 1000};

	(void)state;
	for (int media = 0; media < JB_MEDIA_MAX; media++) {
		bool has = media == JB_MEDIA_AUDIO || media == JB_MEDIA_VIDEO;

		r.media = media;
		for (int clock = 0; clock < JB_CLOCK_MAX; clock++) {
			r.clock = clock;
			assert_true(jb_impairment_jitter(&r) ==
				    (has && clock ? 1000 << JB_JITTER_SHIFT : NO_JITTER));
		}
	}
}

static void test_freezes(void **state)
{
	struct jb_impairment_counts now = after(250, 0, 0);

	(void)state;
	now.freezes = past.freezes + 1;
	assert_int_equal(judge(&now, JB_INGRESS), FREEZE);
	assert_int_equal(judge(&now, JB_EGRESS), FREEZE);
	now.freezes = 0; /* a counter of two bits has wrapped */
	assert_int_equal(judge(&now, JB_INGRESS), FREEZE);
}

static void test_all_at_once(void **state)
{
	struct jb_impairment_counts now = after(90, 10, 0);

	(void)state;
	now.freezes++;
	assert_int_equal(jb_impairment_judge(&past, &now, 30 * JB_MS_NS, JB_INGRESS, &limits),
			 LOSS | JITTER | FREEZE);
	assert_int_equal(jb_impairment_judge(&past, &now, 30 * JB_MS_NS, JB_EGRESS, &limits),
			 SOURCE_GAP | JITTER | FREEZE);
}

static void test_silence_is_not_impaired(void **state)
{
	__u32 ppm = FEW;

	(void)state;
	assert_int_equal(jb_impairment_judge(&past, &past, 500 * JB_MS_NS, JB_INGRESS, &limits), 0);
	assert_false(jb_impairment_loss(&past, &past, &ppm));
	assert_int_equal(ppm, FEW);
	assert_int_equal(jb_impairment_span_ns(&past, &past, INTERVAL), 0);
}

/* After a restart `unique` is 2 again; what came before it is known from the packets. */
static void test_restart(void **state)
{
	struct jb_impairment_counts now = after(0, 4, 0);
	__u32 ppm;

	(void)state;
	now.packets += 210;
	now.duplicates += 10;
	now.unique = 2;
	now.restarts++;
	assert_true(jb_impairment_loss(&past, &now, &ppm));
	assert_int_equal(ppm, 4 * 1000000 / 204);
	assert_int_equal(judge(&now, JB_INGRESS), 0);
	now.gap++;
	assert_int_equal(judge(&now, JB_INGRESS), LOSS);
}

/* The same place in the table, another stream: nothing is carried over from the one before. */
static void test_another_stream(void **state)
{
	struct jb_impairment_counts now = {.started_ns = 102 * SECONDS,
					   .last_ns = 104 * SECONDS,
					   .packets = 6000,
					   .unique = 98,
					   .gap = 2};
	__u32 ppm;

	(void)state;
	assert_true(jb_impairment_loss(&past, &now, &ppm));
	assert_int_equal(ppm, 20000);
	assert_int_equal(judge(&now, JB_INGRESS), LOSS); /* and no freeze, though 3 became 0 */
	assert_int_equal(jb_impairment_span_ns(&past, &now, INTERVAL), 2 * SECONDS);
	assert_int_equal(jb_impairment_judge(&nothing, &now, NO_JITTER, JB_INGRESS, &limits), LOSS);
	assert_int_equal(jb_impairment_span_ns(&nothing, &now, INTERVAL), 2 * SECONDS);
}

static void test_counters_wrap(void **state)
{
	struct jb_impairment_counts before = past, now;
	__u32 ppm;

	(void)state;
	before.gap = UINT32_MAX;
	before.recovered = UINT32_MAX - 1;
	before.duplicates = UINT32_MAX;
	now = before;
	now.packets += 98;
	now.unique += 98;
	now.gap += 5;
	now.recovered += 3;
	assert_true(jb_impairment_loss(&before, &now, &ppm));
	assert_int_equal(ppm, 20000);
	now.duplicates += 8;
	now.restarts++;
	assert_true(jb_impairment_loss(&before, &now, &ppm));
	assert_int_equal(ppm, 2 * 1000000 / 92);
}

static void test_span(void **state)
{
	static const struct {
		__u64 previous_ms, current_ms, span_ms;
	} table[] = {
		{100000, 105000, 5000}, {100000, 104999, 4999}, {100000, 105001, 5000},
		{100000, 100001, 1},    {100000, 100000, 0},    {100000, 130000, 5000},
		{100000, 99000, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct jb_impairment_counts before = past, now = past;

		before.last_ns = table[i].previous_ms * JB_MS_NS;
		now.last_ns = table[i].current_ms * JB_MS_NS;
		assert_int_equal(jb_impairment_span_ns(&before, &now, INTERVAL),
				 table[i].span_ms * JB_MS_NS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_loss_at_other_limits),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_who_has_jitter),
		cmocka_unit_test(test_freezes),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_silence_is_not_impaired),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_another_stream),
		cmocka_unit_test(test_counters_wrap),
		cmocka_unit_test(test_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
