/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One frame of a capture. Without <jitterbug/types.h>: its <linux/bpf.h> and libpcap's collide. */
#ifndef JB_CAPTURE_FRAME_H
#define JB_CAPTURE_FRAME_H

#include <stdint.h>

enum jb_link {
	JB_LINK_ETHERNET,
	JB_LINK_LINUX_SLL, /* "cooked", of tcpdump -i any */
	JB_LINK_LINUX_SLL2,
	JB_LINK_RAW,  /* begins with IPv4 or IPv6 */
	JB_LINK_NULL, /* BSD loopback: address family in either byte order, then IP */
	JB_LINK_MAX
};

struct jb_frame {
	const uint8_t *data;
	uint32_t captured; /* octets at `data` */
	uint32_t original; /* octets on the wire, >= captured */
	uint64_t time_ns;
};

#endif
