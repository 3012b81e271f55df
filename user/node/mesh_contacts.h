/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's contacts of pods in the mesh, held until it is known whose they are. */
#ifndef JB_NODE_MESH_CONTACTS_H
#define JB_NODE_MESH_CONTACTS_H

#include "edges/edges.h"
#include "mesh/join.h"
#include "node/mesh_pods.h"

/* That wait at once; and for how long. Beyond that they count as lost to the join. */
enum { JB_MESH_CONTACTS_MAX = 8192 };
#define JB_MESH_CONTACTS_WAIT_NS (2 * JB_EDGES_WAIT_NS)

struct jb_mesh_contacts;

/* Borrows the pods and the join, and what whois asks. 0 or -ENOMEM. */
int jb_mesh_contacts_new(struct jb_mesh_contacts **ret, const struct jb_whois *whois,
			 const struct jb_mesh_pods *pods, struct jb_mesh_join *join);
void jb_mesh_contacts_free(struct jb_mesh_contacts *contacts); /* NULL is fine */

/* To the join if its pod is known to be of the mesh; of others nothing is kept. */
void jb_mesh_contacts_take(struct jb_mesh_contacts *contacts, const struct jb_contact *contact,
			   __u64 now_ns);

/* Asks again for those that wait. */
void jb_mesh_contacts_settle(struct jb_mesh_contacts *contacts, __u64 now_ns);

#endif
