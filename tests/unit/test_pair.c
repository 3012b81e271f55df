/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jitterbug/pair.h>
#include <jitterbug/row.h>
#include <jitterbug/traffic.h>

#define GRAIN 1024

static __u64 age(__u64 at_ns, __u64 now_ns)
{
	const struct jb_pair pair = {.id = 1, .at = jb_pair_time(at_ns)};

	return jb_pair_age_ns(&pair, now_ns);
}

static void test_age(void **state)
{
	static const __u64 ages[] = {0,        1,           GRAIN,        40000000,
				     10000000, 10000000000, JB_SECOND_NS, 4000 * JB_SECOND_NS};
	static const __u64 begins[] = {0, 999, 1ULL << 41, ((1ULL << 32) * GRAIN) - 5000,
				       3 * ((1ULL << 32) * GRAIN) - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++)
		for (size_t j = 0; j < sizeof(begins) / sizeof(*begins); j++) {
			__u64 got = age(begins[j], begins[j] + ages[i]);

			assert_true(got < ages[i] + GRAIN && ages[i] < got + GRAIN);
		}
}

/* The longest that a request is kept can be told, and again is no part of a row. */
static void test_ranges(void **state)
{
	(void)state;
	assert_true(JB_STUN_TIMEOUT_NS < JB_PAIR_KEPT_NS);
	assert_true(JB_PAIR_KEPT_NS < (1ULL << 31) * GRAIN);
	assert_int_equal(JB_PAIRS & (JB_PAIRS - 1), 0);
	assert_true(JB_PAIR_AGAIN > 1000000U * JB_SLOT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
