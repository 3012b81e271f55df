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

void jb_quality_pass(struct jb_quality *quality, const struct jb_receiver *receiver,
		     enum jb_direction direction, __u64 interval_ns, __u64 unix_s,
		     const struct jb_impairment_limits *limits, bool mos,
		     struct jb_quality_totals *more)
{
	struct jb_impairment_counts now;
	__u64 span_ns;
	__u32 reasons;

	jb_impairment_read(receiver, &now);
	span_ns = jb_impairment_span_ns(&quality->counts, &now, interval_ns);
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
		quality->impaired_since_s = unix_s - interval_ns / JB_SECOND_NS;
	quality->counts = now;
}
