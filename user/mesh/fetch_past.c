/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mesh/fetch_past.h"

#include "base/hash.h"

static __u64 hash_of(const struct jb_fetch_past *past, const struct jb_mesh_target *target)
{
	return jb_hash_octets(past->seed, (const char *)target, sizeof(*target));
}

/* The one who was forgotten first gives way; those that are free come before. */
void jb_fetch_past_add(struct jb_fetch_past *past, const struct jb_mesh_target *target,
		       double since_s)
{
	__u64 hash = hash_of(past, target);
	size_t place = 0;

	for (size_t i = 0; i < JB_FETCH_PAST; i++) {
		if (past->all[i].hash == hash) {
			place = i;
			break;
		}
		if (past->all[i].since_s < past->all[place].since_s)
			place = i;
	}
	past->all[place].hash = hash;
	past->all[place].since_s = since_s;
}

double jb_fetch_past_since(const struct jb_fetch_past *past, const struct jb_mesh_target *target,
			   double otherwise)
{
	__u64 hash = hash_of(past, target);

	for (size_t i = 0; i < JB_FETCH_PAST; i++) {
		if (past->all[i].hash == hash && past->all[i].since_s > 0)
			return past->all[i].since_s;
	}
	return otherwise;
}
