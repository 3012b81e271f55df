/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <jitterbug/candidate.h>

#include "capture/engine.h"

#include "frame.h"

#define SSRC 0x12345678
#define MS   1000000ULL

enum { PAYLOAD = 160, HEADERS = 14 + 20 + 8 };

/* A capture that begins at some time of 2026. */
struct world {
	struct jb_engine *engine;
	uint64_t now_ns;
};

static struct world begin_with(const struct jb_engine_config *config)
{
	struct world world = {.now_ns = 1790000000 * JB_SECOND_NS};

	assert_int_equal(jb_engine_new(config, &world.engine), 0);
	return world;
}

static struct world begin(void)
{
	return begin_with(&(struct jb_engine_config){.mtu = 1500, .max_streams = 100, .seed = 1});
}

static void feed(struct world *world, struct jb_frame frame)
{
	frame.time_ns = world->now_ns;
	assert_int_equal(jb_engine_frame(world->engine, JB_LINK_ETHERNET, &frame), 0);
}

/* An RTP packet of PAYLOAD octets from port 40000 to `port`. */
static struct maker rtp_to(uint16_t port, uint8_t payload_type, uint16_t sequence,
			   uint32_t timestamp, uint32_t ssrc)
{
	struct maker m = {};

	put_ethernet(&m, 0x0800);
	put_ipv4(&m, 8 + PAYLOAD);
	put_udp(&m, 40000, port, PAYLOAD);
	put_rtp(&m, payload_type, sequence, timestamp, ssrc);
	put_zeros(&m, PAYLOAD - 12);
	return m;
}

static void feed_rtp(struct world *world, uint8_t payload_type, uint16_t sequence,
		     uint32_t timestamp, uint32_t ssrc)
{
	struct maker m = rtp_to(50000, payload_type, sequence, timestamp, ssrc);

	feed(world, made(&m));
}

/* `count` packets of PCMU, 20 ms each. */
static void feed_audio(struct world *world, uint16_t first, int count)
{
	for (int i = 0; i < count; i++) {
		feed_rtp(world, 0, (uint16_t)(first + i), (uint32_t)(first + i) * 160, SSRC);
		world->now_ns += 20 * MS;
	}
}

/* `count` packets of video with payload type 96 and the RTX of some of them with 97. */
static void feed_video(struct world *world, int count)
{
	for (int i = 0; i < count; i++) {
		feed_rtp(world, 96, (uint16_t)i, (uint32_t)i * 3600, SSRC);
		feed_rtp(world, 97, (uint16_t)i, (uint32_t)i * 3600, SSRC + 1);
		world->now_ns += 40 * MS;
	}
}

static const struct jb_receiver *receiver(const struct world *world, size_t index)
{
	const struct jb_engine_stream *stream = jb_engine_stream(world->engine, index);

	assert_non_null(stream);
	return &stream->receiver;
}

static __u64 total(const struct world *world, enum jb_media media, enum jb_rtp_counter counter)
{
	struct jb_rtp_totals totals[JB_MEDIA_MAX];

	jb_engine_totals(world->engine, totals);
	return totals[media].counter[counter];
}

static void test_probation(void **state)
{
	struct world world = begin();

	(void)state;
	feed_audio(&world, 65534, 3);
	assert_null(jb_engine_stream(world.engine, 0));
	assert_int_equal(jb_engine_on_probation(world.engine), 3);
	feed_audio(&world, 1, 1);
	assert_int_equal(receiver(&world, 0)->packets, 4);
	assert_int_equal(receiver(&world, 0)->bytes, 4 * PAYLOAD);
	assert_int_equal(receiver(&world, 0)->frames, 4);
	assert_int_equal(jb_engine_on_probation(world.engine), 0);
	assert_int_equal(total(&world, JB_MEDIA_AUDIO, JB_RTP_PACKETS), 4);
	jb_engine_free(world.engine);
}

static void test_probation_on_media_ports(void **state)
{
	static uint64_t ports[65536 / 64];
	struct world world = begin_with(&(struct jb_engine_config){
		.mtu = 1500, .max_streams = 100, .seed = 1, .media_ports = ports});

	(void)state;
	ports[40000 / 64] = 1ULL << 40000 % 64; /* the source's */
	feed_audio(&world, 1, JB_PROBATION_KNOWN);
	assert_int_equal(receiver(&world, 0)->packets, JB_PROBATION_KNOWN);
	jb_engine_free(world.engine);
}

static void test_failed_probation_is_counted(void **state)
{
	struct world world = begin();

	(void)state;
	for (uint16_t i = 0; i < 10; i++)
		feed_rtp(&world, 111, (uint16_t)(i * 1000), 0, SSRC);
	assert_null(jb_engine_stream(world.engine, 0));
	assert_int_equal(jb_engine_stats(world.engine)->probation_failed, 9);
	assert_int_equal(jb_engine_on_probation(world.engine), 1);
	jb_engine_free(world.engine);
}

static void test_keys_tell_streams_apart(void **state)
{
	struct world world = begin();

	(void)state;
	for (uint16_t i = 0; i < 10; i++) {
		struct maker m = rtp_to(50001, 0, i, i * 160U, SSRC);

		feed_rtp(&world, 0, i, i * 160U, SSRC);
		feed_rtp(&world, 0, i, i * 160U, SSRC + 1);
		feed(&world, made(&m));
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(receiver(&world, i)->packets, 10);
	assert_null(jb_engine_stream(world.engine, 3));
	assert_int_equal(jb_engine_stream(world.engine, 0)->key.ssrc, SSRC);
	assert_int_equal(jb_engine_stream(world.engine, 1)->key.ssrc, SSRC + 1);
	assert_int_equal(jb_engine_stream(world.engine, 2)->key.destination_port, 50001);
	jb_engine_free(world.engine);
}

static void test_lost_lags_and_totals_are_flushed(void **state)
{
	struct world world = begin();

	(void)state;
	feed_audio(&world, 100, 10);
	feed_audio(&world, 113, 10);
	assert_int_equal(receiver(&world, 0)->lost, 0);
	assert_int_equal(jb_receiver_unseen(receiver(&world, 0)), 3);
	assert_int_equal(total(&world, JB_MEDIA_AUDIO, JB_RTP_LOST), 3);
	assert_int_equal(total(&world, JB_MEDIA_AUDIO, JB_RTP_EXPECTED), 23);
	/* Asked twice: the streams themselves are not flushed. */
	assert_int_equal(total(&world, JB_MEDIA_AUDIO, JB_RTP_LOST), 3);
	assert_int_equal(jb_receiver_unseen(receiver(&world, 0)), 3);
	jb_engine_free(world.engine);
}

static void test_snapped_packets_have_their_size(void **state)
{
	struct world world = begin();

	(void)state;
	for (uint16_t i = 0; i < 8; i++) {
		struct maker m = rtp_to(50000, 0, i, i * 160U, SSRC);
		struct jb_frame frame = made(&m);

		frame.captured = HEADERS + 12;
		feed(&world, frame);
		frame.captured--;
		feed(&world, frame);
		frame.captured = HEADERS + 1;
		feed(&world, frame);
	}
	assert_int_equal(receiver(&world, 0)->packets, 8);
	assert_int_equal(receiver(&world, 0)->bytes, 8 * PAYLOAD);
	assert_int_equal(jb_engine_stats(world.engine)->unreadable, 16);
	jb_engine_free(world.engine);
}

/* The padding's count is at the end, which was cut off: short ones are taken for padding only. */
static void test_snapped_padding(void **state)
{
	struct world world = begin();

	(void)state;
	for (uint16_t i = 0; i < 8; i++) {
		struct maker m = rtp_to(50000, 0, i, i * 160U, SSRC);
		struct jb_frame frame;

		m.data[HEADERS] |= 0x20;
		frame = made(&m);
		frame.captured = HEADERS + 12;
		feed(&world, frame);
	}
	assert_int_equal(receiver(&world, 0)->packets, 8);
	assert_int_equal(receiver(&world, 0)->frames, 0);
	assert_int_equal(jb_engine_stats(world.engine)->unreadable, 0);
	jb_engine_free(world.engine);
}

static void test_merged_packets_are_not_measured(void **state)
{
	struct world world = begin_with(
		&(struct jb_engine_config){.mtu = 28 + PAYLOAD - 1, .max_streams = 100, .seed = 1});

	(void)state;
	feed_audio(&world, 1, 10);
	assert_null(jb_engine_stream(world.engine, 0));
	assert_int_equal(jb_engine_stats(world.engine)->decodes[JB_DECODE_MERGED], 10);
	assert_int_equal(jb_engine_stats(world.engine)->decodes[JB_DECODE_UDP], 0);
	jb_engine_free(world.engine);
}

static void feed_payload(struct world *world, uint8_t first, uint8_t second, uint32_t length)
{
	struct maker m = {};

	put_ethernet(&m, 0x0800);
	put_ipv4(&m, 8 + length);
	put_udp(&m, 1, 2, length);
	if (length)
		put8(&m, first);
	if (length > 1)
		put8(&m, second);
	put_zeros(&m, length > 2 ? length - 2 : 0);
	feed(world, made(&m));
}

static void test_kinds(void **state)
{
	static const struct {
		uint8_t first, second;
		enum jb_packet_kind kind;
	} cases[] = {
		{0, 1, JB_PACKET_STUN},      {16, 0, JB_PACKET_ZRTP},
		{22, 254, JB_PACKET_DTLS},   {64, 0, JB_PACKET_CHANNEL_DATA},
		{0xc0, 0, JB_PACKET_QUIC},   {0x80, 111, JB_PACKET_RTP},
		{0x81, 200, JB_PACKET_RTCP}, {8, 0, JB_PACKET_OTHER},
	};
	struct world world = begin();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		__u64 before = jb_engine_stats(world.engine)->kinds[cases[i].kind];

		feed_payload(&world, cases[i].first, cases[i].second, 40);
		assert_int_equal(jb_engine_stats(world.engine)->kinds[cases[i].kind], before + 1);
	}
	feed_payload(&world, 0, 0, 0);
	feed_payload(&world, 0x80, 0, 1);
	assert_int_equal(jb_engine_stats(world.engine)->kinds[JB_PACKET_OTHER], 3);
	jb_engine_free(world.engine);
}

static void test_malformed_rtp_is_counted_by_name(void **state)
{
	struct world world = begin();
	const struct jb_engine_stats *stats = jb_engine_stats(world.engine);

	(void)state;
	feed_payload(&world, 0x80, 111, 11);
	assert_int_equal(stats->truncated, 1);
	feed_payload(&world, 0x8f, 111, 40);
	assert_int_equal(stats->not_rtp, 1); /* SSRC 0 */
	for (uint8_t i = 0; i < 2; i++) {
		struct maker m = rtp_to(50000, 111, 1, 1, SSRC);

		m.data[HEADERS] = i ? 0xb0 : 0x90;
		m.data[HEADERS + 14] = 0;
		m.data[HEADERS + 15] = (PAYLOAD - 16) / 4 + !i;
		feed(&world, made(&m));
	}
	assert_int_equal(stats->bounds, 1);
	assert_int_equal(stats->padding, 1);
	assert_int_equal(stats->kinds[JB_PACKET_RTP], 4);
	jb_engine_free(world.engine);
}

static void test_time_backwards(void **state)
{
	struct world world = begin();
	uint64_t latest;

	(void)state;
	feed_audio(&world, 1, 100);
	latest = world.now_ns - 20 * MS;
	world.now_ns -= 3600 * JB_SECOND_NS;
	feed_audio(&world, 101, 100);
	world.now_ns = 0;
	feed_audio(&world, 201, 100);
	latest += 2 * 99 * 20 * MS; /* each goes on where the clock was set back */
	assert_int_equal(jb_engine_stats(world.engine)->backwards, 2);
	assert_int_equal(jb_engine_stats(world.engine)->now_ns, latest);
	world.now_ns -= 520 * MS; /* another queue */
	feed_audio(&world, 301, 10);
	assert_int_equal(jb_engine_stats(world.engine)->backwards, 12);
	assert_int_equal(jb_engine_stats(world.engine)->now_ns, latest);
	world.now_ns = world.now_ns + 520 * MS - 200 * MS;
	feed_audio(&world, 311, 1);
	assert_int_equal(receiver(&world, 0)->packets, 311);
	assert_in_range(receiver(&world, 0)->last_ns, latest, latest + 20 * MS);
	assert_null(jb_engine_ended(world.engine, 0));
	jb_engine_free(world.engine);
}

static void test_idle_stream_ends_and_begins_anew(void **state)
{
	struct world world = begin();
	const struct jb_engine_stream *ended;

	(void)state;
	feed_audio(&world, 1, 10);
	feed_audio(&world, 13, 10);
	world.now_ns += JB_IDLE_NS - 20 * MS; /* since the last packet */
	feed_audio(&world, 500, 5);
	ended = jb_engine_ended(world.engine, 0);
	assert_non_null(ended);
	assert_int_equal(ended->receiver.packets, 20);
	assert_int_equal(ended->receiver.lost, 2);
	assert_int_equal(jb_receiver_unseen(&ended->receiver), 0);
	assert_null(jb_engine_ended(world.engine, 1));
	assert_int_equal(receiver(&world, 0)->packets, 5);
	assert_int_equal(jb_engine_stream(world.engine, 0)->first_bytes, JB_PROBATION * PAYLOAD);
	assert_null(jb_engine_stream(world.engine, 1));
	assert_int_equal(total(&world, JB_MEDIA_AUDIO, JB_RTP_PACKETS), 25);
	assert_int_equal(total(&world, JB_MEDIA_AUDIO, JB_RTP_LOST), 2);
	assert_int_equal(total(&world, JB_MEDIA_AUDIO, JB_RTP_STARTED), 2);
	jb_engine_free(world.engine);
}

static void test_bounds_on_streams_and_ended_ones(void **state)
{
	struct world world =
		begin_with(&(struct jb_engine_config){.mtu = 1500, .max_streams = 2, .seed = 1});

	(void)state;
	for (uint32_t ssrc = 1; ssrc <= 3; ssrc++)
		for (uint16_t i = 0; i < 8; i++)
			feed_rtp(&world, 0, i, i * 160U, ssrc);
	assert_null(jb_engine_stream(world.engine, 2));
	assert_int_equal(jb_engine_stats(world.engine)->streams_full, 2);
	assert_int_equal(jb_engine_stats(world.engine)->probation_failed, 8);
	for (uint16_t i = 0; i < 3; i++) {
		world.now_ns += JB_IDLE_NS;
		for (uint16_t k = 0; k < JB_PROBATION; k++)
			feed_rtp(&world, 0, i * 8 + k, k * 160U, 1);
	}
	assert_non_null(jb_engine_ended(world.engine, 1));
	assert_null(jb_engine_ended(world.engine, 2));
	assert_int_equal(jb_engine_stats(world.engine)->ended_dropped, 1);
	jb_engine_free(world.engine);
}

static void test_rtx_is_told_by_its_video(void **state)
{
	struct world world = begin();

	(void)state;
	feed_video(&world, 600);
	assert_int_equal(receiver(&world, 0)->media, JB_MEDIA_VIDEO);
	assert_int_equal(receiver(&world, 1)->media, JB_MEDIA_RTX);
	assert_int_equal(total(&world, JB_MEDIA_VIDEO, JB_RTP_STARTED), 0);
	assert_int_equal(total(&world, JB_MEDIA_UNKNOWN, JB_RTP_STARTED), 2);
	assert_true(total(&world, JB_MEDIA_VIDEO, JB_RTP_PACKETS) > 500);
	assert_true(total(&world, JB_MEDIA_RTX, JB_RTP_PACKETS) > 500);
	assert_int_equal(total(&world, JB_MEDIA_UNKNOWN, JB_RTP_PACKETS) +
				 total(&world, JB_MEDIA_VIDEO, JB_RTP_PACKETS) +
				 total(&world, JB_MEDIA_RTX, JB_RTP_PACKETS),
			 1200);
	jb_engine_free(world.engine);
}

/* The same payload types on another port are another flow's. */
static void test_rtx_needs_its_own_flow(void **state)
{
	struct world world = begin();

	(void)state;
	for (uint16_t i = 0; i < 600; i++) {
		struct maker m = rtp_to(50002, 97, i, i * 3600U, SSRC + 1);

		feed_rtp(&world, 96, i, i * 3600U, SSRC);
		feed(&world, made(&m));
		world.now_ns += 40 * MS;
	}
	assert_int_equal(receiver(&world, 0)->media, JB_MEDIA_VIDEO);
	assert_int_equal(receiver(&world, 1)->media, JB_MEDIA_VIDEO);
	jb_engine_free(world.engine);
}

static void test_same_counts_under_another_seed(void **state)
{
	struct world one = begin();
	struct world two = begin_with(
		&(struct jb_engine_config){.mtu = 1500, .max_streams = 100, .seed = ~0ULL});

	(void)state;
	feed_video(&one, 200);
	feed_video(&two, 200);
	for (size_t i = 0; i < 2; i++)
		assert_memory_equal(receiver(&one, i), receiver(&two, i),
				    sizeof(struct jb_receiver));
	jb_engine_free(one.engine);
	jb_engine_free(two.engine);
}

static void test_bad_config(void **state)
{
	struct jb_engine_config config = {.mtu = 1500};
	struct jb_engine *engine = NULL;

	(void)state;
	assert_int_equal(jb_engine_new(&config, &engine), -EINVAL);
	assert_null(engine);
	jb_engine_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probation),
		cmocka_unit_test(test_probation_on_media_ports),
		cmocka_unit_test(test_failed_probation_is_counted),
		cmocka_unit_test(test_keys_tell_streams_apart),
		cmocka_unit_test(test_lost_lags_and_totals_are_flushed),
		cmocka_unit_test(test_snapped_packets_have_their_size),
		cmocka_unit_test(test_snapped_padding),
		cmocka_unit_test(test_merged_packets_are_not_measured),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_malformed_rtp_is_counted_by_name),
		cmocka_unit_test(test_time_backwards),
		cmocka_unit_test(test_idle_stream_ends_and_begins_anew),
		cmocka_unit_test(test_bounds_on_streams_and_ended_ones),
		cmocka_unit_test(test_rtx_is_told_by_its_video),
		cmocka_unit_test(test_rtx_needs_its_own_flow),
		cmocka_unit_test(test_same_counts_under_another_seed),
		cmocka_unit_test(test_bad_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
