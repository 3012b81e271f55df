/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "streams/impairment.h"

void jb_impairment_read(const struct jb_receiver *r, struct jb_impairment_counts *ret_counts)
{
	*ret_counts = (struct jb_impairment_counts){.started_ns = r->started_ns,
						    .last_ns = r->last_ns,
						    .packets = r->packets,
						    .unique = r->unique,
						    .duplicates = r->duplicates,
						    .gap = r->gap,
						    .recovered = r->recovered,
						    .restarts = r->restarts,
						    .freezes = r->flags / JB_FREEZE};
}

__u64 jb_impairment_jitter(const struct jb_receiver *r)
{
	bool has_frames = r->media == JB_MEDIA_AUDIO || r->media == JB_MEDIA_VIDEO;

	return has_frames && r->clock != JB_CLOCK_UNKNOWN ? jb_receiver_jitter_ns(r)
							  : JB_IMPAIRMENT_NO_JITTER;
}

/* What the current counts continue: nothing, if they are of a stream that began since. */
static struct jb_impairment_counts continued(const struct jb_impairment_counts *previous,
					     const struct jb_impairment_counts *current)
{
	if (previous->started_ns == current->started_ns)
		return *previous;
	return (struct jb_impairment_counts){.last_ns = current->started_ns};
}

static __u64 rise(__u64 from, __u64 to)
{
	return to > from ? to - from : 0;
}

/* Of counters that may wrap. */
static __u64 rise32(__u32 from, __u32 to)
{
	return (__u32)(to - from);
}

__u64 jb_impairment_span_ns(const struct jb_impairment_counts *previous,
			    const struct jb_impairment_counts *current, __u64 interval_ns)
{
	struct jb_impairment_counts from = continued(previous, current);
	__u64 span = rise(from.last_ns, current->last_ns);

	return span < interval_ns ? span : interval_ns;
}

static __u64 newly_unique(const struct jb_impairment_counts *from,
			  const struct jb_impairment_counts *to)
{
	if (from->restarts == to->restarts)
		return rise(from->unique, to->unique);
	return rise(rise32(from->duplicates, to->duplicates), rise(from->packets, to->packets));
}

bool jb_impairment_loss(const struct jb_impairment_counts *previous,
			const struct jb_impairment_counts *current, __u32 *ret_ppm)
{
	struct jb_impairment_counts from = continued(previous, current);
	__u64 missing = rise(rise32(from.recovered, current->recovered),
			     rise32(from.gap, current->gap));
	__u64 due = missing + newly_unique(&from, current);

	if (due < JB_IMPAIRMENT_MIN_PACKETS)
		return false;
	*ret_ppm = (__u32)(missing * 1000000 / due); /* missing has 32 bits */
	return true;
}

__u32 jb_impairment_judge(const struct jb_impairment_counts *previous,
			  const struct jb_impairment_counts *current, __u64 jitter_ns,
			  enum jb_direction direction, const struct jb_impairment_limits *limits)
{
	struct jb_impairment_counts from = continued(previous, current);
	__u32 loss_ppm = 0, reasons = 0;

	if (current->packets == from.packets)
		return 0;
	/* The share is rounded down, which a limit in whole ppm doesn't notice. */
	if (jb_impairment_loss(previous, current, &loss_ppm) && loss_ppm &&
	    loss_ppm >= limits->loss_ppm)
		reasons |= 1U << (direction == JB_EGRESS ? JB_IMPAIRED_SOURCE_GAP
							 : JB_IMPAIRED_LOSS);
	if (jitter_ns != JB_IMPAIRMENT_NO_JITTER && jitter_ns && jitter_ns >= limits->jitter_ns)
		reasons |= 1U << JB_IMPAIRED_JITTER;
	if (current->freezes != from.freezes)
		reasons |= 1U << JB_IMPAIRED_FREEZE;
	return reasons;
}
