/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The input is a series of packets: [action] [time] and then either octets as they are, or what
 * is to be added to the sequence number and the timestamp of the packet before. Each goes the way
 * of a real one: parser, probation, receiver. Aborts where an invariant breaks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jitterbug/candidate.h>
#include <jitterbug/receiver.h>

#define STREAMS 8 /* told apart by the lowest bits of the SSRC */

enum action { OCTETS = 0x80, PADDING = 0x40, SWITCH = 0x20 };

struct input {
	const uint8_t *octets;
	size_t left;
};

struct stream {
	bool admitted;
	struct jb_receiver receiver;
};

static struct stream streams[STREAMS];
static struct jb_candidate_set candidates;
static struct jb_rtp_totals totals;
static __u64 now_ns;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static __u32 take(struct input *input, int octets)
{
	__u32 value = 0;

	while (octets-- && input->left) {
		value = value << 8 | *input->octets++;
		input->left--;
	}
	return value;
}

/* Up to 30 s and a little more; some steps go back. */
static void pass_time(__u8 code)
{
	static const __u64 edges[] = {0,          39999999,    40000000,    4999999999,
				      5000000000, 29999999999, 30000000000, 61000000000};

	if (code >= 0xf8)
		now_ns += edges[code - 0xf8];
	else if (code >= 0xf0)
		now_ns -= 7000 * (code - 0xefU);
	else if (code >= 0xc0)
		now_ns += (code - 0xbfULL) * 200000000;
	else
		now_ns += code * 250000ULL;
}

static void check_totals(const struct jb_rtp_totals *before)
{
	for (int i = 0; i < JB_RTP_COUNTER_MAX; i++)
		check(totals.counter[i] >= before->counter[i] &&
		      totals.counter[i] - before->counter[i] < 1ULL << 40);
	check(totals.deviation_ns >= before->deviation_ns &&
	      totals.deviation_ns - before->deviation_ns < JB_MUTE_NS);
	check(totals.counter[JB_RTP_LOST] <= totals.counter[JB_RTP_EXPECTED]);
	check(totals.counter[JB_RTP_LOST] <= totals.counter[JB_RTP_GAP]);
	check(totals.counter[JB_RTP_RECOVERED] <= totals.counter[JB_RTP_GAP]);
	check(totals.counter[JB_RTP_PADDING] <= totals.counter[JB_RTP_PACKETS]);
	check(totals.counter[JB_RTP_FRAMES] <= totals.counter[JB_RTP_PACKETS]);
}

static void check_receiver(const struct jb_receiver *r)
{
	check(r->base <= r->ext);
	check(r->ext - r->base + 1 == r->unique + r->lost + jb_receiver_unseen(r));
	check(r->clock < JB_CLOCK_MAX && r->media < JB_MEDIA_MAX);
	check(r->media == jb_clock_media(r->clock, r->payload_type));
	check(jb_receiver_jitter_ns(r) < JB_MUTE_NS + JB_SECOND_NS / 1000);
	check(r->unique + r->duplicates <= r->packets);
	check(r->frames <= r->packets);
}

static void count(const struct jb_rtp *rtp, __u32 bytes)
{
	struct stream *s = &streams[rtp->ssrc % STREAMS];
	struct jb_probation p;

	if (s->admitted && jb_receiver_is_idle(&s->receiver, now_ns, JB_IDLE_NS)) {
		/* as the caller of the receiver does: it is over */
		jb_receiver_flush(&s->receiver, &totals);
		check_receiver(&s->receiver);
		*s = (struct stream){};
		jb_candidate_forget(&candidates, 1 + rtp->ssrc % STREAMS);
	}
	if (s->admitted) {
		jb_receiver_packet(&s->receiver, rtp, bytes, now_ns, &totals, true);
		return;
	}
	jb_candidate_packet(&candidates, 1 + rtp->ssrc % STREAMS, rtp, bytes, now_ns,
			    rtp->ssrc & 8 ? JB_PROBATION : JB_PROBATION_KNOWN, &p);
	check(p.held.frames + p.held.padding <= p.held.packets && p.held.packets <= JB_PROBATION);
	if (p.admitted) /* its stream is here, so that it is never asked */
		abort();
	if (!p.admit)
		return;
	s->admitted = true;
	jb_receiver_start(&s->receiver, rtp, &p.held, now_ns, &totals);
}

static long read_octets(const void *packet, __u32 offset, void *ret, __u32 size)
{
	memcpy(ret, (const __u8 *)packet + offset, size);
	return 0;
}

/* Parses a copy that ends where the packet does, for ASan to guard it. */
static void receive(const __u8 *octets, size_t length, __u32 bytes)
{
	struct jb_rtp_totals before = totals;
	__u8 *packet = malloc(length ? length : 1);
	struct jb_rtp rtp;

	check(packet);
	memcpy(packet, octets, length);
	if (jb_rtp_parse(&rtp, read_octets, packet, length) == JB_RTP_OK) {
		check(rtp.header_len >= JB_RTP_HEADER_LEN && rtp.header_len <= length);
		count(&rtp, bytes);
		check_totals(&before);
		if (streams[rtp.ssrc % STREAMS].admitted)
			check_receiver(&streams[rtp.ssrc % STREAMS].receiver);
	}
	free(packet);
}

/* The packet before with its fields moved on; padding only if wanted. */
static void receive_next(__u8 octets[16], __u8 action, struct input *input)
{
	__u16 sequence = jb_be16(octets + 2) + take(input, action & 8 ? 2 : 0) + !(action & 8);
	__u32 timestamp = jb_be32(octets + 4) + (action & 16 ? take(input, 4) : 960);

	octets[0] = action & PADDING ? 0xa0 : 0x80;
	if (action & SWITCH)
		octets[1] = take(input, 1);
	octets[2] = sequence >> 8;
	octets[3] = sequence;
	for (int i = 0; i < 4; i++)
		octets[4 + i] = timestamp >> (24 - 8 * i);
	octets[11] = 0x10 | (action & 7);
	octets[15] = 4;
	receive(octets, 16, 172);
}

static void retire_all(void)
{
	for (int i = 0; i < STREAMS; i++) {
		struct jb_rtp_totals before = totals;

		if (!streams[i].admitted)
			continue;
		jb_receiver_flush(&streams[i].receiver, &totals);
		check_receiver(&streams[i].receiver);
		check_totals(&before);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	__u8 octets[16] = {0x80, 111, [8] = 1};

	memset(streams, 0, sizeof(streams));
	memset(&candidates, 0, sizeof(candidates));
	memset(&totals, 0, sizeof(totals));
	now_ns = 1000 * JB_SECOND_NS;
	while (input.left) {
		__u8 action = take(&input, 1);

		pass_time(take(&input, 1));
		if (action & OCTETS) {
			size_t length = action & 0x7f;

			length = length < input.left ? length : input.left;
			receive(input.octets, length, length);
			input.octets += length;
			input.left -= length;
		} else {
			receive_next(octets, action, &input);
		}
	}
	retire_all();
	return 0;
}
