/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "audit/private.h"

#include <string.h>

/* Asks for the names that are missing. */
static enum jb_who_answer ask(const struct jb_whois *whois, const struct jb_ends *ends, bool last,
			      struct jb_audit_names *names)
{
	struct jb_who *self = &names->who[JB_AUDIT_SELF], *peer = &names->who[JB_AUDIT_PEER];
	enum jb_who_answer answer;

	if (!names->known[JB_AUDIT_SELF]) {
		memset(self, 0, sizeof(*self));
		answer = whois->self(whois->ctx, ends, self);
		if (answer == JB_WHO_NOT_ASKED)
			return answer;
		names->known[JB_AUDIT_SELF] = last || answer == JB_WHO_KNOWN;
	}
	if (!names->known[JB_AUDIT_PEER]) {
		memset(peer, 0, sizeof(*peer));
		answer = whois->peer(whois->ctx, ends, last, peer);
		names->known[JB_AUDIT_PEER] = last || answer != JB_WHO_LATER;
	}
	return names->known[JB_AUDIT_SELF] && names->known[JB_AUDIT_PEER] ? JB_WHO_KNOWN
									  : JB_WHO_LATER;
}

/* Writes the records of a group if its names are known; `last`: with those that are. */
static void settle(struct jb_audit *audit, struct jb_audit_group *group, bool last)
{
	enum jb_who_answer answer = ask(&audit->whois, &group->ends, last, &group->names);

	if (answer == JB_WHO_LATER)
		return;
	if (answer == JB_WHO_KNOWN)
		for (const struct jb_audit_record *r = group->first; r; r = r->next)
			jb_audit_tell(audit, r, &group->names);
	jb_audit_waiting_remove(&audit->waiting, group);
}

void jb_audit_settle(struct jb_audit *audit, __u64 now_ns, bool last)
{
	struct jb_audit_group *next;

	for (struct jb_audit_group *group = audit->waiting.groups; group; group = next) {
		next = group->hh.next;
		settle(audit, group, last || now_ns >= group->since_ns + audit->wait_ns);
	}
}

/* Those that have waited longest have to go if there is no room. */
static void make_room(struct jb_audit *audit)
{
	__u32 before = audit->waiting.records;

	if (before < audit->max_waiting)
		return;
	settle(audit, audit->waiting.groups, true);
	audit->hurried += before - audit->waiting.records;
}

static void wait_for_names(struct jb_audit *audit, const struct jb_audit_record *record,
			   const struct jb_audit_key *key, const struct jb_ends *ends,
			   const struct jb_audit_names *names, __u64 now_ns)
{
	struct jb_audit_group *group;

	make_room(audit);
	group = jb_audit_waiting_find(&audit->waiting, key);
	if (!group)
		group = jb_audit_waiting_add(&audit->waiting, key, ends, names, now_ns);
	if (!group || jb_audit_waiting_push(&audit->waiting, group, record)) {
		audit->lost[JB_AUDIT_LOST_MEMORY]++;
		if (group && !group->first)
			jb_audit_waiting_remove(&audit->waiting, group);
		return;
	}
	/* The first of them may not have known. */
	if (!group->ends.peer_cgroup_id)
		group->ends.peer_cgroup_id = ends->peer_cgroup_id;
}

void jb_audit_take(struct jb_audit *audit, const struct jb_audit_record *record,
		   const struct jb_audit_key *key, const struct jb_ends *ends, __u64 now_ns)
{
	struct jb_audit_names names = {};
	enum jb_who_answer answer = JB_WHO_LATER;

	if (!jb_audit_waiting_find(&audit->waiting, key))
		answer = ask(&audit->whois, ends, false, &names);
	if (answer == JB_WHO_NOT_ASKED)
		return;
	if (!jb_bucket_take(&audit->bucket, now_ns))
		audit->lost[JB_AUDIT_LOST_RATE]++;
	else if (answer == JB_WHO_KNOWN)
		jb_audit_tell(audit, record, &names);
	else
		wait_for_names(audit, record, key, ends, &names, now_ns);
}
