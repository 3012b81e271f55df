/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a Pod of the API (v1) tells of its Linkerd proxy. */
#ifndef JB_KUBERNETES_POD_MESH_H
#define JB_KUBERNETES_POD_MESH_H

#include "kubernetes/pod_reader.h"

#define JB_PROXY_CONTAINER "linkerd-proxy"

/*
 * Sets meshed, proxy_port, asks_for_proxy and the lists of ports in the view's pod. `annotations`
 * and the arrays of containers may be NULL. What isn't as Linkerd has it is taken for missing.
 */
void jb_pod_read_mesh(struct jb_pod_view *view, const json_t *annotations, const json_t *containers,
		      const json_t *init_containers);

#endif
