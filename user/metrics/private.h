/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files that write the page share. */
#ifndef JB_METRICS_PRIVATE_H
#define JB_METRICS_PRIVATE_H

#include "metrics/page.h"

/* Positions in the label values of an owner's families. */
enum { JB_AT_UNIT = 3, JB_AT_FIRST = 4, JB_LABELS_MAX = 7 };
/* Families for the self-description; more than there are. */
#define JB_FAMILIES_MAX 128

struct jb_writer {
	struct jb_exposition e;
	const struct jb_page *page;
	struct {
		const char *family;
		size_t series;
	} told[JB_FAMILIES_MAX];
	size_t n_told;
};

/* Notes how many series the family that has just been written has. */
void jb_writer_end_family(struct jb_writer *w, const struct jb_family *family);

/* A sample of a family with one label, or without any (NULL). */
void jb_writer_one(struct jb_writer *w, const struct jb_family *family, const char *label,
		   uint64_t value);

/* A whole family of such a sample. */
void jb_writer_single(struct jb_writer *w, const struct jb_family *family, const char *label,
		      uint64_t value);

/* The labels of whose a sample is. */
void jb_writer_labels(const struct jb_identity *id, const char *values[JB_AT_FIRST]);

/* Likewise an owner's, with room for more. */
void jb_writer_identity(const struct jb_owner_totals *owner, const char *values[JB_LABELS_MAX]);

/* Whether RTP has been seen in that direction. */
bool jb_writer_has_rtp(const struct jb_owner_totals *owner, int direction);

void jb_writer_rtp(struct jb_writer *w);
void jb_writer_traffic(struct jb_writer *w);
void jb_writer_pods(struct jb_writer *w);
void jb_writer_edges(struct jb_writer *w);
void jb_writer_mesh(struct jb_writer *w);
void jb_writer_kubernetes(struct jb_writer *w);
void jb_writer_cluster(struct jb_writer *w);
void jb_writer_audit(struct jb_writer *w);
void jb_writer_agent(struct jb_writer *w);

/* Series of a slot, as far as the families of each kind are concerned. */
unsigned int jb_rtp_series(int direction, bool full);
unsigned int jb_traffic_series(__u32 slot, bool full);
unsigned int jb_traffic_series_of_tcp(void); /* of all legs together */

#endif
