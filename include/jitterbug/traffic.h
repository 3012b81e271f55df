/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Totals of a workload beside its RTP: UDP, TCP, signals of media, quality of its streams. */
#ifndef JITTERBUG_TRAFFIC_H
#define JITTERBUG_TRAFFIC_H

#include <jitterbug/histogram.h>
#include <jitterbug/rtcp.h>
#include <jitterbug/totals.h>

struct jb_rtt_histogram {
	__u64 sum_ns;
	__u64 bucket[JB_RTT_BUCKETS];
};

JB_INLINE void jb_rtt_observe(struct jb_rtt_histogram *h, __u64 ns)
{
	__sync_fetch_and_add(&h->bucket[jb_rtt_bucket(ns) % JB_RTT_BUCKETS], 1);
	__sync_fetch_and_add(&h->sum_ns, ns);
}

/* What shares the ports of media and is counted, but not measured. */
enum jb_udp_other { JB_UDP_QUIC, JB_UDP_CHANNEL_DATA, JB_UDP_OTHER_MAX };

/* Of a workload. Datagrams, also where the kernel passes several as one; bytes of UDP payload. */
struct jb_udp_totals {
	__u64 packets[JB_DIRECTION_MAX];
	__u64 bytes[JB_DIRECTION_MAX];
	__u64 other[JB_DIRECTION_MAX][JB_UDP_OTHER_MAX];
	__u64 buffer_drops; /* the socket's receive buffer was full: RcvbufErrors */
	__u64 queue_ns;     /* sum of the samples in `queue` */
	__u64 queue[JB_QUEUE_BUCKETS];
	__u64 dtls_ns;
	__u64 dtls[JB_DTLS_BUCKETS];
};

/* Of (workload, direction). */
struct jb_signal_totals {
	__u64 rtcp[JB_RTCP_TYPE_MAX];
	__u64 feedback[JB_RTCP_FEEDBACK_MAX];
	__u64 reported_lost; /* packets, by report blocks that pass in this direction */
	__u64 stun_requests; /* transactions */
	__u64 stun_timeouts; /* of these, not answered within JB_STUN_TIMEOUT_NS */
	struct jb_rtt_histogram rtcp_rtt;
	struct jb_rtt_histogram stun_rtt;
};

#define JB_STUN_TIMEOUT_NS (10 * JB_SECOND_NS)

enum jb_tcp_role { JB_TCP_CLIENT, JB_TCP_SERVER, JB_TCP_ROLE_MAX };

enum jb_tcp_end {
	JB_TCP_ORDERLY,
	JB_TCP_RESET_LOCAL, /* the application closed with data unread, or asked for it */
	JB_TCP_RESET_REMOTE,
	JB_TCP_TIMED_OUT, /* retransmissions or keepalives unanswered */
	JB_TCP_END_MAX
};

enum jb_tcp_failure {
	JB_TCP_REFUSED,
	JB_TCP_NO_ANSWER, /* in the kernel's time, or until the application gave up */
	JB_TCP_UNREACHABLE,
	JB_TCP_RESET,
	JB_TCP_NOT_BEGUN, /* no SYN was sent: no local port is free, or no memory */
	JB_TCP_FAILURE_MAX
};

/*
 * The way of a connection as this end's addresses and ports tell it, and as its packets go. What
 * that means depends on whose end it is: user/workloads/leg.h.
 */
enum jb_tcp_path {
	JB_PATH_DIRECT,      /* none of those below */
	JB_PATH_LOOPBACK,    /* one end is 127.0.0.0/8 or ::1 */
	JB_PATH_SELF,        /* both ends are one address */
	JB_PATH_REDIRECTED,  /* its packets stay on this host, though its remote is elsewhere */
	JB_PATH_ON_OUTBOUND, /* server: on the loopback's JB_PORT_OUTBOUND */
	JB_PATH_TO_INBOUND,  /* client: to a JB_PORT_INBOUND */
	/* Server, on JB_PORT_INBOUND: */
	JB_PATH_ON_INBOUND,         /* nothing was sent yet that would tell which of these: */
	JB_PATH_INBOUND_DIRECT,     /* the client has connected to this port */
	JB_PATH_INBOUND_REDIRECTED, /* to another, and was led here */
	JB_PATH_ON_ADMIN,           /* server: on JB_PORT_ADMIN or JB_PORT_CONTROL */
	JB_PATH_MAX
};

/* Of Linkerd's proxy. */
#define JB_PORT_OUTBOUND 4140
#define JB_PORT_INBOUND  4143
#define JB_PORT_CONTROL  4190
#define JB_PORT_ADMIN    4191

/* Of (workload, path). Bytes of payload. */
struct jb_tcp_totals {
	struct jb_rtt_histogram rtt;
	struct jb_rtt_histogram connect;
	__u64 retransmitted; /* segments, SYN and SYN-ACK included */
	__u64 bytes[JB_DIRECTION_MAX];
	__u64 opened[JB_TCP_ROLE_MAX];
	__u64 closed[JB_TCP_END_MAX];
	__u64 failed[JB_TCP_FAILURE_MAX];
	__u64 listen_overflows;
	__u64 rtp_packets[JB_DIRECTION_MAX]; /* framed by RFC 4571 */
	__u64 rtp_bytes[JB_DIRECTION_MAX];
};

enum jb_impairment {
	JB_IMPAIRED_LOSS,
	JB_IMPAIRED_JITTER,
	JB_IMPAIRED_FREEZE,
	JB_IMPAIRED_SOURCE_GAP,
	JB_IMPAIRED_MAX
};

#define JB_MOS_BOUNDS  10
#define JB_MOS_BUCKETS (JB_MOS_BOUNDS + 1)

/* Of (workload, direction); by user space, every 5 s. */
struct jb_quality_totals {
	__u64 stream_ns;
	__u64 impaired_ns; /* for whatever reason, once */
	__u64 impairment_ns[JB_IMPAIRED_MAX];
	__u64 mos_micro; /* sum of the samples in `mos`, in 1/1,000,000 */
	__u64 mos[JB_MOS_BUCKETS];
};

#endif
