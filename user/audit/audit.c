/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "audit/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEFAULT_RATE = 1000,
	MAX_RATE = 1000000,
	DEFAULT_BURST = 5000,
	DEFAULT_WAITING = 4096,
	CLOSE_MS = 1000,
};
#define DEFAULT_WAIT_NS (30 * JB_SECOND_NS)
#define CHECK_NS        JB_SECOND_NS

const char *const jb_audit_loss_names[JB_AUDIT_LOST_MAX] = {
	[JB_AUDIT_LOST_RING] = "ring",     [JB_AUDIT_LOST_RATE] = "rate",
	[JB_AUDIT_LOST_SLOW] = "slow",     [JB_AUDIT_LOST_ERROR] = "error",
	[JB_AUDIT_LOST_MEMORY] = "memory",
};

static int explain(int err, const char *file, char *error)
{
	const char *why = strerror(-err);

	if (err == -ELOOP)
		why = "it is a symbolic link";
	else if (err == -ENXIO)
		why = "it is a pipe that nobody reads, or a socket";
	if (!strcmp(file, "-"))
		file = "standard output";
	snprintf(error, JB_AUDIT_ERROR, "audit records to %s: %s", file, why);
	return err;
}

int jb_audit_open(struct jb_audit **ret, const struct jb_audit_options *options, char *error)
{
	__u32 rate = options->rate ? options->rate : DEFAULT_RATE;
	struct jb_audit *audit = calloc(1, sizeof(*audit));
	int err;

	if (!audit)
		return explain(-ENOMEM, options->file, error);
	audit->whois = options->whois;
	audit->max_waiting = options->max_waiting ? options->max_waiting : DEFAULT_WAITING;
	audit->wait_ns = options->wait_ns ? options->wait_ns : DEFAULT_WAIT_NS;
	jb_bucket_init(&audit->bucket, rate < MAX_RATE ? rate : MAX_RATE,
		       options->burst ? options->burst : DEFAULT_BURST);
	audit->node = options->node ? strdup(options->node) : NULL;
	err = options->node && !audit->node ? -ENOMEM : jb_sink_open(&audit->sink, options->file);
	if (err) {
		free(audit->node);
		free(audit);
		return explain(err, options->file, error);
	}
	*ret = audit;
	return 0;
}

/* What was lost by a reason, wherever. */
static __u64 losses(const struct jb_audit *audit, enum jb_audit_loss reason)
{
	return audit->lost[reason] + (reason == JB_AUDIT_LOST_ERROR ? audit->sink.dropped : 0);
}

static enum jb_audit_loss put_line(struct jb_audit *audit)
{
	int err = audit->line.error;

	if (!err)
		err = jb_sink_put(&audit->sink, audit->line.data, audit->line.len);
	jb_buffer_reset(&audit->line);
	if (!err)
		return JB_AUDIT_LOST_MAX;
	if (err != -ENOBUFS)
		return JB_AUDIT_LOST_MEMORY;
	return jb_sink_error(&audit->sink) ? JB_AUDIT_LOST_ERROR : JB_AUDIT_LOST_SLOW;
}

void jb_audit_tell(struct jb_audit *audit, const struct jb_audit_record *record,
		   const struct jb_audit_names *names)
{
	enum jb_audit_loss reason;

	jb_audit_record_json(record, audit->node, names->who, &audit->line);
	reason = put_line(audit);
	if (reason < JB_AUDIT_LOST_MAX)
		audit->lost[reason]++;
}

static void tell_losses(struct jb_audit *audit)
{
	for (int i = 0; i < JB_AUDIT_LOST_MAX; i++) {
		__u64 count = losses(audit, i);

		if (count == audit->told[i])
			continue;
		jb_audit_loss_json(audit->node, i, count - audit->told[i], audit->checked_unix_ns,
				   audit->unix_ns, &audit->line);
		if (put_line(audit) == JB_AUDIT_LOST_MAX)
			audit->told[i] = count;
	}
}

void jb_audit_set_clock(struct jb_audit *audit, __u64 now_ns, __u64 unix_ns)
{
	audit->unix_ns = unix_ns;
	if (audit->checked_ns)
		return;
	audit->checked_ns = now_ns;
	audit->checked_unix_ns = unix_ns;
}

void jb_audit_turn(struct jb_audit *audit, __u64 now_ns, __u64 unix_ns)
{
	jb_audit_set_clock(audit, now_ns, unix_ns);
	if (now_ns >= audit->checked_ns + CHECK_NS) {
		jb_sink_follow(&audit->sink);
		jb_audit_settle(audit, now_ns, false);
		tell_losses(audit);
		audit->checked_ns = now_ns;
		audit->checked_unix_ns = unix_ns;
	}
	jb_sink_flush(&audit->sink);
}

void jb_audit_lost(struct jb_audit *audit, enum jb_audit_loss reason, __u64 count)
{
	audit->lost[reason] += count;
}

void jb_audit_status(const struct jb_audit *audit, struct jb_audit_status *ret)
{
	*ret = (struct jb_audit_status){
		.written = audit->sink.written,
		.hurried = audit->hurried,
		.buffered = jb_sink_buffered(&audit->sink),
		.waiting = audit->waiting.records,
		.error = jb_sink_error(&audit->sink),
	};
	for (int i = 0; i < JB_AUDIT_LOST_MAX; i++)
		ret->lost[i] = losses(audit, i);
}

static __u64 all_losses(const struct jb_audit *audit)
{
	__u64 sum = 0;

	for (int i = 0; i < JB_AUDIT_LOST_MAX; i++)
		sum += losses(audit, i);
	return sum;
}

__u64 jb_audit_close(struct jb_audit *audit)
{
	__u64 before, after;

	if (!audit)
		return 0;
	before = all_losses(audit);
	jb_audit_settle(audit, 0, true);
	tell_losses(audit);
	jb_sink_drain(&audit->sink, CLOSE_MS);
	jb_sink_close(&audit->sink);
	after = all_losses(audit);
	jb_buffer_free(&audit->line);
	free(audit->node);
	free(audit);
	return after - before;
}
