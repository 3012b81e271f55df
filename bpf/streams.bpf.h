/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one owner of the stream table and of its candidates: look-up, admission, counting. */
#ifndef JB_STREAMS_BPF_H
#define JB_STREAMS_BPF_H

#include "packet.bpf.h"
#include "workload.bpf.h"

#define JB_ENOENT 2
#define JB_E2BIG  7
/* Look-ups while another CPU inserts the stream: some microseconds, many times what it takes. */
#define JB_ADMISSION_SPINS 64
#define JB_TRIES           2

extern struct jb_streams_map jb_streams SEC(".maps");
extern struct jb_candidates_map jb_candidates SEC(".maps");
extern struct jb_video_types_map jb_video_types SEC(".maps");

/* What an entry is inserted as; the stack has no room for one. */
static const __u8 jb_dead_stream[sizeof(struct jb_stream)] = {
	[__builtin_offsetof(struct jb_stream, dead)] = 1};

/*
 * Inserts a stream that has passed probation; 0 or what the map said. It is dead until it is
 * filled under its lock: who still holds the element from its former life never sees it half made.
 */
static __noinline int jb_streams_insert(const struct jb_packet *p, __u64 hash,
					const struct jb_held *held)
{
	__u8 media = jb_clock_media(jb_clock_static(p->rtp.payload_type), p->rtp.payload_type);
	__u32 row = jb_workload_row(p->key.cgroup_id, jb_slot_rtp(p->direction, media));
	__u32 quality_row = jb_workload_row(p->key.cgroup_id, JB_SLOT_QUALITY + p->direction);
	union jb_totals *totals = jb_workload_totals(row);
	struct jb_stream *s;
	int err; /* not long: before d7ba4cc900bf (6.4) the upper half is undefined */

	if (!totals)
		return -JB_ENOENT;
	err = bpf_map_update_elem(&jb_streams, &hash, jb_dead_stream, BPF_NOEXIST);
	if (err)
		return err;
	s = bpf_map_lookup_elem(&jb_streams, &hash);
	if (!s)
		return -JB_ENOENT;
	bpf_spin_lock(&s->lock);
	jb_receiver_start(&s->receiver, &p->rtp, held, p->now_ns, &totals->rtp);
	s->key = p->key;
	s->direction = p->direction;
	s->row_media = media;
	s->row = row;
	s->quality_row = quality_row;
	s->dead = 0;
	bpf_spin_unlock(&s->lock);
	return 0;
}

/* Gives up a candidate that has been admitted in vain. */
static __always_inline void jb_streams_forget(struct jb_candidate_set *set, __u64 hash)
{
	bpf_spin_lock(&set->lock);
	jb_candidate_forget(set, hash);
	bpf_spin_unlock(&set->lock);
}

static __always_inline __u8 jb_streams_probation(const struct jb_packet *p)
{
	bool known = jb_config_is_media_port(&jb_config, p->key.source_port) ||
		     jb_config_is_media_port(&jb_config, p->key.destination_port);

	return known ? JB_PROBATION_KNOWN : JB_PROBATION;
}

/*
 * A packet of no stream: held until enough have come in a row. Returns true if the stream has
 * been admitted by another CPU in this moment, and the packet still has to be counted.
 */
static __noinline bool jb_streams_hold(const struct jb_packet *p, __u64 hash, bool restart)
{
	__u32 index = jb_candidate_index(hash, p->key.cgroup_id);
	struct jb_candidate_set *set = bpf_map_lookup_elem(&jb_candidates, &index);
	__u8 wanted = jb_streams_probation(p);
	struct jb_probation probation;
	int err;

	if (!set) {
		jb_fault(JB_FAULT_MAP_LOOKUP);
		return false;
	}
	bpf_spin_lock(&set->lock);
	if (restart)
		jb_candidate_forget(set, hash);
	jb_candidate_packet(set, hash, &p->rtp, p->bytes, p->now_ns, wanted, &probation);
	bpf_spin_unlock(&set->lock);

	if (probation.failed)
		jb_fault_add(JB_FAULT_PROBATION_FAILED, probation.failed);
	if (!probation.admit)
		return probation.admitted;
	err = jb_streams_insert(p, hash, &probation.held);
	if (err) {
		jb_fault(err == -JB_E2BIG ? JB_FAULT_STREAMS_FULL : JB_FAULT_STREAM_INSERT);
		jb_fault_add(JB_FAULT_PROBATION_FAILED,
			     probation.held.packets + probation.held.duplicates);
		jb_streams_forget(set, hash);
	}
	return false;
}

/* Whether the entry, locked, is this packet's stream. */
static __always_inline bool jb_streams_is_mine(const struct jb_stream *s, const struct jb_packet *p)
{
	return !s->dead && s->direction == p->direction && jb_stream_key_equal(&s->key, &p->key);
}

/* Moves a stream to the row of what its media has turned out to be. Rare. */
static __noinline int jb_streams_classify(struct jb_stream *s, const struct jb_packet *p)
{
	struct jb_stream_key flow = p->key;
	struct jb_video_types *known, none = {};
	enum jb_media media;
	bool mine;
	__u64 hash;
	__u32 row;

	flow.ssrc = 0;
	hash = jb_stream_hash(&flow, p->direction, jb_config.seed);
	known = bpf_map_lookup_elem(&jb_video_types, &hash);
	media = jb_rtx_judge(known, &s->receiver);
	if (media == JB_MEDIA_VIDEO && !known) {
		bpf_map_update_elem(&jb_video_types, &hash, &none, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&jb_video_types, &hash);
	}
	row = jb_workload_row(p->key.cgroup_id, jb_slot_rtp(p->direction, media));

	bpf_spin_lock(&s->lock);
	mine = jb_streams_is_mine(s, p);
	if (mine) {
		jb_rtx_apply(&s->receiver, media);
		s->row_media = media;
		/* With no row left its figures stay where they are: known to be this workload's. */
		if (row >= JB_UNKNOWN_ROWS)
			s->row = row;
	}
	bpf_spin_unlock(&s->lock);
	if (mine && known && (media == JB_MEDIA_VIDEO || media == JB_MEDIA_RTX))
		jb_rtx_learn(known, p->rtp.payload_type, media == JB_MEDIA_VIDEO);
	return 0;
}

/* Ends a stream, locked: what is in its window is settled, and nobody counts it any more. */
static __always_inline void jb_streams_end(struct jb_stream *s, union jb_totals *totals)
{
	jb_receiver_flush(&s->receiver, &totals->rtp);
	s->dead = 1;
}

/* Takes away a stream that the caller has ended. */
static __always_inline void jb_streams_delete(__u64 hash)
{
	if (bpf_map_delete_elem(&jb_streams, &hash))
		jb_fault(JB_FAULT_STREAM_DELETE);
}

enum jb_counted {
	JB_COUNTED,
	JB_NOT_MINE, /* the entry isn't this stream's, or not any more */
	JB_MOVED     /* its row has changed since it was read: again */
};

/* Counts one RTP packet of the stream. */
static __always_inline enum jb_counted jb_streams_count(struct jb_stream *s, __u64 hash,
							const struct jb_packet *p)
{
	enum jb_counted result = JB_COUNTED;
	union jb_totals *totals;
	bool idle = false;
	__u32 row;

	if (s->receiver.media != s->row_media || jb_rtx_due(&s->receiver))
		jb_streams_classify(s, p);
	/* No map may be looked up under the lock, and no row be believed outside of it. */
	row = *(volatile __u32 *)&s->row;
	totals = jb_workload_totals(row);
	if (!totals)
		return JB_COUNTED;

	bpf_spin_lock(&s->lock);
	if (!jb_streams_is_mine(s, p)) {
		result = JB_NOT_MINE;
	} else if (s->row != row) {
		result = JB_MOVED;
	} else if (jb_receiver_is_idle(&s->receiver, p->now_ns, JB_IDLE_NS)) {
		jb_streams_end(s, totals);
		idle = true;
		result = JB_NOT_MINE;
	} else {
		jb_receiver_packet(&s->receiver, &p->rtp, p->bytes, p->now_ns, &totals->rtp,
				   jb_config.full);
	}
	bpf_spin_unlock(&s->lock);
	if (idle)
		jb_streams_delete(hash);
	return result;
}

/* The stream of `hash`, waited for while another CPU fills it in. */
static __noinline struct jb_stream *jb_streams_await(__u64 hash)
{
	for (int i = 0; i < JB_ADMISSION_SPINS; i++) {
		struct jb_stream *s = bpf_map_lookup_elem(&jb_streams, &hash);

		if (s && !*(volatile __u8 *)&s->dead)
			return s;
	}
	return NULL;
}

/* One RTP packet: p->rtp, with p->key.ssrc set. Whether it is one of a stream. */
static __always_inline bool jb_streams_packet(const struct jb_packet *p)
{
	__u64 hash = jb_stream_hash(&p->key, p->direction, jb_config.seed);
	struct jb_stream *s = bpf_map_lookup_elem(&jb_streams, &hash);
	bool restart = false;

	/* Again only while another CPU admits, moves or retires the stream in this moment. */
	for (int i = 0; i < JB_TRIES; i++) {
		enum jb_counted counted = s ? jb_streams_count(s, hash, p) : JB_NOT_MINE;

		if (counted == JB_COUNTED)
			return true;
		if (counted == JB_MOVED)
			continue;
		if (!jb_streams_hold(p, hash, restart))
			return false;
		s = jb_streams_await(hash);
		restart = true;
	}
	jb_fault(JB_FAULT_STREAM_BUSY);
	return true;
}

#endif
