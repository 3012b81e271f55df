/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "audit/waiting.h"

#include <errno.h>
#include <stdlib.h>

struct jb_audit_group *jb_audit_waiting_find(const struct jb_audit_waiting *waiting,
					     const struct jb_audit_key *key)
{
	struct jb_audit_group *group;

	HASH_FIND(hh, waiting->groups, key, sizeof(*key), group);
	return group;
}

struct jb_audit_group *jb_audit_waiting_add(struct jb_audit_waiting *waiting,
					    const struct jb_audit_key *key,
					    const struct jb_ends *ends,
					    const struct jb_audit_names *names, __u64 now_ns)
{
	struct jb_audit_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->key = *key;
	group->ends = *ends;
	group->names = *names;
	group->since_ns = now_ns;
	HASH_ADD(hh, waiting->groups, key, sizeof(group->key), group);
	if (group->hh.tbl)
		return group;
	free(group);
	return NULL;
}

int jb_audit_waiting_push(struct jb_audit_waiting *waiting, struct jb_audit_group *group,
			  const struct jb_audit_record *record)
{
	struct jb_audit_record *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *record;
	copy->next = NULL;
	if (group->last)
		group->last->next = copy;
	else
		group->first = copy;
	group->last = copy;
	waiting->records++;
	return 0;
}

void jb_audit_waiting_remove(struct jb_audit_waiting *waiting, struct jb_audit_group *group)
{
	struct jb_audit_record *next;

	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it doesn't see that it is unlinked */
	HASH_DEL(waiting->groups, group);
	for (struct jb_audit_record *record = group->first; record; record = next) {
		next = record->next;
		free(record);
		waiting->records--;
	}
	free(group);
}
