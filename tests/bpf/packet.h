/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Builds packets for BPF_PROG_TEST_RUN: Ethernet, IPv4 or IPv6, UDP or TCP, RTP. */
#ifndef JB_TEST_PACKET_H
#define JB_TEST_PACKET_H

#include <stddef.h>
#include <stdint.h>

struct jb_test_packet {
	uint8_t data[4096];
	size_t len;
	size_t ip;      /* where the IP header begins */
	size_t payload; /* where the UDP payload begins */
};

struct jb_test_rtp {
	uint32_t ssrc;
	uint32_t timestamp;
	uint16_t sequence;
	uint8_t payload_type;
	uint8_t csrcs;
	int extension; /* 32-bit words; -1: none */
	uint8_t padding;
	uint16_t size; /* of the payload, padding included */
};

/* IP header with room for nothing else; ports and payload are added by the ones below. */
void jb_test_ipv4(struct jb_test_packet *p, uint8_t protocol, int option_words);
void jb_test_ipv6(struct jb_test_packet *p, uint8_t next_header);
/* Adds an IPv6 extension header of `units` * 8 + 8 octets; the next header is `next`. */
void jb_test_ipv6_extension(struct jb_test_packet *p, uint8_t next, uint8_t units);
void jb_test_tcp(struct jb_test_packet *p);
void jb_test_udp(struct jb_test_packet *p, uint16_t source, uint16_t destination);
void jb_test_payload(struct jb_test_packet *p, const void *data, size_t len);
/* Appends an RTP packet to the payload. */
void jb_test_rtp(struct jb_test_packet *p, const struct jb_test_rtp *rtp);
/* Writes the lengths of IP and UDP. */
void jb_test_finish(struct jb_test_packet *p);

/* Ethernet + IPv4 or IPv6 + UDP + one RTP packet, finished. */
void jb_test_rtp_packet(struct jb_test_packet *p, int version, const struct jb_test_rtp *rtp);
/* Ethernet + IPv4 or IPv6 + UDP from port 5004 to 5006 + `len` octets, finished. */
void jb_test_datagram(struct jb_test_packet *p, int version, const void *data, size_t len);
/* As above of TCP, from port 40000 to 443. */
void jb_test_segment(struct jb_test_packet *p, int version, uint32_t sequence, const void *data,
		     size_t len);
/* What comes back: addresses and ports (of UDP or TCP) swapped. */
void jb_test_reverse(struct jb_test_packet *p);
void jb_test_set_sequence(struct jb_test_packet *p, uint16_t sequence, uint32_t timestamp);

#endif
