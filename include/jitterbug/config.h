/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What user space tells the BPF programs before they are loaded; constant from then on. */
#ifndef JITTERBUG_CONFIG_H
#define JITTERBUG_CONFIG_H

#include <jitterbug/types.h>

struct jb_config {
	__u64 seed;                    /* random, of the stream hash */
	__u32 shards;                  /* of the totals: a power of two, at most JB_SHARDS_MAX */
	__u32 full;                    /* --metrics full: deviation histograms too */
	__u64 media_ports[65536 / 64]; /* a bit each: probation is shorter there */
};

JB_INLINE bool jb_config_is_media_port(const volatile struct jb_config *config, __u16 port)
{
	return config->media_ports[port / 64] >> port % 64 & 1;
}

#endif
