/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the bench makes traffic: two namespaces with a veth pair between them, and a cgroup. */
#ifndef JB_BENCH_LAB_H
#define JB_BENCH_LAB_H

#include <limits.h>

struct jb_lab {
	char cgroup[PATH_MAX]; /* of all sockets made in the lab */
	char former[PATH_MAX];
	int home;    /* namespaces */
	int side[2]; /* -1: none */
};

/*
 * Makes it, and moves this (single) thread and process there. 0 or -errno; close it in either case.
 */
int jb_lab_open(struct jb_lab *lab);
void jb_lab_close(struct jb_lab *lab);

/* A TCP connection between them without Nagle's algorithm. 0 or -errno. */
int jb_lab_connect(const struct jb_lab *lab, int ret[2]);

/* Two UDP sockets connected to each other. 0 or -errno. */
int jb_lab_udp(const struct jb_lab *lab, int ret[2]);

#endif
