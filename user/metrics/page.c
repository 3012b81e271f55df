/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "metrics/private.h"

void jb_writer_end_family(struct jb_writer *w, const struct jb_family *family)
{
	if (!w->e.family_series || w->n_told == JB_FAMILIES_MAX)
		return;
	w->told[w->n_told].family = family->name;
	w->told[w->n_told++].series = w->e.family_series;
}

void jb_writer_one(struct jb_writer *w, const struct jb_family *family, const char *label,
		   uint64_t value)
{
	jb_exposition_sample_u64(&w->e, &label, family->labels ? 1 : 0, value);
}

void jb_writer_single(struct jb_writer *w, const struct jb_family *family, const char *label,
		      uint64_t value)
{
	jb_exposition_family(&w->e, family);
	jb_writer_one(w, family, label, value);
	jb_writer_end_family(w, family);
}

void jb_writer_labels(const struct jb_identity *id, const char *values[JB_AT_FIRST])
{
	values[0] = id->namespace_;
	values[1] = id->pod;
	values[2] = id->container;
	values[JB_AT_UNIT] = *id->pod ? NULL : id->unit;
}

void jb_writer_identity(const struct jb_owner_totals *owner, const char *values[JB_LABELS_MAX])
{
	jb_writer_labels(owner->identity, values);
}

bool jb_writer_has_rtp(const struct jb_owner_totals *owner, int direction)
{
	for (int m = 0; m < JB_MEDIA_MAX; m++)
		if (owner->seen[jb_slot_rtp(direction, m)])
			return true;
	return false;
}

int jb_page_render(const struct jb_page *page, enum jb_exposition_format format,
		   struct jb_buffer *out)
{
	struct jb_writer w = {.page = page};

	jb_exposition_begin(&w.e, out, format);
	jb_writer_rtp(&w);
	jb_writer_traffic(&w);
	jb_writer_pods(&w);
	jb_writer_edges(&w);
	jb_writer_mesh(&w);
	jb_writer_kubernetes(&w);
	jb_writer_cluster(&w);
	jb_writer_audit(&w);
	jb_writer_agent(&w);
	return jb_exposition_end(&w.e);
}

void jb_page_slot_series(bool full, __u32 ret[JB_SLOTS_PRICED])
{
	for (__u32 slot = 0; slot < JB_SLOT_MAX; slot++)
		ret[slot] = jb_traffic_series(slot, full);
	ret[JB_PRICE_OF_TCP] = jb_traffic_series_of_tcp();
	for (int d = 0; d < JB_DIRECTION_MAX; d++)
		ret[jb_slot_rtp(d, 0)] = jb_rtp_series(d, full);
}
