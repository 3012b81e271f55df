/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of STUN have in common: messages, and a look at the table of those that wait. */
#ifndef JB_TEST_STUN_H
#define JB_TEST_STUN_H

#include "harness.h"
#include "wire.h"

#define IN  JB_INGRESS
#define OUT JB_EGRESS

struct message {
	enum jb_direction direction;
	enum jb_wire_stun_type type;
	__u32 transaction;
};

void jb_test_stun_send(const struct jb_harness *h, int version, const struct message *m,
		       __u16 attributes);
/* Over IPv4, a Binding request or its success. */
void jb_test_stun_ask(const struct jb_harness *h, enum jb_direction direction, __u32 transaction);
void jb_test_stun_answer(const struct jb_harness *h, enum jb_direction direction,
			 __u32 transaction);

/* Requests that wait for their answers; and to forget them. */
__u32 jb_test_stun_waiting(const struct jb_harness *h);
void jb_test_stun_forget_all(const struct jb_harness *h);

#define JB_TEST_STUN_APART 8
/*
 * The first of JB_TEST_STUN_APART transactions that have places of their own, both ways: which
 * share one is another chance in each run. Nothing waits then.
 */
__u32 jb_test_stun_apart(const struct jb_harness *h);

/*
 * Asserts what has been counted since the mark, and no more than that: requests by direction,
 * round trips at ingress.
 */
void jb_test_stun_check(const struct jb_harness *h, const char *name,
			const __u64 requests[JB_DIRECTION_MAX], __u64 samples);

extern const __u64 jb_test_stun_no_requests[JB_DIRECTION_MAX];

#endif
