/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TCP server and client whose connections do what they are told, with what they know themselves as
 * truth: bytes, times of connecting and of answers, the kernel's TCP_INFO.
 */
#ifndef JB_TESTS_NET_TCP_TOOL_H
#define JB_TESTS_NET_TCP_TOOL_H

#include "tool.h"

enum { JB_TCP_CONNECTIONS = 1024, JB_TCP_BUFFER = 64 << 10 };

enum jb_tcp_end {
	JB_TCP_END_ORDERLY,
	JB_TCP_END_RESET, /* SO_LINGER 0 */
};

struct jb_tcp_options {
	struct sockaddr_storage address; /* the server's */
	socklen_t address_length;
	/* server */
	bool discard, no_accept;
	int backlog;
	uint64_t accept_delay_ns; /* before each accept */
	/* client */
	uint32_t connections, size;
	uint64_t requests; /* each of `size` bytes, echoed; on every connection */
	uint64_t interval_ns, timeout_ns, bulk;
	bool hold; /* keeps the connections until SIGTERM */
	enum jb_tcp_end end;
};

/* Each runs to its end, prints its JSON summary and returns the exit status. */
int jb_tcp_serve(const struct jb_tcp_options *options);
int jb_tcp_connect(const struct jb_tcp_options *options);

#endif
