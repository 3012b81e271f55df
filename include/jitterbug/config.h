/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space tells the BPF programs before they are loaded; constant from then on. */
#ifndef JITTERBUG_CONFIG_H
#define JITTERBUG_CONFIG_H

#include <jitterbug/types.h>

struct jb_config {
	__u64 seed;                      /* random, of the stream hash */
	__u32 shards;                    /* of the totals: a power of two, at most JB_SHARDS_MAX */
	__u32 full;                      /* --metrics full: deviation histograms too */
	__u32 kfuncs;                    /* bpf_rdonly_cast, bpf_cast_to_kern_ctx (6.2) */
	__u32 drop_receiver;             /* kfree_skb tells the receiving socket (6.11) */
	__u32 queues;                    /* sock_recv_length is there: receive queues are timed */
	__u64 media_ports[65536 / 64];   /* a bit each: probation is shorter there */
	__u64 ice_tcp_ports[65536 / 64]; /* RTP framed in TCP (RFC 4571) is counted there */
	__u32 ice_tcp;                   /* any of these */
	__u32 uplink_header;             /* octets before the IP header there */
};

JB_INLINE bool jb_config_is_media_port(const volatile struct jb_config *config, __u16 port)
{
	return config->media_ports[port / 64] >> port % 64 & 1;
}

JB_INLINE bool jb_config_is_ice_tcp_port(const volatile struct jb_config *config, __u16 port)
{
	return config->ice_tcp_ports[port / 64] >> port % 64 & 1;
}

#endif
