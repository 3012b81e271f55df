/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of a proxy's page share. */
#ifndef JB_MESH_PAGE_PRIVATE_H
#define JB_MESH_PAGE_PRIVATE_H

#include <stdbool.h>

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include "mesh/page.h"

/* A proxy's counters go up to 2^53, and so does what they are summed up to: it fits any integer. */
#define JB_MESH_MOST 9007199254740992.0

/* --- page_labels.c */

/* "" if the sample has no such label. */
const char *jb_mesh_label(const struct jb_scrape_sample *sample, const char *name);

/* Cuts what is too long at the end of a character; `to` is filled with NULs. */
void jb_mesh_copy(char *to, size_t size, const char *text, size_t len);

/* Whose sample it is; without `has_peer` its family is of HTTP. False: not of the data plane. */
bool jb_mesh_far_read(const struct jb_scrape_sample *sample, bool has_peer,
		      struct jb_mesh_far *ret_far);

/* --- page_series.c */

/* Of the proxy itself; after enum jb_mesh_figure. */
enum { JB_MESH_REFRESH_ERRORS = JB_MESH_FIGURE_MAX };

/* A far end that some series have. */
struct jb_mesh_end {
	UT_hash_handle hh;
	double by[JB_MESH_FIGURE_MAX]; /* for commit; else 0 */
	__u32 n_series;
	bool told;  /* who it is */
	char key[]; /* struct jb_mesh_far up to its names; namespace, NUL, workload, NUL */
};

struct jb_mesh_series {
	__u64 hash;
	double value;            /* as of the page before; NAN: it was no count */
	double staged;           /* as of this page; NAN: likewise */
	struct jb_mesh_end *end; /* NULL: it is of the proxy itself */
	__u8 figure;             /* enum jb_mesh_figure, or JB_MESH_REFRESH_ERRORS */
	bool seen;               /* on this page */
};

/* All 0 but the seed and the budget is an empty one. */
struct jb_mesh_table {
	__u64 seed;
	__u32 *budget; /* of the page's options: what is in `series` is taken of it */
	struct jb_mesh_series *series; /* those of the page before come first */
	size_t n, n_before, room;
	__u32 *slots; /* 2 * room, by hash: an index in `series` + 1, 0 if free */
	struct jb_mesh_end *ends;
};

__u64 jb_mesh_series_hash(const struct jb_mesh_table *table, const struct jb_scrape_sample *sample);
struct jb_mesh_series *jb_mesh_series_find(const struct jb_mesh_table *table, __u64 hash);

/*
 * One that isn't there yet, not seen; `far` may be NULL. 0, -ENOSPC: the budget is used up, or
 * -ENOMEM.
 */
int jb_mesh_series_add(struct jb_mesh_table *table, __u64 hash, int figure,
		       const struct jb_mesh_far *far, struct jb_mesh_series **ret);

/* Forgets the series that have come since jb_mesh_table_settle(); of the others none is seen. */
void jb_mesh_table_begin(struct jb_mesh_table *table);

/* Forgets the series that are not seen; what was staged of the others is their value. */
void jb_mesh_table_settle(struct jb_mesh_table *table);

void jb_mesh_table_free(struct jb_mesh_table *table);

void jb_mesh_end_far(const struct jb_mesh_end *end, struct jb_mesh_far *ret_far);

/* --- page.c */

struct jb_mesh_page {
	struct jb_mesh_page_options options;
	struct jb_mesh_table table;
	struct jb_mesh_facts facts; /* of this page, so far */
	bool begun_before;          /* a page was committed before this one */
	bool all_had_place;         /* on the page before */
	double start_s;             /* as it was told last */
};

#endif
