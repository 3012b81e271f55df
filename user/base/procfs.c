/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/procfs.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int jb_procfs_u64(const char *path, int index, __u64 *ret)
{
	FILE *file = fopen(path, "re");
	char line[256];
	char *at = line, *end = line;
	__u64 value = 0;

	if (!file)
		return -errno;
	if (!fgets(line, sizeof(line), file))
		*line = '\0';
	fclose(file);
	for (int i = 0; i <= index; i++) {
		at += strspn(at, " \t");
		errno = 0;
		value = strtoull(at, &end, 10);
		if (!isdigit((unsigned char)*at) || errno)
			return -EINVAL;
		at = end;
	}
	*ret = value;
	return 0;
}
