/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "kernel/cgroup.h"

#define JB_MOUNTINFO  "/proc/self/mountinfo"
#define JB_ROOT_INODE 1

/* mountinfo writes blank, tab, newline and backslash as \ooo (proc(5)). */
static int unescape(const char *from, size_t len, char *ret, size_t ret_size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = from[i];

		if (c == '\\' && i + 3 < len && from[i + 1] >= '0' && from[i + 1] <= '3') {
			c = (char)((from[i + 1] - '0') << 6 | (from[i + 2] - '0') << 3 |
				   (from[i + 3] - '0'));
			i += 3;
		}
		if (n + 1 >= ret_size)
			return -ENAMETOOLONG;
		ret[n++] = c;
	}
	ret[n] = '\0';
	return 0;
}

/* "36 35 98:0 /root /mount/point options [optional]... - type source options" */
static const char *field(const char *line, const char *end, int index, size_t *ret_len)
{
	for (; index; index--) {
		line = memchr(line, ' ', end - line);
		if (!line)
			return NULL;
		line++;
	}
	const char *stop = memchr(line, ' ', end - line);

	*ret_len = (stop ? stop : end) - line;
	return line;
}

static bool is_cgroup2(const char *line, const char *end)
{
	const char *dash = memmem(line, end - line, " - ", 3);

	return dash && end - dash > 11 && !strncmp(dash + 3, "cgroup2 ", 8);
}

int jb_cgroup_parse_mountinfo(const char *text, int index, char *ret, size_t ret_size)
{
	const char *end;

	for (const char *line = text; *line; line = *end ? end + 1 : end) {
		const char *mount = NULL;
		size_t len;

		end = line + strcspn(line, "\n");
		if (is_cgroup2(line, end))
			mount = field(line, end, 4, &len);
		if (mount && !index--)
			return unescape(mount, len, ret, ret_size);
	}
	return -ENOENT;
}

/* To be freed; NULL and errno. */
static char *read_mountinfo(void)
{
	FILE *file = fopen(JB_MOUNTINFO, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* The first mount whose root is the hierarchy's; -EXDEV if all are of a private namespace. */
static int choose(const char *text, char *ret, size_t ret_size, unsigned long *ret_inode)
{
	char path[PATH_MAX];
	struct stat st;
	int err;

	*ret_inode = 0;
	for (int i = 0; !(err = jb_cgroup_parse_mountinfo(text, i, path, sizeof(path))); i++) {
		if (stat(path, &st))
			continue; /* hidden by another mount */
		if (st.st_ino != JB_ROOT_INODE && *ret_inode)
			continue;
		if (snprintf(ret, ret_size, "%s", path) >= (int)ret_size)
			return -ENAMETOOLONG;
		*ret_inode = st.st_ino;
		if (st.st_ino == JB_ROOT_INODE)
			return 0;
	}
	return *ret_inode ? -EXDEV : err;
}

int jb_cgroup_find_root(char *ret, size_t ret_size, char *error, size_t error_size)
{
	char path[PATH_MAX] = "";
	unsigned long inode = 0;
	char *text = read_mountinfo();
	int err;

	if (!text) {
		snprintf(error, error_size, JB_MOUNTINFO ": %s", strerror(errno));
		return -EIO;
	}
	err = choose(text, path, sizeof(path), &inode);
	free(text);
	if (!err && snprintf(ret, ret_size, "%s", path) >= (int)ret_size)
		err = -ENAMETOOLONG;
	if (err == -EXDEV)
		snprintf(
			error, error_size,
			"%s is the root of a private cgroup namespace (inode %lu), not the node's: "
			"run in the host's cgroup namespace, or mount the host's cgroup2",
			path, inode);
	else if (err)
		snprintf(error, error_size, "no cgroup2 filesystem in " JB_MOUNTINFO ": %s",
			 strerror(-err));
	return err;
}

int jb_cgroup_check(const char *path, char *error, size_t error_size)
{
	struct statfs fs;

	if (statfs(path, &fs)) {
		int err = -errno;

		snprintf(error, error_size, "--cgroup %s: %s", path, strerror(-err));
		return err;
	}
	if (fs.f_type != CGROUP2_SUPER_MAGIC) {
		snprintf(error, error_size, "--cgroup %s: not in a cgroup2 filesystem", path);
		return -EINVAL;
	}
	return 0;
}
