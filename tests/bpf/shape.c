/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include "shape.h"

static void add_chain(struct jb_test_packet *p, const struct shape *s, __u8 protocol)
{
	for (int i = 0; i < s->chain_len; i++) {
		const struct extension *e = &s->chain[i];
		__u8 *at = p->data + p->len;

		jb_test_ipv6_extension(p, i + 1 < s->chain_len ? e[1].type : protocol, e->units);
		if (e->length_field)
			at[1] = e->length_field;
		at[2] = e->fragment >> 8;
		at[3] = e->fragment;
	}
}

static void add_transport(struct jb_test_packet *p, const struct shape *s, __u8 protocol)
{
	if (protocol == IPPROTO_TCP)
		jb_test_tcp(p);
	else if (protocol == IPPROTO_UDP)
		jb_test_udp(p, 5004, 5006);
	if (s->payload)
		jb_test_payload(p, s->payload, s->payload_len);
	else if (protocol == IPPROTO_UDP)
		jb_test_rtp(p, &s->rtp);
}

static void build(struct jb_test_packet *p, const struct shape *s)
{
	__u8 protocol = s->protocol ?: IPPROTO_UDP;
	__u16 udp_length;

	if (s->version == 4)
		jb_test_ipv4(p, protocol, s->options);
	else
		jb_test_ipv6(p, s->chain_len ? s->chain[0].type : protocol);
	add_chain(p, s, protocol);
	add_transport(p, s, protocol);
	jb_test_finish(p);
	if (s->first_octet)
		p->data[p->ip] = s->first_octet;
	if (s->version == 4) {
		p->data[p->ip + 6] = s->fragment >> 8;
		p->data[p->ip + 7] = s->fragment;
	}
	if (s->udp_length) {
		udp_length = p->len - p->payload + 8 + s->udp_length;
		p->data[p->payload - 4] = udp_length >> 8;
		p->data[p->payload - 3] = udp_length;
	}
}

void jb_shape_check(struct jb_harness *h, struct shape *s, enum jb_direction direction)
{
	static struct jb_harness_streams streams;
	static __u32 ssrc;
	struct jb_test_packet p;
	__u64 before = jb_harness_counter(h, direction, JB_MEDIA_MAX, JB_RTP_PACKETS);
	__u64 after;

	/* Each on its own: what is left in probation of one must not end as a fault of the next. */
	if (!s->rtp.ssrc)
		s->rtp.ssrc = 0x1000 + ++ssrc;
	build(&p, s);
	jb_harness_mark(h);
	for (int i = 0; i < ROUNDS; i++) {
		if (!s->payload && p.payload)
			jb_test_set_sequence(&p, 65534 + i, i * 160);
		jb_harness_run(h, direction, &p);
	}
	jb_harness_streams(h, &streams);
	after = jb_harness_counter(h, direction, JB_MEDIA_MAX, JB_RTP_PACKETS);
	if (streams.count != s->streams || after - before != s->packets)
		fail_msg("%s: %u streams and %llu packets instead of %u and %u", s->name,
			 streams.count, after - before, s->streams, s->packets);
	jb_harness_check_faults(h, s->name, s->fault, s->faults);
	assert_int_equal(jb_kernel_retire(h->kernel, streams.hash, streams.count, 0), s->streams);
}
