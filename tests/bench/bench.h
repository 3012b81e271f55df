/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the bench tells its BPF object: of whom the next packet is. */
#ifndef JB_BENCH_H
#define JB_BENCH_H

#include <jitterbug/types.h>

struct jb_bench {
	__u32 streams; /* SSRCs 1..streams in turn, if run is 0 */
	__u32 run;     /* else so many packets of an SSRC, then on to the next, without end */
	__u32 ssrc;    /* of the next packet */
	__u32 sequence;
	__u32 transaction; /* of the next STUN message */
	__u32 octet;       /* sequence number of the next TCP segment */
};

#endif
