/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When targets that have been counted were forgotten: one that comes back is not counted again for
 * what was before. Pure.
 */
#ifndef JB_MESH_FETCH_PAST_H
#define JB_MESH_FETCH_PAST_H

#include "mesh/fetch.h"

enum { JB_FETCH_PAST = 1024 }; /* the last ones */

/* All 0 but the seed is an empty one. */
struct jb_fetch_past {
	__u64 seed; /* random: names can't be chosen to collide */
	struct {
		__u64 hash;
		double since_s; /* Unix time; 0: free */
	} all[JB_FETCH_PAST];
};

/* It was forgotten at this Unix time. Unused octets of targets are 0, here and below. */
void jb_fetch_past_add(struct jb_fetch_past *past, const struct jb_mesh_target *target,
		       double since_s);

/* When that was; else `otherwise`. */
double jb_fetch_past_since(const struct jb_fetch_past *past, const struct jb_mesh_target *target,
			   double otherwise);

#endif
