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
