/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The RTP families: by direction and media. */
#include "kernel/names.h"
#include "metrics/families.h"
#include "metrics/private.h"

/* In seconds, as jb_jitter_bounds_ns; a test compares them. */
static const double jitter_bounds[JB_JITTER_BOUNDS] = {0.001, 0.002, 0.005, 0.01, 0.02,
						       0.03,  0.05,  0.1,   0.3,  1};

typedef void (*media_fn)(struct jb_writer *w, const struct jb_owner_totals *owner, int direction,
			 int media, const char **values);

static void each_media(struct jb_writer *w, const struct jb_family *family, media_fn fn)
{
	jb_exposition_family(&w->e, family);
	for (size_t i = 0; i < w->page->n_owners; i++) {
		const struct jb_owner_totals *owner = &w->page->owners[i];
		const char *values[JB_LABELS_MAX];

		jb_writer_identity(owner, values);
		for (int d = 0; d < JB_DIRECTION_MAX; d++)
			for (int m = 0; jb_writer_has_rtp(owner, d) && m < JB_MEDIA_MAX; m++) {
				values[JB_AT_FIRST] = jb_direction_names[d];
				values[JB_AT_FIRST + 1] = jb_media_names[m];
				fn(w, owner, d, m, values);
			}
	}
	jb_writer_end_family(w, family);
}

/* Of who has gone only the counters stay for the grace. */
static void write_streams(struct jb_writer *w, const struct jb_owner_totals *owner, int d, int m,
			  const char **values)
{
	if (owner->cgroups || owner->streams[d][m])
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 2, owner->streams[d][m]);
}

static void write_jitter(struct jb_writer *w, const struct jb_owner_totals *owner, int d, int m,
			 const char **values)
{
	const struct jb_rtp_totals *t = &owner->totals[jb_slot_rtp(d, m)].rtp;

	if (m == JB_MEDIA_AUDIO || m == JB_MEDIA_VIDEO)
		jb_exposition_histogram(&w->e, values, JB_AT_FIRST + 2, jitter_bounds,
					JB_JITTER_BOUNDS, (const uint64_t *)t->jitter,
					(double)t->jitter_ns / JB_SECOND_NS);
}

static void write_deviation(struct jb_writer *w, const struct jb_owner_totals *owner, int d, int m,
			    const char **values)
{
	const struct jb_rtp_totals *t = &owner->totals[jb_slot_rtp(d, m)].rtp;

	if (m == JB_MEDIA_AUDIO || m == JB_MEDIA_VIDEO)
		jb_exposition_histogram(&w->e, values, JB_AT_FIRST + 2, jitter_bounds,
					JB_JITTER_BOUNDS, (const uint64_t *)t->deviation,
					(double)t->deviation_ns / JB_SECOND_NS);
}

static void write_media_counter(struct jb_writer *w, const struct jb_rtp_family *f,
				const struct jb_owner_totals *owner, int d, const char **values)
{
	bool both = f->shape == JB_RTP_BY_MEDIA;

	if (both)
		values[JB_AT_FIRST] = jb_direction_names[d];
	for (int m = 0; m < JB_MEDIA_MAX; m++) {
		values[JB_AT_FIRST + both] = jb_media_names[m];
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + both + 1,
					 owner->totals[jb_slot_rtp(d, m)].rtp.counter[f->counter]);
	}
}

static void write_direction_counter(struct jb_writer *w, const struct jb_rtp_family *f,
				    const struct jb_owner_totals *owner, int d, const char **values)
{
	uint64_t sum = 0;

	for (int m = 0; m < JB_MEDIA_MAX; m++)
		sum += owner->totals[jb_slot_rtp(d, m)].rtp.counter[f->counter];
	values[JB_AT_FIRST] = jb_direction_names[d];
	jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 1, sum);
}

static void write_rtp_family(struct jb_writer *w, const struct jb_rtp_family *f)
{
	jb_exposition_family(&w->e, &f->family);
	for (size_t i = 0; i < w->page->n_owners; i++) {
		const struct jb_owner_totals *owner = &w->page->owners[i];
		const char *values[JB_LABELS_MAX];

		jb_writer_identity(owner, values);
		for (int d = 0; d < JB_DIRECTION_MAX; d++) {
			if (!jb_writer_has_rtp(owner, d) ||
			    (f->shape == JB_RTP_INGRESS && d != JB_INGRESS) ||
			    (f->shape == JB_RTP_EGRESS && d != JB_EGRESS))
				continue;
			if (f->shape == JB_RTP_BY_DIRECTION)
				write_direction_counter(w, f, owner, d, values);
			else
				write_media_counter(w, f, owner, d, values);
		}
	}
	jb_writer_end_family(w, &f->family);
}

void jb_writer_rtp(struct jb_writer *w)
{
	for (unsigned int i = 0; i < jb_rtp_families_count; i++)
		write_rtp_family(w, &jb_rtp_families[i]);
	each_media(w, &jb_family_rtp_streams, write_streams);
	each_media(w, &jb_family_rtp_jitter, write_jitter);
	if (w->page->full)
		each_media(w, &jb_family_rtp_deviation, write_deviation);
}

unsigned int jb_rtp_series(int direction, bool full)
{
	/* rtp_streams, and a histogram of buckets, sum and count for audio and video. */
	unsigned int histograms = full ? 2 : 1;
	unsigned int n = JB_MEDIA_MAX + histograms * 2 * (JB_JITTER_BUCKETS + 2);

	for (unsigned int i = 0; i < jb_rtp_families_count; i++) {
		switch (jb_rtp_families[i].shape) {
		case JB_RTP_BY_MEDIA:
			n += JB_MEDIA_MAX;
			break;
		case JB_RTP_BY_DIRECTION:
			n++;
			break;
		case JB_RTP_INGRESS:
			n += direction == JB_INGRESS ? JB_MEDIA_MAX : 0;
			break;
		case JB_RTP_EGRESS:
			n += direction == JB_EGRESS ? JB_MEDIA_MAX : 0;
			break;
		}
	}
	return n;
}
