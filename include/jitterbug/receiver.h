/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The receiver of one RTP stream: RFC 3550 A.1 (sequence validation) and A.8 (jitter) with a loss
 * window. Pure: state, packet and time in, a verdict and counts out. The BPF programs, the
 * pcap replay, the unit tests and the fuzzers all run this code.
 *
 * Invariant after every packet, since the stream's last restart:
 *	ext - base + 1 == unique + lost + unseen in the window
 *
 * Differences from RFC 3550: a number is lost only when it leaves a window of 256 unseen, so that
 * reordering is never loss; jitter takes one sample a timestamp from packets in order, so that the
 * packets of one video frame are not jitter (libwebrtc's rule).
 */
#ifndef JITTERBUG_RECEIVER_H
#define JITTERBUG_RECEIVER_H

#include <jitterbug/rtp.h>
#include <jitterbug/totals.h>

#define JB_WINDOW            256
#define JB_WINDOW_WORDS      (JB_WINDOW / 64)
#define JB_MAX_DROPOUT       3000 /* RFC 3550 A.1 */
#define JB_LATE_RUN_MAX      100 /* RFC 3550 A.1's MAX_MISORDER: so many old ones in a row restart */
#define JB_REORDER_NS        (40 * JB_MS_NS)
#define JB_IDLE_NS           (30 * JB_SECOND_NS)
#define JB_MUTE_NS           (5 * JB_SECOND_NS) /* beyond this a pause, not a deviation */
#define JB_LOCK_MIN_NS       (2 * JB_SECOND_NS)
#define JB_LOCK_MAX_NS       (60 * JB_SECOND_NS)
#define JB_LOCK_MIN_FRAMES   20
#define JB_FREEZE_MIN_FRAMES 5
#define JB_FREEZE_EXTRA      150 /* ms above the mean frame interval (libwebrtc) */

/* J is kept in units of 2^6 ns: 32 bits hold 16 * 5 s, and |D|/16 is |D| >> 10 (A.8). */
#define JB_JITTER_SHIFT 6

enum jb_receiver_flags {
	JB_FRAME_KNOWN = 1,    /* frame_ts and frame_ns are set */
	JB_HELD = 2,           /* held_seq is set: one packet far off, waiting for its successor */
	JB_INTERVAL_KNOWN = 4, /* interval is set */
	JB_HALF_KNOWN = 8,     /* probe_half is set */
	JB_FREEZE = 16         /* the upper four bits count freezes, modulo 16 */
};

struct jb_receiver {
	/* written by every packet */
	__u64 seen[JB_WINDOW_WORDS]; /* bit n % 256: n arrived; 1 for what was before base */
	__u64 ext;                   /* highest sequence number, extended; starts above 65535 */
	__u64 base;                  /* first number of the stream, extended like ext */
	__u64 last_ns;               /* latest packet */
	__u64 frame_ns;              /* arrival of the first packet of the latest frame */
	__u64 packets;
	__u64 bytes;    /* UDP payload */
	__u64 unique;   /* first arrivals within the window, since the restart */
	__u32 frame_ts; /* RTP timestamp of the latest frame */
	__u32 frames;
	__u32 interval; /* mean frame interval, 2^10 ns */
	__u32 jitter;   /* J at the locked clock, 2^JB_JITTER_SHIFT ns */
	__u8 clock;     /* enum jb_clock */
	__u8 payload_type;
	__u8 media;      /* enum jb_media */
	__u8 flags;      /* enum jb_receiver_flags */
	__u16 held_seq;  /* what must follow for a restart */
	__u8 late_run;   /* old packets in a row, each the successor of the one before */
	__u8 probe_half; /* enum jb_clock that the window's first half fits */
	/* written now and then */
	__u64 lost;   /* since the restart */
	__u64 gap_ns; /* when the latest gap opened */
	__u64 started_ns;
	__u64 probe_ns; /* the clock measurement: since when, ticks, frames, J at each rate */
	__u32 probe_ticks;
	__u32 probe_frames;
	__u32 probe_jitter[JB_CLOCK_PROBES];
	__u32 gap;
	__u32 recovered;
	__u32 duplicates;
	__u32 reordered;
	__u32 late;
	__u32 restarts;
};

/* Consecutive packets of one stream, held until they were enough to be believed. */
struct jb_held {
	__u32 bytes;
	__u8 packets;    /* each a number after the one before */
	__u8 frames;     /* of these, new timestamps */
	__u8 padding;    /* of these, padding only */
	__u8 duplicates; /* besides: repeats of the latest */
};

enum jb_verdict {
	JB_IN_ORDER,
	JB_DUPLICATE,
	JB_RECOVERED, /* behind the highest, first arrival */
	JB_LATE,      /* behind the window */
	JB_EARLY,     /* before the first packet of the stream */
	JB_HELD_BACK, /* far off and alone: says nothing yet */
	JB_RESTARTED
};

JB_INLINE __u32 jb_popcount(__u64 v)
{
	v -= (v >> 1) & 0x5555555555555555ULL;
	v = (v & 0x3333333333333333ULL) + ((v >> 2) & 0x3333333333333333ULL);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (v * 0x0101010101010101ULL) >> 56;
}

/* The lowest n bits; n in 0..64. */
JB_INLINE __u64 jb_low_bits(__u32 n)
{
	return n >= 64 ? ~0ULL : (1ULL << n) - 1;
}

/* Numbers in the window that have not arrived. */
JB_INLINE __u32 jb_receiver_unseen(const struct jb_receiver *r)
{
	return JB_WINDOW - jb_popcount(r->seen[0]) - jb_popcount(r->seen[1]) -
	       jb_popcount(r->seen[2]) - jb_popcount(r->seen[3]);
}

/* Numbers since base that have left the window. */
JB_INLINE __u64 jb_receiver_left(const struct jb_receiver *r)
{
	__u64 span = r->ext - r->base + 1;

	return span > JB_WINDOW ? span - JB_WINDOW : 0;
}

/* J in nanoseconds; meaningful only once the clock is known. */
JB_INLINE __u64 jb_receiver_jitter_ns(const struct jb_receiver *r)
{
	return (__u64)r->jitter << JB_JITTER_SHIFT;
}

/* Ends the measurement of what is in the window: what has not come is lost. */
JB_INLINE void jb_receiver_flush(struct jb_receiver *r, struct jb_rtp_totals *t)
{
	__u32 unseen = jb_receiver_unseen(r);

	jb_count(t, JB_RTP_EXPECTED, r->ext - r->base + 1 - jb_receiver_left(r));
	jb_count(t, JB_RTP_LOST, unseen);
	r->lost += unseen;
	for (int i = 0; i < JB_WINDOW_WORDS; i++)
		r->seen[i] = ~0ULL;
}

JB_INLINE void jb_receiver_probe_again(struct jb_receiver *r, __u64 now_ns)
{
	r->flags &= ~JB_HALF_KNOWN;
	r->probe_ns = now_ns;
	r->probe_ticks = 0;
	r->probe_frames = 0;
	for (int i = 0; i < JB_CLOCK_PROBES; i++)
		r->probe_jitter[i] = 0;
}

/* A payload type is new: its clock is not known from the one before. */
JB_INLINE void jb_receiver_anchor(struct jb_receiver *r, const struct jb_rtp *rtp, __u64 now_ns)
{
	r->payload_type = rtp->payload_type;
	r->clock = jb_clock_static(rtp->payload_type);
	r->media = jb_clock_media(r->clock, rtp->payload_type);
	r->jitter = 0;
	r->flags &= ~(JB_FRAME_KNOWN | JB_INTERVAL_KNOWN);
	jb_receiver_probe_again(r, now_ns);
	if (rtp->padding_only)
		return;
	r->flags |= JB_FRAME_KNOWN;
	r->frame_ts = rtp->timestamp;
	r->frame_ns = now_ns;
}

/* From now on `unique` consecutive numbers have arrived, this packet's the latest of them. */
JB_INLINE void jb_receiver_rebase(struct jb_receiver *r, const struct jb_rtp *rtp, __u32 unique,
				  __u64 now_ns)
{
	for (int i = 0; i < JB_WINDOW_WORDS; i++)
		r->seen[i] = ~0ULL;
	r->ext = 65536 + rtp->sequence;
	r->base = r->ext + 1 - unique;
	r->unique = unique;
	r->lost = 0;
	r->flags &= ~JB_HELD;
	r->late_run = 0;
	jb_receiver_anchor(r, rtp, now_ns);
}

/* Takes back what was thought of the clock: the next frame begins anew. */
JB_INLINE void jb_receiver_unlock(struct jb_receiver *r)
{
	r->clock = JB_CLOCK_UNKNOWN;
	r->media = JB_MEDIA_UNKNOWN;
	r->flags &= ~JB_FRAME_KNOWN;
}

/* Makes *r, which is all zero, a stream of what was held, `rtp` the latest of it, and counts it. */
JB_INLINE void jb_receiver_start(struct jb_receiver *r, const struct jb_rtp *rtp,
				 const struct jb_held *held, __u64 now_ns, struct jb_rtp_totals *t)
{
	jb_receiver_rebase(r, rtp, held->packets, now_ns);
	r->started_ns = now_ns;
	r->last_ns = now_ns;
	r->packets = held->packets + held->duplicates;
	r->bytes = held->bytes;
	r->frames = held->frames;
	r->duplicates = held->duplicates;
	jb_count(t, JB_RTP_PACKETS, r->packets);
	jb_count(t, JB_RTP_BYTES, held->bytes);
	jb_count(t, JB_RTP_FRAMES, held->frames);
	jb_count(t, JB_RTP_DUPLICATES, held->duplicates);
	jb_count(t, JB_RTP_PADDING, held->padding);
	jb_count(t, JB_RTP_STARTED, 1);
}

/* The window moves up by `ahead` (1..65535); what leaves it unseen is lost. */
JB_INLINE void jb_receiver_advance(struct jb_receiver *r, __u32 ahead, struct jb_rtp_totals *t)
{
	__u32 first = (r->ext + 1) % JB_WINDOW;
	__u32 count = ahead < JB_WINDOW ? ahead : JB_WINDOW;
	__u64 left = jb_receiver_left(r);
	__u32 lost = ahead - count; /* entered and left again, never seen */

	for (__u32 i = 0; i < JB_WINDOW_WORDS; i++) {
		/* Where this word's bit 0 stands in the run of slots that begins at `first`. */
		__u32 at = (i * 64 - first) % JB_WINDOW;
		__u64 mask = at < count ? jb_low_bits(count - at) : 0;

		if (at > JB_WINDOW - 64) /* the run's begin is within this word */
			mask |= jb_low_bits(JB_WINDOW - at + count) & ~jb_low_bits(JB_WINDOW - at);
		lost += jb_popcount(mask & ~r->seen[i]);
		r->seen[i] &= ~mask;
	}
	r->ext += ahead;
	r->lost += lost;
	jb_count(t, JB_RTP_LOST, lost);
	jb_count(t, JB_RTP_EXPECTED, jb_receiver_left(r) - left);
}

/* As above for the next number: one slot, no loop. */
JB_INLINE void jb_receiver_step(struct jb_receiver *r, struct jb_rtp_totals *t)
{
	__u64 next = r->ext + 1;
	__u64 *word = &r->seen[next / 64 % JB_WINDOW_WORDS];
	__u64 bit = 1ULL << next % 64;

	if (!(*word & bit)) {
		r->lost++;
		jb_count(t, JB_RTP_LOST, 1);
	}
	*word |= bit; /* clear it for who left, set it for who came */
	r->ext = next;
	if (next - r->base >= JB_WINDOW)
		jb_count(t, JB_RTP_EXPECTED, 1);
}

JB_INLINE __u64 jb_distance(__u64 a, __u64 b)
{
	return a > b ? a - b : b - a;
}

/* J += (|D| - J) / 16, rounded as in RFC 3550 A.8. */
JB_INLINE __u32 jb_jitter_next(__u32 jitter, __u64 deviation_ns)
{
	return jitter + (__u32)(deviation_ns >> (JB_JITTER_SHIFT + 4)) - ((jitter + 8) >> 4);
}

/* The rate whose ticks agree with the time that the probe has lasted; unknown if none does. */
JB_INLINE enum jb_clock jb_receiver_probed(const struct jb_receiver *r, __u64 span_ns,
					   __u32 percent)
{
	enum jb_clock clock = JB_CLOCK_UNKNOWN;

	if (r->probe_ticks >= 1U << 31)
		return clock;
	for (int i = JB_CLOCK_8000; i <= JB_CLOCK_PROBES; i++)
		if (jb_distance(jb_clock_ns(i, r->probe_ticks), span_ns) * 100 <= span_ns * percent)
			clock = i;
	return clock;
}

/* J at each rate, as long as none is known. */
JB_INLINE void jb_receiver_probe_jitter(struct jb_receiver *r, __u32 ticks, __u64 elapsed_ns)
{
	for (int i = 0; i < JB_CLOCK_PROBES; i++) {
		__u64 dev = jb_distance(elapsed_ns, jb_clock_ns(JB_CLOCK_8000 + i, ticks));

		if (dev < JB_MUTE_NS)
			r->probe_jitter[i] = jb_jitter_next(r->probe_jitter[i], dev);
	}
}

JB_INLINE void jb_receiver_lock(struct jb_receiver *r, enum jb_clock clock)
{
	bool first = r->clock == JB_CLOCK_UNKNOWN;

	r->clock = clock;
	r->media = jb_clock_media(clock, r->payload_type);
	r->jitter = first ? r->probe_jitter[(clock - JB_CLOCK_8000) % JB_CLOCK_PROBES] : 0;
}

/*
 * Measures the clock in windows of 2 s and 20 frames. A rate is believed if the window fits it
 * (3%) and its first half had fitted it as well (10%): a sender that catches up after a stall
 * passes through every ratio. What is known is measured on, and given up only for another rate that
 * fits.
 */
JB_INLINE void jb_receiver_probe(struct jb_receiver *r, __u32 ticks, __u64 elapsed_ns, __u64 now_ns)
{
	__u64 span = now_ns - r->probe_ns;
	enum jb_clock clock;

	/* A pause, or a jump that no rate explains (and 32 bits could not add up). */
	if (elapsed_ns >= JB_MUTE_NS || ticks >= 1 << 20 || now_ns < r->probe_ns ||
	    span >= JB_LOCK_MAX_NS) {
		jb_receiver_probe_again(r, now_ns);
		return;
	}
	r->probe_ticks += ticks;
	r->probe_frames++;
	if (r->clock == JB_CLOCK_UNKNOWN)
		jb_receiver_probe_jitter(r, ticks, elapsed_ns);
	if (!(r->flags & JB_HALF_KNOWN) && span >= JB_LOCK_MIN_NS / 2 &&
	    r->probe_frames >= JB_LOCK_MIN_FRAMES / 2) {
		r->flags |= JB_HALF_KNOWN;
		r->probe_half = jb_receiver_probed(r, span, 10);
	}
	if (span < JB_LOCK_MIN_NS || r->probe_frames < JB_LOCK_MIN_FRAMES)
		return;
	clock = jb_receiver_probed(r, span, 3);
	if (clock != JB_CLOCK_UNKNOWN && clock == r->probe_half && clock != r->clock)
		jb_receiver_lock(r, clock);
	jb_receiver_probe_again(r, now_ns);
}

/*
 * Whether the sender stalled: a frame interval of at least max(3 means, mean + 150 ms), which of
 * video is a freeze (libwebrtc's definition). A pause of 5 s without a gap in the numbers is a
 * sender that stopped, not one that stalled.
 */
JB_INLINE bool jb_receiver_interval(struct jb_receiver *r, __u64 elapsed_ns, __u32 ahead,
				    struct jb_rtp_totals *t)
{
	__u64 mean = (__u64)r->interval << 10;
	bool stalled;

	if (elapsed_ns >= JB_MUTE_NS && ahead == 1)
		return false;
	if (!(r->flags & JB_INTERVAL_KNOWN)) {
		r->flags |= JB_INTERVAL_KNOWN;
		r->interval = elapsed_ns >> 10;
		return false;
	}
	stalled = elapsed_ns >= 3 * mean && elapsed_ns >= mean + JB_FREEZE_EXTRA * JB_MS_NS;
	if (stalled && r->media == JB_MEDIA_VIDEO && r->frames >= JB_FREEZE_MIN_FRAMES) {
		r->flags += JB_FREEZE;
		jb_count(t, JB_RTP_FREEZES, 1);
		jb_count(t, JB_RTP_FREEZE_NS, elapsed_ns);
	}
	r->interval += (__u32)(elapsed_ns >> 14) - (r->interval >> 4);
	return stalled;
}

/* One packet in order, `ahead` numbers after the one before: frames, jitter, clock. */
JB_INLINE void jb_receiver_timing(struct jb_receiver *r, const struct jb_rtp *rtp, __u32 ahead,
				  __u64 now_ns, struct jb_rtp_totals *t, bool deviations)
{
	__u64 elapsed = now_ns > r->frame_ns ? now_ns - r->frame_ns : 0;
	__u32 ticks = rtp->timestamp - r->frame_ts;
	bool stalled;

	/* Padding repeats the timestamp before or has none; RTX carries its original's. */
	if (rtp->padding_only)
		return;
	/* Another type of the same clock, such as comfort noise, goes on with its timing. */
	if (rtp->payload_type != r->payload_type && r->clock != JB_CLOCK_UNKNOWN &&
	    jb_clock_static(rtp->payload_type) == r->clock &&
	    jb_clock_media(r->clock, rtp->payload_type) == r->media)
		r->payload_type = rtp->payload_type;
	if (rtp->payload_type == r->payload_type && r->media == JB_MEDIA_RTX)
		return;
	if (rtp->payload_type != r->payload_type || !(r->flags & JB_FRAME_KNOWN)) {
		jb_receiver_anchor(r, rtp, now_ns);
		r->frames++;
		jb_count(t, JB_RTP_FRAMES, 1);
		return;
	}
	if (!ticks)
		return;
	if (ticks >= 1U << 31) { /* a frame shown before (B-frames), or a sender's new time base */
		if (elapsed >= JB_MUTE_NS)
			jb_receiver_anchor(r, rtp, now_ns);
		return;
	}
	r->frames++;
	jb_count(t, JB_RTP_FRAMES, 1);
	stalled = jb_receiver_interval(r, elapsed, ahead, t);
	if (r->clock != JB_CLOCK_UNKNOWN) {
		__u64 dev = jb_distance(elapsed, jb_clock_ns(r->clock, ticks));

		if (dev < JB_MUTE_NS) {
			r->jitter = jb_jitter_next(r->jitter, dev);
			if (deviations)
				jb_count_deviation(t, dev);
		}
	}
	if (stalled)
		jb_receiver_probe_again(r, now_ns); /* such a window would tell nothing */
	else if (r->payload_type >= JB_DYNAMIC_TYPE_MIN || r->clock == JB_CLOCK_UNKNOWN)
		jb_receiver_probe(r, ticks, elapsed, now_ns);
	r->frame_ts = rtp->timestamp;
	r->frame_ns = now_ns;
}

/*
 * Whether a jump of `ahead` >= JB_MAX_DROPOUT is an outage: the timestamps moved with the time
 * (20%), and so many packets fit into it at four times the mean rate. A stream that was switched
 * or restarted satisfies neither.
 */
JB_INLINE bool jb_receiver_is_outage(const struct jb_receiver *r, const struct jb_rtp *rtp,
				     __u32 ahead, __u64 previous_ns, __u64 now_ns)
{
	__u64 elapsed = now_ns > r->frame_ns ? now_ns - r->frame_ns : 0;
	__u64 age = previous_ns - r->started_ns;
	__u32 ticks = rtp->timestamp - r->frame_ts;

	if (r->media == JB_MEDIA_RTX || !(r->flags & JB_FRAME_KNOWN) || !ticks || ticks >= 1U << 31)
		return false;
	if (age < JB_SECOND_NS)
		age = JB_SECOND_NS; /* two packets have no rate */
	if (ahead * (age >> 20) > 4 * r->packets * (elapsed >> 20))
		return false;
	for (int i = JB_CLOCK_8000; i < JB_CLOCK_MAX; i++) {
		if (r->clock != JB_CLOCK_UNKNOWN && r->clock != i)
			continue;
		if (jb_distance(jb_clock_ns(i, ticks), elapsed) * 5 <= elapsed)
			return true;
	}
	return false;
}

/* `behind` in 1..JB_WINDOW-1: fills a gap, or repeats. */
JB_INLINE enum jb_verdict jb_receiver_behind(struct jb_receiver *r, __u32 behind, __u64 now_ns,
					     struct jb_rtp_totals *t)
{
	__u64 n = r->ext - behind;
	__u64 *word = &r->seen[n / 64 % JB_WINDOW_WORDS];
	__u64 bit = 1ULL << n % 64;

	if (n < r->base)
		return JB_EARLY;
	if (*word & bit) {
		r->duplicates++;
		jb_count(t, JB_RTP_DUPLICATES, 1);
		return JB_DUPLICATE;
	}
	*word |= bit;
	r->unique++;
	r->recovered++;
	jb_count(t, JB_RTP_RECOVERED, 1);
	if (now_ns < r->gap_ns + JB_REORDER_NS) {
		r->reordered++;
		jb_count(t, JB_RTP_REORDERED, 1);
	} else {
		r->late++;
		jb_count(t, JB_RTP_LATE, 1);
	}
	return JB_RECOVERED;
}

/* Neither near ahead nor in the window: late, or one of two in a row that begin anew. */
JB_INLINE enum jb_verdict jb_receiver_far(struct jb_receiver *r, const struct jb_rtp *rtp,
					  __u32 behind, __u64 now_ns, struct jb_rtp_totals *t)
{
	bool follows = (r->flags & JB_HELD) && rtp->sequence == r->held_seq;
	bool old = behind < JB_MAX_DROPOUT && (r->flags & JB_FRAME_KNOWN) &&
		   (__s32)(rtp->timestamp - r->frame_ts) <= 0;

	r->flags |= JB_HELD;
	r->held_seq = rtp->sequence + 1;
	if (old) {
		r->late_run = follows ? r->late_run + 1 : 1;
		if (r->late_run < JB_LATE_RUN_MAX) {
			if (r->ext - behind < r->base)
				return JB_EARLY;
			r->late++;
			jb_count(t, JB_RTP_LATE, 1);
			return JB_LATE;
		}
	} else if (!follows) {
		return JB_HELD_BACK;
	}
	jb_receiver_flush(r, t);
	jb_receiver_rebase(r, rtp, 2, now_ns);
	r->restarts++;
	jb_count(t, JB_RTP_RESTARTS, 1);
	if (!rtp->padding_only) {
		r->frames++;
		jb_count(t, JB_RTP_FRAMES, 1);
	}
	return JB_RESTARTED;
}

/* In order, `ahead` (1..65535) numbers after the highest. */
JB_INLINE void jb_receiver_ahead(struct jb_receiver *r, const struct jb_rtp *rtp, __u32 ahead,
				 __u64 now_ns, struct jb_rtp_totals *t, bool deviations)
{
	if (ahead == 1) {
		jb_receiver_step(r, t);
	} else {
		jb_receiver_advance(r, ahead, t);
		r->seen[r->ext / 64 % JB_WINDOW_WORDS] |= 1ULL << r->ext % 64;
		r->gap += ahead - 1;
		r->gap_ns = now_ns;
		jb_count(t, JB_RTP_GAP, ahead - 1);
	}
	r->unique++;
	r->flags &= ~JB_HELD;
	jb_receiver_timing(r, rtp, ahead, now_ns, t, deviations);
}

/*
 * Whether the stream is over when a packet comes at `now_ns`. Its caller then retires it: the
 * packet is of no stream, whether or not a scan has been by.
 */
JB_INLINE bool jb_receiver_is_idle(const struct jb_receiver *r, __u64 now_ns, __u64 idle_ns)
{
	/* Two CPUs may come out of the order in which they read the clock. */
	return now_ns >= r->last_ns + idle_ns;
}

/*
 * One packet of the stream: `bytes` of UDP payload at `now_ns`. Adds to the totals what it means,
 * and its deviation to their histogram if `deviations`.
 */
JB_INLINE enum jb_verdict jb_receiver_packet(struct jb_receiver *r, const struct jb_rtp *rtp,
					     __u32 bytes, __u64 now_ns, struct jb_rtp_totals *t,
					     bool deviations)
{
	__u32 ahead = (__u16)(rtp->sequence - r->ext);
	__u32 behind = 65536 - ahead;
	__u64 previous_ns = r->last_ns;

	if (now_ns > r->last_ns)
		r->last_ns = now_ns;
	r->packets++;
	r->bytes += bytes;
	jb_count(t, JB_RTP_PACKETS, 1);
	jb_count(t, JB_RTP_BYTES, bytes);
	if (rtp->padding_only)
		jb_count(t, JB_RTP_PADDING, 1);

	if (!ahead) {
		r->duplicates++;
		jb_count(t, JB_RTP_DUPLICATES, 1);
		return JB_DUPLICATE;
	}
	if (ahead >= JB_MAX_DROPOUT) {
		if (behind < JB_WINDOW)
			return jb_receiver_behind(r, behind, now_ns, t);
		if (!jb_receiver_is_outage(r, rtp, ahead, previous_ns, now_ns))
			return jb_receiver_far(r, rtp, behind, now_ns, t);
	}
	jb_receiver_ahead(r, rtp, ahead, now_ns, t, deviations);
	return JB_IN_ORDER;
}

_Static_assert(sizeof(struct jb_receiver) == 192, "a stream entry is budgeted at 256 octets");
_Static_assert(__builtin_offsetof(struct jb_receiver, lost) == 112, "the hot part's end");

#endif
