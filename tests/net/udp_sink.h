/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The socket of the tools that receive UDP, and the options that are about it. */
#ifndef JB_TESTS_NET_UDP_SINK_H
#define JB_TESTS_NET_UDP_SINK_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Zeros: every address of both families, and the kernel's size of the buffer. */
struct jb_udp_sink_options {
	const char *bind_to;
	uint16_t port;
	int rcvbuf; /* bytes; 0: the kernel's */
	bool only6;
	struct sockaddr_storage address; /* set by jb_udp_sink_options_end() */
	socklen_t address_length;
};

/* Rows of a table for getopt_long(). Their letters are p, b, 6 and r. */
#define JB_UDP_SINK_OPTIONS                                                                        \
	{"port", required_argument, NULL, 'p'}, {"bind", required_argument, NULL, 'b'},            \
		{"only6", no_argument, NULL, '6'},                                                 \
	{                                                                                          \
		"rcvbuf", required_argument, NULL, 'r'                                             \
	}

/* Takes one of these rows with getopt's optarg; exits with 2 if the option is none of them. */
void jb_udp_sink_option(struct jb_udp_sink_options *options, int option);

/* After the last option: exits with 2 and `usage` if there is no port, or an argument too many. */
void jb_udp_sink_options_end(struct jb_udp_sink_options *options, int argc, const char *usage);

/*
 * A bound socket that doesn't block and tells with each message when it came and what overflowed.
 * Exits when the kernel refuses.
 */
int jb_udp_sink_open(const struct jb_udp_sink_options *options);

/* How many datagrams the socket had dropped when it queued this one; untouched if it isn't told. */
void jb_udp_sink_overflows(struct msghdr *message, uint64_t *ret_overflows);

#endif
