/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An audit into a file of its own, asking a fake for names, with a clock that stands still. */
#ifndef JB_TEST_AUDIT_WORLD_H
#define JB_TEST_AUDIT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <jansson.h>

#include <cmocka.h>

#include <jitterbug/traffic.h>

#include "audit/audit.h"

#define START (100 * JB_SECOND_NS)
#define UNIX  1795444801123456789ULL /* at START: 2026-11-23T14:40:01.123456 */
#define IP(v4)                                                                                     \
	{                                                                                          \
		.word = { 0, 0, htonl(0xffff), htonl(v4) }                                         \
	}
#define UNIT(fn) cmocka_unit_test_setup_teardown(fn, audit_setup, audit_teardown)

static struct {
	char file[32];
	struct jb_audit *audit;
	struct jb_audit_options options;
	struct jb_audit_status status;
	__u64 now_ns;
	enum jb_who_answer self_answer;
	enum jb_who_answer peer_answer;
	struct jb_who self;
	struct jb_who peer;
	struct jb_ends asked; /* the latest */
	unsigned int self_asked, peer_asked;
} world;

/* Only what there is, as one might who takes the rest for empty. */
static void fill(struct jb_who *ret, const struct jb_who *who)
{
	if (*who->namespace_)
		strcpy(ret->namespace_, who->namespace_);
	if (*who->pod)
		strcpy(ret->pod, who->pod);
	if (*who->unit)
		strcpy(ret->unit, who->unit);
	if (*who->workload)
		strcpy(ret->workload, who->workload);
	ret->role = who->role;
}

static enum jb_who_answer answer_self(void *ctx, const struct jb_ends *ends, struct jb_who *ret)
{
	(void)ctx;
	world.asked = *ends;
	world.self_asked++;
	if (world.self_answer == JB_WHO_KNOWN)
		fill(ret, &world.self);
	else
		strcpy(ret->unit, "not-yet.scope");
	return world.self_answer;
}

static enum jb_who_answer answer_peer(void *ctx, const struct jb_ends *ends, bool last,
				      struct jb_who *ret)
{
	(void)ctx;
	world.asked = *ends;
	world.peer_asked++;
	if (world.peer_answer == JB_WHO_KNOWN)
		fill(ret, &world.peer);
	else
		strcpy(last ? ret->workload : ret->unit, JB_WHO_UNKNOWN);
	return last ? JB_WHO_KNOWN : world.peer_answer;
}

static inline void audit_open(const char *file)
{
	char error[JB_AUDIT_ERROR] = "";

	world.options.file = file;
	assert_int_equal(jb_audit_open(&world.audit, &world.options, error), 0);
	assert_string_equal(error, "");
}

static inline int audit_setup(void **state)
{
	int fd;

	(void)state;
	memset(&world, 0, sizeof(world));
	strcpy(world.file, "/tmp/jb-audit-XXXXXX");
	fd = mkstemp(world.file);
	if (fd < 0 || close(fd) || unlink(world.file))
		return -1;
	world.now_ns = START;
	world.self = (struct jb_who){"calls", "sfu-0", "", "sfu", false, JB_ROLE_UNMESHED};
	world.peer = (struct jb_who){"calls", "redis-0", "", "redis", false, JB_ROLE_UNMESHED};
	world.options = (struct jb_audit_options){
		.node = "worker-1", .whois = {.self = answer_self, .peer = answer_peer}};
	return 0;
}

static inline int audit_teardown(void **state)
{
	(void)state;
	jb_audit_close(world.audit);
	unlink(world.file);
	return 0;
}

static inline __u64 unix_now(void)
{
	return world.now_ns - START + UNIX;
}

static inline void audit_turn(void)
{
	jb_audit_turn(world.audit, world.now_ns, unix_now());
	jb_audit_status(world.audit, &world.status);
}

/* A turn after some time. */
static inline void audit_turn_after(__u64 ns)
{
	world.now_ns += ns;
	audit_turn();
}

/* A connection from 10.0.0.1:`port` to 10.0.0.2:6379, begun 1.5 s ago. */
static inline struct jb_contact contact_of(__u8 what, __u16 port)
{
	return (struct jb_contact){
		.cgroup_id = 7,
		.local = IP(0x0a000001),
		.remote = IP(0x0a000002),
		.total = {[JB_INGRESS] = 1200, [JB_EGRESS] = 52000},
		.started_ns = world.now_ns - 1500 * 1000000ULL,
		.at_ns = world.now_ns,
		.srtt_us = 250,
		.retransmitted = 3,
		.local_port = port,
		.remote_port = 6379,
		.what = what,
		.role = JB_TCP_CLIENT,
	};
}

static inline void tell_contact(const struct jb_contact *contact)
{
	jb_audit_connection(world.audit, contact, world.now_ns, unix_now());
}

static inline void connection(__u8 what, __u16 port)
{
	struct jb_contact contact = contact_of(what, port);

	tell_contact(&contact);
}

/* The whole text of a file, to be freed; fails if there is none. */
static inline char *read_text(const char *file)
{
	FILE *in = fopen(file, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	assert_non_null(in);
	len = getdelim(&text, &size, '\0', in);
	fclose(in);
	if (len >= 0)
		return text;
	free(text);
	return strdup("");
}

/* The lines of a text as an array of objects; fails if one isn't whole. */
static inline json_t *parse_lines(const char *text)
{
	json_t *lines = json_array();

	while (*text) {
		const char *end = strchr(text, '\n');
		json_error_t error;
		json_t *line;

		assert_non_null(end);
		line = json_loadb(text, (size_t)(end - text), JSON_REJECT_DUPLICATES, &error);
		if (!line)
			fail_msg("%s: %.*s", error.text, (int)(end - text), text);
		assert_true(json_is_object(line));
		json_array_append_new(lines, line);
		text = end + 1;
	}
	return lines;
}

static inline json_t *read_lines(const char *file)
{
	char *text = read_text(file);
	json_t *lines = parse_lines(text);

	free(text);
	return lines;
}

static inline const char *text_of(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? text : "(none)";
}

/* "event port, event port, ...": by the port at the connection's source. */
static inline void assert_events(const char *file, const char *expected)
{
	json_t *lines = read_lines(file), *line;
	char shown[4096] = "";
	size_t i, len = 0;

	json_array_foreach(lines, i, line)
	{
		json_t *port = json_object_get(json_object_get(line, "source"), "port");

		len += (size_t)snprintf(shown + len, sizeof(shown) - len, "%s%s %d", i ? ", " : "",
					text_of(line, "event"), (int)json_integer_value(port));
		assert_true(len < sizeof(shown));
	}
	json_decref(lines);
	assert_string_equal(shown, expected);
}

#endif
