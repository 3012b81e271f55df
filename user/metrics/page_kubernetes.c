/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the agent finds out who the pods are. */
#include "metrics/families.h"
#include "metrics/private.h"

static void write_sources(struct jb_writer *w, const struct jb_pods_status *status)
{
	jb_exposition_family(&w->e, &jb_family_kubernetes_source);
	for (int i = 0; i < JB_PODS_SOURCE_MAX; i++) {
		const char *name = jb_pods_source_name(i);

		jb_writer_one(w, &jb_family_kubernetes_source, name, (int)status->source == i);
	}
	jb_writer_end_family(w, &jb_family_kubernetes_source);
	jb_exposition_family(&w->e, &jb_family_kubernetes_requests);
	for (int i = 0; i < JB_PODS_SOURCE_MAX; i++) {
		const char *name = jb_pods_source_name(i);

		jb_writer_one(w, &jb_family_kubernetes_requests, name, status->requests[i]);
	}
	jb_writer_end_family(w, &jb_family_kubernetes_requests);
}

static void write_failures(struct jb_writer *w, const struct jb_pods_status *status)
{
	jb_exposition_family(&w->e, &jb_family_kubernetes_failures);
	for (int i = JB_PODS_FINE + 1; i < JB_PODS_FAILURE_MAX; i++) {
		const char *name = jb_pods_failure_name(i);

		jb_writer_one(w, &jb_family_kubernetes_failures, name, status->failures[i]);
	}
	jb_writer_end_family(w, &jb_family_kubernetes_failures);
}

void jb_writer_kubernetes(struct jb_writer *w)
{
	const struct jb_pods_status *status = w->page->pods_status;

	if (!status)
		return;
	write_sources(w, status);
	write_failures(w, status);
	jb_writer_single(w, &jb_family_kubernetes_watch_restarts, NULL, status->watch_restarts);
	jb_writer_single(w, &jb_family_kubernetes_pods, NULL, status->pods.present);
	jb_writer_single(w, &jb_family_kubernetes_refused, NULL,
			 status->refused + status->pods.refused);
}
