/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The media programs on real sockets: this process in a network namespace and in a cgroup of its
 * own, to which they are attached. For what a test run can't do: several packets of one socket,
 * ports of sockets, packets that aren't linear.
 */
#ifndef JB_TEST_LIVE_H
#define JB_TEST_LIVE_H

#include "harness.h"

struct jb_live {
	struct jb_harness h;
	bool ready;      /* false: without cgroup2; tests are to be skipped */
	char home[4096]; /* the cgroup this process came from */
	char path[4096]; /* and its own */
	struct bpf_link *links[JB_DIRECTION_MAX];
};

/* Group set-up and tear-down: *state is a struct jb_live. */
int jb_live_setup(void **state);
int jb_live_teardown(void **state);

/* The group's state; skips the test where it isn't ready. */
struct jb_live *jb_live_ready(void **state);

/* UDP over 127.0.0.1: bound to `port`, connected to `peer` if that isn't 0. */
int jb_live_udp(__u16 port, __u16 peer);
/* Sends, and reads it at once, so that nothing waits when this returns. */
void jb_live_pass(int from, int to, const void *data, size_t len);

/* A TCP connection over 127.0.0.1 to `port`, without delay. */
void jb_live_tcp(__u16 port, int ret[2]);

#endif
