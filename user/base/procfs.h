/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers in small files of /proc and /sys. */
#ifndef JB_BASE_PROCFS_H
#define JB_BASE_PROCFS_H

#include <linux/types.h>

/* The decimal number at `index` of the blank-separated words of the file. 0 or -errno. */
int jb_procfs_u64(const char *path, int index, __u64 *ret);

#endif
