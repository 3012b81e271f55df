/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel/names.h"

const char *const jb_direction_names[JB_DIRECTION_MAX] = {
	[JB_INGRESS] = "ingress",
	[JB_EGRESS] = "egress",
};

const char *const jb_media_names[JB_MEDIA_MAX] = {
	[JB_MEDIA_UNKNOWN] = "unknown",
	[JB_MEDIA_AUDIO] = "audio",
	[JB_MEDIA_VIDEO] = "video",
	[JB_MEDIA_RTX] = "rtx",
};

const char *const jb_fault_names[JB_FAULT_MAX] = {
#define JB_FAULT_NAME(id, name, help) [JB_FAULT_##id] = (name),
	JB_FAULTS(JB_FAULT_NAME)
#undef JB_FAULT_NAME
};

const char *const jb_rtcp_type_names[JB_RTCP_TYPE_MAX] = {
	[JB_RTCP_SR] = "sr",   [JB_RTCP_RR] = "rr",   [JB_RTCP_SDES] = "sdes",
	[JB_RTCP_BYE] = "bye", [JB_RTCP_APP] = "app", [JB_RTCP_XR] = "xr",
};

const char *const jb_rtcp_feedback_names[JB_RTCP_FEEDBACK_MAX] = {
	[JB_RTCP_NACK] = "nack", [JB_RTCP_PLI] = "pli",
	[JB_RTCP_FIR] = "fir",   [JB_RTCP_TRANSPORT_CC] = "transport_cc",
	[JB_RTCP_REMB] = "remb",
};

const char *const jb_udp_other_names[JB_UDP_OTHER_MAX] = {
	[JB_UDP_QUIC] = "quic",
	[JB_UDP_CHANNEL_DATA] = "channel_data",
};

const char *const jb_tcp_role_names[JB_TCP_ROLE_MAX + 1] = {
	[JB_TCP_CLIENT] = "client",
	[JB_TCP_SERVER] = "server",
	[JB_TCP_ROLE_MAX] = "unknown",
};

const char *const jb_tcp_end_names[JB_TCP_END_MAX] = {
	[JB_TCP_ORDERLY] = "orderly",
	[JB_TCP_RESET_LOCAL] = "reset_local",
	[JB_TCP_RESET_REMOTE] = "reset_remote",
	[JB_TCP_TIMED_OUT] = "timeout",
};

const char *const jb_tcp_failure_names[JB_TCP_FAILURE_MAX] = {
	[JB_TCP_REFUSED] = "refused",         [JB_TCP_NO_ANSWER] = "timeout",
	[JB_TCP_UNREACHABLE] = "unreachable", [JB_TCP_RESET] = "reset",
	[JB_TCP_NOT_BEGUN] = "local",
};

const char *const jb_impairment_names[JB_IMPAIRED_MAX] = {
	[JB_IMPAIRED_LOSS] = "loss",
	[JB_IMPAIRED_JITTER] = "jitter",
	[JB_IMPAIRED_FREEZE] = "freeze",
	[JB_IMPAIRED_SOURCE_GAP] = "source_gap",
};

const char *const jb_drop_protocol_names[JB_DROP_PROTOCOL_MAX] = {
	[JB_DROP_OTHER] = "other",
	[JB_DROP_TCP] = "tcp",
	[JB_DROP_UDP] = "udp",
	[JB_DROP_ICMP] = "icmp",
};
