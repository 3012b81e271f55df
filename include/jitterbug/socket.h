/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is kept with each socket, and what is told of a TCP connection. */
#ifndef JITTERBUG_SOCKET_H
#define JITTERBUG_SOCKET_H

#include <jitterbug/row.h>
#include <jitterbug/stream.h>

enum jb_udp_flag {
	JB_UDP_MEDIA = 1, /* RTP streams come in here: how long they queue is measured */
	JB_UDP_QUIC_SEEN = 2,
};

struct jb_udp_socket {
	__u64 cgroup_id;
	__u32 row;                          /* of JB_SLOT_UDP */
	__u32 signal_row[JB_DIRECTION_MAX]; /* of JB_SLOT_SIGNAL; 0 until it is needed */
	__u32 flags;                        /* enum jb_udp_flag */
};

enum jb_tcp_flag {
	JB_TCP_STOOD = 1,     /* it was established once */
	JB_TCP_SAMPLED = 2,   /* its round trips come from sockops */
	JB_TCP_UNCOUNTED = 4, /* that it was opened is counted once its path is known */
};

/*
 * In jb_tcp_socket's `other`, changed atomically. The two ends of a connection of this node find
 * each other by its two initial sequence numbers: NAT between them leaves those alone.
 */
#define JB_OTHER_FOUND (1ULL << 63) /* below is the other end's cgroup; else the numbers' key */
#define JB_OTHER_NEW   (1ULL << 62) /* that the connection was opened is still to be told */
#define JB_OTHER_BITS  (JB_OTHER_NEW - 1)

/* What of the kernel's counters has gone into the totals already is kept beside them. */
struct jb_tcp_socket {
	__u64 cgroup_id;
	__u64 started_ns; /* connect(), then established; 0 for one older than the agent */
	__u64 bytes[JB_DIRECTION_MAX]; /* a client's SYN is one sent */
	__u32 retransmitted;
	__u32 srtt;    /* the latest sample, where samples are taken from it; tcp_sock's unit */
	__u32 row;     /* of JB_SLOT_TCP + path; JB_NO_ROW until there is something to count */
	__u8 path : 4; /* enum jb_tcp_path */
	__u8 role : 4; /* enum jb_tcp_role; JB_TCP_ROLE_MAX: not known */
	__u8 flags;    /* enum jb_tcp_flag; written with the socket locked */
	__u16 port;    /* that the client has connected to, where it was led to another; else 0 */
	__u64 other;   /* JB_OTHER_...; the rest 0: not known */
};

/* Ends of a connection, by the client's and the server's initial sequence number. */
struct jb_meeting {
	__u64 client_cgroup;
	__u64 server_cgroup; /* 0: it is elsewhere, or has not accepted yet */
};

/* One connection, as the iterator tells it. */
struct jb_connection {
	union jb_ip local;
	union jb_ip remote;
	struct jb_tcp_socket socket;
	__u64 peer_cgroup_id;          /* whose the other end is, on this node; 0: not known */
	__u64 bytes[JB_DIRECTION_MAX]; /* payload so far */
	__u32 srtt_us;
	__u32 rttvar_us;
	__u32 min_rtt_us; /* 0xffffffff: none yet */
	__u32 cwnd;       /* segments */
	__u32 retransmitted;
	__u16 local_port;
	__u16 remote_port;
	__u8 state; /* TCP_ESTABLISHED, ... of the kernel */
	__u8 zero[7];
};

_Static_assert(sizeof(struct jb_udp_socket) == 24, "one for each UDP socket of the node");
_Static_assert(sizeof(struct jb_tcp_socket) == 56, "with the kernel's own 72 octets: 128");
_Static_assert(sizeof(struct jb_connection) == 144, "no hidden padding in what is written out");

#endif
