/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records that wait for names, those of one connection or stream together and in their order. */
#ifndef JB_AUDIT_WAITING_H
#define JB_AUDIT_WAITING_H

/* An entry that could not be added has hh.tbl NULL; the default would end the process. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "audit/record.h"

/* What tells a connection or stream from all others; compared as octets. */
struct jb_audit_key {
	union jb_ip local;
	union jb_ip remote;
	__u64 cgroup_id;
	__u32 ssrc;
	__u16 local_port;
	__u16 remote_port;
	__u8 stream; /* 1 + direction; 0: a connection */
	__u8 zero[7];
};

_Static_assert(sizeof(struct jb_audit_key) == 56, "no hidden padding in what is compared");

struct jb_audit_names {
	struct jb_who who[JB_AUDIT_ENDS];
	bool known[JB_AUDIT_ENDS]; /* needn't be asked for again */
};

/* Of one connection or stream. */
struct jb_audit_group {
	UT_hash_handle hh; /* hh.next: the one that was added after it */
	struct jb_audit_key key;
	struct jb_ends ends;
	struct jb_audit_names names;
	__u64 since_ns;
	struct jb_audit_record *first;
	struct jb_audit_record *last;
};

struct jb_audit_waiting {
	struct jb_audit_group *groups; /* the one that was added first, and so on */
	__u32 records;
};

struct jb_audit_group *jb_audit_waiting_find(const struct jb_audit_waiting *waiting,
					     const struct jb_audit_key *key);

/* A group without records; NULL: no memory. */
struct jb_audit_group *jb_audit_waiting_add(struct jb_audit_waiting *waiting,
					    const struct jb_audit_key *key,
					    const struct jb_ends *ends,
					    const struct jb_audit_names *names, __u64 now_ns);

/* Copies the record behind those of the group. 0 or -ENOMEM. */
int jb_audit_waiting_push(struct jb_audit_waiting *waiting, struct jb_audit_group *group,
			  const struct jb_audit_record *record);

void jb_audit_waiting_remove(struct jb_audit_waiting *waiting, struct jb_audit_group *group);

#endif
