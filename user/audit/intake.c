/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From contacts and streams to records. */
#include "audit/private.h"

#include <jitterbug/traffic.h>

#include "edges/ends.h"
#include "listing/record.h"

void jb_audit_stream_of(const struct jb_stream_key *key, enum jb_direction direction,
			const struct jb_receiver *receiver, struct jb_audit_stream *ret)
{
	__u32 rate = jb_clock_rate(receiver->clock);
	bool has_jitter = rate && receiver->media != JB_MEDIA_RTX;

	*ret = (struct jb_audit_stream){
		.key = *key,
		.started_ns = receiver->started_ns,
		.last_ns = receiver->last_ns,
		.packets = receiver->packets,
		.bytes = receiver->bytes,
		/* At its end, what hasn't come is lost. */
		.lost = receiver->lost + jb_receiver_unseen(receiver),
		.jitter_ns = has_jitter ? jb_receiver_jitter_ns(receiver) : JB_RECORD_NONE,
		.clock_rate = rate,
		.payload_type = receiver->payload_type,
		.direction = direction,
		.media = receiver->media,
	};
}

static struct jb_audit_key key_of(const struct jb_ends *ends)
{
	return (struct jb_audit_key){
		.local = ends->local,
		.remote = ends->remote,
		.cgroup_id = ends->cgroup_id,
		.local_port = ends->local_port,
		.remote_port = ends->remote_port,
	};
}

void jb_audit_connection(struct jb_audit *audit, const struct jb_contact *contact, __u64 now_ns,
			 __u64 unix_ns)
{
	static const struct {
		enum jb_contact_what what;
		enum jb_audit_event event;
	} events[] = {
		{JB_CONTACT_OPENED, JB_AUDIT_EVENT_OPENED},
		{JB_CONTACT_CLOSED, JB_AUDIT_EVENT_CLOSED},
		{JB_CONTACT_FAILED, JB_AUDIT_EVENT_FAILED},
	};
	const struct jb_ends ends = jb_ends_of_contact(contact);
	const struct jb_audit_key key = key_of(&ends);
	struct jb_audit_record record = {.offset_ns = unix_ns - now_ns, .contact = *contact};

	jb_audit_set_clock(audit, now_ns, unix_ns);
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		if (!(contact->what & events[i].what))
			continue;
		record.event = events[i].event;
		jb_audit_take(audit, &record, &key, &ends, now_ns);
	}
}

void jb_audit_stream(struct jb_audit *audit, const struct jb_audit_stream *stream, __u64 now_ns,
		     __u64 unix_ns)
{
	const struct jb_ends ends = jb_ends_of_stream(&stream->key, stream->direction,
						      stream->peer_cgroup_id);
	struct jb_audit_key key = key_of(&ends);
	struct jb_audit_record record = {.offset_ns = unix_ns - now_ns, .stream = *stream};

	if (stream->key.cgroup_id == JB_EDGE_CGROUP)
		return;
	jb_audit_set_clock(audit, now_ns, unix_ns);
	key.ssrc = stream->key.ssrc;
	key.stream = (__u8)(1 + stream->direction);
	if (stream->what & JB_AUDIT_STREAM_STARTED) {
		record.event = JB_AUDIT_EVENT_STARTED;
		jb_audit_take(audit, &record, &key, &ends, now_ns);
	}
	if (stream->what & JB_AUDIT_STREAM_ENDED) {
		record.event = JB_AUDIT_EVENT_ENDED;
		jb_audit_take(audit, &record, &key, &ends, now_ns);
	}
}
