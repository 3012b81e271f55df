/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which row a packet is counted in: static payload types at once, others when the clock is told. */
#include <string.h>
#include <time.h>
#include "parallel.h"

static __u64 counted(const struct jb_harness *h, enum jb_media media)
{
	return jb_harness_counter(h, JB_INGRESS, media, JB_RTP_PACKETS);
}

static void send_type(struct jb_harness *h, __u32 ssrc, __u8 type, __u16 sequence, __u32 timestamp)
{
	const struct jb_test_rtp rtp = {.ssrc = ssrc,
					.payload_type = type,
					.sequence = sequence,
					.timestamp = timestamp,
					.extension = -1,
					.size = 160};
	struct jb_test_packet p;

	jb_test_rtp_packet(&p, 4, &rtp);
	jb_harness_run(h, JB_INGRESS, &p);
}

static void test_static_types(void **state)
{
	static const struct {
		__u8 type;
		enum jb_media media;
	} types[] = {{0, JB_MEDIA_AUDIO},    {8, JB_MEDIA_AUDIO},    {9, JB_MEDIA_AUDIO},
		     {14, JB_MEDIA_AUDIO},   {26, JB_MEDIA_VIDEO},   {34, JB_MEDIA_VIDEO},
		     {35, JB_MEDIA_UNKNOWN}, {111, JB_MEDIA_UNKNOWN}};
	struct jb_harness *h = *state;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		__u64 before = counted(h, types[i].media);
		__u64 all = counted(h, JB_MEDIA_MAX);

		for (int n = 0; n < 10; n++)
			send_type(h, 100 + i, types[i].type, n, n * 160);
		assert_int_equal(counted(h, types[i].media), before + 10);
		assert_int_equal(counted(h, JB_MEDIA_MAX), all + 10);
	}
	jb_harness_retire_all(h);
}

struct paced {
	__u32 ssrc;
	__u8 type;
	__u32 start_us;
	__u32 interval_us;
	__u32 ticks;
	enum jb_media media;
	__u32 sent;
};

static void sleep_until(__u64 ns)
{
	const struct timespec at = {.tv_sec = ns / JB_SECOND_NS, .tv_nsec = ns % JB_SECOND_NS};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static __u32 due_us(const struct paced *p)
{
	return p->start_us + p->sent * p->interval_us;
}

/* All streams in real time, for so long that their clocks must be known. */
static void send_paced(struct jb_harness *h, struct paced *streams, int count, __u32 duration_us)
{
	__u64 begin = jb_parallel_now_ns();

	for (;;) {
		struct paced *next = &streams[0];

		for (int i = 1; i < count; i++)
			if (due_us(&streams[i]) < due_us(next))
				next = &streams[i];
		if (due_us(next) > duration_us)
			return;
		sleep_until(begin + due_us(next) * 1000ULL);
		send_type(h, next->ssrc, next->type, next->sent, next->sent * next->ticks);
		next->sent++;
	}
}

static const struct jb_stream *find(const struct jb_harness_streams *streams, __u32 ssrc)
{
	for (__u32 i = 0; i < streams->count; i++)
		if (streams->stream[i].key.ssrc == ssrc)
			return &streams->stream[i];
	fail_msg("no stream of SSRC %u", ssrc);
	return NULL;
}

/* Its packets went to the unknown row until 2 s had passed, then to that of its media. */
static void check_locked(struct jb_harness *h, const struct paced *p, __u64 unknown, __u64 known)
{
	static struct jb_harness_streams streams;
	const struct jb_stream *s;

	jb_harness_streams(h, &streams);
	s = find(&streams, p->ssrc);
	print_message(
		"             SSRC %u: clock %u, %llu packets unknown, %llu told, J %.3f ms\n",
		p->ssrc, jb_clock_rate(s->receiver.clock), unknown, known,
		jb_receiver_jitter_ns(&s->receiver) / 1e6);
	assert_int_equal(s->receiver.media, p->media);
	assert_int_equal(s->row_media, p->media);
	assert_in_range(unknown * p->interval_us, 1950000, 2450000);
	assert_true(known > 0);
}

/*
 * The one test here that takes real time: no clock is told in less than 2 s. The third stream is
 * the video's retransmissions: payload type plus one on the same flow. It begins later, as they do.
 */
static void test_clock_lock(void **state)
{
	struct jb_harness fresh, *h = &fresh; /* its counters begin at 0 */
	struct paced streams[] = {
		{.ssrc = 1,
		 .type = 111,
		 .interval_us = 20000,
		 .ticks = 960,
		 .media = JB_MEDIA_AUDIO},
		{.ssrc = 2,
		 .type = 96,
		 .interval_us = 33333,
		 .ticks = 3000,
		 .media = JB_MEDIA_VIDEO},
		{.ssrc = 3,
		 .type = 97,
		 .interval_us = 50000,
		 .ticks = 4500,
		 .media = JB_MEDIA_RTX,
		 .start_us = 400000},
	};
	const int count = sizeof(streams) / sizeof(*streams);
	__u64 unknown = 0;

	(void)state;
	jb_harness_load(h, 64, 64);
	send_paced(h, streams, count, 2900000);
	for (int i = 0; i < count; i++) {
		__u64 known = counted(h, streams[i].media);

		check_locked(h, &streams[i], streams[i].sent - known, known);
		unknown += streams[i].sent - known;
	}
	assert_int_equal(counted(h, JB_MEDIA_UNKNOWN), unknown);
	for (int i = 0; i < JB_FAULT_MAX; i++)
		assert_int_equal(jb_harness_fault(h, i), 0);
	jb_harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_static_types),
		cmocka_unit_test(test_clock_lock),
	};

	return cmocka_run_group_tests_name("media", tests, jb_harness_setup, jb_harness_teardown);
}
