/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --audit: a line of JSON for each TCP connection that opens, closes or fails, and for each media
 * stream that starts or ends, with who is at both ends (docs/audit.md tells the format).
 *
 * A record whose names aren't known yet waits for them; those of one connection or stream stay in
 * their order. Nothing here blocks, but for close. At most so many lines a second are taken, and
 * what can't be written for now is kept up to 1 MiB; what is lost is counted by reason, in the
 * status and by lines `records_lost` in the stream itself. With the default options up to 8 MiB of
 * records wait.
 *
 * now_ns is CLOCK_MONOTONIC and unix_ns the time of day at the same moment.
 */
#ifndef JB_AUDIT_AUDIT_H
#define JB_AUDIT_AUDIT_H

#include <jitterbug/contact.h>

#include "edges/who.h"

struct jb_audit;

struct jb_audit_options {
	const char *file; /* "-": standard output */
	const char *node; /* its name, for the lines; NULL: not known */
	struct jb_whois whois;
	/* Of these, 0 is the default. */
	__u32 rate;        /* lines a second, up to 1,000,000; 1000 */
	__u32 burst;       /* lines at once; 5000 */
	__u32 max_waiting; /* records that wait for names; 4096 */
	__u64 wait_ns;     /* how long one waits for them; 30 s */
};

enum { JB_AUDIT_ERROR = 1024 };

/*
 * 0, or -errno with a line in `error` of JB_AUDIT_ERROR octets. The file is made if it isn't there,
 * for its owner only, and appended to; a symbolic link is refused.
 */
int jb_audit_open(struct jb_audit **ret, const struct jb_audit_options *options, char *error);

/*
 * Writes what still waits, with the names it has, for at most 1 s. Returns how many lines could not
 * be written any more. `whois` must still answer. NULL is fine.
 */
__u64 jb_audit_close(struct jb_audit *audit);

/* Takes what tells of an opening, an end, or both; nothing of any other contact. */
void jb_audit_connection(struct jb_audit *audit, const struct jb_contact *contact, __u64 now_ns,
			 __u64 unix_ns);

enum jb_audit_stream_what {
	JB_AUDIT_STREAM_STARTED = 1,
	JB_AUDIT_STREAM_ENDED = 2,
};

struct jb_audit_stream {
	struct jb_stream_key key;
	__u64 peer_cgroup_id; /* whose the other end is, on this node; 0: not known */
	__u64 started_ns;
	__u64 last_ns; /* its latest packet: when it ended */
	__u64 packets;
	__u64 bytes;        /* UDP payload */
	__u64 lost;         /* since its latest restart; at egress the sender skipped them */
	__u64 jitter_ns;    /* J; JB_RECORD_NONE: not known */
	const char *reason; /* why it ended, static; NULL: not known */
	__u32 clock_rate;   /* Hz; 0: not known */
	__u8 payload_type;
	__u8 direction; /* enum jb_direction */
	__u8 media;     /* enum jb_media */
	__u8 what;      /* enum jb_audit_stream_what, or'ed */
};

/* As the receiver tells it; the peer, `what` and `reason` are left to the caller, as 0. */
void jb_audit_stream_of(const struct jb_stream_key *key, enum jb_direction direction,
			const struct jb_receiver *receiver, struct jb_audit_stream *ret);

/* Streams of the uplink (JB_EDGE_CGROUP) are nobody's and left out. */
void jb_audit_stream(struct jb_audit *audit, const struct jb_audit_stream *stream, __u64 now_ns,
		     __u64 unix_ns);

/*
 * Writes what can be written. Once a second it also asks for names that are missing, tells what was
 * lost, and opens the file anew if it has been moved away. To be called after each batch of
 * records, and every second or so without any.
 */
void jb_audit_turn(struct jb_audit *audit, __u64 now_ns, __u64 unix_ns);

enum jb_audit_loss {
	JB_AUDIT_LOST_RING,   /* in the kernel: told by jb_audit_lost() */
	JB_AUDIT_LOST_RATE,   /* more than `rate` */
	JB_AUDIT_LOST_SLOW,   /* whoever reads the pipe, socket or terminal is too slow */
	JB_AUDIT_LOST_ERROR,  /* writing fails */
	JB_AUDIT_LOST_MEMORY, /* there is none */
	JB_AUDIT_LOST_MAX
};

extern const char *const jb_audit_loss_names[JB_AUDIT_LOST_MAX];

/* So many records were lost before they came here. */
void jb_audit_lost(struct jb_audit *audit, enum jb_audit_loss reason, __u64 count);

struct jb_audit_status {
	__u64 written; /* lines, wholly; those that tell of losses, too */
	__u64 lost[JB_AUDIT_LOST_MAX];
	__u64 hurried;  /* records written without the names they waited for: too many waited */
	__u64 buffered; /* octets not written yet */
	__u32 waiting;  /* records */
	int error;      /* why the file can't be written or opened anew: -errno; 0: it can */
};

void jb_audit_status(const struct jb_audit *audit, struct jb_audit_status *ret);

#endif
