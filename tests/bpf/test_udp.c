/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* UDP of a workload: datagrams and octets of payload, also where several come as one packet. */
#include <netinet/in.h>
#include "harness.h"

#define BYTES(s) .data = s, .len = sizeof(s) - 1

struct datagram {
	const char *name;
	const char *data; /* NULL: `len` octets that are nothing */
	size_t len;
	__u32 gso_size;
	__u32 gso_segs;
	__u64 packets;
	bool rtp_like; /* probation ends it, not UDP */
};

static const struct datagram datagrams[] = {
	{"empty", BYTES(""), .packets = 1},
	{"one octet", .len = 1, .packets = 1},
	{"1472 octets", .len = 1472, .packets = 1},
	{"3000 octets", .len = 3000, .packets = 1},
	{"DNS query", BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), .packets = 1},
	{"begins like RTP", BYTES("\x80\0\0\1\0\0\0\0\0\0\0\1"), .packets = 1, .rtp_like = true},
	{"five segments", .len = 500, .gso_size = 100, .gso_segs = 5, .packets = 5},
	{"the last is of one octet", .len = 501, .gso_size = 100, .gso_segs = 6, .packets = 6},
	{"the last is one short", .len = 499, .gso_size = 100, .gso_segs = 5, .packets = 5},
	{"gso_segs untold", .len = 500, .gso_size = 100, .packets = 5},
	{"gso_segs a lie", .len = 500, .gso_size = 100, .gso_segs = 60000, .packets = 5},
	{"one segment, exactly", .len = 500, .gso_size = 500, .gso_segs = 1, .packets = 1},
	{"one segment, and room", .len = 500, .gso_size = 501, .gso_segs = 1, .packets = 1},
	{"one segment, and much room", .len = 1, .gso_size = 65535, .gso_segs = 1, .packets = 1},
	{"400 of one octet", .len = 400, .gso_size = 1, .gso_segs = 400, .packets = 400},
	{"empty, with a size", BYTES(""), .gso_size = 100, .packets = 1},
};

static void check_udp(const struct jb_harness *h, const char *name, enum jb_direction direction,
		      __u64 packets, __u64 bytes)
{
	union jb_totals expected = {}, grown;

	expected.udp.packets[direction] = packets;
	expected.udp.bytes[direction] = bytes;
	jb_harness_grown(h, JB_SLOT_UDP, &grown);
	for (size_t i = 0; i < sizeof(grown) / sizeof(__u64); i++)
		if (grown.word[i] != expected.word[i])
			fail_msg("%s: word %zu grew by %llu instead of %llu", name, i,
				 grown.word[i], expected.word[i]);
	jb_harness_check_still(h, name, 1 << JB_SLOT_UDP);
}

static void check_datagram(struct jb_harness *h, const struct datagram *d,
			   enum jb_direction direction, int version)
{
	static const char nothing[3072] = {[0 ... 3071] = '\x05'};
	const struct __sk_buff ctx = {.gso_size = d->gso_size, .gso_segs = d->gso_segs};
	struct jb_test_packet p;

	jb_test_datagram(&p, version, d->data ? d->data : nothing, d->len);
	jb_harness_mark(h);
	assert_int_equal(jb_harness_try(h, direction, &p, &ctx), 1);
	check_udp(h, d->name, direction, d->packets, d->len);
	if (!d->rtp_like)
		jb_harness_check_faults(h, d->name, JB_FAULT_MAX, 0);
}

static void test_datagrams(void **state)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			for (size_t i = 0; i < sizeof(datagrams) / sizeof(*datagrams); i++)
				check_datagram(*state, &datagrams[i], direction, version);
}

/* One socket, many datagrams: what is kept with it goes to the same row. */
static void test_one_socket(void **state)
{
	struct jb_harness *h = *state;
	struct jb_test_packet p;

	jb_test_datagram(&p, 6, "\x05hello", 6);
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
		jb_harness_mark(h);
		assert_int_equal(jb_harness_try_repeatedly(h, direction, &p, NULL, 1000), 1);
		check_udp(h, "one socket", direction, 1000, 6000);
	}
}

struct hostile {
	const char *name;
	int version;
	int at; /* from the IP header, if there is one to be changed */
	__u8 octets[2];
	__u8 protocol;
	enum jb_fault fault;
};

/* What is no UDP, or none that is whole, is not counted as such. */
static const struct hostile hostiles[] = {
	{"IPv4, UDP length beyond", 4, 24, {1, 0}, IPPROTO_UDP, JB_FAULT_UDP_LENGTH},
	{"IPv4, UDP length 7", 4, 24, {0, 7}, IPPROTO_UDP, JB_FAULT_UDP_LENGTH},
	{"IPv4, UDP length 65535", 4, 24, {255, 255}, IPPROTO_UDP, JB_FAULT_UDP_LENGTH},
	{"IPv4, a fragment", 4, 6, {0x20, 0}, IPPROTO_UDP, JB_FAULT_FRAGMENT},
	{"IPv4, header length 16", 4, 0, {0x44, 0}, IPPROTO_UDP, JB_FAULT_IP_HEADER},
	{"IPv4, UDP-Lite", 4, -1, {}, IPPROTO_UDPLITE, JB_FAULT_MAX},
	{"IPv4, ICMP", 4, -1, {}, IPPROTO_ICMP, JB_FAULT_MAX},
	{"IPv6, UDP length beyond", 6, 44, {1, 0}, IPPROTO_UDP, JB_FAULT_UDP_LENGTH},
	{"IPv6, UDP length 0", 6, 44, {0, 0}, IPPROTO_UDP, JB_FAULT_UDP_LENGTH},
	{"IPv6, ICMP", 6, -1, {}, IPPROTO_ICMPV6, JB_FAULT_MAX},
};

static void check_hostile(struct jb_harness *h, const struct hostile *s,
			  enum jb_direction direction)
{
	struct jb_test_packet p;

	jb_test_datagram(&p, s->version, "\x05 hello, who is there?", 21);
	p.data[p.ip + (s->version == 4 ? 9 : 6)] = s->protocol;
	if (s->at >= 0) {
		p.data[p.ip + s->at] = s->octets[0];
		p.data[p.ip + s->at + 1] = s->octets[1];
	}
	jb_harness_mark(h);
	jb_harness_run(h, direction, &p);
	jb_harness_check_still(h, s->name, 0);
	jb_harness_check_faults(h, s->name, s->fault, 1);
}

static void test_hostile(void **state)
{
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (size_t i = 0; i < sizeof(hostiles) / sizeof(*hostiles); i++)
			check_hostile(*state, &hostiles[i], direction);
}

/* The sum goes to nobody's row, and every packet is still counted once. */
static void test_without_rows(void **state)
{
	struct jb_harness h;

	(void)state;
	jb_harness_load(&h, 64, 0);
	jb_harness_mark(&h);
	for (int i = 0; i < 10; i++)
		jb_harness_datagram(&h, JB_EGRESS, 4, "\x05hello", 6);
	check_udp(&h, "no rows", JB_EGRESS, 10, 60);
	jb_harness_check_faults(&h, "no rows", JB_FAULT_ROWS_FULL, 10);
	jb_harness_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_one_socket),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_without_rows),
	};

	return cmocka_run_group_tests_name("udp", tests, jb_harness_setup, jb_harness_teardown);
}
