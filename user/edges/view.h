/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From an edge to what it shows. */
#ifndef JB_EDGES_VIEW_H
#define JB_EDGES_VIEW_H

#include "edges/edges.h"
#include "edges/info.h"

/* The info borrows the edge's strings. */
void jb_edge_view(const struct jb_edge *edge, __u64 now_ns, struct jb_edge_info *ret_info);

#endif
