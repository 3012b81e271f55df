/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <string.h>
#include "packet.h"

#define ETH_LEN 14

static void put16(uint8_t *to, uint16_t v)
{
	v = htons(v);
	memcpy(to, &v, sizeof(v));
}

static void put32(uint8_t *to, uint32_t v)
{
	v = htonl(v);
	memcpy(to, &v, sizeof(v));
}

static void ethernet(struct jb_test_packet *p, uint16_t type)
{
	memset(p, 0, sizeof(*p));
	put16(p->data + 12, type);
	p->ip = ETH_LEN;
	p->len = ETH_LEN;
}

void jb_test_ipv4(struct jb_test_packet *p, uint8_t protocol, int option_words)
{
	uint8_t *ip = p->data + ETH_LEN;

	ethernet(p, 0x0800);
	ip[0] = 0x45 + option_words;
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, "\x0a\x01\x02\x03\x0a\x01\x02\x04", 8);
	memset(ip + 20, 1, option_words * 4); /* no-operation options */
	p->len += 20 + option_words * 4;
}

void jb_test_ipv6(struct jb_test_packet *p, uint8_t next_header)
{
	uint8_t *ip = p->data + ETH_LEN;

	ethernet(p, 0x86dd);
	ip[0] = 0x60;
	ip[6] = next_header;
	ip[7] = 64;
	ip[8] = ip[24] = 0xfd;
	ip[23] = 1;
	ip[39] = 2;
	p->len += 40;
}

void jb_test_ipv6_extension(struct jb_test_packet *p, uint8_t next, uint8_t units)
{
	p->data[p->len] = next;
	p->data[p->len + 1] = units;
	p->len += 8 * (units + 1);
}

void jb_test_tcp(struct jb_test_packet *p)
{
	put16(p->data + p->len, 40000);
	put16(p->data + p->len + 2, 443);
	p->data[p->len + 12] = 0x50;
	p->len += 20 + 1000;
}

void jb_test_udp(struct jb_test_packet *p, uint16_t source, uint16_t destination)
{
	put16(p->data + p->len, source);
	put16(p->data + p->len + 2, destination);
	p->len += 8;
	p->payload = p->len;
}

void jb_test_payload(struct jb_test_packet *p, const void *data, size_t len)
{
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

void jb_test_rtp(struct jb_test_packet *p, const struct jb_test_rtp *rtp)
{
	uint8_t *b = p->data + p->len;
	size_t header = 12 + 4 * rtp->csrcs;

	b[0] = 0x80 | rtp->csrcs | (rtp->extension >= 0 ? 0x10 : 0) | (rtp->padding ? 0x20 : 0);
	b[1] = rtp->payload_type;
	put16(b + 2, rtp->sequence);
	put32(b + 4, rtp->timestamp);
	put32(b + 8, rtp->ssrc);
	if (rtp->extension >= 0) {
		put16(b + header, 0xbede);
		put16(b + header + 2, rtp->extension);
		header += 4 + 4 * rtp->extension;
	}
	memset(b + header, rtp->padding ? 0 : 0x5a, rtp->size);
	if (rtp->padding)
		b[header + rtp->size - 1] = rtp->padding;
	p->len += header + rtp->size;
}

void jb_test_finish(struct jb_test_packet *p)
{
	uint8_t *ip = p->data + p->ip;

	if (ip[0] >> 4 == 4)
		put16(ip + 2, p->len - p->ip);
	else
		put16(ip + 4, p->len - p->ip - 40);
	if (p->payload)
		put16(p->data + p->payload - 4, p->len - p->payload + 8);
}

void jb_test_rtp_packet(struct jb_test_packet *p, int version, const struct jb_test_rtp *rtp)
{
	if (version == 4)
		jb_test_ipv4(p, IPPROTO_UDP, 0);
	else
		jb_test_ipv6(p, IPPROTO_UDP);
	jb_test_udp(p, 5004, 5006);
	jb_test_rtp(p, rtp);
	jb_test_finish(p);
}

void jb_test_datagram(struct jb_test_packet *p, int version, const void *data, size_t len)
{
	if (version == 4)
		jb_test_ipv4(p, IPPROTO_UDP, 0);
	else
		jb_test_ipv6(p, IPPROTO_UDP);
	jb_test_udp(p, 5004, 5006);
	jb_test_payload(p, data, len);
	jb_test_finish(p);
}

void jb_test_segment(struct jb_test_packet *p, int version, uint32_t sequence, const void *data,
		     size_t len)
{
	if (version == 4)
		jb_test_ipv4(p, IPPROTO_TCP, 0);
	else
		jb_test_ipv6(p, IPPROTO_TCP);
	put16(p->data + p->len, 40000);
	put16(p->data + p->len + 2, 443);
	put32(p->data + p->len + 4, sequence);
	p->data[p->len + 12] = 0x50;
	p->data[p->len + 13] = 0x10; /* ACK */
	p->len += 20;
	jb_test_payload(p, data, len);
	jb_test_finish(p);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t t[16];

	memcpy(t, a, len);
	memcpy(a, b, len);
	memcpy(b, t, len);
}

void jb_test_reverse(struct jb_test_packet *p)
{
	uint8_t *ip = p->data + p->ip;
	uint8_t *ports = ip + (ip[0] >> 4 == 4 ? 20 : 40);

	if (ip[0] >> 4 == 4)
		swap(ip + 12, ip + 16, 4);
	else
		swap(ip + 8, ip + 24, 16);
	swap(ports, ports + 2, 2);
}

void jb_test_set_sequence(struct jb_test_packet *p, uint16_t sequence, uint32_t timestamp)
{
	put16(p->data + p->payload + 2, sequence);
	put32(p->data + p->payload + 4, timestamp);
}
