/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RTCP: what is counted of a datagram, in clear and under SRTCP; and what is not believed. */
#include <string.h>
#include "harness.h"
#include "wire.h"

struct counts {
	__u64 rtcp[JB_RTCP_TYPE_MAX];
	__u64 feedback[JB_RTCP_FEEDBACK_MAX];
};

struct datagram {
	const char *name;
	void (*build)(struct jb_wire *w);
	struct counts counts;
};

static void sender_compound(struct jb_wire *w)
{
	jb_wire_sr(w, 1, 0x1234, 0);
	jb_wire_rtcp(w, 202, 1, 1, 3);
}

static void sender_compound_with_report(struct jb_wire *w)
{
	jb_wire_sr(w, 1, 0x1234, 1);
	jb_wire_report(w, 2, 0, 0, 0);
	jb_wire_rtcp(w, 202, 1, 1, 3);
	jb_wire_rtcp(w, 203, 1, 1, 0);
}

static void receiver_compound(struct jb_wire *w)
{
	jb_wire_rr(w, 1, 1);
	jb_wire_report(w, 2, 0, 0, 0);
	jb_wire_rtcp(w, 202, 1, 1, 3);
}

static void every_type(struct jb_wire *w)
{
	jb_wire_sr(w, 1, 0x1234, 0);
	jb_wire_rr(w, 1, 0);
	jb_wire_rtcp(w, 202, 1, 1, 2);
	jb_wire_rtcp(w, 203, 1, 1, 0);
	jb_wire_rtcp(w, 204, 0, 1, 1);
	jb_wire_rtcp(w, 207, 0, 1, 4);
}

static void every_feedback(struct jb_wire *w)
{
	jb_wire_rr(w, 1, 0);
	jb_wire_rtcp(w, 205, 1, 1, 2);
	jb_wire_rtcp(w, 205, 15, 1, 4);
	jb_wire_rtcp(w, 206, 1, 1, 1);
	jb_wire_rtcp(w, 206, 4, 1, 3);
	jb_wire_rtcp(w, 206, 15, 1, 3);
}

static void other_feedback(struct jb_wire *w)
{
	jb_wire_rr(w, 1, 0);
	jb_wire_rtcp(w, 205, 3, 1, 2); /* TMMBR */
	jb_wire_rtcp(w, 206, 2, 1, 3); /* SLI */
	jb_wire_rtcp(w, 205, 0, 1, 2);
	jb_wire_rtcp(w, 206, 31, 1, 2);
}

static void reduced_size(struct jb_wire *w)
{
	jb_wire_rtcp(w, 206, 1, 1, 1);
}

static void twice(struct jb_wire *w)
{
	jb_wire_rtcp(w, 206, 1, 1, 1);
	jb_wire_rtcp(w, 206, 1, 1, 1);
}

/* BYE and SDES of nobody are of four octets. */
static void smallest(struct jb_wire *w)
{
	jb_wire_rr(w, 1, 0);
	jb_wire_octets(w, "\x80\xcb\0\0\x80\xca\0\0", 8);
}

static void alone_and_smallest(struct jb_wire *w)
{
	jb_wire_octets(w, "\x80\xcb\0\0", 4);
}

static void unknown_types(struct jb_wire *w)
{
	jb_wire_rtcp(w, 192, 0, 1, 0);
	jb_wire_rtcp(w, 208, 0, 1, 0);
	jb_wire_rtcp(w, 223, 0, 1, 0);
	jb_wire_rr(w, 1, 0);
}

static void sixteen(struct jb_wire *w)
{
	for (int i = 0; i < JB_RTCP_PACKETS_MAX; i++)
		jb_wire_rr(w, 1, 0);
}

/* Not followed to its end, so nobody knows that it is plain. */
static void seventeen(struct jb_wire *w)
{
	sixteen(w);
	jb_wire_rr(w, 1, 0);
}

static void padded(struct jb_wire *w)
{
	jb_wire_rr(w, 1, 0);
	jb_wire_octets(w, "\xa0\xca\0\2\0\0\0\1\0\0\0\4", 12);
}

/* Only the last may be padded. */
static void padded_early(struct jb_wire *w)
{
	jb_wire_octets(w, "\xa0\xc9\0\2\0\0\0\1\0\0\0\4", 12);
	jb_wire_rtcp(w, 206, 1, 1, 1);
}

/* E-flag and index, and a tag of 10 octets: HMAC-SHA1. */
static void srtcp(struct jb_wire *w, __u8 type, __u8 count, __u16 words)
{
	jb_wire_rtcp(w, type, count, 1, 0);
	w->data[w->len - 5] = 1 + words; /* its length */
	jb_wire_fill(w, 0xa5, words * 4);
	jb_wire_octets(w, "\x80\0\0\x07tagtagtagt", 14);
}

static void srtcp_sender(struct jb_wire *w)
{
	srtcp(w, 200, 0, 5);
}

static void srtcp_receiver(struct jb_wire *w)
{
	srtcp(w, 201, 1, 6);
}

static void srtcp_nack(struct jb_wire *w)
{
	srtcp(w, 205, 1, 2);
}

static void srtcp_remb(struct jb_wire *w)
{
	srtcp(w, 206, 15, 3);
}

/* The rest of a compound is behind the cipher. */
static void srtcp_compound(struct jb_wire *w)
{
	jb_wire_sr(w, 1, 0x1234, 0);
	jb_wire_fill(w, 0xa5, 24);
	jb_wire_octets(w, "\x80\0\0\x07tagtagtagt", 14);
}

/* GCM: 16 octets of tag, then index; a multiple of four. */
static void srtcp_gcm(struct jb_wire *w)
{
	jb_wire_sr(w, 1, 0x1234, 0);
	jb_wire_octets(w, "sixteen octets!!\x80\0\0\x07", 20);
}

/* What is behind it looks like RTCP, but it can't be told where it ends. */
static void srtcp_like_plain(struct jb_wire *w)
{
	jb_wire_sr(w, 1, 0x1234, 0);
	jb_wire_rtcp(w, 206, 1, 1, 1);
	jb_wire_octets(w, "\x80\xca\0\1\0\0\0\1\xb9\x07", 10);
}

static void second_too_long(struct jb_wire *w)
{
	jb_wire_rr(w, 1, 0);
	jb_wire_octets(w, "\x81\xce\0\3\0\0\0\1\0\0\0\2", 12);
}

static void first_too_long(struct jb_wire *w)
{
	jb_wire_octets(w, "\x80\xc9\0\2\0\0\0\1", 8);
}

static void length_65535(struct jb_wire *w)
{
	jb_wire_octets(w, "\x80\xc8\xff\xff\0\0\0\1", 8);
}

/* More blocks announced than there is room for: no plain RTCP. */
static void no_room_for_blocks(struct jb_wire *w)
{
	jb_wire_octets(w, "\x9f\xc9\0\1\0\0\0\1", 8);
	jb_wire_rtcp(w, 206, 1, 1, 1);
}

static void sender_without_its_part(struct jb_wire *w)
{
	jb_wire_rtcp(w, 200, 0, 1, 0);
	jb_wire_rtcp(w, 206, 1, 1, 1);
}

static void two_octets(struct jb_wire *w)
{
	jb_wire_octets(w, "\x80\xc8", 2);
}

static void seven_octets(struct jb_wire *w)
{
	jb_wire_octets(w, "\x80\xc9\0\1\0\0\0", 7);
}

static void seven_octets_of_bye(struct jb_wire *w)
{
	jb_wire_octets(w, "\x80\xcb\0\0\0\0\0", 7);
}

#define TYPES(...)    .counts.rtcp = {__VA_ARGS__}
#define FEEDBACK(...) .counts.feedback = {__VA_ARGS__}
#define NOTHING       .counts = {}

static const struct datagram datagrams[] = {
	{"SR, SDES", sender_compound, TYPES([JB_RTCP_SR] = 1, [JB_RTCP_SDES] = 1)},
	{"SR with a report, SDES, BYE", sender_compound_with_report,
	 TYPES([JB_RTCP_SR] = 1, [JB_RTCP_SDES] = 1, [JB_RTCP_BYE] = 1)},
	{"RR, SDES", receiver_compound, TYPES([JB_RTCP_RR] = 1, [JB_RTCP_SDES] = 1)},
	{"every type", every_type, TYPES(1, 1, 1, 1, 1, 1)},
	{"every feedback", every_feedback, TYPES([JB_RTCP_RR] = 1), FEEDBACK(1, 1, 1, 1, 1)},
	{"feedback that isn't counted", other_feedback, TYPES([JB_RTCP_RR] = 1)},
	{"PLI alone", reduced_size, FEEDBACK([JB_RTCP_PLI] = 1)},
	{"PLI twice", twice, FEEDBACK([JB_RTCP_PLI] = 2)},
	{"RR, and BYE and SDES of nobody", smallest,
	 TYPES([JB_RTCP_RR] = 1, [JB_RTCP_BYE] = 1, [JB_RTCP_SDES] = 1)},
	{"BYE of nobody", alone_and_smallest, TYPES([JB_RTCP_BYE] = 1)},
	{"unknown types before an RR", unknown_types, TYPES([JB_RTCP_RR] = 1)},
	{"16 RRs", sixteen, TYPES([JB_RTCP_RR] = 16)},
	{"17 RRs", seventeen, TYPES([JB_RTCP_RR] = 1)},
	{"the last one padded", padded, TYPES([JB_RTCP_RR] = 1, [JB_RTCP_SDES] = 1)},
	{"the first one padded", padded_early, TYPES([JB_RTCP_RR] = 1)},
	{"SRTCP, SR", srtcp_sender, TYPES([JB_RTCP_SR] = 1)},
	{"SRTCP, RR", srtcp_receiver, TYPES([JB_RTCP_RR] = 1)},
	{"SRTCP, NACK", srtcp_nack, FEEDBACK([JB_RTCP_NACK] = 1)},
	{"SRTCP, REMB", srtcp_remb, FEEDBACK([JB_RTCP_REMB] = 1)},
	{"SRTCP, SR and something", srtcp_compound, TYPES([JB_RTCP_SR] = 1)},
	{"SRTCP of GCM", srtcp_gcm, TYPES([JB_RTCP_SR] = 1)},
	{"SRTCP that looks like plain", srtcp_like_plain, TYPES([JB_RTCP_SR] = 1)},
	{"the second longer than the datagram", second_too_long, TYPES([JB_RTCP_RR] = 1)},
	{"the first longer than the datagram", first_too_long, NOTHING},
	{"length 65535", length_65535, NOTHING},
	{"31 blocks announced, none there", no_room_for_blocks, TYPES([JB_RTCP_RR] = 1)},
	{"SR without its sender's part", sender_without_its_part, TYPES([JB_RTCP_SR] = 1)},
	{"two octets", two_octets, NOTHING},
	{"seven octets", seven_octets, NOTHING},
	{"seven octets, a BYE in them", seven_octets_of_bye, TYPES([JB_RTCP_BYE] = 1)},
};

static void check_counts(const struct jb_harness *h, const char *name, enum jb_direction direction,
			 const struct counts *expected)
{
	union jb_totals want = {}, grown;

	memcpy(want.signal.rtcp, expected->rtcp, sizeof(want.signal.rtcp));
	memcpy(want.signal.feedback, expected->feedback, sizeof(want.signal.feedback));
	jb_harness_grown(h, JB_SLOT_SIGNAL + direction, &grown);
	for (size_t i = 0; i < sizeof(grown) / sizeof(__u64); i++)
		if (grown.word[i] != want.word[i])
			fail_msg("%s: word %zu: %llu instead of %llu", name, i, grown.word[i],
				 want.word[i]);
	jb_harness_check_still(h, name, 1 << (JB_SLOT_SIGNAL + direction) | 1 << JB_SLOT_UDP);
	jb_harness_check_faults(h, name, JB_FAULT_MAX, 0);
}

static void test_counts(void **state)
{
	struct jb_harness *h = *state;

	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			for (size_t i = 0; i < sizeof(datagrams) / sizeof(*datagrams); i++) {
				const struct datagram *d = &datagrams[i];
				struct jb_wire w = {};

				d->build(&w);
				jb_harness_mark(h);
				jb_harness_datagram(h, direction, version, w.data, w.len);
				check_counts(h, d->name, direction, &d->counts);
			}
}

/* Cut anywhere, a compound counts at most its first; nothing that is not there. */
static void test_cut_anywhere(void **state)
{
	static const struct counts first = {.rtcp[JB_RTCP_SR] = 1};
	static const struct counts none = {};
	struct jb_harness *h = *state;
	struct jb_wire w = {};

	sender_compound_with_report(&w);
	for (size_t len = 2; len < w.len; len++) {
		const struct counts two = {.rtcp = {[JB_RTCP_SR] = 1, [JB_RTCP_SDES] = 1}};
		bool whole = len == 28 + 24 + 20; /* without the BYE */

		jb_harness_mark(h);
		jb_harness_datagram(h, JB_INGRESS, 4, w.data, len);
		check_counts(h, "cut", JB_INGRESS, whole ? &two : len < 28 + 24 ? &none : &first);
	}
}

/* Of several datagrams in one packet each is looked at. */
static void test_segments(void **state)
{
	static const struct counts three = {.feedback[JB_RTCP_PLI] = 3};
	const struct __sk_buff ctx = {.gso_size = 12};
	struct jb_harness *h = *state;
	struct jb_test_packet p;
	struct jb_wire w = {};

	for (int i = 0; i < 3; i++)
		jb_wire_rtcp(&w, 206, 1, 1, 1);
	jb_test_datagram(&p, 6, w.data, w.len);
	jb_harness_mark(h);
	assert_int_equal(jb_harness_try(h, JB_EGRESS, &p, &ctx), 1);
	check_counts(h, "segments", JB_EGRESS, &three);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_segments),
	};

	return cmocka_run_group_tests_name("RTCP", tests, jb_harness_setup, jb_harness_teardown);
}
