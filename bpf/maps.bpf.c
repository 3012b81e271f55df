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
struct jb_rows_used_map jb_rows_used SEC(".maps");
struct jb_udp_sockets_map jb_udp_sockets SEC(".maps");
struct jb_tcp_sockets_map jb_tcp_sockets SEC(".maps");
struct jb_queues_map jb_queues SEC(".maps");
struct jb_framed_map jb_framed SEC(".maps");
struct jb_stun_map jb_stun SEC(".maps");
struct jb_reports_map jb_reports SEC(".maps");
struct jb_reported_map jb_reported SEC(".maps");
struct jb_handshakes_map jb_handshakes SEC(".maps");
struct jb_drops_map jb_drops SEC(".maps");
struct jb_events_map jb_events SEC(".maps");
struct jb_meetings_map jb_meetings SEC(".maps");
struct jb_contacts_map jb_contacts SEC(".maps");

const volatile struct jb_config jb_config = {};
__u64 jb_faults[JB_FAULT_MAX] = {};
__u64 jb_samples_seen = 0;
__u64 jb_census_again = 0;

char LICENSE[] SEC("license") = "Dual BSD/GPL";
