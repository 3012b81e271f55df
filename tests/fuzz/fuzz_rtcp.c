/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RTCP: the first octet tells which read fails, the rest is the datagram. */
#include <stdint.h>

#include <jitterbug/rtcp.h>

#include "checked.h"

static struct jb_rtcp sub_packet(const struct jb_checked *p, __u32 offset, bool *ret_is)
{
	__u8 b[JB_RTCP_HEADER_LEN] __attribute__((aligned(4))) = {0};
	__u32 left = p->length - offset;
	struct jb_rtcp rtcp = {0};

	memcpy(b, p->octets + offset, left < sizeof(b) ? left : sizeof(b));
	*ret_is = jb_rtcp_parse(&rtcp, b, left);
	if (*ret_is) {
		jb_assert(rtcp.length >= 4 && rtcp.length % 4 == 0 && rtcp.length <= left);
		jb_assert(rtcp.count < 32 && rtcp.packet_type >= 192 && rtcp.packet_type <= 223);
		jb_assert(jb_rtcp_type(rtcp.packet_type) == JB_RTCP_TYPE_NONE ||
			  jb_rtcp_feedback(rtcp.packet_type, rtcp.count) == JB_RTCP_FEEDBACK_NONE);
	}
	return rtcp;
}

/* Whether the report blocks that SR or RR announce lie within it, and can be parsed. */
static void check_reports(const struct jb_checked *p, __u32 offset, const struct jb_rtcp *rtcp)
{
	__u32 at = rtcp->packet_type == JB_RTCP_PT_SR ? JB_RTCP_SR_REPORTS : JB_RTCP_RR_REPORTS;

	if (rtcp->packet_type != JB_RTCP_PT_SR && rtcp->packet_type != JB_RTCP_PT_RR)
		return;
	for (int i = 0; i < rtcp->count; i++, at += JB_RTCP_REPORT_LEN) {
		__u8 b[JB_RTCP_REPORT_LEN] __attribute__((aligned(4)));
		struct jb_rtcp_report report;

		jb_assert(at + sizeof(b) <= rtcp->length);
		memcpy(b, p->octets + offset + at, sizeof(b));
		jb_rtcp_report_parse(&report, b);
		jb_assert(report.lost >= -(1 << 23) && report.lost < 1 << 23);
		jb_assert(((__u32)report.lost & 0xffffff) == (jb_be32(b + 4) & 0xffffff));
		jb_assert(jb_rtcp_dlsr_ns(report.dlsr) / 15258 >= report.dlsr);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int left = size ? data[0] % 32 : 0;
	struct jb_checked p = {size ? data + 1 : data, size ? size - 1 : 0, &left};
	bool plain = jb_rtcp_is_plain(jb_checked_read, &p, p.length);
	__u32 offset = 0;

	jb_assert(!plain || left >= 0);
	for (int i = 0; offset < p.length; i++) {
		bool is;
		struct jb_rtcp rtcp = sub_packet(&p, offset, &is);

		if (!is)
			break;
		jb_assert(!plain || i < JB_RTCP_PACKETS_MAX);
		if (plain)
			check_reports(&p, offset, &rtcp);
		offset += rtcp.length;
	}
	jb_assert(!plain || (p.length && offset == p.length));
	return 0;
}
