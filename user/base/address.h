/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What IP addresses are. */
#ifndef JB_BASE_ADDRESS_H
#define JB_BASE_ADDRESS_H

#include <stdbool.h>
#include <arpa/inet.h>
#include <jitterbug/path.h>

/*
 * Whether it is one of the internet for sure: global unicast, and of no block that is set apart. Of
 * those, clusters use 10/8, 100.64/10, 172.16/12, 192.168/16, 198.18/15, 240/4 and fc00::/7.
 */
static inline bool jb_ip_is_public(const union jb_ip *ip)
{
	__u32 v4 = ntohl(ip->word[3]);

	if (ip->half[0] || ip->word[2] != htonl(0xffff))
		return (ip->octet[0] & 0xe0) == 0x20;
	return v4 >> 24 != 0 && v4 >> 24 != 10 && v4 >> 24 != 127 && v4 < 0xe0000000 &&
	       v4 >> 22 != 0x191 && v4 >> 16 != 0xa9fe && v4 >> 20 != 0xac1 && v4 >> 16 != 0xc0a8 &&
	       v4 >> 17 != 0x6309;
}

/*
 * Reads an address by which a host is known to others: not a loopback one, nor none at all. False,
 * and *ret as it was, if it is no such text.
 */
static inline bool jb_ip_read(const char *text, union jb_ip *ret)
{
	union jb_ip ip = {};

	if (inet_pton(AF_INET, text, &ip.word[3]) == 1)
		ip.word[2] = htonl(0xffff);
	else if (inet_pton(AF_INET6, text, ip.octet) != 1)
		return false;
	if (jb_ip_is_loopback(&ip) ||
	    (!ip.half[0] && !ip.word[3] && (!ip.word[2] || ip.word[2] == htonl(0xffff))))
		return false;
	*ret = ip;
	return true;
}

#endif
