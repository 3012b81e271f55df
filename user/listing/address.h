/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_LISTING_ADDRESS_H
#define JB_LISTING_ADDRESS_H

#include <netinet/in.h>

#include <jitterbug/stream.h>

/* An IPv4-mapped address is written as IPv4. */
void jb_ip_text(const union jb_ip *address, char ret_text[INET6_ADDRSTRLEN]);

#endif
