/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "workloads/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int jb_json_file_open(const char *path, struct stat *ret_stat)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, ret_stat))
		err = -errno;
	else if (!S_ISREG(ret_stat->st_mode))
		err = -EINVAL;
	else if (ret_stat->st_size > JB_JSON_FILE_MAX)
		err = -EFBIG;
	if (!err)
		return fd;
	close(fd);
	return err;
}

json_t *jb_json_file_read(int fd, const struct stat *stat)
{
	size_t size = stat->st_size, len = 0;
	char *text = malloc(size + 1);
	json_t *root = NULL;
	ssize_t n = text ? 1 : 0;

	while (n > 0 && len < size) {
		n = read(fd, text + len, size - len);
		len += n > 0 ? n : 0;
	}
	if (text)
		root = json_loadb(text, len, 0, NULL);
	free(text);
	close(fd);
	return root;
}

json_t *jb_json_file_load(const char *path)
{
	struct stat stat = {};
	int fd = jb_json_file_open(path, &stat);

	return fd < 0 ? NULL : jb_json_file_read(fd, &stat);
}
