/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the enumerators shared with the kernel are called in labels and JSON. */
#ifndef JB_KERNEL_NAMES_H
#define JB_KERNEL_NAMES_H

#include <jitterbug/drop.h>
#include <jitterbug/fault.h>
#include <jitterbug/row.h>

extern const char *const jb_direction_names[JB_DIRECTION_MAX];
extern const char *const jb_media_names[JB_MEDIA_MAX];
extern const char *const jb_fault_names[JB_FAULT_MAX];
extern const char *const jb_rtcp_type_names[JB_RTCP_TYPE_MAX];
extern const char *const jb_rtcp_feedback_names[JB_RTCP_FEEDBACK_MAX];
extern const char *const jb_udp_other_names[JB_UDP_OTHER_MAX];
extern const char *const jb_tcp_role_names[JB_TCP_ROLE_MAX + 1]; /* the last: unknown */
extern const char *const jb_tcp_end_names[JB_TCP_END_MAX];
extern const char *const jb_tcp_failure_names[JB_TCP_FAILURE_MAX];
extern const char *const jb_impairment_names[JB_IMPAIRED_MAX];
extern const char *const jb_drop_protocol_names[JB_DROP_PROTOCOL_MAX];

#endif
