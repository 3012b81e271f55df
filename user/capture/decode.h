/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a captured frame to the UDP datagram in it. Pure; the same rules as bpf/packet.bpf.h, plus
 * the link layer, the original lengths of what a snapshot length has cut, and merged packets.
 */
#ifndef JB_CAPTURE_DECODE_H
#define JB_CAPTURE_DECODE_H

#include <jitterbug/stream.h>

#include "capture/frame.h"

struct jb_datagram {
	union jb_ip source; /* IPv4-mapped for IPv4 */
	union jb_ip destination;
	__u16 source_port; /* host order, both */
	__u16 destination_port;
	__u32 captured; /* octets at `payload` */
	__u32 original; /* UDP payload on the wire, >= captured */
	const __u8 *payload;
};

/* Where a verdict has a counterpart among the agent's faults (fault.h), it has its name. */
#define JB_DECODES(X)                                                                              \
	X(UDP, "udp")                         /* a whole datagram */                               \
	X(LINK_HEADER, "link_header")         /* ends within the link header */                    \
	X(NOT_IP, "not_ip")                   /* ARP, LLDP, ... */                                 \
	X(NOT_UDP, "not_udp")                 /* TCP, ICMP, ESP, ... */                            \
	X(MERGED, "merged")                   /* several datagrams in one (GRO, GSO) */            \
	X(FRAGMENT, "fragment")               /* the first one as well */                          \
	X(IP_HEADER, "ip_header")             /* malformed */                                      \
	X(IPV6_EXTENSIONS, "ipv6_extensions") /* more than are followed */                         \
	X(UDP_LENGTH, "udp_length")           /* that the packet doesn't have */                   \
	X(UNREADABLE, "packet_unreadable")    /* cut within a header that is needed */

enum jb_decode {
#define JB_DECODE_ENUM(id, name) JB_DECODE_##id,
	JB_DECODES(JB_DECODE_ENUM)
#undef JB_DECODE_ENUM
		JB_DECODE_MAX
};

extern const char *const jb_decode_names[JB_DECODE_MAX];

/*
 * UDP whose IP packet has more than `mtu` octets is JB_DECODE_MERGED. ret_datagram is defined only
 * after JB_DECODE_UDP; its payload points into the frame.
 */
enum jb_decode jb_decode_frame(enum jb_link link, const struct jb_frame *frame, __u32 mtu,
			       struct jb_datagram *ret_datagram);

#endif
