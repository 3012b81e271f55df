/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "node/mesh_contacts.h"

#include <errno.h>
#include <stdlib.h>
#include "edges/ends.h"

struct waiting {
	struct jb_contact contact;
	__u64 since_ns;
};

struct jb_mesh_contacts {
	struct jb_whois whois;
	const struct jb_mesh_pods *pods;
	struct jb_mesh_join *join;
	struct waiting *waiting;
	size_t count, room;
};

int jb_mesh_contacts_new(struct jb_mesh_contacts **ret, const struct jb_whois *whois,
			 const struct jb_mesh_pods *pods, struct jb_mesh_join *join)
{
	struct jb_mesh_contacts *contacts = calloc(1, sizeof(*contacts));

	if (!contacts)
		return -ENOMEM;
	contacts->whois = *whois;
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

/* Which contacts are told depends on their leg; those of a proxy with others by who these are. */
static bool needs_peer(enum jb_mesh_role role, enum jb_tcp_leg leg)
{
	return role == JB_ROLE_PROXY && !jb_tcp_leg_is_local(leg);
}

enum attempt {
	AT_ONCE,
	AGAIN, /* the pods have been read since */
	LAST,  /* what isn't known by now won't come */
};

/* Whether nothing is left to do for the contact. */
static bool deliver(struct jb_mesh_contacts *contacts, const struct jb_contact *contact,
		    enum attempt attempt)
{
	const struct jb_whois *whois = &contacts->whois;
	const struct jb_ends ends = jb_ends_of_contact(contact);
	const struct jb_mesh_pod_facts *facts;
	struct jb_who self = {}, peer = {};
	struct jb_mesh_contact told;
	enum jb_who_answer answer = whois->self(whois->ctx, &ends, &self);

	if (answer == JB_WHO_LATER)
		return false;
	if (answer == JB_WHO_NOT_ASKED || !*self.namespace_)
		return true;
	facts = jb_mesh_pods_find(contacts->pods, self.namespace_, self.pod);
	if (!facts && attempt == AT_ONCE)
		return false;
	if (self.role == JB_ROLE_UNMESHED && !(facts && facts->wants_proxy))
		return true;
	told = (struct jb_mesh_contact){
		.namespace_ = self.namespace_,
		.pod = self.pod,
		.role = self.role,
		.leg = jb_tcp_leg_of(self.role, contact->path),
		.host_network = self.role == JB_ROLE_UNMESHED,
		.skipped = facts && is_skipped(facts, contact),
		.peer = &peer,
		.contact = contact,
	};
	if (needs_peer(told.role, told.leg) &&
	    whois->peer(whois->ctx, &ends, attempt == LAST, &peer) == JB_WHO_LATER)
		return false;
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
	if (!deliver(contacts, contact, AT_ONCE))
		keep(contacts, contact, now_ns);
}

void jb_mesh_contacts_settle(struct jb_mesh_contacts *contacts, __u64 now_ns)
{
	size_t left = 0;

	for (size_t i = 0; i < contacts->count; i++) {
		const struct waiting *one = &contacts->waiting[i];
		__u64 waited_ns = now_ns > one->since_ns ? now_ns - one->since_ns : 0;

		if (deliver(contacts, &one->contact, waited_ns >= JB_EDGES_WAIT_NS ? LAST : AGAIN))
			continue;
		if (waited_ns >= JB_MESH_CONTACTS_WAIT_NS)
			jb_mesh_join_lost(contacts->join);
		else
			contacts->waiting[left++] = *one;
	}
	contacts->count = left;
}
