/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "workloads/cgroups.h"

struct walk {
	jb_cgroup_fn fn;
	void *ctx;
	char path[PATH_MAX];
	size_t len;
	int left;
	int depth;
};

static int walk_below(struct walk *w, int fd);

static int visit_child(struct walk *w, int parent, const char *name)
{
	size_t len = w->len;
	int fd, err = 0;

	if (w->len + strlen(name) + 2 > sizeof(w->path))
		return -E2BIG;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0; /* gone meanwhile */
	w->len += sprintf(w->path + w->len, "/%s", name);
	err = walk_below(w, fd);
	w->len = len;
	w->path[len] = '\0';
	return err;
}

/* Takes over fd. */
static int walk_below(struct walk *w, int fd)
{
	struct stat st;
	struct dirent *entry;
	DIR *dir;
	int err = 0;

	if (!w->left-- || w->depth == JB_CGROUPS_DEPTH_MAX) {
		close(fd);
		return -E2BIG;
	}
	if (!fstat(fd, &st))
		w->fn(w->ctx, st.st_ino, w->len ? w->path : "/");
	dir = fdopendir(fd);
	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	w->depth++;
	while (!err && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			err = visit_child(w, fd, entry->d_name);
	w->depth--;
	closedir(dir);
	return err;
}

int jb_cgroups_walk(const char *root, jb_cgroup_fn fn, void *ctx)
{
	struct walk w = {.fn = fn, .ctx = ctx, .left = JB_CGROUPS_MAX};
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : walk_below(&w, fd);
}
