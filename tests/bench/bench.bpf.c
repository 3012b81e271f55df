/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The media programs themselves, with one thing changed: a test run repeats one packet, so the
 * sequence number, the timestamp and the SSRC are not the packet's but follow from a counter.
 * Linked with maps.bpf.o in place of media.bpf.o.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
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

static __always_inline void jb_bench_packet(struct jb_packet *p)
{
	jb_bench_next(p);
	jb_streams_packet(p);
}

#define jb_streams_packet jb_bench_packet
#include "media.bpf.c"

SEC("cgroup_skb/ingress")
int jb_bench_noop(struct __sk_buff *skb)
{
	return JB_PASS;
}

/* What tells one machine's speed from another's. */
SEC("cgroup_skb/ingress")
int jb_bench_ktime(struct __sk_buff *skb)
{
	return bpf_ktime_get_ns() ? JB_PASS : 0;
}
