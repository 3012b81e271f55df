/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_AUDIT_PRIVATE_H
#define JB_AUDIT_PRIVATE_H

#include "audit/bucket.h"
#include "audit/sink.h"
#include "audit/waiting.h"

struct jb_audit {
	struct jb_whois whois;
	char *node;
	__u32 max_waiting;
	__u64 wait_ns;
	struct jb_bucket bucket;
	struct jb_audit_waiting waiting;
	struct jb_sink sink;
	struct jb_buffer line;
	__u64 hurried;
	__u64 lost[JB_AUDIT_LOST_MAX]; /* but for what the sink has dropped */
	__u64 told[JB_AUDIT_LOST_MAX]; /* of all, in lines of the stream */
	/* The latest check: what was lost since then is told by the next. */
	__u64 checked_ns;
	__u64 checked_unix_ns;
	__u64 unix_ns; /* at the latest call */
};

/* At the begin of each call from outside. */
void jb_audit_set_clock(struct jb_audit *audit, __u64 now_ns, __u64 unix_ns);

/* A new record: it is written, waits for names, or is lost. */
void jb_audit_take(struct jb_audit *audit, const struct jb_audit_record *record,
		   const struct jb_audit_key *key, const struct jb_ends *ends, __u64 now_ns);

/* Those whose names are known by now, or have been waited for long enough; `last`: all. */
void jb_audit_settle(struct jb_audit *audit, __u64 now_ns, bool last);

/* Writes the line of a record, or counts it as lost. */
void jb_audit_tell(struct jb_audit *audit, const struct jb_audit_record *record,
		   const struct jb_audit_names *names);

#endif
