/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The media programs themselves, with one thing changed: a test run repeats one packet, so its
 * numbers (of RTP, of a STUN transaction, of a TCP segment) are not the packet's but follow from
 * counters. Linked with maps.bpf.o in place of media.bpf.o. And empty programs for each kind of
 * hook, above which the figures are.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <jitterbug/framing.h>
#include <jitterbug/stun.h>
#include "streams.bpf.h"
#include "bench.h"

struct jb_bench jb_bench = {};

/* Every packet a new frame; round robin over the streams, or `run` packets of each. */
static __always_inline void jb_bench_next(struct jb_packet *p)
{
	__u32 ssrc = jb_bench.ssrc;

	p->rtp.sequence = jb_bench.sequence;
	p->rtp.timestamp = (__u32)jb_bench.sequence * 160;
	p->rtp.ssrc = ssrc;
	p->key.ssrc = ssrc;
	if (!jb_bench.run) { /* round robin */
		if (++ssrc > jb_bench.streams) {
			ssrc = 1;
			jb_bench.sequence++;
		}
	} else if (++jb_bench.sequence >= jb_bench.run) {
		ssrc++;
		jb_bench.sequence = 0;
	}
	jb_bench.ssrc = ssrc;
}

static __always_inline bool jb_bench_packet(struct jb_packet *p)
{
	jb_bench_next(p);
	return jb_streams_packet(p);
}

static __always_inline bool jb_bench_stun(struct jb_stun *ret, const __u8 b[JB_STUN_HEADER_LEN],
					  __u32 length)
{
	bool is_stun = jb_stun_parse(ret, b, length);

	ret->transaction[2] = jb_bench.transaction++;
	return is_stun;
}

static __always_inline enum jb_framing_result jb_bench_framing(struct jb_framing *f, __u32 seq,
							       __u32 length, jb_rtp_read read,
							       const void *packet,
							       struct jb_framing_count *ret)
{
	seq = jb_bench.octet;
	jb_bench.octet += length;
	return jb_framing_segment(f, seq, length, read, packet, ret);
}

#define jb_streams_packet  jb_bench_packet
#define jb_stun_parse      jb_bench_stun
#define jb_framing_segment jb_bench_framing
#include "media.bpf.c"

SEC("cgroup_skb/ingress")
int jb_bench_noop(struct __sk_buff *skb)
{
	return JB_PASS;
}

SEC("cgroup_skb/egress")
int jb_bench_noop_egress(struct __sk_buff *skb)
{
	return JB_PASS;
}

SEC("sockops")
int jb_bench_noop_sockops(struct bpf_sock_ops *ops)
{
	return 1;
}

#define JB_BENCH_NOOP(tracepoint)                                                                  \
	SEC("tp_btf/" #tracepoint)                                                                 \
	int jb_bench_noop_##tracepoint(__u64 *ctx)                                                 \
	{                                                                                          \
		return 0;                                                                          \
	}

JB_BENCH_NOOP(inet_sock_set_state)
JB_BENCH_NOOP(sock_recv_length)
JB_BENCH_NOOP(kfree_skb)
JB_BENCH_NOOP(udp_fail_queue_rcv_skb)

/* What tells one machine's speed from another's. */
SEC("cgroup_skb/ingress")
int jb_bench_ktime(struct __sk_buff *skb)
{
	return bpf_ktime_get_ns() ? JB_PASS : 0;
}
