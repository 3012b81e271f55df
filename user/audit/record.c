/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "audit/record.h"

#include <stdio.h>
#include <time.h>

#include "kernel/names.h"
#include "workloads/leg.h"
#include "listing/address.h"
#include "listing/json.h"
#include "listing/record.h"

/* Which end `self` is. */
enum side { SOURCE, DESTINATION, UNKNOWN };

static const char *const side_names[] = {"source", "destination", "unknown"};

static const char *const event_names[] = {
	[JB_AUDIT_EVENT_OPENED] = "connection_opened",
	[JB_AUDIT_EVENT_CLOSED] = "connection_closed",
	[JB_AUDIT_EVENT_FAILED] = "connection_failed",
	[JB_AUDIT_EVENT_STARTED] = "stream_started",
	[JB_AUDIT_EVENT_ENDED] = "stream_ended",
};

struct end {
	const struct jb_who *who;
	const union jb_ip *ip;
	__u16 port;
};

/* Every value stands behind such a key, in an object that has one already. */
static void write_key(struct jb_buffer *out, const char *key)
{
	jb_buffer_append(out, ",\"", 2);
	jb_buffer_puts(out, key);
	jb_buffer_append(out, "\":", 2);
}

static void write_text(struct jb_buffer *out, const char *key, const char *text)
{
	write_key(out, key);
	if (text && *text)
		jb_json_string(out, text);
	else
		jb_buffer_puts(out, "null");
}

static void write_number(struct jb_buffer *out, const char *key, __u64 value, unsigned int decimals)
{
	write_key(out, key);
	if (value == JB_RECORD_NONE)
		jb_buffer_puts(out, "null");
	else
		jb_json_fixed(out, value, decimals);
}

/* 2026-11-23T14:40:01.123456Z; 0 is no time. */
static void write_time(struct jb_buffer *out, __u64 unix_ns)
{
	time_t seconds = (time_t)(unix_ns / JB_SECOND_NS);
	char text[32] = "";
	struct tm utc;

	if (!unix_ns || !gmtime_r(&seconds, &utc)) {
		jb_buffer_puts(out, "null");
		return;
	}
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	jb_buffer_printf(out, "\"%s.%06uZ\"", text, (unsigned int)(unix_ns % JB_SECOND_NS / 1000));
}

static void write_head(struct jb_buffer *out, __u64 unix_ns, const char *event, const char *node)
{
	jb_buffer_puts(out, "{\"time\":");
	write_time(out, unix_ns);
	write_text(out, "event", event);
	write_text(out, "node", node);
}

static void write_end(struct jb_buffer *out, const char *key, const struct end *end)
{
	char address[INET6_ADDRSTRLEN];

	jb_ip_text(end->ip, address);
	write_key(out, key);
	jb_buffer_puts(out, "{\"address\":");
	jb_json_string(out, address);
	write_number(out, "port", end->port, 0);
	write_text(out, "namespace", end->who->namespace_);
	write_text(out, "pod", end->who->pod);
	write_text(out, "unit", end->who->unit);
	write_text(out, "workload", end->who->workload);
	jb_buffer_append(out, "}", 1);
}

static void write_ends(struct jb_buffer *out, enum side side, const struct end *local,
		       const struct end *remote)
{
	write_text(out, "reporter", side_names[side]);
	if (side == UNKNOWN) {
		write_end(out, "local", local);
		write_end(out, "remote", remote);
		return;
	}
	write_end(out, "source", side == SOURCE ? local : remote);
	write_end(out, "destination", side == SOURCE ? remote : local);
}

/* When it began, and how long it was; both null if that isn't known. */
static void write_span(struct jb_buffer *out, __u64 started_ns, __u64 ended_ns, __u64 offset_ns)
{
	__u64 span = ended_ns > started_ns ? ended_ns - started_ns : 0;

	write_key(out, "started");
	write_time(out, started_ns ? started_ns + offset_ns : 0);
	write_number(out, "duration_seconds", started_ns ? span / 1000 : JB_RECORD_NONE, 6);
}

static void write_close(const struct jb_audit_record *record, struct jb_buffer *out)
{
	const struct jb_contact *c = &record->contact;

	write_span(out, c->started_ns, c->at_ns, record->offset_ns);
	write_number(out, "bytes_sent", c->total[JB_EGRESS], 0);
	write_number(out, "bytes_received", c->total[JB_INGRESS], 0);
	write_number(out, "retransmits", c->retransmitted, 0);
	write_number(out, "srtt_seconds", c->srtt_us ? c->srtt_us : JB_RECORD_NONE, 6);
	write_text(out, "reason", c->reason < JB_TCP_END_MAX ? jb_tcp_end_names[c->reason] : NULL);
}

static void write_failure(const struct jb_audit_record *record, struct jb_buffer *out)
{
	const struct jb_contact *c = &record->contact;

	write_span(out, c->started_ns, c->at_ns, record->offset_ns);
	write_number(out, "retransmits", c->retransmitted, 0);
	write_text(out, "reason",
		   c->reason < JB_TCP_FAILURE_MAX ? jb_tcp_failure_names[c->reason] : NULL);
}

static void write_connection(const struct jb_audit_record *record, const struct jb_who *who,
			     struct jb_buffer *out)
{
	const struct jb_contact *c = &record->contact;
	const struct end local = {&who[JB_AUDIT_SELF], &c->local, c->local_port};
	const struct end remote = {&who[JB_AUDIT_PEER], &c->remote, c->remote_port};
	enum side side = c->role == JB_TCP_CLIENT   ? SOURCE
			 : c->role == JB_TCP_SERVER ? DESTINATION
						    : UNKNOWN;

	write_text(out, "protocol", "tcp");
	write_ends(out, side, &local, &remote);
	write_text(out, "role",
		   jb_tcp_role_names[side == UNKNOWN ? (__u8)JB_TCP_ROLE_MAX : c->role]);
	write_text(out, "leg", jb_tcp_leg_names[jb_tcp_leg_of(who[JB_AUDIT_SELF].role, c->path)]);
	if (record->event == JB_AUDIT_EVENT_CLOSED)
		write_close(record, out);
	else if (record->event == JB_AUDIT_EVENT_FAILED)
		write_failure(record, out);
}

static void write_stream_end(const struct jb_audit_record *record, struct jb_buffer *out)
{
	const struct jb_audit_stream *s = &record->stream;
	bool egress = s->direction == JB_EGRESS;

	write_span(out, s->started_ns, s->last_ns, record->offset_ns);
	write_number(out, "packets", s->packets, 0);
	write_number(out, "bytes", s->bytes, 0);
	write_number(out, "lost", egress ? JB_RECORD_NONE : s->lost, 0);
	write_number(out, "source_gap", egress ? s->lost : JB_RECORD_NONE, 0);
	write_number(out, "jitter_seconds", s->jitter_ns, 9);
	write_text(out, "reason", s->reason);
}

static void write_stream(const struct jb_audit_record *record, const struct jb_who *who,
			 struct jb_buffer *out)
{
	const struct jb_audit_stream *s = &record->stream;
	bool egress = s->direction == JB_EGRESS;
	const struct end source = {&who[egress ? JB_AUDIT_SELF : JB_AUDIT_PEER], &s->key.source,
				   s->key.source_port};
	const struct end destination = {&who[egress ? JB_AUDIT_PEER : JB_AUDIT_SELF],
					&s->key.destination, s->key.destination_port};

	write_text(out, "protocol", "rtp");
	write_text(out, "reporter", side_names[egress ? SOURCE : DESTINATION]);
	write_end(out, "source", &source);
	write_end(out, "destination", &destination);
	write_text(out, "direction", jb_direction_names[egress ? JB_EGRESS : JB_INGRESS]);
	write_number(out, "ssrc", s->key.ssrc, 0);
	write_text(out, "media", s->media < JB_MEDIA_MAX ? jb_media_names[s->media] : NULL);
	write_number(out, "payload_type", s->payload_type, 0);
	write_number(out, "clock_rate", s->clock_rate ? s->clock_rate : JB_RECORD_NONE, 0);
	if (record->event == JB_AUDIT_EVENT_ENDED)
		write_stream_end(record, out);
}

static bool is_stream(const struct jb_audit_record *record)
{
	return record->event == JB_AUDIT_EVENT_STARTED || record->event == JB_AUDIT_EVENT_ENDED;
}

/* CLOCK_MONOTONIC of what it tells. */
static __u64 happened_ns(const struct jb_audit_record *record)
{
	switch (record->event) {
	case JB_AUDIT_EVENT_OPENED:
		return record->contact.started_ns ? record->contact.started_ns
						  : record->contact.at_ns;
	case JB_AUDIT_EVENT_STARTED:
		return record->stream.started_ns;
	case JB_AUDIT_EVENT_ENDED:
		return record->stream.last_ns;
	default:
		return record->contact.at_ns;
	}
}

void jb_audit_record_json(const struct jb_audit_record *record, const char *node,
			  const struct jb_who who[JB_AUDIT_ENDS], struct jb_buffer *out)
{
	write_head(out, happened_ns(record) + record->offset_ns, event_names[record->event], node);
	if (is_stream(record))
		write_stream(record, who, out);
	else
		write_connection(record, who, out);
	jb_buffer_append(out, "}\n", 2);
}

void jb_audit_loss_json(const char *node, enum jb_audit_loss reason, __u64 count,
			__u64 since_unix_ns, __u64 unix_ns, struct jb_buffer *out)
{
	write_head(out, unix_ns, "records_lost", node);
	write_key(out, "since");
	write_time(out, since_unix_ns);
	write_number(out, "count", count, 0);
	write_text(out, "reason", jb_audit_loss_names[reason]);
	jb_buffer_append(out, "}\n", 2);
}
