/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/procfs.h"

#include <errno.h>
#include <stdio.h>

int jb_procfs_u64(const char *path, int index, __u64 *ret)
{
	FILE *file = fopen(path, "re");
	unsigned long long value;
	int n = 0;

	if (!file)
		return -errno;
	for (int i = 0; i <= index; i++) {
		n = fscanf(file, "%20llu", &value);
		if (n != 1)
			break;
	}
	fclose(file);
	if (n != 1)
		return -EINVAL;
	*ret = value;
	return 0;
}
