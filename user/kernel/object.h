/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF side as one object: open and size, load, attach, free. Nothing is pinned: when the
 * process ends, however it ends, links and maps go with it.
 */
#ifndef JB_KERNEL_OBJECT_H
#define JB_KERNEL_OBJECT_H

#include <stddef.h>
#include <jitterbug/types.h>
#include "kernel/features.h"

struct jb_kernel;

struct jb_kernel_options {
	__u32 max_streams;
	__u32 max_workloads;
	bool full;                  /* --metrics full */
	const __u64 *media_ports;   /* 65536 bits; NULL: none */
	const __u64 *ice_tcp_ports; /* likewise */
	const char *uplink;         /* interface; NULL: none */
};

/* Long enough for any message below. */
#define JB_KERNEL_ERROR_LEN 512

/* Who gets what libbpf tells, a line at a time, without its newline; NULL, as at first: nobody. */
void jb_kernel_set_log(void (*log)(const char *line));

/*
 * Opens, sizes and loads. On failure -errno, *ret untouched, and one line in `error` (of
 * JB_KERNEL_ERROR_LEN) that names what failed and the remedy, if there is one.
 */
int jb_kernel_load(struct jb_kernel **ret, const struct jb_kernel_options *options, char *error);

/*
 * Attaches what belongs to a cgroup to the cgroup2 directory `path`, of which the caller has made
 * sure that it is the right one, and the others. What isn't media may fail: the feature is missing.
 */
int jb_kernel_attach(struct jb_kernel *kernel, const char *path, char *error);

/* Attaches to the interface of the options, if there is one; that may not fail. */
int jb_kernel_attach_uplink(struct jb_kernel *kernel, char *error);

/*
 * An interface may go, and another of its name may come: attaches to it in a later call than the
 * one that finds it gone. 0: attached, or none was asked for; -ENODEV: gone; or -errno of why it
 * can't be attached to.
 */
int jb_kernel_check_uplink(struct jb_kernel *kernel);

/* Detaches and frees; NULL is fine. */
void jb_kernel_free(struct jb_kernel *kernel);

/* CPUs that the kernel reserves memory for. */
__u32 jb_kernel_possible_cpus(void);

struct jb_kernel_program_info {
	const char *name;
	bool attaches;    /* false: user space runs it, or the kernel can't */
	bool attached;    /* no longer once its cgroup or interface has gone */
	bool media;       /* without it nothing is measured */
	__u64 misses;     /* runs that the kernel skipped: it interrupted itself, on that CPU */
	__u64 runtime_ns; /* counted only while kernel.bpf_stats_enabled is 1 */
};

/* The program at `index`; false past the last. */
bool jb_kernel_program(const struct jb_kernel *kernel, __u32 index,
		       struct jb_kernel_program_info *ret);

#define JB_ENTRIES_UNKNOWN 0xffffffffU

/* Whether all programs of a feature run, and the kernel gives what else it needs. */
bool jb_kernel_has(const struct jb_kernel *kernel, enum jb_feature feature);

struct jb_kernel_map_info {
	const char *name;
	__u32 capacity;
	__u32 entries; /* JB_ENTRIES_UNKNOWN for maps that are not hashes */
	__u64 bytes;   /* of kernel memory */
};

/* The map at `index`; false past the last. Counting the entries reads the whole map. */
bool jb_kernel_map(const struct jb_kernel *kernel, __u32 index, struct jb_kernel_map_info *ret);

/* JB_FAULT_MAX counters, living. */
const __u64 *jb_kernel_faults(const struct jb_kernel *kernel);

#endif
