/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Probation (RFC 3550 A.1): what looks like RTP in one packet is a stream only after several in a
 * row of one SSRC and payload type. A quarter of all DNS ids begin like RTP.
 *
 * Candidates live in sets of four. A newcomer takes the place of the one that has proved least,
 * and among those of the oldest, but of none that is young: a call's second packet comes 20 ms
 * after its first, and a flood of random SSRCs must not have pushed it out by then.
 */
#ifndef JITTERBUG_CANDIDATE_H
#define JITTERBUG_CANDIDATE_H

#include <jitterbug/receiver.h>

#define JB_CANDIDATE_WAYS     4
#define JB_CANDIDATE_STALE_NS (5 * JB_SECOND_NS)
#define JB_CANDIDATE_YOUNG_NS (50 * JB_MS_NS)
/* How long an admitted one is kept for the sake of other CPUs; to insert a stream takes 1 us. */
#define JB_CANDIDATE_ADMITTED_NS JB_MS_NS

/* In-order packets that make a stream. */
#define JB_PROBATION       4
#define JB_PROBATION_KNOWN 2 /* on --media-ports */

/* Sets are partitioned by workload, so that a flood on one can't push out another's. */
#define JB_CANDIDATE_PARTITIONS 16
#define JB_CANDIDATE_SETS       1024 /* in one partition */

struct jb_candidate {
	__u64 hash; /* of the stream; 0: free */
	__u64 last_ns;
	struct jb_held held; /* until the stream is admitted */
	__u32 timestamp;
	__u16 sequence;
	__u8 payload_type;
	__u8 admitted; /* its stream is in the table, or about to be */
};

struct jb_candidate_set {
	struct bpf_spin_lock lock;
	__u32 zero;
	struct jb_candidate way[JB_CANDIDATE_WAYS];
};

/* What one packet did to its candidate. */
struct jb_probation {
	struct jb_held held;
	__u16 failed;  /* packets held before that now make no stream */
	bool admit;    /* just passed: the caller inserts the stream */
	bool admitted; /* passed before: the caller looks the stream up again */
};

JB_INLINE __u32 jb_candidate_index(__u64 hash, __u64 cgroup_id)
{
	__u32 partition = (cgroup_id * 0x9e3779b97f4a7c15ULL) >> 32;

	return partition % JB_CANDIDATE_PARTITIONS * JB_CANDIDATE_SETS +
	       (__u32)(hash % JB_CANDIDATE_SETS);
}

/* The way that holds `hash`, else the one to give up for it; JB_CANDIDATE_WAYS if there is none. */
JB_INLINE __u32 jb_candidate_choose(const struct jb_candidate_set *set, __u64 hash, __u64 now_ns)
{
	const __u64 proved = 1ULL << 60; /* above any age: 2^60 ns are 36 years */
	__u64 least = ~0ULL;
	__u32 chosen = 0;

	for (__u32 i = 0; i < JB_CANDIDATE_WAYS; i++) {
		const struct jb_candidate *c = &set->way[i];
		__u64 kept_ns = c->admitted ? JB_CANDIDATE_ADMITTED_NS : JB_CANDIDATE_STALE_NS;
		bool spare = !c->hash || now_ns >= c->last_ns + kept_ns;
		__u64 worth = spare ? 0 : (c->held.packets > 1 ? proved : 0) + c->last_ns;

		if (c->hash == hash)
			return i;
		if (worth < least) {
			least = worth;
			chosen = i;
		}
	}
	if (least && now_ns < (least & (proved - 1)) + JB_CANDIDATE_YOUNG_NS)
		return JB_CANDIDATE_WAYS;
	return chosen;
}

/* Whether the packet goes on with the row: the next number, or the latest once more. */
JB_INLINE bool jb_candidate_hold(struct jb_candidate *c, const struct jb_rtp *rtp)
{
	if (rtp->sequence == c->sequence && c->held.duplicates < 255) {
		c->held.duplicates++;
		return true;
	}
	if (rtp->sequence != (__u16)(c->sequence + 1))
		return false;
	c->held.packets++;
	c->held.padding += rtp->padding_only;
	c->held.frames += !rtp->padding_only && (!c->held.frames || rtp->timestamp != c->timestamp);
	return true;
}

/*
 * Takes one packet of `bytes` that belongs to no stream. A candidate that has passed stays until
 * its place is wanted, so that another CPU's packet isn't held back while the stream is being
 * inserted.
 */
JB_INLINE void jb_candidate_packet(struct jb_candidate_set *set, __u64 hash,
				   const struct jb_rtp *rtp, __u32 bytes, __u64 now_ns, __u8 wanted,
				   struct jb_probation *ret)
{
	__u32 chosen = jb_candidate_choose(set, hash, now_ns);
	struct jb_candidate *c = &set->way[chosen % JB_CANDIDATE_WAYS];
	bool known = c->hash == hash && now_ns < c->last_ns + JB_CANDIDATE_STALE_NS;

	*ret = (struct jb_probation){};
	if (chosen == JB_CANDIDATE_WAYS) {
		ret->failed = 1;
		return;
	}
	if (known && c->admitted) {
		ret->admitted = true;
		return;
	}
	if (known && rtp->payload_type == c->payload_type && jb_candidate_hold(c, rtp)) {
		c->held.bytes += bytes;
	} else {
		ret->failed = c->hash && !c->admitted ? c->held.packets + c->held.duplicates : 0;
		*c = (struct jb_candidate){.hash = hash,
					   .held = {.bytes = bytes,
						    .packets = 1,
						    .frames = !rtp->padding_only,
						    .padding = rtp->padding_only},
					   .payload_type = rtp->payload_type};
	}
	c->sequence = rtp->sequence;
	if (!rtp->padding_only)
		c->timestamp = rtp->timestamp;
	c->last_ns = now_ns;
	c->admitted = c->held.packets >= wanted;
	ret->admit = c->admitted;
	ret->held = c->held;
}

/*
 * An admitted stream could not be inserted, or is no more: probation begins anew. One that another
 * CPU has begun meanwhile is left alone: it holds packets.
 */
JB_INLINE void jb_candidate_forget(struct jb_candidate_set *set, __u64 hash)
{
	for (__u32 i = 0; i < JB_CANDIDATE_WAYS; i++)
		if (set->way[i].hash == hash && set->way[i].admitted)
			set->way[i].hash = 0;
}

_Static_assert(sizeof(struct jb_candidate_set) == 136, "the candidates' memory is budgeted");

#endif
