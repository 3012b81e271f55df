/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "stun.h"

const __u64 jb_test_stun_no_requests[JB_DIRECTION_MAX];

void jb_test_stun_send(const struct jb_harness *h, int version, const struct message *m,
		       __u16 attributes)
{
	struct jb_wire w = {};

	jb_wire_stun(&w, m->type, m->transaction, attributes);
	jb_harness_datagram(h, m->direction, version, w.data, w.len);
}

void jb_test_stun_ask(const struct jb_harness *h, enum jb_direction direction, __u32 transaction)
{
	jb_test_stun_send(h, 4, &(struct message){direction, STUN_REQUEST, transaction}, 0);
}

void jb_test_stun_answer(const struct jb_harness *h, enum jb_direction direction, __u32 transaction)
{
	jb_test_stun_send(h, 4, &(struct message){direction, STUN_SUCCESS, transaction}, 0);
}

__u32 jb_test_stun_waiting(const struct jb_harness *h)
{
	__u32 n = 0;

	for (__u32 i = 0; i < JB_PAIRS; i++)
		n += !!h->kernel->stun[i].id;
	return n;
}

void jb_test_stun_forget_all(const struct jb_harness *h)
{
	memset(h->kernel->stun, 0, JB_PAIRS * sizeof(*h->kernel->stun));
}

__u32 jb_test_stun_apart(const struct jb_harness *h)
{
	static __u32 first;

	for (int tries = 0; tries < 20; tries++) {
		first += JB_TEST_STUN_APART;
		jb_test_stun_forget_all(h);
		for (__u32 i = 0; i < JB_TEST_STUN_APART; i++) {
			jb_test_stun_ask(h, IN, first + i);
			jb_test_stun_ask(h, OUT, first + i);
		}
		if (jb_test_stun_waiting(h) == 2 * JB_TEST_STUN_APART)
			break;
	}
	assert_int_equal(jb_test_stun_waiting(h), 2 * JB_TEST_STUN_APART);
	jb_test_stun_forget_all(h);
	return first;
}

static __u64 samples(const struct jb_rtt_histogram *rtt)
{
	__u64 n = 0;

	for (int i = 0; i < JB_RTT_BUCKETS; i++)
		n += rtt->bucket[i];
	return n;
}

void jb_test_stun_check(const struct jb_harness *h, const char *name, const __u64 requests[2],
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
