/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/names.h"
#include "metrics/families.h"
#include "metrics/page.h"

/* Positions in the label values of an owner's families. */
enum { JB_AT_UNIT = 3, JB_AT_FIRST = 4, JB_LABELS_MAX = 6 };
/* Families for the self-description; more than there are. */
#define JB_FAMILIES_MAX 64

struct writer {
	struct jb_exposition e;
	const struct jb_page *page;
	double jitter_bounds[JB_JITTER_BOUNDS];
	struct {
		const char *family;
		size_t series;
	} told[JB_FAMILIES_MAX];
	size_t n_told;
};

static void end_family(struct writer *w, const struct jb_family *family)
{
	if (!w->e.family_series || w->n_told == JB_FAMILIES_MAX)
		return;
	w->told[w->n_told].family = family->name;
	w->told[w->n_told++].series = w->e.family_series;
}

static void identity_values(const struct jb_owner_totals *owner, const char *values[JB_LABELS_MAX])
{
	const struct jb_identity *id = owner->identity;

	values[0] = id->namespace_;
	values[1] = id->pod;
	values[2] = id->container;
	values[JB_AT_UNIT] = *id->pod ? NULL : id->unit;
}

/* A direction is told with all its media as soon as one of them was seen. */
static bool seen_direction(const struct jb_owner_totals *owner, int direction)
{
	for (int m = 0; m < JB_MEDIA_MAX; m++)
		if (owner->seen[direction][m])
			return true;
	return false;
}

typedef void (*media_fn)(struct writer *w, const struct jb_owner_totals *owner, int direction,
			 int media, const char **values);

static void each_media(struct writer *w, const struct jb_family *family, media_fn fn)
{
	jb_exposition_family(&w->e, family);
	for (size_t i = 0; i < w->page->n_owners; i++) {
		const struct jb_owner_totals *owner = &w->page->owners[i];
		const char *values[JB_LABELS_MAX];

		identity_values(owner, values);
		for (int d = 0; d < JB_DIRECTION_MAX; d++)
			for (int m = 0; seen_direction(owner, d) && m < JB_MEDIA_MAX; m++) {
				values[JB_AT_FIRST] = jb_direction_names[d];
				values[JB_AT_FIRST + 1] = jb_media_names[m];
				fn(w, owner, d, m, values);
			}
	}
	end_family(w, family);
}

static void write_streams(struct writer *w, const struct jb_owner_totals *owner, int d, int m,
			  const char **values)
{
	jb_exposition_sample_u64(&w->e, values, JB_LABELS_MAX, owner->streams[d][m]);
}

static void write_jitter(struct writer *w, const struct jb_owner_totals *owner, int d, int m,
			 const char **values)
{
	const struct jb_rtp_totals *t = &owner->rtp[d][m];

	if (m == JB_MEDIA_AUDIO || m == JB_MEDIA_VIDEO)
		jb_exposition_histogram(&w->e, values, JB_LABELS_MAX, w->jitter_bounds,
					JB_JITTER_BOUNDS, (const uint64_t *)t->jitter,
					(double)t->jitter_ns / JB_SECOND_NS);
}

static void write_deviation(struct writer *w, const struct jb_owner_totals *owner, int d, int m,
			    const char **values)
{
	const struct jb_rtp_totals *t = &owner->rtp[d][m];

	if (m == JB_MEDIA_AUDIO || m == JB_MEDIA_VIDEO)
		jb_exposition_histogram(&w->e, values, JB_LABELS_MAX, w->jitter_bounds,
					JB_JITTER_BOUNDS, (const uint64_t *)t->deviation,
					(double)t->deviation_ns / JB_SECOND_NS);
}

static void write_media_counter(struct writer *w, const struct jb_rtp_family *f,
				const struct jb_owner_totals *owner, int d, const char **values)
{
	bool both = f->shape == JB_RTP_BY_MEDIA;

	if (both)
		values[JB_AT_FIRST] = jb_direction_names[d];
	for (int m = 0; m < JB_MEDIA_MAX; m++) {
		values[JB_AT_FIRST + both] = jb_media_names[m];
		jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + both + 1,
					 owner->rtp[d][m].counter[f->counter]);
	}
}

static void write_direction_counter(struct writer *w, const struct jb_rtp_family *f,
				    const struct jb_owner_totals *owner, int d, const char **values)
{
	uint64_t sum = 0;

	for (int m = 0; m < JB_MEDIA_MAX; m++)
		sum += owner->rtp[d][m].counter[f->counter];
	values[JB_AT_FIRST] = jb_direction_names[d];
	jb_exposition_sample_u64(&w->e, values, JB_AT_FIRST + 1, sum);
}

static void write_rtp_family(struct writer *w, const struct jb_rtp_family *f)
{
	jb_exposition_family(&w->e, &f->family);
	for (size_t i = 0; i < w->page->n_owners; i++) {
		const struct jb_owner_totals *owner = &w->page->owners[i];
		const char *values[JB_LABELS_MAX];

		identity_values(owner, values);
		for (int d = 0; d < JB_DIRECTION_MAX; d++) {
			if (!seen_direction(owner, d) ||
			    (f->shape == JB_RTP_INGRESS && d != JB_INGRESS) ||
			    (f->shape == JB_RTP_EGRESS && d != JB_EGRESS))
				continue;
			if (f->shape == JB_RTP_BY_DIRECTION)
				write_direction_counter(w, f, owner, d, values);
			else
				write_media_counter(w, f, owner, d, values);
		}
	}
	end_family(w, &f->family);
}

static void write_one(struct writer *w, const struct jb_family *family, const char *label,
		      uint64_t value)
{
	jb_exposition_sample_u64(&w->e, &label, family->labels ? 1 : 0, value);
}

static void write_single(struct writer *w, const struct jb_family *family, const char *label,
			 uint64_t value)
{
	jb_exposition_family(&w->e, family);
	write_one(w, family, label, value);
	end_family(w, family);
}

static void write_programs(struct writer *w)
{
	const struct jb_page *p = w->page;

	jb_exposition_family(&w->e, &jb_family_program_attached);
	for (size_t i = 0; i < p->n_programs; i++)
		if (p->programs[i].attaches)
			write_one(w, &jb_family_program_attached, p->programs[i].name,
				  p->programs[i].attached);
	end_family(w, &jb_family_program_attached);
	jb_exposition_family(&w->e, &jb_family_program_runtime);
	for (size_t i = 0; p->runtime_known && i < p->n_programs; i++)
		write_one(w, &jb_family_program_runtime, p->programs[i].name,
			  p->programs[i].runtime_ns);
	end_family(w, &jb_family_program_runtime);
}

static void write_maps(struct writer *w)
{
	const struct jb_page *p = w->page;

	jb_exposition_family(&w->e, &jb_family_map_entries);
	for (size_t i = 0; i < p->n_maps; i++)
		if (p->maps[i].entries != JB_ENTRIES_UNKNOWN)
			write_one(w, &jb_family_map_entries, p->maps[i].name, p->maps[i].entries);
	end_family(w, &jb_family_map_entries);
	jb_exposition_family(&w->e, &jb_family_map_capacity);
	for (size_t i = 0; i < p->n_maps; i++)
		write_one(w, &jb_family_map_capacity, p->maps[i].name, p->maps[i].capacity);
	end_family(w, &jb_family_map_capacity);
	jb_exposition_family(&w->e, &jb_family_map_bytes);
	for (size_t i = 0; i < p->n_maps; i++)
		write_one(w, &jb_family_map_bytes, p->maps[i].name, p->maps[i].bytes);
	end_family(w, &jb_family_map_bytes);
}

static void write_faults(struct writer *w)
{
	jb_exposition_family(&w->e, &jb_family_faults);
	for (size_t i = 0; i < JB_FAULT_MAX; i++)
		write_one(w, &jb_family_faults, jb_fault_names[i], w->page->faults[i]);
	end_family(w, &jb_family_faults);
}

static void write_agent(struct writer *w)
{
	const struct jb_page *p = w->page;

	write_single(w, &jb_family_build_info, p->version, 1);
	jb_exposition_family(&w->e, &jb_family_feature_available);
	for (size_t i = 0; i < p->n_features; i++)
		write_one(w, &jb_family_feature_available, p->features[i].name,
			  p->features[i].available);
	end_family(w, &jb_family_feature_available);
	write_programs(w);
	write_maps(w);
	write_faults(w);
	write_single(w, &jb_family_resident_bytes, NULL, p->resident_bytes);
	write_single(w, &jb_family_series_folded, NULL, p->folded);
	write_single(w, &jb_family_snapshot_seconds, NULL, p->snapshot_ns);
	write_single(w, &jb_family_scrape_seconds, NULL, p->scrape_ns);
	jb_exposition_family(&w->e, &jb_family_series);
	for (size_t i = 0; i < w->n_told; i++)
		write_one(w, &jb_family_series, w->told[i].family, w->told[i].series);
}

int jb_page_render(const struct jb_page *page, enum jb_exposition_format format,
		   struct jb_buffer *out)
{
	struct writer w = {.page = page};

	for (int i = 0; i < JB_JITTER_BOUNDS; i++)
		w.jitter_bounds[i] = (double)jb_jitter_bounds_ns[i] / JB_SECOND_NS;
	jb_exposition_begin(&w.e, out, format);
	for (unsigned int i = 0; i < jb_rtp_families_count; i++)
		write_rtp_family(&w, &jb_rtp_families[i]);
	each_media(&w, &jb_family_rtp_streams, write_streams);
	each_media(&w, &jb_family_rtp_jitter, write_jitter);
	if (page->full)
		each_media(&w, &jb_family_rtp_deviation, write_deviation);
	write_agent(&w);
	return jb_exposition_end(&w.e);
}

unsigned int jb_page_series_per_owner(bool full)
{
	/* rtp_streams, and a histogram of buckets, sum and count for audio and video. */
	unsigned int histograms = full ? 2 : 1;
	unsigned int n = JB_DIRECTION_MAX *
			 (JB_MEDIA_MAX + histograms * 2 * (JB_JITTER_BUCKETS + 2));

	for (unsigned int i = 0; i < jb_rtp_families_count; i++) {
		switch (jb_rtp_families[i].shape) {
		case JB_RTP_BY_MEDIA:
			n += JB_DIRECTION_MAX * JB_MEDIA_MAX;
			break;
		case JB_RTP_BY_DIRECTION:
			n += JB_DIRECTION_MAX;
			break;
		default:
			n += JB_MEDIA_MAX;
		}
	}
	return n;
}
