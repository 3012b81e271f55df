/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/mesh_contacts.h"

#include <errno.h>
#include <stdlib.h>

struct waiting {
	struct jb_contact contact;
	__u64 since_ns;
};

struct jb_mesh_contacts {
	const struct jb_registry *registry;
	const struct jb_mesh_pods *pods;
	struct jb_mesh_join *join;
	struct waiting *waiting;
	size_t count, room;
};

int jb_mesh_contacts_new(struct jb_mesh_contacts **ret, const struct jb_registry *registry,
			 const struct jb_mesh_pods *pods, struct jb_mesh_join *join)
{
	struct jb_mesh_contacts *contacts = calloc(1, sizeof(*contacts));

	if (!contacts)
		return -ENOMEM;
	contacts->registry = registry;
	contacts->pods = pods;
	contacts->join = join;
	*ret = contacts;
	return 0;
}

void jb_mesh_contacts_free(struct jb_mesh_contacts *contacts)
{
	if (!contacts)
		return;
	free(contacts->waiting);
	free(contacts);
}

/* By its own settings the pod has the server's port of this connection go past its proxy. */
static bool is_skipped(const struct jb_mesh_pod_facts *facts, const struct jb_contact *contact)
{
	if (contact->role == JB_TCP_CLIENT)
		return jb_ports_have(facts->skip_outbound, contact->remote_port);
	return jb_ports_have(facts->skip_inbound, contact->local_port);
}

/* Whether nothing is left to do for the contact. */
static bool deliver(struct jb_mesh_contacts *contacts, const struct jb_contact *contact)
{
	enum jb_mesh_role role = jb_registry_role(contacts->registry, contact->cgroup_id);
	const struct jb_mesh_pod_facts *facts;
	struct jb_mesh_contact told;
	const struct jb_identity *id;

	switch (jb_registry_naming(contacts->registry, contact->cgroup_id, &id)) {
	case JB_NAMING:
		return false;
	case JB_NOT_ASKED:
		return true;
	default:
		break;
	}
	if (role == JB_ROLE_PENDING)
		return false;
	facts = *id->namespace_ ? jb_mesh_pods_find(contacts->pods, id->namespace_, id->pod) : NULL;
	if (role == JB_ROLE_UNMESHED && !(facts && facts->host_network))
		return true;
	told = (struct jb_mesh_contact){
		.namespace_ = id->namespace_,
		.pod = id->pod,
		.role = role,
		.leg = jb_tcp_leg_of(role, contact->path),
		.host_network = role == JB_ROLE_UNMESHED,
		.skipped = facts && is_skipped(facts, contact),
		.contact = contact,
	};
	jb_mesh_join_contact(contacts->join, &told);
	return true;
}

static void keep(struct jb_mesh_contacts *contacts, const struct jb_contact *contact, __u64 now_ns)
{
	size_t room = contacts->room ? contacts->room * 2 : 64;
	struct waiting *waiting = contacts->waiting;

	if (contacts->count == contacts->room && room <= JB_MESH_CONTACTS_MAX) {
		waiting = reallocarray(waiting, room, sizeof(*waiting));
		if (waiting) {
			contacts->waiting = waiting;
			contacts->room = room;
		}
	}
	if (contacts->count == contacts->room) {
		jb_mesh_join_lost(contacts->join);
		return;
	}
	contacts->waiting[contacts->count++] = (struct waiting){*contact, now_ns};
}

void jb_mesh_contacts_take(struct jb_mesh_contacts *contacts, const struct jb_contact *contact,
			   __u64 now_ns)
{
	if (!deliver(contacts, contact))
		keep(contacts, contact, now_ns);
}

void jb_mesh_contacts_settle(struct jb_mesh_contacts *contacts, __u64 now_ns)
{
	size_t left = 0;

	for (size_t i = 0; i < contacts->count; i++) {
		const struct waiting *one = &contacts->waiting[i];

		if (deliver(contacts, &one->contact))
			continue;
		if (now_ns > one->since_ns + JB_MESH_CONTACTS_WAIT_NS)
			jb_mesh_join_lost(contacts->join);
		else
			contacts->waiting[left++] = *one;
	}
	contacts->count = left;
}
