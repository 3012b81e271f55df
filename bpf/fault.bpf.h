/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts what failed. In .bss, which user space maps: no map look-up, nothing per CPU. */
#ifndef JB_FAULT_BPF_H
#define JB_FAULT_BPF_H

#include <jitterbug/fault.h>

extern __u64 jb_faults[JB_FAULT_MAX];

static __always_inline void jb_fault_add(enum jb_fault fault, __u64 n)
{
	__sync_fetch_and_add(&jb_faults[fault], n);
}

static __always_inline void jb_fault(enum jb_fault fault)
{
	jb_fault_add(fault, 1);
}

#endif
