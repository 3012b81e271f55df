/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the live-traffic test tools share: clock, seeded random numbers, options, signals. These are
 * main programs, so the helpers here may print and exit: 2 for usage, 1 for failure.
 */
#ifndef JB_TESTS_NET_TOOL_H
#define JB_TESTS_NET_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define JB_TOOL_SEC_NS  UINT64_C(1000000000)
#define JB_TOOL_MSEC_NS UINT64_C(1000000)
#define JB_TOOL_USEC_NS UINT64_C(1000)

/* CLOCK_MONOTONIC, the clock of the agent's hooks. */
uint64_t jb_tool_now_ns(void);

/* Sleeps until that time of CLOCK_MONOTONIC, or until a signal comes. */
void jb_tool_sleep_until(uint64_t due_ns);

/* Asks for 1 ns of timer slack instead of 50 us. */
void jb_tool_precise_timers(void);

/* setsockopt() of an int; exits naming the option when the kernel refuses. */
void jb_tool_set_socket(int fd, int level, int option, int value, const char *name);

/* Asks a socket for SO_TIMESTAMPNS; exits when the kernel refuses. */
void jb_tool_stamp_socket(int fd);

/*
 * Arrival time of a received message on CLOCK_MONOTONIC. The kernel stamps with CLOCK_REALTIME, so
 * its age is taken off the present; without a stamp it is the present.
 */
uint64_t jb_tool_arrival_ns(struct msghdr *message);

/* Raises SO_RCVBUF or SO_SNDBUF, beyond the sysctl's limit where that is allowed. */
void jb_tool_socket_buffers(int fd, int bytes);

struct jb_tool_rng {
	uint64_t state;
};

void jb_tool_rng_seed(struct jb_tool_rng *rng, uint64_t seed);
uint64_t jb_tool_rng_next(struct jb_tool_rng *rng);
/* 0 <= value < 1 */
double jb_tool_rng_unit(struct jb_tool_rng *rng);

/* Prints "program: message" to stderr and exits with that status. */
void jb_tool_fail(int status, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/* A number within [min, max], decimal or 0x; exits with 2 naming the option and the value. */
uint64_t jb_tool_number(const char *option, const char *text, uint64_t min, uint64_t max);
/* A share of 0..1. */
double jb_tool_share(const char *option, const char *text);
/* "INDEX:VALUE"; value's range as for jb_tool_number(). */
void jb_tool_pair(const char *option, const char *text, uint64_t max, uint64_t *ret_index,
		  uint64_t *ret_value);

/* An IPv4 or IPv6 address and a port; exits with 2 naming the text. Returns the length. */
socklen_t jb_tool_address(const char *text, uint16_t port, struct sockaddr_storage *ret);

/* SIGTERM and SIGINT set the stop flag and interrupt sleeps. */
void jb_tool_catch_stop(void);
bool jb_tool_stopped(void);

/* Says on stdout that the tool works from now on. */
void jb_tool_ready(void);

#endif
