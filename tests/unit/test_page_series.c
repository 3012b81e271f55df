/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many series an owner takes on the page: what is reckoned with, and the design's budget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_text.h"

#define RTP_IN (JB_SLOT_RTP + JB_INGRESS * JB_MEDIA_MAX + JB_MEDIA_AUDIO)

/* Only the pod, with the slots that are set. Nothing is left out for being 0. */
static unsigned int series_of(const bool seen[JB_SLOT_MAX])
{
	struct jb_owner_totals *pod = &owners[1];

	pod->cgroups = 1; /* it is there */
	page.owners = pod;
	page.n_owners = 1;
	memcpy(pod->seen, seen, sizeof(pod->seen));
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
		for (size_t i = 0; i < sizeof(union jb_totals) / sizeof(__u64); i++)
			pod->totals[slot].word[i] = 1;
	/* Who only accepts has no connects. */
	memset(&pod->totals[JB_SLOT_TCP + JB_LEG_MESH_IN].tcp.connect, 0,
	       sizeof(struct jb_rtt_histogram));
	memset(&pod->totals[JB_SLOT_TCP + JB_LEG_PLAIN_IN].tcp.connect, 0,
	       sizeof(struct jb_rtt_histogram));
	for (int d = 0; d < JB_DIRECTION_MAX; d++)
		pod->impaired_since_s[d] = seen[JB_SLOT_QUALITY + d];
	render(JB_EXPOSITION_TEXT);
	return series();
}

/* Each slot beside RTP that comes in, for that brings the receive queue of UDP. */
static void assert_slot_series(bool full)
{
	__u32 reckoned[JB_SLOTS_PRICED];
	unsigned int rtp;

	page.full = full;
	jb_page_slot_series(full, reckoned);
	rtp = series_of((bool[JB_SLOT_MAX]){[RTP_IN] = true});
	assert_int_equal(rtp, reckoned[jb_slot_rtp(JB_INGRESS, 0)]);
	for (__u32 slot = JB_SLOT_RTP + JB_MEDIA_MAX; slot < JB_SLOT_MAX; slot++) {
		bool seen[JB_SLOT_MAX] = {[RTP_IN] = true};
		__u32 more = slot < JB_SLOT_TCP ? 0 : reckoned[JB_PRICE_OF_TCP];

		if (slot < JB_SLOT_SIGNAL && slot % JB_MEDIA_MAX)
			continue; /* all media of a direction are there if one is */
		seen[slot] = true;
		assert_int_equal(series_of(seen) - rtp, reckoned[slot] + more);
	}
}

static void test_slots(void **state)
{
	(void)state;
	assert_slot_series(false);
	assert_slot_series(true);
}

static void assert_all_slots(bool full)
{
	__u32 reckoned[JB_SLOTS_PRICED], sum = 0;
	bool all[JB_SLOT_MAX];

	memset(all, true, sizeof(all));
	page.full = full;
	jb_page_slot_series(full, reckoned);
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
		if (slot >= JB_SLOT_SIGNAL || slot % JB_MEDIA_MAX == 0)
			sum += reckoned[slot];
	assert_int_equal(series_of(all), sum + reckoned[JB_PRICE_OF_TCP]);
}

static void test_all_slots(void **state)
{
	(void)state;
	assert_all_slots(false);
	assert_all_slots(true);
}

/* With as many reasons for dropped packets as there may be. */
static void drop_for_many_reasons(void)
{
	static struct jb_owner_drop drops[JB_OWNER_DROPS + 1];

	for (__u32 i = 0; i <= JB_OWNER_DROPS; i++)
		drops[i] = (struct jb_owner_drop){JB_DROP_UDP, i, 1};
	owners[1].drops = drops;
	owners[1].n_drops = JB_OWNER_DROPS + 1;
}

static void test_budget_without_media(void **state)
{
	bool seen[JB_SLOT_MAX] = {[JB_SLOT_UDP] = true};

	(void)state;
	for (int leg = 0; leg <= JB_LEG_LOOPBACK; leg++)
		seen[JB_SLOT_TCP + leg] = true;
	drop_for_many_reasons();
	assert_in_range(series_of(seen), 50, 120);
}

/* With all the legs there are; most have half of them. */
static void test_budget_in_the_mesh(void **state)
{
	bool seen[JB_SLOT_MAX] = {[JB_SLOT_UDP] = true};

	(void)state;
	for (int leg = JB_LEG_LOOPBACK; leg < JB_LEG_UNKNOWN; leg++)
		seen[JB_SLOT_TCP + leg] = true;
	drop_for_many_reasons();
	/* So that a hundred of them, without drops, fit into the default of --max-series. */
	assert_in_range(series_of(seen) - (JB_OWNER_DROPS + 1), 120, 190);
}

static void test_budget_with_media(void **state)
{
	bool all[JB_SLOT_MAX];

	(void)state;
	memset(all, true, sizeof(all));
	for (int leg = JB_LEG_LOOPBACK + 1; leg < JB_PATH_MAX; leg++)
		all[JB_SLOT_TCP + leg] = false;
	drop_for_many_reasons();
	assert_in_range(series_of(all), 300, 450);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_slots),
		TEST(test_all_slots),
		TEST(test_budget_without_media),
		TEST(test_budget_in_the_mesh),
		TEST(test_budget_with_media),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
