/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Retires the idle ones of a list of streams. Attached nowhere: user space runs it with the list
 * as packet data, for it may not delete an entry itself (a program that still holds the element
 * would write into the next owner's).
 *
 * Not a SYSCALL program: those sleep, and before 5861d1e8dbc4 (6.7) none that sleeps may take a
 * spin lock. So lists are short: the kernel runs this with softirqs off.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <jitterbug/retire.h>
#include "streams.bpf.h"

/* 1 if the stream was retired. Global: verified once. */
__noinline int jb_retire_stream(__u64 hash, __u64 now_ns, __u64 idle_ns)
{
	struct jb_stream *s = bpf_map_lookup_elem(&jb_streams, &hash);
	union jb_totals *totals;
	bool idle;
	__u32 row;

	if (!s)
		return 0;
	row = *(volatile __u32 *)&s->row;
	totals = jb_workload_totals(row);
	if (!totals)
		return 0;
	bpf_spin_lock(&s->lock);
	/* One that has moved meanwhile isn't idle: the next scan will tell. */
	idle = !s->dead && s->row == row && jb_receiver_is_idle(&s->receiver, now_ns, idle_ns);
	if (idle)
		jb_streams_end(s, totals);
	bpf_spin_unlock(&s->lock);
	if (!idle)
		return 0;
	jb_streams_delete(hash);
	return 1;
}

/* Returns how many were retired, or -1. */
SEC("tc")
int jb_retire(struct __sk_buff *skb)
{
	__u64 now_ns = bpf_ktime_get_ns();
	__u32 retired = 0;
	struct jb_retire request;
	__u64 hash;

	if (bpf_skb_load_bytes(skb, 0, &request, sizeof(request)))
		return -1;
	for (__u32 i = 0; i < JB_RETIRE_BATCH && i < request.count; i++) {
		if (bpf_skb_load_bytes(skb, sizeof(request) + i * sizeof(hash), &hash,
				       sizeof(hash)))
			break;
		retired += jb_retire_stream(hash, now_ns, request.idle_ns);
	}
	return retired;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
