/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent tells of itself. */
#include "kernel/names.h"
#include "metrics/families.h"
#include "metrics/private.h"

static void write_programs(struct jb_writer *w)
{
	const struct jb_page *p = w->page;

	jb_exposition_family(&w->e, &jb_family_program_attached);
	for (size_t i = 0; i < p->n_programs; i++)
		if (p->programs[i].attaches)
			jb_writer_one(w, &jb_family_program_attached, p->programs[i].name,
				      p->programs[i].attached);
	jb_writer_end_family(w, &jb_family_program_attached);
	jb_exposition_family(&w->e, &jb_family_program_misses);
	for (size_t i = 0; i < p->n_programs; i++)
		if (p->programs[i].attaches)
			jb_writer_one(w, &jb_family_program_misses, p->programs[i].name,
				      p->programs[i].misses);
	jb_writer_end_family(w, &jb_family_program_misses);
	jb_exposition_family(&w->e, &jb_family_program_runtime);
	for (size_t i = 0; p->runtime_known && i < p->n_programs; i++)
		jb_writer_one(w, &jb_family_program_runtime, p->programs[i].name,
			      p->programs[i].runtime_ns);
	jb_writer_end_family(w, &jb_family_program_runtime);
}

static void write_maps(struct jb_writer *w)
{
	const struct jb_page *p = w->page;

	jb_exposition_family(&w->e, &jb_family_map_entries);
	for (size_t i = 0; i < p->n_maps; i++)
		if (p->maps[i].entries != JB_ENTRIES_UNKNOWN)
			jb_writer_one(w, &jb_family_map_entries, p->maps[i].name,
				      p->maps[i].entries);
	jb_writer_end_family(w, &jb_family_map_entries);
	jb_exposition_family(&w->e, &jb_family_map_capacity);
	for (size_t i = 0; i < p->n_maps; i++)
		jb_writer_one(w, &jb_family_map_capacity, p->maps[i].name, p->maps[i].capacity);
	jb_writer_end_family(w, &jb_family_map_capacity);
	jb_exposition_family(&w->e, &jb_family_map_bytes);
	for (size_t i = 0; i < p->n_maps; i++)
		jb_writer_one(w, &jb_family_map_bytes, p->maps[i].name, p->maps[i].bytes);
	jb_writer_end_family(w, &jb_family_map_bytes);
}

static void write_faults(struct jb_writer *w)
{
	jb_exposition_family(&w->e, &jb_family_faults);
	for (size_t i = 0; i < JB_FAULT_MAX; i++)
		jb_writer_one(w, &jb_family_faults, jb_fault_names[i], w->page->faults[i]);
	jb_writer_end_family(w, &jb_family_faults);
}

void jb_writer_agent(struct jb_writer *w)
{
	const struct jb_page *p = w->page;

	jb_writer_single(w, &jb_family_build_info, p->version, 1);
	jb_exposition_family(&w->e, &jb_family_feature_available);
	for (int i = 0; i < JB_FEATURE_MAX; i++)
		jb_writer_one(w, &jb_family_feature_available, jb_feature_names[i], p->has[i]);
	jb_writer_end_family(w, &jb_family_feature_available);
	write_programs(w);
	write_maps(w);
	write_faults(w);
	jb_writer_single(w, &jb_family_resident_bytes, NULL, p->resident_bytes);
	jb_writer_single(w, &jb_family_series_folded, NULL, p->folded);
	jb_writer_single(w, &jb_family_snapshot_seconds, NULL, p->snapshot_ns);
	jb_writer_single(w, &jb_family_scrape_seconds, NULL, p->scrape_ns);
	jb_exposition_family(&w->e, &jb_family_series);
	for (size_t i = 0; i < w->n_told; i++)
		jb_writer_one(w, &jb_family_series, w->told[i].family, w->told[i].series);
}
