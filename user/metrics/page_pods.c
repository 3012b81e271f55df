/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who the pods of the node are: labels to join by. */
#include "metrics/families.h"
#include "metrics/private.h"

/* Where names are all that is known, nothing is said of the rest. */
static const char *truth(const struct jb_pod *pod, bool value)
{
	if (pod->names_only)
		return "";
	return value ? "true" : "false";
}

void jb_writer_pods(struct jb_writer *w)
{
	jb_exposition_family(&w->e, &jb_family_pod_info);
	for (size_t i = 0; i < w->page->n_pods; i++) {
		const struct jb_pod *pod = w->page->pods[i];
		const char *values[] = {pod->namespace_,
					pod->name,
					"",
					pod->node,
					pod->uid,
					pod->ip,
					truth(pod, pod->host_network),
					pod->created_by_kind,
					pod->created_by_name,
					truth(pod, pod->meshed)};

		jb_exposition_sample_u64(&w->e, values, sizeof(values) / sizeof(*values), 1);
	}
	jb_writer_end_family(w, &jb_family_pod_info);
}
