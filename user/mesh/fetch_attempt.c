/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/fetch_attempt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

const char *const jb_mesh_failure_names[JB_MESH_FAILURE_MAX] = {
	[JB_MESH_FINE] = "fine",           [JB_MESH_UNREACHABLE] = "unreachable",
	[JB_MESH_TIMEOUT] = "timeout",     [JB_MESH_FORBIDDEN] = "forbidden",
	[JB_MESH_STATUS] = "status",       [JB_MESH_NOT_METRICS] = "not_metrics",
	[JB_MESH_BROKEN] = "broken",       [JB_MESH_TOO_LARGE] = "too_large",
	[JB_MESH_NO_MEMORY] = "no_memory",
};

void jb_attempt_fail(struct jb_attempt *attempt, enum jb_mesh_failure failure, const char *format,
		     ...)
{
	va_list arguments;

	attempt->failure = failure;
	va_start(arguments, format);
	vsnprintf(attempt->error, sizeof(attempt->error), format, arguments);
	va_end(arguments);
	for (char *at = attempt->error; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
}

int jb_attempt_add_news(void *ctx, const struct jb_mesh_news *news)
{
	struct jb_attempt *attempt = ctx;
	size_t room = attempt->room ? 2 * attempt->room : FIRST_ROOM;
	struct jb_mesh_news *all = attempt->news;

	if (attempt->n_news == attempt->room) {
		all = reallocarray(all, room, sizeof(*all));
		if (!all)
			return -ENOMEM;
		attempt->news = all;
		attempt->room = room;
	}
	all[attempt->n_news++] = *news;
	return 0;
}

static int compare_fars(const void *a, const void *b)
{
	const struct jb_mesh_far *first = a, *second = b;
	int order = memcmp(&first->target, &second->target, sizeof(first->target));

	if (!order)
		order = first->target_port - second->target_port;
	if (!order)
		order = first->side - second->side;
	if (!order)
		order = first->tls - second->tls;
	if (!order)
		order = strcmp(first->namespace_, second->namespace_);
	return order ? order : strcmp(first->workload, second->workload);
}

/* The far end is the first of it. */
static int compare_news(const void *a, const void *b)
{
	return compare_fars(&((const struct jb_mesh_news *)a)->far,
			    &((const struct jb_mesh_news *)b)->far);
}

/* No two of `before` are of the same far end: those that are added need not be found again. */
static void merge_news(struct jb_attempt *attempt, const struct jb_attempt *before, size_t max)
{
	size_t sorted = attempt->n_news;
	struct jb_mesh_news *same;

	if (sorted)
		qsort(attempt->news, sorted, sizeof(*attempt->news), compare_news);
	for (size_t i = 0; i < before->n_news; i++) {
		same = sorted ? bsearch(&before->news[i], attempt->news, sorted, sizeof(*same),
					compare_news)
			      : NULL;
		if (same) {
			for (int figure = 0; figure < JB_MESH_FIGURE_MAX; figure++)
				same->by[figure] += before->news[i].by[figure];
		} else if (attempt->n_news >= max ||
			   jb_attempt_add_news(attempt, &before->news[i])) {
			attempt->facts.skipped++;
		}
	}
}

static void merge_facts(struct jb_attempt *attempt, const struct jb_attempt *before)
{
	if (!before->has_facts)
		return;
	if (attempt->has_facts) {
		attempt->facts.certificate_refresh_errors +=
			before->facts.certificate_refresh_errors;
		attempt->facts.skipped += before->facts.skipped;
	} else {
		attempt->facts = before->facts;
		attempt->has_facts = true;
	}
}

void jb_attempt_merge(struct jb_attempt *attempt, struct jb_attempt *before, size_t max)
{
	for (int failure = 0; failure < JB_MESH_FAILURE_MAX; failure++)
		attempt->earlier[failure] += before->earlier[failure];
	attempt->earlier[before->failure]++;
	merge_facts(attempt, before);
	merge_news(attempt, before, max);
	jb_attempt_clear(before);
}

void jb_attempt_clear(struct jb_attempt *attempt)
{
	free(attempt->news);
	*attempt = (struct jb_attempt){};
}
