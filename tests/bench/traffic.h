/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bounded loads by one thread that has both ends: what it sends has arrived when send() is done. */
#ifndef JB_BENCH_TRAFFIC_H
#define JB_BENCH_TRAFFIC_H

#include <jitterbug/types.h>
#include "lab.h"

enum jb_traffic_load {
	JB_TRAFFIC_TCP,     /* an octet to and fro */
	JB_TRAFFIC_TCP_OLD, /* the same, on the older connection */
	JB_TRAFFIC_TCP_SHORT,
	JB_TRAFFIC_UDP, /* a datagram to and fro */
	JB_TRAFFIC_RTP, /* packets of one stream, one way */
	JB_TRAFFIC_UDP_FULL,
	JB_TRAFFIC_UDP_CLOSED,
	JB_TRAFFIC_MAX
};

#define JB_TRAFFIC_REPEAT 2000
#define JB_TRAFFIC_SHORT  500 /* connections */

struct jb_traffic {
	const struct jb_lab *lab;
	int tcp[2], old[2], udp[2], rtp[2], full[2], closed[2]; /* -1: none */
	__u16 sequence;
};

#define JB_TRAFFIC_NONE                                                                            \
	{                                                                                          \
		.tcp = {-1, -1}, .old = {-1, -1}, .udp = {-1, -1}, .rtp = {-1, -1},                \
		.full = {-1, -1}, .closed = {                                                      \
			-1,                                                                        \
			-1                                                                         \
		}                                                                                  \
	}

/* The older connection; then the other sockets. 0 or -errno; close in either case. */
int jb_traffic_open_old(struct jb_traffic *t, const struct jb_lab *lab);
int jb_traffic_open(struct jb_traffic *t, const struct jb_lab *lab);
void jb_traffic_close(struct jb_traffic *t);

/* One of JB_TRAFFIC_REPEAT (_SHORT) exchanges. 0 or -errno. */
int jb_traffic_run(struct jb_traffic *t, enum jb_traffic_load load);

/* `count` octets (TCP) or datagrams (UDP) of `size` from a[0] to a[1] and back. 0 or -errno. */
int jb_traffic_exchange(const int a[2], size_t size, int count);

#endif
