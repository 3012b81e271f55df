/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ends of what the kernel tells of: the same for edges and for the audit stream. */
#ifndef JB_EDGES_ENDS_H
#define JB_EDGES_ENDS_H

#include <jitterbug/contact.h>

#include "edges/who.h"

struct jb_ends jb_ends_of_contact(const struct jb_contact *contact);

/* Whose the other end is: 0 if it is not known to be on this node. */
struct jb_ends jb_ends_of_stream(const struct jb_stream_key *key, __u8 direction,
				 __u64 peer_cgroup_id);

#endif
