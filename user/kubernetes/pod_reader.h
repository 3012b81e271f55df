/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A Pod of the API (v1) as JSON -> struct jb_pod. */
#ifndef JB_KUBERNETES_POD_READER_H
#define JB_KUBERNETES_POD_READER_H

#include <jansson.h>

#include "kubernetes/pod.h"
#include "kubernetes/port_list.h"

/* The pod points into this and into the JSON; jb_pod_copy() makes it last. */
struct jb_pod_view {
	struct jb_pod pod;
	struct jb_pod_container containers[JB_POD_CONTAINERS_MAX];
	struct jb_pod_label labels[JB_POD_LABELS_MAX];
	char workload[JB_POD_NAME_MAX + 1];
	char skip_outbound[JB_PORT_LIST_MAX + 1];
	char skip_inbound[JB_PORT_LIST_MAX + 1];
};

/*
 * Namespace, name and UID must be there; what else is missing, null or not known is left out, but
 * what is there and used must have its type and keep Kubernetes' limits. 0, or -EBADMSG with a line
 * in `error` (of JB_PODS_LINE octets) that names the pod, the field and the value.
 *
 * A container id that isn't 64 hexadecimal digits is taken for none: no cgroup will have it. So is
 * a second address that is no address, and what isn't as Linkerd has it (kubernetes/pod_mesh.h).
 */
int jb_pod_read(const json_t *object, struct jb_pod_view *ret_view, char *error);

#endif
