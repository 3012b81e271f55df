/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <assert.h>
#include <string.h>
#include "wire.h"

void jb_wire_octets(struct jb_wire *w, const void *data, size_t len)
{
	assert(len <= sizeof(w->data) - w->len);
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

void jb_wire_u8(struct jb_wire *w, uint8_t v)
{
	jb_wire_octets(w, &v, 1);
}

void jb_wire_fill(struct jb_wire *w, uint8_t octet, size_t len)
{
	while (len--)
		jb_wire_u8(w, octet);
}

void jb_wire_u16(struct jb_wire *w, uint16_t v)
{
	jb_wire_u8(w, v >> 8);
	jb_wire_u8(w, v);
}

void jb_wire_u32(struct jb_wire *w, uint32_t v)
{
	jb_wire_u16(w, v >> 16);
	jb_wire_u16(w, v);
}

void jb_wire_stun(struct jb_wire *w, uint16_t type, uint32_t transaction, uint16_t attributes)
{
	jb_wire_u16(w, type);
	jb_wire_u16(w, attributes);
	jb_wire_u32(w, 0x2112a442);
	jb_wire_octets(w, "transact", 8);
	jb_wire_u32(w, transaction);
	jb_wire_fill(w, 0, attributes);
}

void jb_wire_rtcp(struct jb_wire *w, uint8_t type, uint8_t count, uint32_t ssrc, uint16_t words)
{
	jb_wire_u8(w, 0x80 | count);
	jb_wire_u8(w, type);
	jb_wire_u16(w, 1 + words);
	jb_wire_u32(w, ssrc);
	jb_wire_fill(w, 0, words * 4);
}

void jb_wire_sr(struct jb_wire *w, uint32_t ssrc, uint64_t ntp, uint8_t reports)
{
	jb_wire_u8(w, 0x80 | reports);
	jb_wire_u8(w, 200);
	jb_wire_u16(w, 6 + 6 * reports);
	jb_wire_u32(w, ssrc);
	jb_wire_u32(w, ntp >> 32);
	jb_wire_u32(w, ntp);
	jb_wire_fill(w, 0, 12); /* RTP time, packets, octets */
}

void jb_wire_rr(struct jb_wire *w, uint32_t ssrc, uint8_t reports)
{
	jb_wire_u8(w, 0x80 | reports);
	jb_wire_u8(w, 201);
	jb_wire_u16(w, 1 + 6 * reports);
	jb_wire_u32(w, ssrc);
}

void jb_wire_report(struct jb_wire *w, uint32_t ssrc, int32_t lost, uint32_t lsr, uint32_t dlsr)
{
	jb_wire_u32(w, ssrc);
	jb_wire_u32(w, lost & 0xffffff);
	jb_wire_u32(w, 1000); /* highest number */
	jb_wire_u32(w, 20);   /* jitter */
	jb_wire_u32(w, lsr);
	jb_wire_u32(w, dlsr);
}
