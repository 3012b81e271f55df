/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From an owner's figures and the pod that it is to what a workload shows. */
#ifndef JB_INVENTORY_VIEW_H
#define JB_INVENTORY_VIEW_H

#include <stdbool.h>

#include "inventory/info.h"
#include "kubernetes/pod.h"
#include "workloads/registry.h"

struct jb_workload_view {
	const struct jb_owner_totals *owner;
	const struct jb_pod *pod; /* NULL: it is none, or not there any more */
	bool tcp;                 /* whether this node measures it; likewise: */
	bool drops;
};

/* Whether it has anything to show: unknown and ~other are always there. */
bool jb_workload_is_told(const struct jb_owner_totals *owner);

/* The info borrows the strings of identity and pod. */
void jb_workload_view_info(const struct jb_workload_view *view, struct jb_workload_info *ret_info);

#endif
