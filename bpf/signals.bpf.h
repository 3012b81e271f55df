/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is said beside the media: RTCP, STUN, DTLS. Rare packets, so nothing here is tuned. */
#ifndef JB_SIGNALS_BPF_H
#define JB_SIGNALS_BPF_H

#include <jitterbug/dtls.h>
#include <jitterbug/rtcp.h>
#include <jitterbug/stun.h>
#include "udp.bpf.h"

extern struct jb_stun_map jb_stun SEC(".maps");
extern struct jb_reports_map jb_reports SEC(".maps");
extern struct jb_reported_map jb_reported SEC(".maps");
extern struct jb_handshakes_map jb_handshakes SEC(".maps");

/* As jb_segment_read() for offsets that vary within a loop: one path for the verifier, no hurry. */
static __always_inline long jb_segment_load(const void *packet, __u32 offset, void *ret, __u32 size)
{
	const struct jb_segment *segment = packet;

	return bpf_skb_load_bytes(segment->skb, segment->offset + offset, ret, size);
}

static __always_inline struct jb_signal_totals *jb_signals_totals(const struct jb_packet *p)
{
	union jb_totals *totals = jb_workload_totals(p->signal_row);

	return totals ? &totals->signal : NULL;
}

/* --- STUN */

/* Takes the place for a new request; the one that had it is given up, if it still waits. */
static __always_inline void jb_stun_ask(struct jb_pair *pair, __u64 id, __u64 found,
					struct jb_packet *p, struct jb_signal_totals *totals)
{
	if ((found | JB_PAIR_WAITING) == id) {
		__sync_fetch_and_or(&pair->row, JB_PAIR_AGAIN);
		return;
	}
	__sync_fetch_and_add(&totals->stun_requests, 1);
	/* By exchange, which orders: under each id are only its own row and time. */
	if (__sync_lock_test_and_set(&pair->id, 0) & JB_PAIR_WAITING)
		jb_fault(JB_FAULT_STUN_EVICTED);
	pair->row = p->signal_row;
	pair->at = jb_pair_time(jb_now(p));
	__sync_lock_test_and_set(&pair->id, id);
}

/* `id` as it was found. */
static __always_inline void jb_stun_answer(struct jb_pair *pair, __u64 id, struct jb_packet *p,
					   struct jb_signal_totals *totals)
{
	__u64 age_ns = jb_pair_age_ns(pair, jb_now(p));
	bool once = id & JB_PAIR_WAITING && !(pair->row & JB_PAIR_AGAIN);

	if (__sync_val_compare_and_swap(&pair->id, id, 0) != id)
		return;
	/* Of what came in, and is answered here, the time is the application's. */
	if (p->direction == JB_INGRESS && once)
		jb_rtt_observe(&totals->stun_rtt, age_ns);
}

static __always_inline void jb_signals_stun(struct __sk_buff *skb, struct jb_packet *p,
					    __u32 offset)
{
	__u8 b[JB_STUN_HEADER_LEN] __attribute__((aligned(4)));
	struct jb_signal_totals *totals;
	__u8 asked = p->direction;
	struct jb_stun stun;
	struct jb_pair *pair;
	__u64 id, found;
	__u32 place;

	if (p->bytes < sizeof(b) || jb_packet_read(skb, offset, b, sizeof(b)) ||
	    !jb_stun_parse(&stun, b, p->bytes) || stun.klass == JB_STUN_INDICATION)
		return;
	if (stun.klass != JB_STUN_REQUEST)
		asked = asked == JB_INGRESS ? JB_EGRESS : JB_INGRESS;
	id = jb_mix(jb_config.seed ^ (asked + 1), p->key.cgroup_id);
	id = jb_mix(id, (__u64)stun.transaction[0] << 32 | stun.transaction[1]);
	id = jb_mix(id, stun.transaction[2]) | JB_PAIR_WAITING;
	place = id >> 32 & (JB_PAIRS - 1);
	pair = bpf_map_lookup_elem(&jb_stun, &place);
	totals = jb_signals_totals(p);
	if (!pair || !totals)
		return;
	found = *(volatile __u64 *)&pair->id;
	if (stun.klass == JB_STUN_REQUEST)
		jb_stun_ask(pair, id, found, p, totals);
	else if ((found | JB_PAIR_WAITING) == id)
		jb_stun_answer(pair, found, p, totals);
}

/* --- RTCP */

static __always_inline __u64 jb_report_id(const struct jb_packet *p, __u32 ssrc, __u32 ntp)
{
	__u64 id = jb_mix(jb_config.seed ^ 3, p->key.cgroup_id);

	return jb_mix(id, (__u64)ssrc << 32 | ntp) | 1;
}

/* Remembers when an SR, at `offset`, left this node. */
static __always_inline void jb_signals_sr(struct __sk_buff *skb, struct jb_packet *p, __u32 offset,
					  const struct jb_rtcp *rtcp)
{
	__u8 ntp[8] __attribute__((aligned(4)));
	struct jb_pair *pair;
	__u32 place;
	__u64 id;

	if (p->direction != JB_EGRESS || rtcp->length < JB_RTCP_SR_REPORTS ||
	    bpf_skb_load_bytes(skb, offset + JB_RTCP_SR_NTP, ntp, sizeof(ntp)))
		return;
	id = jb_report_id(p, rtcp->ssrc, jb_rtcp_ntp_middle(ntp));
	place = id >> 32 & (JB_PAIRS - 1);
	pair = bpf_map_lookup_elem(&jb_reports, &place);
	if (!pair)
		return;
	pair->at = jb_pair_time(jb_now(p));
	pair->id = id;
}

/* From our SR to the report that answers it, less what the other side waited (RFC 3550 6.4.1). */
static __always_inline void jb_report_round_trip(struct jb_packet *p,
						 const struct jb_rtcp_report *report,
						 struct jb_signal_totals *totals)
{
	__u64 id = jb_report_id(p, report->ssrc, report->lsr);
	__u32 place = id >> 32 & (JB_PAIRS - 1);
	struct jb_pair *pair = bpf_map_lookup_elem(&jb_reports, &place);
	__u64 waited_ns = jb_rtcp_dlsr_ns(report->dlsr);
	__u64 age_ns;

	if (!pair || pair->id != id)
		return;
	age_ns = jb_pair_age_ns(pair, jb_now(p));
	if (age_ns > waited_ns)
		jb_rtt_observe(&totals->rtcp_rtt, age_ns - waited_ns);
}

/* What has been lost since the report before; what was lost before the first one is not known. */
static __always_inline void jb_report_lost(struct jb_packet *p, __u32 reporter,
					   const struct jb_rtcp_report *report,
					   struct jb_signal_totals *totals)
{
	__u64 id = jb_stream_hash(&p->key, p->direction, jb_config.seed);
	__s32 lost = report->lost > 0 ? report->lost : 0; /* duplicates make it negative */
	__s32 *known;

	id = jb_mix(id, (__u64)reporter << 32 | report->ssrc);
	known = bpf_map_lookup_elem(&jb_reported, &id);
	if (!known) {
		bpf_map_update_elem(&jb_reported, &id, &lost, BPF_NOEXIST);
		return;
	}
	if (lost > *known) {
		__sync_fetch_and_add(&totals->reported_lost, lost - *known);
		*known = lost;
	}
}

/* One report block. Global, as what follows: verified once, not in each round of a loop. */
__noinline int jb_signals_report(struct __sk_buff *skb, struct jb_packet *p, __u32 offset)
{
	__u8 b[JB_RTCP_REPORT_LEN] __attribute__((aligned(4)));
	struct jb_signal_totals *totals;
	struct jb_rtcp_report report;

	if (!p || p->direction >= JB_DIRECTION_MAX || bpf_skb_load_bytes(skb, offset, b, sizeof(b)))
		return 0;
	totals = jb_signals_totals(p);
	if (!totals)
		return 0;
	jb_rtcp_report_parse(&report, b);
	p->key.ssrc = 0;
	jb_report_lost(p, p->reporter, &report, totals);
	if (p->direction == JB_INGRESS && report.lsr)
		jb_report_round_trip(p, &report, totals);
	return 0;
}

static __always_inline void jb_rtcp_count(const struct jb_rtcp *rtcp,
					  struct jb_signal_totals *totals)
{
	enum jb_rtcp_type type = jb_rtcp_type(rtcp->packet_type);
	enum jb_rtcp_feedback feedback = jb_rtcp_feedback(rtcp->packet_type, rtcp->count);

	if (type < JB_RTCP_TYPE_MAX)
		__sync_fetch_and_add(&totals->rtcp[type], 1);
	if (feedback < JB_RTCP_FEEDBACK_MAX)
		__sync_fetch_and_add(&totals->feedback[feedback], 1);
}

/* Counts the sub-packet at `offset`, and finds its reports; returns its length, 0 if it is none. */
__noinline int jb_signals_rtcp_one(struct __sk_buff *skb, struct jb_packet *p, __u32 offset,
				   __u32 left, bool plain)
{
	__u8 b[JB_RTCP_HEADER_LEN] __attribute__((aligned(4))) = {};
	struct jb_signal_totals *totals;
	struct jb_rtcp rtcp;

	if (!p || p->direction >= JB_DIRECTION_MAX)
		return 0;
	if (left < sizeof(b) ? bpf_skb_load_bytes(skb, offset, b, 4)
			     : bpf_skb_load_bytes(skb, offset, b, sizeof(b)))
		return 0;
	totals = jb_signals_totals(p);
	p->reports = 0;
	if (!totals || !jb_rtcp_parse(&rtcp, b, left))
		return 0;
	jb_rtcp_count(&rtcp, totals);
	if (plain && rtcp.packet_type == JB_RTCP_PT_SR)
		jb_signals_sr(skb, p, offset, &rtcp);
	if (plain && (rtcp.packet_type == JB_RTCP_PT_SR || rtcp.packet_type == JB_RTCP_PT_RR)) {
		p->reporter = rtcp.ssrc;
		p->reports = rtcp.count;
		p->reports_at = offset + (rtcp.packet_type == JB_RTCP_PT_SR ? JB_RTCP_SR_REPORTS
									    : JB_RTCP_RR_REPORTS);
	}
	return rtcp.length;
}

#define JB_REPORTS_MAX 31

/* Not called from where they are found: before 6.7 the frames of so deep a chain have no room. */
static __always_inline void jb_signals_reports(struct __sk_buff *skb, struct jb_packet *p)
{
	for (__u32 i = 0; i < JB_REPORTS_MAX && i < p->reports; i++)
		jb_signals_report(skb, p, p->reports_at + i * JB_RTCP_REPORT_LEN);
}

/* Under SRTCP the first sub-packet's type is all that there is to see. */
static __always_inline void jb_signals_rtcp(struct __sk_buff *skb, struct jb_packet *p, __u32 start)
{
	struct jb_segment segment = {.skb = skb, .offset = start};
	bool plain = jb_rtcp_is_plain(jb_segment_load, &segment, p->bytes);
	__u32 bytes = p->bytes;
	__u32 offset = 0;

	for (int i = 0; i < JB_RTCP_PACKETS_MAX && offset < bytes; i++) {
		int length = jb_signals_rtcp_one(skb, p, start + offset, bytes - offset, plain);

		if (length <= 0 || !plain)
			break;
		jb_signals_reports(skb, p);
		offset += length;
	}
}

/* --- DTLS */

/* The same for both directions. */
static __always_inline __u64 jb_handshake_id(const struct jb_packet *p)
{
	struct jb_stream_key key = p->key;

	key.ssrc = 0;
	if (p->direction == JB_EGRESS) {
		key.source = p->key.destination;
		key.destination = p->key.source;
		key.source_port = p->key.destination_port;
		key.destination_port = p->key.source_port;
	}
	return jb_stream_hash(&key, JB_INGRESS, jb_config.seed);
}

/* No flight is repeated later (RFC 6347 4.2.4.1): the handshake has been given up. */
#define JB_HANDSHAKE_MAX_NS (60 * JB_SECOND_NS)

/* In `finished`: a bit for each direction; its upper half is of the hello's random, 0: unknown. */
#define JB_HANDSHAKE_DONE      ((1ULL << JB_DIRECTION_MAX) - 1)
#define JB_HANDSHAKE_RANDOM_AT 32

/*
 * Whether a hello of `random` begins a handshake. One that is sent again belongs to that under way,
 * and one that comes late to that which is done: then another random tells that it is a new one.
 */
static __always_inline bool jb_handshake_begins(const struct jb_handshake *h, __u64 id,
						__u32 random, __u64 now_ns)
{
	__u32 known = h->finished >> JB_HANDSHAKE_RANDOM_AT;

	if (h->id != id || now_ns - h->started_ns > JB_HANDSHAKE_MAX_NS)
		return true;
	return (h->finished & JB_HANDSHAKE_DONE) == JB_HANDSHAKE_DONE && random && known &&
	       random != known;
}

/* Whether this ends the handshake, of two CPUs on only one. */
static __always_inline bool jb_handshake_finish(struct jb_handshake *h, __u64 bit)
{
	__u64 before = *(volatile __u64 *)&h->finished;

	if (before & bit)
		return false;
	before = __sync_fetch_and_or(&h->finished, bit);
	return !(before & bit) && ((before | bit) & JB_HANDSHAKE_DONE) == JB_HANDSHAKE_DONE;
}

static __noinline int jb_handshake_step(struct jb_packet *p, enum jb_dtls_step step, __u32 random)
{
	__u64 id = jb_handshake_id(p);
	__u32 place = id & (JB_HANDSHAKES - 1);
	struct jb_handshake *h = bpf_map_lookup_elem(&jb_handshakes, &place);
	union jb_totals *totals = jb_workload_totals(p->udp_row);
	__u64 ns;

	if (!h || !totals)
		return 0;
	if (step == JB_DTLS_HELLO) {
		if (jb_handshake_begins(h, id, random, jb_now(p))) {
			h->started_ns = jb_now(p);
			h->finished = (__u64)random << JB_HANDSHAKE_RANDOM_AT;
			h->id = id;
		}
		return 0;
	}
	if (h->id != id || !jb_handshake_finish(h, 1ULL << (p->direction % JB_DIRECTION_MAX)))
		return 0;
	ns = jb_now(p) - h->started_ns;
	__sync_fetch_and_add(&totals->udp.dtls[jb_dtls_bucket(ns) % JB_DTLS_BUCKETS], 1);
	__sync_fetch_and_add(&totals->udp.dtls_ns, ns);
	return 0;
}

__noinline int jb_signals_dtls_step(struct __sk_buff *skb, __u32 offset, __u32 bytes)
{
	struct jb_segment segment = {.skb = skb, .offset = offset};

	return jb_dtls_step(jb_segment_load, &segment, bytes);
}

__noinline __u32 jb_signals_dtls_random(struct __sk_buff *skb, __u32 offset, __u32 bytes)
{
	struct jb_segment segment = {.skb = skb, .offset = offset};

	return jb_dtls_random(jb_segment_load, &segment, bytes);
}

static __always_inline void jb_signals_dtls(struct __sk_buff *skb, struct jb_packet *p,
					    __u32 offset)
{
	enum jb_dtls_step step = jb_signals_dtls_step(skb, offset, p->bytes);
	__u32 random = 0;

	if (step == JB_DTLS_HELLO)
		random = jb_signals_dtls_random(skb, offset, p->bytes);
	if (step != JB_DTLS_NOTHING)
		jb_handshake_step(p, step, random);
}

#endif
