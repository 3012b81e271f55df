/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* QUIC is counted from the long header on that begins a connection on a socket. */
#include "harness.h"

#define BYTES(s) s, sizeof(s) - 1
#define INITIAL                                                                                    \
	"\xc3\0\0\0\1\x08"                                                                         \
	"abcdefgh\0"                                                                               \
	"rest of it, 32 octets in all..."
#define SHORT                                                                                      \
	"\x55"                                                                                     \
	"abcdefgh and what else there is; it has no length"

struct datagram {
	const char *name;
	const char *data;
	size_t len;
	__u64 counted;
};

static const struct datagram datagrams[] = {
	{"Initial", BYTES(INITIAL), 1},
	{"Version Negotiation",
	 BYTES("\xd5\0\0\0\0\0\x08"
	       "abcdefgh\0\0\0\1"),
	 1},
	{"QUIC 2",
	 BYTES("\xd3\x6b\x33\x43\xcf\x08"
	       "abcdefgh\0rest of it, 32 octets"),
	 1},
	{"draft 29",
	 BYTES("\xc3\xff\0\0\x1d\x08"
	       "abcdefgh\0rest of it, 32 octets"),
	 1},
	{"short header alone", BYTES(SHORT), 0},
	{"version 3",
	 BYTES("\xc3\0\0\0\3\x08"
	       "abcdefgh\0rest of it, 32 octets"),
	 0},
	{"id of 21 octets",
	 BYTES("\xc3\0\0\0\1\x15"
	       "abcdefghijklmnopqrstu\0rest"),
	 0},
	{"too short for its ids",
	 BYTES("\xc3\0\0\0\1\x14"
	       "abcdefgh"),
	 0},
	{"seven octets",
	 BYTES("\xc3\0\0\0\1\x08"
	       "a"),
	 0},
	{"DNS query whose id ends in 0", BYTES("\xc0\0\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), 0},
	{"DNS query with flags 0", BYTES("\xc0\0\0\0\0\1\0\0\0\0\0\0\3www\1a\0\0\1\0\1"), 0},
	{"DNS answer",
	 BYTES("\xff\0\x81\x80\0\1\0\1\0\0\0\0\1a\0\0\1\0\1\1a\0\0\1\0\1\0\0\0\1"
	       "\0\4abcd"),
	 0},
	{"DNS, its id like a short header", BYTES("\x55\x55\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), 0},
};

static void check(const struct jb_harness *h, const char *name, enum jb_direction direction,
		  __u64 packets, __u64 bytes, __u64 quic)
{
	union jb_totals want = {}, grown;

	want.udp.packets[direction] = packets;
	want.udp.bytes[direction] = bytes;
	want.udp.other[direction][JB_UDP_QUIC] = quic;
	jb_harness_grown(h, JB_SLOT_UDP, &grown);
	for (size_t i = 0; i < sizeof(grown) / sizeof(__u64); i++)
		if (grown.word[i] != want.word[i])
			fail_msg("%s: word %zu: %llu instead of %llu", name, i, grown.word[i],
				 want.word[i]);
	jb_harness_check_still(h, name, 1 << JB_SLOT_UDP);
	jb_harness_check_faults(h, name, JB_FAULT_MAX, 0);
}

/* Each on a socket of its own. */
static void test_first(void **state)
{
	struct jb_harness *h = *state;

	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			for (size_t i = 0; i < sizeof(datagrams) / sizeof(*datagrams); i++) {
				const struct datagram *d = &datagrams[i];

				jb_harness_mark(h);
				jb_harness_datagram(h, direction, version, d->data, d->len);
				check(h, d->name, direction, 1, d->len, d->counted);
			}
}

/* One packet of two datagrams of one size, so often on one socket. */
static void check_socket(struct jb_harness *h, const char *name, const char *first,
			 const char *second, int times, __u64 counted)
{
	const struct __sk_buff ctx = {.gso_size = 32};
	char both[2 * 32];
	struct jb_test_packet p;

	for (int i = 0; i < 32; i++) {
		both[i] = first[i];
		both[32 + i] = second[i];
	}
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++) {
		jb_test_datagram(&p, 4, both, sizeof(both));
		jb_harness_mark(h);
		assert_int_equal(jb_harness_try_repeatedly(h, direction, &p, &ctx, times), 1);
		check(h, name, direction, 2 * times, times * sizeof(both), counted);
	}
}

static void test_one_socket(void **state)
{
	static const char dns[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1 and 14 more.";

	_Static_assert(sizeof(INITIAL) > 32 && sizeof(SHORT) > 32 && sizeof(dns) > 32, "segments");
	check_socket(*state, "long, then short", INITIAL, SHORT, 1, 2);
	check_socket(*state, "short, then long", SHORT, INITIAL, 1, 1);
	check_socket(*state, "the socket remembers", SHORT, INITIAL, 5, 1 + 4 * 2);
	check_socket(*state, "never a long one", SHORT, SHORT, 5, 0);
	check_socket(*state, "others between", INITIAL, dns, 5, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_one_socket),
	};

	return cmocka_run_group_tests_name("QUIC", tests, jb_harness_setup, jb_harness_teardown);
}
