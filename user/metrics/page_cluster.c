/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent follows of the cluster: for --peers cluster and --policies, and trust anchors. */
#include "metrics/families.h"
#include "metrics/private.h"

static uint64_t failures_of(const struct jb_follow_status *followed)
{
	uint64_t failures = 0;

	for (int i = 0; i < JB_PODS_FAILURE_MAX; i++)
		failures += followed->failures[i];
	return failures;
}

static uint64_t works(const struct jb_follow_status *followed)
{
	return followed->since_ns > 0;
}

static uint64_t requests_of(const struct jb_follow_status *followed)
{
	return followed->requests;
}

static void write_each(struct jb_writer *w, const struct jb_family *family,
		       uint64_t (*figure)(const struct jb_follow_status *followed))
{
	const struct jb_page *p = w->page;

	jb_exposition_family(&w->e, family);
	for (size_t i = 0; i < p->n_followed; i++)
		jb_writer_one(w, family, p->followed[i].name, figure(&p->followed[i]));
	jb_writer_end_family(w, family);
}

void jb_writer_cluster(struct jb_writer *w)
{
	const struct jb_page *p = w->page;

	if (!p->n_followed)
		return;
	write_each(w, &jb_family_cluster_watching, works);
	write_each(w, &jb_family_cluster_requests, requests_of);
	write_each(w, &jb_family_cluster_failures, failures_of);
	jb_writer_single(w, &jb_family_cluster_refused, NULL, p->cluster_refused);
	jb_writer_single(w, &jb_family_cluster_memory, NULL, p->cluster_bytes);
}
