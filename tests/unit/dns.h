/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DNS datagrams: what nothing else may be taken for. */
#ifndef JITTERBUG_TESTS_DNS_H
#define JITTERBUG_TESTS_DNS_H

#include <stddef.h>

#include <jitterbug/types.h>

/* What follows the id: flags, and the numbers of questions, answers, authorities, additions. */
static const struct jb_dns {
	const char *what;
	__u8 header[10];
	__u32 length; /* of the datagram */
} jb_dns[] = {
	{"www.example.com A", {0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}, 33},
	{"the same, with EDNS and AD as dig asks", {0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1}, 44},
	{"the same, with a cookie", {0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1}, 56},
	{". NS, the shortest", {0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}, 17},
	{"a resolver asks, no recursion", {0x00, 0x00, 0, 1, 0, 0, 0, 0, 0, 1}, 44},
	{"the same without EDNS", {0x00, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}, 32},
	{"a resolver asks, CD", {0x00, 0x10, 0, 1, 0, 0, 0, 0, 0, 1}, 48},
	{"kubernetes.default.svc.cluster.local A", {0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}, 54},
	{"the longest name", {0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}, 271},
	{"an answer", {0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, 49},
	{"CoreDNS's answer, authoritative", {0x85, 0x00, 0, 1, 0, 1, 0, 0, 0, 0}, 106},
	{"NXDOMAIN with SOA", {0x81, 0x83, 0, 1, 0, 0, 0, 1, 0, 1}, 116},
	{"a referral", {0x80, 0x00, 0, 1, 0, 0, 0, 13, 0, 27}, 839},
	{"a full answer", {0x84, 0x10, 0, 1, 0, 8, 0, 0, 0, 1}, 1232},
	{"an answer, truncated", {0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 1}, 512},
	{"dynamic update", {0x28, 0x00, 0, 1, 0, 0, 0, 2, 0, 0}, 100},
	{"notify", {0x24, 0x00, 0, 1, 0, 0, 0, 0, 0, 0}, 29},
};

#define JB_DNS_MAX (sizeof(jb_dns) / sizeof(jb_dns[0]))

/* The first 8 octets of such a datagram under this id. */
static inline void jb_dns_head(__u8 ret[8], const struct jb_dns *dns, __u32 id)
{
	ret[0] = id >> 8;
	ret[1] = id & 0xff;
	for (int i = 0; i < 6; i++)
		ret[2 + i] = dns->header[i];
}

#endif
