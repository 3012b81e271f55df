/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
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
	bool incomplete;
};

static int walk_below(struct walk *w, int fd);

static void visit_child(struct walk *w, int parent, const char *name)
{
	size_t len = w->len;
	int fd;

	if (w->depth == JB_CGROUPS_DEPTH_MAX || len + strlen(name) + 2 > sizeof(w->path))
		return;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT) /* gone meanwhile */
			w->incomplete = true;
		return;
	}
	w->len += sprintf(w->path + len, "/%s", name);
	w->depth++;
	if (walk_below(w, fd))
		w->incomplete = true;
	w->depth--;
	w->len = len;
	w->path[len] = '\0';
}

static bool is_child(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

static int visit_children(struct walk *w, DIR *dir)
{
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		if (!is_child(entry))
			continue;
		if (!w->left) {
			w->incomplete = true;
			return 0;
		}
		w->left--; /* also for one that is pruned: that bounds the time */
		visit_child(w, dirfd(dir), entry->d_name);
	}
}

/* Takes over fd. */
static int walk_below(struct walk *w, int fd)
{
	struct stat st;
	DIR *dir = fdopendir(fd);
	int err;

	if (!dir) {
		err = -errno;
		close(fd);
		return err;
	}
	if (fstat(fd, &st)) {
		err = -errno;
	} else {
		w->fn(w->ctx, st.st_ino, w->len ? w->path : "/");
		err = visit_children(w, dir);
	}
	closedir(dir);
	return err;
}

int jb_cgroups_walk(const char *root, jb_cgroup_fn fn, void *ctx)
{
	struct walk w = {.fn = fn, .ctx = ctx, .left = JB_CGROUPS_MAX - 1};
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 ? -errno : walk_below(&w, fd);

	return err ? err : w.incomplete;
}
