/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's streams against the same receiver in user space, packet by packet. */
#include <string.h>
#include <netinet/in.h>
#include "../unit/random.h"
#include "harness.h"

#define SEEDS   6
#define PACKETS 2000

struct pair {
	struct jb_harness h;
	struct jb_test_packet packet;
	struct jb_receiver reference;
	struct jb_rtp_totals totals;
	__u64 now_ns;
};

static void start(struct pair *p, __u16 sequence)
{
	const struct jb_held held = {
		.packets = JB_PROBATION, .frames = JB_PROBATION, .bytes = JB_PROBATION * 172};
	const struct jb_rtp rtp = {.ssrc = 1,
				   .sequence = sequence + JB_PROBATION - 1,
				   .timestamp = (JB_PROBATION - 1) * 160,
				   .header_len = 12};

	memset(p, 0, sizeof(*p));
	jb_harness_load(&p->h, 64, 16);
	jb_harness_rtp(&p->packet, 5004, 1);
	for (int i = 0; i < JB_PROBATION; i++) {
		jb_test_set_sequence(&p->packet, sequence + i, i * 160);
		jb_harness_run(&p->h, JB_INGRESS, &p->packet);
	}
	p->now_ns = 1000 * JB_SECOND_NS;
	jb_receiver_start(&p->reference, &rtp, &held, p->now_ns, &p->totals);
}

/* Time stands still in the one and nearly so in the other: what depends on it isn't compared. */
static void both(struct pair *p, __u16 sequence, __u32 timestamp)
{
	const struct jb_rtp rtp = {
		.ssrc = 1, .sequence = sequence, .timestamp = timestamp, .header_len = 12};

	jb_test_set_sequence(&p->packet, sequence, timestamp);
	jb_harness_run(&p->h, JB_INGRESS, &p->packet);
	jb_receiver_packet(&p->reference, &rtp, 172, p->now_ns, &p->totals, true);
}

#define assert_same(a, b, field) assert_int_equal((a)->field, (b)->field)

static void compare_receivers(const struct jb_receiver *a, const struct jb_receiver *b)
{
	assert_memory_equal(a->seen, b->seen, sizeof(a->seen));
	assert_same(a, b, ext);
	assert_same(a, b, base);
	assert_same(a, b, packets);
	assert_same(a, b, bytes);
	assert_same(a, b, unique);
	assert_same(a, b, frame_ts);
	assert_same(a, b, frames);
	assert_same(a, b, clock);
	assert_same(a, b, payload_type);
	assert_same(a, b, media);
	assert_same(a, b, flags);
	assert_same(a, b, held_seq);
	assert_same(a, b, late_run);
	assert_same(a, b, lost);
	assert_same(a, b, gap);
	assert_same(a, b, recovered);
	assert_same(a, b, duplicates);
	assert_same(a, b, restarts);
	assert_int_equal(a->reordered + a->late, b->reordered + b->late);
}

static void compare_totals(const struct jb_rtp_totals *a, const struct jb_rtp_totals *b)
{
	for (int i = 0; i < JB_RTP_COUNTER_MAX; i++)
		if (i != JB_RTP_REORDERED && i != JB_RTP_LATE) /* 40 ms apart */
			assert_same(a, b, counter[i]);
	assert_int_equal(a->counter[JB_RTP_REORDERED] + a->counter[JB_RTP_LATE],
			 b->counter[JB_RTP_REORDERED] + b->counter[JB_RTP_LATE]);
}

static void compare(struct pair *p)
{
	static struct jb_harness_streams streams;
	struct jb_rtp_totals totals;

	jb_harness_streams(&p->h, &streams);
	assert_int_equal(streams.count, 1);
	compare_receivers(&streams.stream[0].receiver, &p->reference);
	jb_harness_totals(&p->h, JB_INGRESS, JB_MEDIA_MAX, &totals);
	compare_totals(&totals, &p->totals);
}

/* Retired, both must have told the same. */
static void finish(struct pair *p)
{
	struct jb_rtp_totals totals;

	compare(p);
	assert_int_equal(jb_harness_retire_all(&p->h), 1);
	jb_receiver_flush(&p->reference, &p->totals);
	jb_harness_totals(&p->h, JB_INGRESS, JB_MEDIA_MAX, &totals);
	compare_totals(&totals, &p->totals);
	for (int i = 0; i < JB_FAULT_MAX; i++)
		assert_int_equal(jb_harness_fault(&p->h, i), 0);
	jb_harness_free(&p->h);
}

/* Where the next packet stands from the highest: mostly ahead by one; sometimes anything. */
static int random_step(struct jb_random *random)
{
	__u32 dice = jb_random_below(random, 1000);

	if (dice < 850)
		return 1;
	if (dice < 900)
		return 1 + jb_random_below(random, 6); /* loss */
	if (dice < 960)
		return -(int)jb_random_below(random, 40); /* reordering, duplicates */
	if (dice < 980)
		return -(int)jb_random_below(random, 600); /* late */
	if (dice < 995)
		return 1 + jb_random_below(random, 1000);
	return jb_random_below(random, 65536);
}

static void run_random(__u64 seed)
{
	struct jb_random random = {.state = seed};
	__u16 first = jb_random_next(&random), highest = first + JB_PROBATION - 1;
	struct pair p;

	start(&p, first);
	for (int i = 0; i < PACKETS; i++) {
		int step = random_step(&random);
		__u16 sequence = highest + step;

		both(&p, sequence, (__u16)(sequence - first) * 160);
		if (step > 0 && step < JB_MAX_DROPOUT)
			highest = sequence;
		if (i % 50 == 0)
			compare(&p);
	}
	print_message("             seed %2llu: %llu packets, %llu lost, %u duplicates, "
		      "%u restarts\n",
		      seed, p.reference.packets, p.totals.counter[JB_RTP_LOST],
		      p.reference.duplicates, p.reference.restarts);
	assert_true(p.totals.counter[JB_RTP_LOST] > 0 && p.reference.duplicates > 0);
	finish(&p);
}

static void test_random(void **state)
{
	(void)state;
	for (__u64 seed = 1; seed <= SEEDS; seed++)
		run_random(seed);
}

/* The sequences that facts and RFC name, after packets 0..3 of a stream that began at `first`. */
struct script {
	const char *name;
	__u16 first;
	int count;
	__s32 number[16]; /* from `first` */
	__u64 lost;       /* when retired */
	__u32 duplicates, recovered, restarts;
};

static const struct script scripts[] = {
	{"in order", 100, 4, {4, 5, 6, 7}, 0, 0, 0, 0},
	{"across the wrap", 65531, 6, {4, 5, 6, 7, 8, 9}, 0, 0, 0, 0},
	{"one lost at the wrap", 65531, 4, {4, 6, 7, 8}, 1, 0, 0, 0},
	{"two swapped", 7, 4, {5, 4, 6, 7}, 0, 0, 1, 0},
	{"twice and twice", 7, 5, {4, 4, 5, 5, 5}, 0, 3, 0, 0},
	{"late within the window", 7, 3, {259, 4, 258}, 253, 0, 2, 0},
	{"late beyond the window", 7, 3, {261, 4, 262}, 257, 0, 0, 0},
	{"before the first", 7, 3, {-1, -2, 4}, 0, 0, 0, 0},
	{"a jump that stays", 7, 4, {20000, 20001, 20002, 20003}, 0, 0, 0, 1},
	{"a jump and back", 7, 3, {20000, 4, 5}, 0, 0, 0, 0},
	{"2999 lost", 7, 2, {3002, 3003}, 2998, 0, 0, 0},
};

static void test_scripts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		const struct script *s = &scripts[i];
		struct pair p;

		print_message("             %s\n", s->name);
		start(&p, s->first);
		for (int n = 0; n < s->count; n++) {
			both(&p, s->first + s->number[n], s->number[n] * 160);
			compare(&p);
		}
		finish(&p);
		assert_int_equal(p.totals.counter[JB_RTP_LOST], s->lost);
		assert_int_equal(p.totals.counter[JB_RTP_DUPLICATES], s->duplicates);
		assert_int_equal(p.totals.counter[JB_RTP_RECOVERED], s->recovered);
		assert_int_equal(p.totals.counter[JB_RTP_RESTARTS], s->restarts);
	}
}

static void send_stream(struct jb_harness *h, enum jb_direction direction, int version,
			const __u16 ports[2], __u32 ssrc, __u8 last_octet)
{
	const struct jb_test_rtp rtp = {.ssrc = ssrc, .extension = -1, .size = 160};
	struct jb_test_packet p;

	if (version == 4)
		jb_test_ipv4(&p, IPPROTO_UDP, 0);
	else
		jb_test_ipv6(&p, IPPROTO_UDP);
	p.data[p.ip + (version == 4 ? 19 : 39)] += last_octet;
	p.data[p.ip + (version == 4 ? 15 : 8)] += last_octet == 2;
	jb_test_udp(&p, ports[0], ports[1]);
	jb_test_rtp(&p, &rtp);
	jb_test_finish(&p);
	jb_harness_run_in_order(h, direction, &p, 1, JB_PROBATION);
}

/* All but one thing equal, and yet another stream. */
static void test_keys(void **state)
{
	static const __u16 ports[3][2] = {{5004, 5006}, {5005, 5006}, {5004, 5007}};
	static struct jb_harness_streams streams;
	struct jb_harness h;
	__u32 count = 0;

	(void)state;
	jb_harness_load(&h, 256, 64);
	for (int direction = 0; direction < JB_DIRECTION_MAX; direction++)
		for (int version = 4; version <= 6; version += 2)
			for (int port = 0; port < 3; port++)
				for (__u32 ssrc = 1; ssrc <= 2; ssrc++)
					for (int octet = 0; octet < 3; octet++, count++)
						send_stream(&h, direction, version, ports[port],
							    ssrc, octet);
	jb_harness_streams(&h, &streams);
	assert_int_equal(streams.count, count);
	for (__u32 i = 0; i < count; i++) {
		assert_int_equal(streams.stream[i].receiver.packets, JB_PROBATION);
		for (__u32 j = 0; j < i; j++) {
			assert_int_not_equal(streams.hash[i], streams.hash[j]);
			assert_false(streams.stream[i].direction == streams.stream[j].direction &&
				     jb_stream_key_equal(&streams.stream[i].key,
							 &streams.stream[j].key));
		}
	}
	print_message("             %u streams\n", count);
	jb_harness_free(&h);
}

/* What the key holds is what the packet says; its hash can be told in user space. */
static void test_key_of_packet(void **state)
{
	static struct jb_harness_streams streams;
	static const __u8 v4_source[16] = {[10] = 0xff, 0xff, 10, 1, 2, 3};
	static const __u8 v4_destination[16] = {[10] = 0xff, 0xff, 10, 1, 2, 4};
	static const __u16 ports[2] = {5004, 5006};
	struct jb_harness h;
	const struct jb_stream *s = &streams.stream[0];

	(void)state;
	jb_harness_load(&h, 64, 64);
	send_stream(&h, JB_EGRESS, 4, ports, 0xdeadbeef, 0);
	jb_harness_streams(&h, &streams);
	assert_int_equal(streams.count, 1);
	assert_memory_equal(s->key.source.octet, v4_source, 16);
	assert_memory_equal(s->key.destination.octet, v4_destination, 16);
	assert_int_equal(s->key.source_port, 5004);
	assert_int_equal(s->key.destination_port, 5006);
	assert_int_equal(s->key.ssrc, 0xdeadbeef);
	assert_int_equal(s->direction, JB_EGRESS);
	assert_int_equal(streams.hash[0], jb_stream_hash(&s->key, JB_EGRESS,
							 h.kernel->skel->rodata->jb_config.seed));
	jb_harness_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key_of_packet),
	};

	return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
