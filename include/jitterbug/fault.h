/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everything that can fail in the kernel, each with a counter: agent_faults_total{fault}. */
#ifndef JITTERBUG_FAULT_H
#define JITTERBUG_FAULT_H

#define JB_FAULTS(X)                                                                               \
	X(PACKET_UNREADABLE, "packet_unreadable", "a header could not be read from the packet")    \
	X(IP_HEADER, "ip_header", "malformed IPv4 or IPv6 header")                                 \
	X(IPV6_EXTENSIONS, "ipv6_extensions", "more IPv6 extension headers than are followed")     \
	X(FRAGMENT, "fragment", "IP fragment: not measured")                                       \
	X(UDP_LENGTH, "udp_length", "UDP length that the packet doesn't have")                     \
	X(RTP_TRUNCATED, "rtp_truncated", "begins like RTP and ends within the fixed header")      \
	X(RTP_BOUNDS, "rtp_bounds", "RTP CSRCs or extension beyond the packet")                    \
	X(RTP_PADDING, "rtp_padding", "RTP padding without room for its count")                    \
	X(SEGMENTS_TRUNCATED, "segments_truncated", "GSO packet with more segments than followed") \
	X(STREAMS_FULL, "streams_full", "no room for a stream: see --max-streams")                 \
	X(STREAM_INSERT, "stream_insert", "no stream inserted: its hash is taken")                 \
	X(STREAM_BUSY, "stream_busy", "packet of a stream that other CPUs moved all the while")    \
	X(STREAM_DELETE, "stream_delete", "a retired stream could not be deleted")                 \
	X(PROBATION_FAILED, "probation_failed", "packets like RTP that made no stream")            \
	X(ROWS_FULL, "rows_full", "no row for a workload: see --max-workloads")                    \
	X(ROW_INSERT, "row_insert", "a row could not be inserted")                                 \
	X(MAP_LOOKUP, "map_lookup", "a map element that must be there was not")                    \
	X(SOCKET_STORAGE, "socket_storage", "no memory to keep something with a socket")           \
	X(QUEUE_TOO_DEEP, "queue_too_deep", "read from a receive queue longer than is timed")      \
	X(STUN_EVICTED, "stun_evicted", "STUN request that another took the place of")             \
	X(FRAMES_TRUNCATED, "frames_truncated", "TCP segment with more frames than followed")      \
	X(DROPS_FULL, "drops_full", "drop of a reason for which there was no room")                \
	X(EVENTS_LOST, "events_lost", "the event ring was full")                                   \
	X(CONTACTS_LOST, "contacts_lost", "the ring of connections was full: edges miss some")

enum jb_fault {
#define JB_FAULT_ENUM(id, name, help) JB_FAULT_##id,
	JB_FAULTS(JB_FAULT_ENUM)
#undef JB_FAULT_ENUM
		JB_FAULT_MAX
};

#endif
