/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

static volatile sig_atomic_t stop_flag;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * JB_TOOL_SEC_NS + (uint64_t)t.tv_nsec;
}

uint64_t jb_tool_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

void jb_tool_sleep_until(uint64_t due_ns)
{
	struct timespec t = {.tv_sec = (time_t)(due_ns / JB_TOOL_SEC_NS),
			     .tv_nsec = (long)(due_ns % JB_TOOL_SEC_NS)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

void jb_tool_precise_timers(void)
{
	prctl(PR_SET_TIMERSLACK, 1ul, 0, 0, 0);
}

void jb_tool_set_socket(int fd, int level, int option, int value, const char *name)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		jb_tool_fail(1, "%s: %s", name, strerror(errno));
}

void jb_tool_stamp_socket(int fd)
{
	jb_tool_set_socket(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
}

uint64_t jb_tool_arrival_ns(struct msghdr *message)
{
	uint64_t now = jb_tool_now_ns(), real = clock_ns(CLOCK_REALTIME), stamp;
	struct timespec t;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		stamp = (uint64_t)t.tv_sec * JB_TOOL_SEC_NS + (uint64_t)t.tv_nsec;
		return stamp < real ? now - (real - stamp) : now;
	}
	return now;
}

void jb_tool_socket_buffers(int fd, int bytes)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
}

void jb_tool_rng_seed(struct jb_tool_rng *rng, uint64_t seed)
{
	rng->state = seed;
}

/* splitmix64 */
uint64_t jb_tool_rng_next(struct jb_tool_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

double jb_tool_rng_unit(struct jb_tool_rng *rng)
{
	return (double)(jb_tool_rng_next(rng) >> 11) * 0x1.0p-53;
}

void jb_tool_fail(int status, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(status);
}

uint64_t jb_tool_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (end == text || *end || errno || *text == '-' || value < min || value > max)
		jb_tool_fail(2, "--%s: '%s' is not a number of %llu..%llu", option, text,
			     (unsigned long long)min, (unsigned long long)max);
	return value;
}

double jb_tool_share(const char *option, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0 && value <= 1))
		jb_tool_fail(2, "--%s: '%s' is not a share of 0..1", option, text);
	return value;
}

void jb_tool_pair(const char *option, const char *text, uint64_t max, uint64_t *ret_index,
		  uint64_t *ret_value)
{
	const char *colon = strchr(text, ':');
	char index[24];

	if (!colon || (size_t)(colon - text) >= sizeof(index))
		jb_tool_fail(2, "--%s: '%s' is not INDEX:VALUE", option, text);
	memcpy(index, text, (size_t)(colon - text));
	index[colon - text] = '\0';
	*ret_index = jb_tool_number(option, index, 0, UINT64_MAX / 2);
	*ret_value = jb_tool_number(option, colon + 1, 0, max);
}

socklen_t jb_tool_address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	jb_tool_fail(2, "'%s' is no IPv4 or IPv6 address", text);
}

static void on_stop(int number)
{
	(void)number;
	stop_flag = 1;
}

void jb_tool_catch_stop(void)
{
	struct sigaction action = {.sa_handler = on_stop};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

bool jb_tool_stopped(void)
{
	return stop_flag;
}

void jb_tool_ready(void)
{
	puts("ready");
	fflush(stdout);
}
