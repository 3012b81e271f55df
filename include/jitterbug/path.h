/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The path of a TCP connection by its ends' addresses. What else it takes NAT tells later. */
#ifndef JITTERBUG_PATH_H
#define JITTERBUG_PATH_H

#include <jitterbug/stream.h>
#include <jitterbug/traffic.h>

/* 127.0.0.0/8, ::1. */
JB_INLINE bool jb_ip_is_loopback(const union jb_ip *ip)
{
	bool mapped = ip->octet[10] == 0xff && ip->octet[11] == 0xff;

	if (ip->half[0])
		return false;
	if (mapped && !ip->octet[8] && !ip->octet[9])
		return ip->octet[12] == 127;
	return !ip->word[2] && !ip->octet[12] && !ip->octet[13] && !ip->octet[14] &&
	       ip->octet[15] == 1;
}

/* Ports in host order. */
JB_INLINE enum jb_tcp_path jb_tcp_path_of(const union jb_ip *local, __u16 local_port,
					  const union jb_ip *remote, __u16 remote_port)
{
	if (jb_ip_is_loopback(local) || jb_ip_is_loopback(remote))
		return local_port == JB_PORT_OUTBOUND ? JB_PATH_ON_OUTBOUND : JB_PATH_LOOPBACK;
	if (local_port == JB_PORT_INBOUND)
		return JB_PATH_ON_INBOUND;
	if (remote_port == JB_PORT_INBOUND)
		return JB_PATH_TO_INBOUND;
	if (local->half[0] == remote->half[0] && local->half[1] == remote->half[1])
		return JB_PATH_SELF;
	if (local_port == JB_PORT_ADMIN || local_port == JB_PORT_CONTROL)
		return JB_PATH_ON_ADMIN;
	return JB_PATH_DIRECT;
}

#endif
