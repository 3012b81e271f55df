/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one place where maps and global data live. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "maps.bpf.h"
#include "fault.bpf.h"

struct jb_streams_map jb_streams SEC(".maps");
struct jb_candidates_map jb_candidates SEC(".maps");
struct jb_totals_map jb_totals SEC(".maps");
struct jb_rows_map jb_rows SEC(".maps");
struct jb_free_rows_map jb_free_rows SEC(".maps");
struct jb_video_types_map jb_video_types SEC(".maps");
struct jb_events_map jb_events SEC(".maps");

const volatile struct jb_config jb_config = {};
__u64 jb_faults[JB_FAULT_MAX] = {};

char LICENSE[] SEC("license") = "Dual BSD/GPL";
