/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/clock.h"
#include "node/pods.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "node/private.h"

/* A service's address in the environment of a pod, or the kubelet's directory on a node. */
static bool is_kubernetes(const struct jb_pods_options *options)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/pods", options->log_directory);
	return getenv("KUBERNETES_SERVICE_HOST") || !access(path, F_OK);
}

int jb_node_pods_start(struct jb_pods **ret, const struct jb_node_options *options)
{
	struct jb_pods_options pods;

	jb_pods_options_default(&pods);
	pods.mode = options->kubernetes;
	pods.node = options->node;
	pods.kubelet_ca = options->kubelet_ca;
	pods.kubelet_insecure = options->kubelet_insecure;
	if (options->kubelet_url)
		pods.kubelet_url = options->kubelet_url;
	if (pods.mode == JB_PODS_MODE_OFF ||
	    (pods.mode == JB_PODS_MODE_AUTO && !is_kubernetes(&pods))) {
		*ret = NULL;
		return 0;
	}
	return jb_pods_start(ret, &pods);
}

bool jb_node_pods_find(void *ctx, const char *uid, const char *container_id,
		       struct jb_pod_name *ret)
{
	struct jb_pod_names names;
	enum jb_pod_lookup found = jb_pods_lookup(ctx, uid, container_id, &names);

	if (found == JB_POD_UNKNOWN || (found == JB_POD_CONTAINER_NOT_YET && names.meshed))
		jb_pods_look(ctx);
	if (found == JB_POD_UNKNOWN)
		return false;
	snprintf(ret->namespace_, sizeof(ret->namespace_), "%s", names.namespace_);
	snprintf(ret->pod, sizeof(ret->pod), "%s", names.pod);
	snprintf(ret->workload, sizeof(ret->workload), "%s", names.workload);
	snprintf(ret->container, sizeof(ret->container), "%s", names.container);
	ret->meshed = names.meshed;
	ret->names_only = names.names_only;
	return true;
}

int jb_node_pods_fd(const struct jb_node *node)
{
	return node->pods ? jb_pods_fd(node->pods) : -1;
}

int jb_node_pods_changed(struct jb_node *node, struct jb_pods_status *ret)
{
	jb_pods_take_news(node->pods);
	jb_pods_status(node->pods, ret);
	return jb_registry_refresh(node->registry, jb_now_ns());
}

static void add_pod(void *ctx, const struct jb_pod *pod)
{
	struct jb_node_pod_list *list = ctx;
	size_t room = list->room ? list->room * 2 : 64;
	struct jb_pod **more = list->pod;

	if (list->count == list->room) {
		more = reallocarray(list->pod, room, sizeof(*more));
		list->pod = more ? more : list->pod;
		list->room = more ? room : list->room;
	}
	if (!more || jb_pod_copy(pod, &list->pod[list->count]))
		list->failed = true;
	else
		list->count++;
}

void jb_node_pods_all(struct jb_pods *pods, struct jb_node_pod_list *ret)
{
	*ret = (struct jb_node_pod_list){};
	if (pods)
		jb_pods_each(pods, add_pod, ret);
}

void jb_node_pods_free_all(struct jb_node_pod_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->pod[i]);
	free(list->pod);
}
