/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "edges/ends.h"

#include <jitterbug/traffic.h>

#include "base/address.h"

struct jb_ends jb_ends_of_contact(const struct jb_contact *contact)
{
	return (struct jb_ends){
		.cgroup_id = contact->cgroup_id,
		.peer_cgroup_id = contact->peer_cgroup_id,
		.local = contact->local,
		.remote = contact->remote,
		.local_port = contact->local_port,
		.remote_port = contact->remote_port,
		.loopback = jb_tcp_leg_is_local(jb_tcp_leg_of(JB_ROLE_UNMESHED, contact->path)),
		.remote_serves = contact->role == JB_TCP_CLIENT,
	};
}

/* As with TCP (bpf/socket.bpf.h). */
static bool is_loopback(const union jb_ip *local, const union jb_ip *remote)
{
	return jb_ip_is_loopback(remote) ||
	       (local->half[0] == remote->half[0] && local->half[1] == remote->half[1]);
}

struct jb_ends jb_ends_of_stream(const struct jb_stream_key *key, __u8 direction,
				 __u64 peer_cgroup_id)
{
	bool sends = direction == JB_EGRESS;
	struct jb_ends ends = {
		.cgroup_id = key->cgroup_id,
		.peer_cgroup_id = peer_cgroup_id,
		.local = sends ? key->source : key->destination,
		.remote = sends ? key->destination : key->source,
		.local_port = sends ? key->source_port : key->destination_port,
		.remote_port = sends ? key->destination_port : key->source_port,
	};

	ends.loopback = is_loopback(&ends.local, &ends.remote);
	return ends;
}
