/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What came of one attempt at one page, or of several in a row that nobody has asked for yet. */
#ifndef JB_MESH_FETCH_ATTEMPT_H
#define JB_MESH_FETCH_ATTEMPT_H

#include "mesh/fetch.h"

struct jb_attempt {
	/* Of the latest. */
	enum jb_mesh_failure failure;
	char error[JB_MESH_ERROR_SIZE];
	uint64_t bytes, lines, malformed;
	uint64_t duration_ns;
	/* Of those before it, if there are any: by kind. */
	uint64_t earlier[JB_MESH_FAILURE_MAX];
	/* Of all that were fine. */
	bool has_facts;
	struct jb_mesh_facts facts;
	struct jb_mesh_news *news;
	size_t n_news, room;
};

/* Ends it so. The text is made printable. */
void jb_attempt_fail(struct jb_attempt *attempt, enum jb_mesh_failure failure, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));

/* A jb_mesh_news_fn; ctx is the attempt. 0 or -ENOMEM. */
int jb_attempt_add_news(void *ctx, const struct jb_mesh_news *news);

/*
 * Adds up what came before it, which is empty thereafter. News of more than `max` far ends, or
 * those for which there is no memory, are left out and counted in facts.skipped.
 */
void jb_attempt_merge(struct jb_attempt *attempt, struct jb_attempt *before, size_t max);

void jb_attempt_clear(struct jb_attempt *attempt);

#endif
