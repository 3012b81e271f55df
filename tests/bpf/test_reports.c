/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Report blocks of plain RTCP: what was lost since the one before, and round trips. */
#include <string.h>
#include "kernel/batch.h"
#include "parallel.h"
#include "wire.h"

#define REPORTS_MAX 8
#define SECOND      65536U /* of DLSR */

/* Each case has sources of its own, so none begins where another left off. */
static __u32 fresh_ssrc(void)
{
	static __u32 ssrc = 0x1000;

	return ssrc += 16;
}

struct losses {
	const char *name;
	int count;
	struct {
		__u32 reporter; /* 0..15 */
		__u32 source;
		__s32 lost;
	} report[REPORTS_MAX];
	__u64 lost; /* expected */
};

static const struct losses losses[] = {
	{"the first is what later ones are measured by", 1, {{0, 1, 100}}, 0},
	{"from 0", 4, {{0, 1, 0}, {0, 1, 5}, {0, 1, 5}, {0, 1, 9}}, 9},
	{"from 100", 2, {{0, 1, 100}, {0, 1, 103}}, 3},
	{"duplicates make it negative", 3, {{0, 1, -4}, {0, 1, -2}, {0, 1, 3}}, 3},
	{"it falls: what was told stays told", 4, {{0, 1, 2}, {0, 1, 8}, {0, 1, 5}, {0, 1, 9}}, 7},
	{"two reporters", 4, {{0, 1, 10}, {2, 1, 50}, {0, 1, 11}, {2, 1, 54}}, 5},
	{"two sources", 4, {{0, 1, 10}, {0, 2, 50}, {0, 1, 11}, {0, 2, 54}}, 5},
	{"the largest there is", 2, {{0, 1, 0}, {0, 1, 0x7fffff}}, 0x7fffff},
	{"from the least to the largest", 2, {{0, 1, -0x800000}, {0, 1, 0x7fffff}}, 0x7fffff},
	{"from the largest to the least", 2, {{0, 1, 0x7fffff}, {0, 1, -0x800000}}, 0},
};

static void build_report(struct jb_wire *w, bool sender, __u32 reporter, __u32 source, __s32 lost)
{
	w->len = 0;
	if (sender)
		jb_wire_sr(w, reporter, 0x77, 1);
	else
		jb_wire_rr(w, reporter, 1);
	jb_wire_report(w, source, lost, 0, 0);
}

static __u64 reported_lost(const struct jb_harness *h, enum jb_direction direction)
{
	union jb_totals grown;

	jb_harness_grown(h, JB_SLOT_SIGNAL + direction, &grown);
	return grown.signal.reported_lost;
}

static void check_losses(struct jb_harness *h, const struct losses *l, enum jb_direction direction,
			 int version, bool sender)
{
	__u32 ssrc = fresh_ssrc();
	struct jb_wire w;

	jb_harness_mark(h);
	for (int i = 0; i < l->count; i++) {
		build_report(&w, sender, ssrc + l->report[i].reporter, ssrc + l->report[i].source,
			     l->report[i].lost);
		jb_harness_datagram(h, direction, version, w.data, w.len);
	}
	if (reported_lost(h, direction) != l->lost)
		fail_msg("%s: %llu lost instead of %llu", l->name, reported_lost(h, direction),
			 l->lost);
	assert_int_equal(reported_lost(h, !direction), 0);
	jb_harness_check_faults(h, l->name, JB_FAULT_MAX, 0);
}

static void test_losses(void **state)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			for (int sender = 0; sender < 2; sender++)
				for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++)
					check_losses(*state, &losses[i], direction, version,
						     sender);
}

/* As many blocks as there can be, each of its own source. */
static void test_31_blocks(void **state)
{
	struct jb_harness *h = *state;

	for (int sender = 0; sender < 2; sender++) {
		__u32 ssrc = 0x100000 + 0x1000 * sender;

		jb_harness_mark(h);
		for (__u32 round = 0; round < 3; round++) {
			struct jb_wire w = {};

			if (sender)
				jb_wire_sr(&w, ssrc, 0x77, 31);
			else
				jb_wire_rr(&w, ssrc, 31);
			for (__u32 i = 0; i < 31; i++)
				jb_wire_report(&w, ssrc + 1 + i, round * i, 0, 0);
			jb_harness_datagram(h, JB_INGRESS, 4, w.data, w.len);
		}
		assert_int_equal(reported_lost(h, JB_INGRESS), 2 * 30 * 31 / 2);
	}
}

/* Under SRTCP what stands where the blocks would be is noise. */
static void test_encrypted(void **state)
{
	struct jb_harness *h = *state;

	jb_harness_mark(h);
	for (__s32 lost = 0; lost < 100; lost += 10) {
		struct jb_wire w;

		build_report(&w, false, 0x200000, 0x200001, lost);
		jb_wire_octets(&w, "\x80\0\0\x07tagtagtagt", 14);
		jb_harness_datagram(h, JB_INGRESS, 4, w.data, w.len);
	}
	assert_int_equal(reported_lost(h, JB_INGRESS), 0);
}

/* Another flow of the same names is somebody else. */
static void test_flows(void **state)
{
	struct jb_harness *h = *state;
	struct jb_test_packet p;
	struct jb_wire w;

	jb_harness_mark(h);
	for (int i = 0; i < 4; i++) {
		build_report(&w, false, 0x300000, 0x300001, 10 * i);
		jb_test_datagram(&p, 4, w.data, w.len);
		p.data[p.payload - 8] += i; /* its source port */
		jb_harness_run(h, JB_INGRESS, &p);
	}
	assert_int_equal(reported_lost(h, JB_INGRESS), 0);
}

/* --- round trips */

struct aging {
	int fd;
	__u32 moved;
	__u64 ns;
};

static void age_one(void *ctx, const void *key, const void *value)
{
	struct aging *aging = ctx;
	struct jb_pair pair = *(const struct jb_pair *)value;

	if (!pair.id)
		return;
	pair.at -= jb_pair_time(aging->ns);
	assert_int_equal(bpf_map_update_elem(aging->fd, key, &pair, 0), 0);
	aging->moved++;
}

/* As if so much time had passed since each SR; how many there are. */
static __u32 age(const struct jb_harness *h, __u64 ns)
{
	struct aging aging = {.fd = bpf_map__fd(h->kernel->skel->maps.jb_reports), .ns = ns};

	assert_int_equal(
		jb_batch_each(aging.fd, sizeof(__u32), sizeof(struct jb_pair), 0, age_one, &aging),
		0);
	return aging.moved;
}

static void send_sr(const struct jb_harness *h, enum jb_direction direction, int version,
		    __u32 ssrc, __u64 ntp)
{
	struct jb_wire w = {};

	jb_wire_sr(&w, ssrc, ntp, 0);
	jb_wire_rtcp(&w, 202, 1, ssrc, 3);
	jb_harness_datagram(h, direction, version, w.data, w.len);
}

static void send_rr(const struct jb_harness *h, enum jb_direction direction, int version,
		    __u32 ssrc, __u32 lsr, __u32 dlsr)
{
	struct jb_wire w = {};

	jb_wire_rr(&w, ssrc + 1, 1);
	jb_wire_report(&w, ssrc, 0, lsr, dlsr);
	jb_harness_datagram(h, direction, version, w.data, w.len);
}

static void round_trips(const struct jb_harness *h, enum jb_direction direction,
			struct jb_rtt_histogram *ret, __u64 *ret_samples)
{
	union jb_totals grown;

	jb_harness_grown(h, JB_SLOT_SIGNAL + direction, &grown);
	*ret = grown.signal.rtcp_rtt;
	*ret_samples = 0;
	for (int i = 0; i < JB_RTT_BUCKETS; i++)
		*ret_samples += ret->bucket[i];
}

struct trip {
	const char *name;
	enum jb_direction asked, answered;
	__u64 ntp; /* of the SR */
	__u32 lsr; /* of the RR */
	__u64 age_ms;
	__u32 dlsr;
	__u64 samples;
	__u64 trip_ms;
};

#define NTP 0xe1e2e3e4e5e6e7e8ULL
#define LSR 0xe3e4e5e6U

static const struct trip trips[] = {
	{"no wait", JB_EGRESS, JB_INGRESS, NTP, LSR, 40, 0, 1, 40},
	{"answered after 1 s", JB_EGRESS, JB_INGRESS, NTP, LSR, 1040, SECOND, 1, 40},
	{"answered after 250 ms", JB_EGRESS, JB_INGRESS, NTP, LSR, 330, SECOND / 4, 1, 80},
	{"waited longer than it took", JB_EGRESS, JB_INGRESS, NTP, LSR, 40, SECOND, 0, 0},
	{"waited for 18 hours", JB_EGRESS, JB_INGRESS, NTP, LSR, 40, 0xffffffff, 0, 0},
	{"another SR", JB_EGRESS, JB_INGRESS, NTP, LSR + 1, 40, 0, 0, 0},
	{"no SR yet", JB_EGRESS, JB_INGRESS, 0, 0, 40, 0, 0, 0},
	{"the other side's SR", JB_INGRESS, JB_EGRESS, NTP, LSR, 40, 0, 0, 0},
	{"the other side's SR, answered by itself", JB_INGRESS, JB_INGRESS, NTP, LSR, 40, 0, 0, 0},
	{"our own report", JB_EGRESS, JB_EGRESS, NTP, LSR, 40, 0, 0, 0},
};

static void check_trip(struct jb_harness *h, const struct trip *t, int version)
{
	__u32 ssrc = fresh_ssrc();
	__u64 begin = jb_parallel_now_ns(), took, samples;
	struct jb_rtt_histogram rtt;

	jb_harness_mark(h);
	send_sr(h, t->asked, version, ssrc, t->ntp);
	age(h, t->age_ms * JB_MS_NS);
	send_rr(h, t->answered, version, ssrc, t->lsr, t->dlsr);
	took = jb_parallel_now_ns() - begin;
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
		round_trips(h, direction, &rtt, &samples);
		if (samples != (direction == JB_INGRESS ? t->samples : 0))
			fail_msg("%s: direction %d: %llu samples", t->name, direction, samples);
		if (!samples)
			continue;
		assert_in_range(rtt.sum_ns, t->trip_ms * JB_MS_NS - 2048,
				t->trip_ms * JB_MS_NS + took + 2048);
		assert_int_equal(rtt.bucket[jb_rtt_bucket(rtt.sum_ns)], 1);
	}
	jb_harness_check_faults(h, t->name, JB_FAULT_MAX, 0);
}

static void test_round_trips(void **state)
{
	for (int version = 4; version <= 6; version += 2)
		for (size_t i = 0; i < sizeof(trips) / sizeof(*trips); i++)
			check_trip(*state, &trips[i], version);
}

/* Each receiver of a conference reports on the one SR, and each twice. */
static void test_several_answers(void **state)
{
	struct jb_harness *h = *state;
	struct jb_rtt_histogram rtt;
	__u64 samples;

	jb_harness_mark(h);
	send_sr(h, JB_EGRESS, 4, 0x400000, NTP);
	age(h, 100 * JB_MS_NS);
	for (int i = 0; i < 6; i++)
		send_rr(h, JB_INGRESS, 4, 0x400000, LSR, 0);
	round_trips(h, JB_INGRESS, &rtt, &samples);
	assert_int_equal(samples, 6);
}

/* A block in an SR answers as well as one in an RR. */
static void test_answered_by_a_sender(void **state)
{
	struct jb_harness *h = *state;
	struct jb_wire w = {};
	struct jb_rtt_histogram rtt;
	__u64 samples;

	jb_harness_mark(h);
	send_sr(h, JB_EGRESS, 6, 0x500000, NTP);
	age(h, 100 * JB_MS_NS);
	jb_wire_sr(&w, 0x500001, NTP, 2);
	jb_wire_report(&w, 0x500002, 0, LSR, 0); /* of another's */
	jb_wire_report(&w, 0x500000, 0, LSR, 0);
	jb_harness_datagram(h, JB_INGRESS, 6, w.data, w.len);
	round_trips(h, JB_INGRESS, &rtt, &samples);
	assert_int_equal(samples, 1);
}

/* SRTCP hides the time in an SR: it is not remembered. */
static void test_encrypted_sender_report(void **state)
{
	struct jb_wire w = {};
	struct jb_harness h;

	(void)state;
	jb_harness_load(&h, 64, 16);
	jb_wire_sr(&w, 0x600000, NTP, 0);
	jb_wire_octets(&w, "\x80\0\0\x07tagtagtagt", 14);
	jb_harness_datagram(&h, JB_EGRESS, 4, w.data, w.len);
	assert_int_equal(age(&h, 0), 0);
	send_sr(&h, JB_EGRESS, 4, 0x600000, NTP);
	assert_int_equal(age(&h, 0), 1);
	jb_harness_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_31_blocks),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_several_answers),
		cmocka_unit_test(test_answered_by_a_sender),
		cmocka_unit_test(test_encrypted_sender_report),
	};

	return cmocka_run_group_tests_name("reports", tests, jb_harness_setup, jb_harness_teardown);
}
