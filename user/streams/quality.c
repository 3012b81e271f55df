/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/quality.h"

#include "streams/mos.h"

static void observe_mos(const struct jb_receiver *r, const struct jb_impairment_counts *before,
			const struct jb_impairment_counts *now, struct jb_quality_totals *more)
{
	struct jb_mos_codec codec = jb_mos_codec(r->payload_type);
	struct jb_mos_sample sample = {.jitter_ns = jb_impairment_jitter(r)};
	double mos;

	if (r->media != JB_MEDIA_AUDIO || sample.jitter_ns == JB_IMPAIRMENT_NO_JITTER ||
	    !jb_impairment_loss(before, now, &sample.loss_ppm))
		return;
	if (r->flags & JB_INTERVAL_KNOWN)
		sample.packet_ns = (__u64)r->interval << 10;
	mos = jb_mos_of_rating(jb_mos_rating(&codec, &sample));
	more->mos[jb_mos_bucket(mos)]++;
	more->mos_micro += (__u64)(mos * 1e6 + 0.5);
}

/* An impairment is one of the whole interval, or of the stream since it began in it. */
static __u64 impaired_since_s(const struct jb_receiver *r, const struct jb_quality_time *time)
{
	__u64 age_ns = time->now_ns > r->started_ns ? time->now_ns - r->started_ns : 0;
	__u64 ns = age_ns < time->interval_ns ? age_ns : time->interval_ns;

	return time->unix_s - ns / JB_SECOND_NS;
}

void jb_quality_pass(struct jb_quality *quality, const struct jb_receiver *receiver,
		     enum jb_direction direction, const struct jb_quality_time *time,
		     const struct jb_impairment_limits *limits, bool mos,
		     struct jb_quality_totals *more)
{
	struct jb_impairment_counts now;
	__u64 span_ns;
	__u32 reasons;

	jb_impairment_read(receiver, &now);
	span_ns = jb_impairment_span_ns(&quality->counts, &now, time->interval_ns);
	reasons = jb_impairment_judge(&quality->counts, &now, jb_impairment_jitter(receiver),
				      direction, limits);
	more->stream_ns += span_ns;
	if (reasons)
		more->impaired_ns += span_ns;
	for (int i = 0; i < JB_IMPAIRED_MAX; i++)
		if (reasons & 1U << i)
			more->impairment_ns[i] += span_ns;
	if (mos)
		observe_mos(receiver, &quality->counts, &now, more);
	if (span_ns && !reasons)
		quality->impaired_since_s = 0;
	else if (reasons && !quality->impaired_since_s)
		quality->impaired_since_s = impaired_since_s(receiver, time);
	quality->counts = now;
}
