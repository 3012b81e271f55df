/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "feed.h"

static void check_stream(const struct jb_feed *feed)
{
	const struct jb_receiver *r = &feed->receiver;
	const __u64 *c = feed->stream.counter;

	assert_int_equal(r->ext - r->base + 1, r->unique + r->lost + jb_receiver_unseen(r));
	assert_true(r->base <= r->ext);
	assert_int_equal(r->lost, feed->lost);
	assert_int_equal(r->packets, c[JB_RTP_PACKETS]);
	assert_int_equal(r->bytes, c[JB_RTP_BYTES]);
	assert_int_equal(r->frames, c[JB_RTP_FRAMES]);
	assert_int_equal(r->gap, c[JB_RTP_GAP]);
	assert_int_equal(r->recovered, c[JB_RTP_RECOVERED]);
	assert_int_equal(r->duplicates, c[JB_RTP_DUPLICATES]);
	assert_int_equal(r->reordered, c[JB_RTP_REORDERED]);
	assert_int_equal(r->late, c[JB_RTP_LATE]);
	assert_int_equal(r->restarts, c[JB_RTP_RESTARTS]);
}

/* The totals were *before; the difference is the latest packet's. */
static void add_up(struct jb_feed *feed, const struct jb_rtp_totals *before)
{
	__u64 *c = feed->delta.counter;
	__u64 samples = 0;

	for (int i = 0; i < JB_RTP_COUNTER_MAX; i++) {
		assert_true(feed->totals.counter[i] >= before->counter[i]);
		c[i] = feed->totals.counter[i] - before->counter[i];
	}
	for (int i = 0; i < JB_JITTER_BUCKETS; i++)
		samples += feed->totals.deviation[i] - before->deviation[i];
	assert_in_range(samples, 0, 1);
	feed->delta.has_deviation = samples;
	feed->delta.deviation_ns = feed->totals.deviation_ns - before->deviation_ns;

	if (c[JB_RTP_STARTED])
		memset(&feed->stream, 0, sizeof(feed->stream));
	if (c[JB_RTP_STARTED] || c[JB_RTP_RESTARTS])
		feed->lost = 0;
	else
		feed->lost += c[JB_RTP_LOST];
	for (int i = 0; i < JB_RTP_COUNTER_MAX; i++)
		feed->stream.counter[i] += c[i];
}

void jb_feed_start(struct jb_feed *feed, __u16 sequence, __u32 timestamp, __u8 payload_type)
{
	memset(feed, 0, sizeof(*feed));
	feed->now_ns = 1000 * JB_SECOND_NS;
	feed->rtp = (struct jb_rtp){.ssrc = 1,
				    .sequence = sequence,
				    .timestamp = timestamp,
				    .payload_type = payload_type,
				    .header_len = 12};
	jb_receiver_start(&feed->receiver, &feed->rtp,
			  &(struct jb_held){.bytes = BYTES, .packets = 1, .frames = 1},
			  feed->now_ns, &feed->totals);
	add_up(feed, &(struct jb_rtp_totals){0});
	check_stream(feed);
}

enum jb_verdict jb_feed_packet(struct jb_feed *feed)
{
	struct jb_rtp_totals before = feed->totals;
	enum jb_verdict verdict;

	verdict = jb_receiver_packet(&feed->receiver, &feed->rtp, BYTES, feed->now_ns,
				     &feed->totals, true);
	add_up(feed, &before);
	check_stream(feed);
	return verdict;
}

enum jb_verdict jb_feed_next(struct jb_feed *feed, __u16 sequence, __u32 timestamp)
{
	feed->rtp.sequence = sequence;
	feed->rtp.timestamp = timestamp;
	return jb_feed_packet(feed);
}

void jb_feed_in_order(struct jb_feed *feed, __u32 count, __u32 ticks, __u64 interval_ns)
{
	while (count--) {
		feed->now_ns += interval_ns;
		assert_int_equal(
			jb_feed_next(feed, feed->rtp.sequence + 1, feed->rtp.timestamp + ticks),
			JB_IN_ORDER);
	}
}

void jb_feed_flush(struct jb_feed *feed)
{
	struct jb_rtp_totals before = feed->totals;
	struct jb_receiver *r = &feed->receiver;

	jb_receiver_flush(r, &feed->totals);
	add_up(feed, &before);
	check_stream(feed);
	assert_int_equal(jb_receiver_unseen(r), 0);
}

__u64 jb_feed_sum(const struct jb_feed *feed, enum jb_rtp_counter counter)
{
	return feed->totals.counter[counter];
}
