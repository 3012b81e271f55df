/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RTP over TCP, two ways. Of the input's octets frames are made, which are sent in segments cut
 * anywhere, with repeats: the count must be the truth. And the octets themselves are sent at
 * arbitrary sequence numbers.
 */
#include <stdint.h>

#include <jitterbug/framing.h>

#include "checked.h"

#define STREAM_MAX (60 * (2 + 20 + 255 * 4) + 16)
#define START      14 /* octets that a stream is found by */

struct input {
	const uint8_t *data;
	size_t size;
};

static __u8 take(struct input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

static enum jb_framing_result feed(struct jb_framing *f, __u32 seq, const __u8 *octets,
				   __u32 length, int reads, struct jb_framing_count *count)
{
	struct jb_checked p = {octets, length, &reads};
	__u64 before = count->packets;
	enum jb_framing_result result = jb_framing_segment(f, seq, length, jb_checked_read, &p,
							   count);

	jb_assert((result == JB_FRAMING_UNREADABLE) == (reads < 0));
	jb_assert(f->state <= JB_FRAMING_LOST && f->held < JB_FRAMING_HEAD_LEN);
	jb_assert(!length || f->state != JB_FRAMING_NEW);
	jb_assert(result == JB_FRAMING_OK || (f->state == JB_FRAMING_LOST && !f->held));
	/* One that was begun before, and those of the segment. */
	jb_assert(count->packets - before <= 1 + JB_FRAMING_FRAMES_MAX);
	return result;
}

/* Writes a frame of `size` octets; the first of all has what a stream is found by. */
static void put_frame(__u8 *b, __u32 size, __u8 kind, __u8 filling)
{
	static const __u8 firsts[] = {0x80, 0x90, 0xbf, 0x80, 0x00, 0x16, 0x3f, 0x81};

	memset(b, filling, 2 + size);
	b[0] = size >> 8;
	b[1] = size & 0xff;
	b[2] = firsts[kind % 8];
	b[3] = kind % 8 == 3 ? 200 : 111;
	b[13] |= 1; /* of the SSRC */
}

/* At most 60 frames, some of them empty. Returns the stream's length. */
static __u32 make(struct input *in, __u8 *octets, struct jb_framing_count *truth)
{
	__u32 frames = take(in) % 60;
	__u32 length = 0;

	for (__u32 i = 0; i <= frames; i++) {
		__u8 kind = i ? take(in) : 0;
		__u8 *b = octets + length;
		__u32 size = kind & 0x80 ? 0 : 20 + take(in) * 4;

		put_frame(b, size ? size : 12, kind, take(in));
		if (!size)
			b[0] = b[1] = 0;
		length += 2 + size;
		if (size && jb_packet_kind(b[2], b[3]) == JB_PACKET_RTP) {
			truth->packets++;
			truth->bytes += size;
		}
	}
	return length;
}

static void cut_anywhere(struct input *in)
{
	static __u8 octets[STREAM_MAX];
	struct jb_framing_count truth = {0};
	struct jb_framing_count count = {0};
	struct jb_framing f = {0};
	__u32 seq = (__u32)take(in) << 24 | 0x00fffff0;
	__u32 length = make(in, octets, &truth);
	__u32 end = 0;

	while (end < length) {
		__u8 how = take(in);
		__u32 more = end ? 1 + (how & 0x3f) * (how & 0x3f) : START + how;
		__u32 back = how & 0x40 ? take(in) * 3 : 0;

		more = more < length - end ? more : length - end;
		back = back < end ? back : end;
		jb_assert(feed(&f, seq + end - back, octets + end - back, back + more, 1 << 20,
			       &count) == JB_FRAMING_OK);
		end += more;
		if (how & 0x80)
			feed(&f, seq, octets, end / 2, 1 << 20, &count);
	}
	jb_assert(count.packets == truth.packets && count.bytes == truth.bytes);
}

static void anything(struct input *in)
{
	struct jb_framing_count count = {0};
	struct jb_framing f = {0};
	__u32 seq = 0;

	while (in->size) {
		__u32 length = take(in) | (take(in) & 3) << 8;
		__u8 how = take(in);

		length = length < in->size ? length : in->size;
		seq += how & 0x80 ? (__u32)how << 24 | how : 0;
		feed(&f, seq - (how & 0x1f), in->data, length, how & 0x40 ? how & 7 : 1 << 20,
		     &count);
		in->data += length;
		in->size -= length;
		seq += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	if (take(&in) & 1)
		anything(&in);
	else
		cut_anywhere(&in);
	return 0;
}
