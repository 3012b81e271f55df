/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One record of the audit stream, and the line of JSON that it becomes. */
#ifndef JB_AUDIT_RECORD_H
#define JB_AUDIT_RECORD_H

#include "audit/audit.h"
#include "base/buffer.h"

enum jb_audit_event {
	JB_AUDIT_EVENT_OPENED,
	JB_AUDIT_EVENT_CLOSED,
	JB_AUDIT_EVENT_FAILED,
	JB_AUDIT_EVENT_STARTED,
	JB_AUDIT_EVENT_ENDED,
};

struct jb_audit_record {
	struct jb_audit_record *next; /* of the same connection or stream */
	__u64 offset_ns;              /* CLOCK_MONOTONIC + this, modulo 2^64, is the time of day */
	enum jb_audit_event event;
	union {
		struct jb_contact contact;
		struct jb_audit_stream stream;
	};
};

enum { JB_AUDIT_SELF, JB_AUDIT_PEER, JB_AUDIT_ENDS };

/* Appends the line, with its newline. `node` may be NULL. */
void jb_audit_record_json(const struct jb_audit_record *record, const char *node,
			  const struct jb_who who[JB_AUDIT_ENDS], struct jb_buffer *out);

/* Likewise the line which tells of losses between two times of day. */
void jb_audit_loss_json(const char *node, enum jb_audit_loss reason, __u64 count,
			__u64 since_unix_ns, __u64 unix_ns, struct jb_buffer *out);

#endif
