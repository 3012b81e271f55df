/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel functions of 6.2, called only where jb_config.kfuncs says that they are there. */
#ifndef JB_KFUNCS_BPF_H
#define JB_KFUNCS_BPF_H

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

#endif
