/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fixed-width types for code that is compiled both into BPF objects and into user space.
 * A BPF object includes vmlinux.h first; everybody else gets them from the kernel's UAPI.
 */
#ifndef JITTERBUG_TYPES_H
#define JITTERBUG_TYPES_H

#ifndef __bpf__
#include <linux/bpf.h>
#include <linux/types.h>
#endif
#include <stdbool.h>

/* BPF code may not call a function while it holds a spin lock (kernels before 6.9). */
#define JB_INLINE    static inline __attribute__((always_inline, unused))

#define JB_SECOND_NS 1000000000ULL

#endif
