/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the enumerators shared with the kernel are called in labels and JSON. */
#ifndef JB_KERNEL_NAMES_H
#define JB_KERNEL_NAMES_H

#include <jitterbug/fault.h>
#include <jitterbug/totals.h>

extern const char *const jb_direction_names[JB_DIRECTION_MAX];
extern const char *const jb_media_names[JB_MEDIA_MAX];
extern const char *const jb_fault_names[JB_FAULT_MAX];

#endif
