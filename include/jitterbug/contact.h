/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is told of a TCP connection: a record for each pass of the census in which it has moved, the
 * first of them also if it hasn't, and one at its end. Never one for a packet.
 */
#ifndef JITTERBUG_CONTACT_H
#define JITTERBUG_CONTACT_H

#include <jitterbug/stream.h>

enum jb_contact_what {
	JB_CONTACT_OPENED = 1, /* told in just one record of a connection */
	JB_CONTACT_CLOSED = 2, /* it was established; the last record */
	JB_CONTACT_FAILED = 4, /* it never was; the only record */
};

struct jb_contact {
	__u64 cgroup_id;      /* whose end it is */
	__u64 peer_cgroup_id; /* whose the other end is, on this node; 0: not known */
	union jb_ip local;
	union jb_ip remote;
	__u64 bytes[JB_DIRECTION_MAX]; /* payload since the record before */
	__u64 total[JB_DIRECTION_MAX]; /* of the connection; in the record of its end */
	__u64 started_ns;              /* CLOCK_MONOTONIC; 0: older than the agent */
	__u64 at_ns;
	__u32 srtt_us;
	__u32 rtt_min_us;          /* the smallest of the kernel's window (5 min); 0: none */
	__u32 retransmitted;       /* segments, of the connection */
	__u32 retransmitted_since; /* of these, since the record before */
	__u32 uid;                 /* of the socket, as the host has it */
	__u32 zero;
	__u16 local_port; /* host order, both; where NAT has led it here, what the client wanted */
	__u16 remote_port;
	__u8 what;   /* enum jb_contact_what, or'ed */
	__u8 reason; /* CLOSED: enum jb_tcp_end; FAILED: enum jb_tcp_failure */
	__u8 role;   /* enum jb_tcp_role; JB_TCP_ROLE_MAX: not known */
	__u8 path;   /* enum jb_tcp_path */
};

_Static_assert(sizeof(struct jb_contact) == 128, "no hidden padding in what is written out");

#endif
