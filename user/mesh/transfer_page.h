/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A page of a proxy's metrics as it arrives: whether it is one, and what it says. No network. */
#ifndef JB_MESH_TRANSFER_PAGE_H
#define JB_MESH_TRANSFER_PAGE_H

#include "mesh/fetch_attempt.h"

/* Where pages come from: what is remembered from one to the next. */
struct jb_transfer_source {
	const char *url;
	struct jb_mesh_page *page;
	bool eof; /* the last page that wasn't cut off ended with `# EOF` */
};

/* Beyond the first three, one page's. */
struct jb_transfer_page {
	struct jb_scrape *scrape;
	uint64_t max_octets;
	struct jb_transfer_source *source;
	bool has_head;
	uint64_t ignored; /* octets of what isn't a page */
	struct jb_attempt attempt;
};

int jb_transfer_page_init(struct jb_transfer_page *page, uint64_t max_octets);
void jb_transfer_page_free(struct jb_transfer_page *page);

void jb_transfer_page_begin(struct jb_transfer_page *page, struct jb_transfer_source *source);

/* Before the first octets: the status, and the Content-Type or NULL. Done only once. */
void jb_transfer_page_head(struct jb_transfer_page *page, long status, const char *content_type);

/* 0, or the page is not worth going on with. */
int jb_transfer_page_take(struct jb_transfer_page *page, const char *data, size_t len);

/* All has come. Unless there is a failure already the page is judged, and its news collected. */
void jb_transfer_page_end(struct jb_transfer_page *page);

#endif
