/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Headers of every length, number and type; cut short, and what each counts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "shape.h"

/* Eight extension headers are followed, a ninth is a fault. */
static void test_ipv6_chains(void **state)
{
	struct jb_harness *h = *state;

	for (int n = 1; n <= 9; n++) {
		struct shape s = {"chain", V6, PLAIN_RTP, MEASURED};
		char name[40];

		snprintf(name, sizeof(name), "chain of %d extension headers", n);
		s.name = name;
		s.chain_len = n;
		for (int i = 0; i < n; i++)
			s.chain[i] = (struct extension){.type = IPPROTO_DSTOPTS, .units = i % 3};
		if (n > 8) {
			s.streams = s.packets = 0;
			s.fault = JB_FAULT_IPV6_EXTENSIONS;
			s.faults = ROUNDS;
		}
		jb_shape_check(h, &s, JB_INGRESS);
	}
}

static void test_reserved_payload_types(void **state)
{
	for (int type = 0; type < 128; type++) {
		struct shape s = {"payload type", V4, RTP(-1, 160, .payload_type = type), MEASURED};
		char name[24];

		snprintf(name, sizeof(name), "payload type %d", type);
		s.name = name;
		if (type >= 64 && type <= 95) {
			s.streams = s.packets = 0;
			s.fault = NO_FAULT;
		}
		jb_shape_check(*state, &s, JB_EGRESS);
	}
}

/* Sends the first `len` octets; false if the kernel refuses so short a packet. */
static bool run_cut(struct jb_harness *h, const struct jb_test_packet *whole, size_t len)
{
	struct jb_test_packet p = *whole;
	int result;

	p.len = len;
	jb_harness_mark(h);
	result = jb_harness_try(h, JB_INGRESS, &p, NULL);
	if (result == -EINVAL)
		return false;
	assert_int_equal(result, 1);
	return true;
}

/* Captured short, the headers promising more: no octet beyond the packet is believed. */
static void test_cut_anywhere(void **state)
{
	struct jb_harness *h = *state;
	int refused = 0, run = 0;

	for (int version = 4; version <= 6; version += 2) {
		const struct jb_test_rtp rtp = {.ssrc = 77, .csrcs = 2, .extension = 2, .size = 20};
		struct jb_test_packet p;
		size_t udp;

		jb_test_rtp_packet(&p, version, &rtp);
		udp = p.payload - 8;
		for (size_t len = 1; len < p.len; len++) {
			if (!run_cut(h, &p, len)) {
				refused++;
				continue;
			}
			run++;
			jb_harness_check_faults(
				h, "cut", len < udp ? JB_FAULT_IP_HEADER : JB_FAULT_UDP_LENGTH, 1);
		}
	}
	assert_int_equal(jb_harness_held(h), 0);
	assert_true(run >= 2 * (8 + 12));
	print_message("             %d lengths run, %d too short for the kernel\n", run, refused);
}

/* A datagram of every length: the UDP header tells the truth, RTP doesn't. */
static void test_short_datagrams(void **state)
{
	const struct jb_test_rtp rtp = {.ssrc = 78, .csrcs = 15, .extension = 7, .size = 20};
	const size_t header = 12 + 15 * 4 + 4 + 7 * 4;
	struct jb_test_packet whole;

	jb_test_rtp_packet(&whole, 4, &rtp);
	for (size_t n = 0; n < header; n++) {
		struct jb_test_packet p = whole;
		enum jb_fault fault = n < 2    ? NO_FAULT
				      : n < 12 ? JB_FAULT_RTP_TRUNCATED
					       : JB_FAULT_RTP_BOUNDS;

		p.len = p.payload + n;
		jb_test_finish(&p);
		jb_harness_mark(*state);
		jb_harness_run(*state, JB_EGRESS, &p);
		jb_harness_check_faults(*state, "short datagram", fault, 1);
	}
	assert_int_equal(jb_harness_held(*state), 0);
	whole.len = whole.payload + header;
	jb_test_finish(&whole);
	jb_harness_run(*state, JB_EGRESS, &whole);
	assert_int_equal(jb_harness_held(*state), 1);
}

/* What a shape counts besides packets. */
static void test_bytes_and_padding(void **state)
{
	struct jb_harness *h = *state;
	struct jb_test_rtp rtp = {.ssrc = 79, .extension = -1, .size = 160, .padding = 160};
	struct jb_test_packet p;
	struct jb_rtp_totals before, after;

	jb_harness_totals(h, JB_INGRESS, JB_MEDIA_AUDIO, &before);
	jb_test_rtp_packet(&p, 4, &rtp);
	jb_harness_run_in_order(h, JB_INGRESS, &p, 1, JB_PROBATION + 10);
	jb_harness_totals(h, JB_INGRESS, JB_MEDIA_AUDIO, &after);
	assert_int_equal(after.counter[JB_RTP_PACKETS] - before.counter[JB_RTP_PACKETS], 14);
	assert_int_equal(after.counter[JB_RTP_BYTES] - before.counter[JB_RTP_BYTES], 14 * 172);
	assert_int_equal(after.counter[JB_RTP_FRAMES] - before.counter[JB_RTP_FRAMES], 0);
	assert_int_equal(after.counter[JB_RTP_PADDING] - before.counter[JB_RTP_PADDING], 14);
	assert_int_equal(after.counter[JB_RTP_STARTED] - before.counter[JB_RTP_STARTED], 1);
}

static void test_shorter_probation_on_media_ports(void **state)
{
	static const __u16 ports[] = {30001, JB_HARNESS_MEDIA_PORT};
	static struct jb_harness_streams streams;
	struct jb_test_packet p;

	jb_harness_retire_all(*state);
	for (int known = 0; known < 2; known++) {
		__u32 wanted = known ? JB_PROBATION_KNOWN : JB_PROBATION;

		jb_harness_rtp(&p, ports[known], 80);
		jb_harness_run_in_order(*state, JB_INGRESS, &p, 65535, wanted - 1);
		jb_harness_streams(*state, &streams);
		assert_int_equal(streams.count, known);
		jb_harness_run_in_order(*state, JB_INGRESS, &p, 65535 + wanted - 1, 1);
		jb_harness_streams(*state, &streams);
		assert_int_equal(streams.count, known + 1);
	}
}

/* A GSO packet's linear area may end after the UDP header. */
static void test_non_linear(void **state)
{
	const struct __sk_buff ctx = {.data_end = 14 + 20 + 8}; /* of newer kernels' test runs */
	struct jb_test_packet p;
	__u64 before = jb_harness_counter(*state, JB_INGRESS, JB_MEDIA_MAX, JB_RTP_PACKETS);

	jb_harness_rtp(&p, 30002, 81);
	if (jb_harness_try(*state, JB_INGRESS, &p, &ctx) == -EINVAL) {
		print_message("             this kernel's test run makes no non-linear packets\n");
		skip();
	}
	jb_harness_mark(*state);
	for (int i = 1; i < 8; i++) {
		jb_test_set_sequence(&p, i, i * 160);
		assert_int_equal(jb_harness_try(*state, JB_INGRESS, &p, &ctx), 1);
	}
	assert_int_equal(jb_harness_fault(*state, JB_FAULT_PACKET_UNREADABLE), 0);
	assert_int_equal(jb_harness_counter(*state, JB_INGRESS, JB_MEDIA_MAX, JB_RTP_PACKETS),
			 before + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv6_chains),
		cmocka_unit_test(test_reserved_payload_types),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_short_datagrams),
		cmocka_unit_test(test_bytes_and_padding),
		cmocka_unit_test(test_shorter_probation_on_media_ports),
		cmocka_unit_test(test_non_linear),
	};

	return cmocka_run_group_tests_name("headers", tests, jb_harness_setup, jb_harness_teardown);
}
