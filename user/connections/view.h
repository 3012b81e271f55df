/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the kernel's record of a connection to what it shows. */
#ifndef JB_CONNECTIONS_VIEW_H
#define JB_CONNECTIONS_VIEW_H

#include <jitterbug/socket.h>

#include "connections/info.h"
#include "workloads/identity.h"
#include "workloads/leg.h"

/* The info borrows the identities' strings; both may be NULL: not known. `role`: of its cgroup. */
void jb_connection_view(const struct jb_connection *connection, const struct jb_identity *identity,
			enum jb_mesh_role role, const struct jb_identity *peer, __u64 now_ns,
			struct jb_connection_info *ret_info);

#endif
