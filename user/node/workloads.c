/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The document of /api/v1/workloads. */
#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "inventory/view.h"
#include "node/owners.h"
#include "node/private.h"

/* The pod of these labels; NULL if there is none. */
static const struct jb_pod *find_pod(const struct jb_node_pod_list *pods,
				     const struct jb_identity *identity)
{
	for (size_t i = 0; *identity->pod && i < pods->count; i++)
		if (!strcmp(pods->pod[i]->name, identity->pod) &&
		    !strcmp(pods->pod[i]->namespace_, identity->namespace_))
			return pods->pod[i];
	return NULL;
}

static void write_workloads(const struct jb_node *node, const struct jb_owner_list *owners,
			    const struct jb_node_pod_list *pods, struct jb_buffer *out)
{
	const char *separator = "\n";

	for (size_t i = 0; i < owners->count; i++) {
		const struct jb_workload_view view = {
			.owner = &owners->owner[i],
			.pod = find_pod(pods, owners->owner[i].identity),
			.tcp = jb_kernel_has(node->kernel, JB_FEATURE_TCP),
			.drops = jb_kernel_has(node->kernel, JB_FEATURE_DROPS),
		};
		struct jb_workload_info info;

		if (!jb_workload_is_told(view.owner))
			continue;
		jb_buffer_puts(out, separator);
		separator = ",\n";
		jb_workload_view_info(&view, &info);
		jb_workload_json(&info, out);
	}
}

int jb_node_workloads(struct jb_node *node, struct jb_buffer *out)
{
	__u64 now_ns = jb_now_ns();
	struct jb_owner_list owners = {};
	struct jb_node_pod_list pods;
	int err = jb_registry_refresh(node->registry, now_ns);

	if (!err)
		err = jb_node_owners(node, now_ns, &owners);
	jb_node_pods_all(node->pods, &pods);
	if (!err && pods.failed)
		err = -ENOMEM;
	jb_buffer_puts(out, "{\"workloads\":[");
	if (!err)
		write_workloads(node, &owners, &pods, out);
	jb_buffer_puts(out, "\n]}\n");
	jb_node_pods_free_all(&pods);
	jb_owner_list_free(&owners);
	return err ? err : out->error;
}
