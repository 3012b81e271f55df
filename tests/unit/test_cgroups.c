/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The walk over a temporary directory: to it, any tree of directories is one of cgroups. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "workloads/cgroups.h"

enum { SIBLINGS = 60, DEEP = 40 };

static char root[64];

static struct {
	int visits;
	int sibling[SIBLINGS];
	size_t deepest; /* components */
	size_t longest; /* octets */
	__u64 root_id;
	const char *wanted;
	int wanted_visits;
	__u64 wanted_id;
} seen;

static size_t components(const char *path)
{
	size_t count = 0;

	for (; *path; path++)
		count += *path == '/' && path[1];
	return count;
}

static void on_cgroup(void *ctx, __u64 id, const char *path)
{
	size_t depth = components(path);
	int sibling;

	assert_ptr_equal(ctx, &seen);
	seen.visits++;
	if (sscanf(path, "/s%d", &sibling) == 1 && depth == 1)
		seen.sibling[sibling]++;
	if (depth > seen.deepest)
		seen.deepest = depth;
	if (strlen(path) > seen.longest)
		seen.longest = strlen(path);
	if (!strcmp(path, "/"))
		seen.root_id = id;
	if (seen.wanted && !strcmp(path, seen.wanted)) {
		seen.wanted_visits++;
		seen.wanted_id = id;
	}
}

static int walk(void)
{
	const char *wanted = seen.wanted;

	memset(&seen, 0, sizeof(seen));
	seen.wanted = wanted;
	return jb_cgroups_walk(root, on_cgroup, &seen);
}

static void remove_below(int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (entry->d_type == DT_DIR)
			remove_below(openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY));
		unlinkat(fd, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	}
	closedir(dir);
}

static int setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	strcpy(root, "/tmp/jb-cgroups-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	remove_below(open(root, O_RDONLY | O_DIRECTORY));
	return rmdir(root);
}

static void make(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_siblings(int from, int to)
{
	char name[16];

	for (int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		make(name);
	}
}

/* One directory in the other, also where no path reaches any more. */
static void make_branch(const char *name, int depth)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < depth; i++) {
		int parent = fd;

		assert_int_equal(mkdirat(parent, name, 0700), 0);
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY);
		assert_true(fd >= 0);
		close(parent);
	}
	close(fd);
}

static void assert_all_siblings(void)
{
	for (int i = 0; i < SIBLINGS; i++)
		assert_int_equal(seen.sibling[i], 1);
}

static void test_prunes_only_the_deep_branch(void **state)
{
	(void)state;
	make_siblings(0, SIBLINGS / 2);
	make_branch("deep", DEEP);
	make_siblings(SIBLINGS / 2, SIBLINGS);
	assert_int_equal(walk(), 0);
	assert_all_siblings();
	assert_int_equal(seen.deepest, JB_CGROUPS_DEPTH_MAX);
	assert_int_equal(seen.visits, 1 + SIBLINGS + JB_CGROUPS_DEPTH_MAX);
}

static void test_the_deepest_that_is_walked(void **state)
{
	(void)state;
	make_branch("d", JB_CGROUPS_DEPTH_MAX);
	assert_int_equal(walk(), 0);
	assert_int_equal(seen.deepest, JB_CGROUPS_DEPTH_MAX);
}

/* A branch of names of this length, deeper than a path reaches, beside others. */
static void walk_long(size_t name_length)
{
	size_t reached = (PATH_MAX - 1) / (name_length + 1);
	char name[NAME_MAX + 1] = "";

	memset(name, 'n', name_length);
	make_siblings(0, SIBLINGS / 2);
	make_branch(name, reached + 3);
	make_siblings(SIBLINGS / 2, SIBLINGS);
	assert_int_equal(walk(), 0);
	assert_all_siblings();
	assert_int_equal(seen.longest, reached * (name_length + 1));
}

static void test_prunes_only_the_long_path(void **state)
{
	(void)state;
	walk_long(NAME_MAX - 1);
}

/* With its NUL the path would be one octet too long. */
static void test_prunes_the_path_of_just_too_much(void **state)
{
	(void)state;
	walk_long(NAME_MAX);
}

static void test_a_complete_walk(void **state)
{
	char path[256];
	struct stat st;

	(void)state;
	make("a");
	make("a/b");
	make("a/.hidden"); /* a cgroup's name may begin with a dot */
	seen.wanted = "/a/.hidden";
	assert_int_equal(walk(), 0);
	assert_int_equal(seen.visits, 4);
	assert_int_equal(seen.wanted_visits, 1);
	snprintf(path, sizeof(path), "%s/a/.hidden", root);
	assert_int_equal(stat(path, &st), 0);
	assert_true(seen.wanted_id == st.st_ino);
	assert_int_equal(stat(root, &st), 0);
	assert_true(seen.root_id == st.st_ino);
}

static void test_follows_no_symlink(void **state)
{
	char link[256];

	(void)state;
	make("a");
	make("a/b");
	snprintf(link, sizeof(link), "%s/up", root);
	assert_int_equal(symlink("..", link), 0);
	snprintf(link, sizeof(link), "%s/a/loop", root);
	assert_int_equal(symlink("../a", link), 0);
	assert_int_equal(walk(), 0);
	assert_int_equal(seen.visits, 3);
}

/* What can't be opened may well be there: nobody in it is to be taken for gone. */
static void test_a_branch_that_cannot_be_opened(void **state)
{
	int fds[64], count = 0, result;

	(void)state;
	make("a");
	make("a/b");
	while (count < 64 && (fds[count] = open("/", O_RDONLY | O_DIRECTORY)) >= 0)
		count++;
	assert_true(count >= 2 && count < 64); /* main() has set the limit */
	close(fds[--count]);
	result = walk(); /* the root takes the only descriptor */
	while (count)
		close(fds[--count]);
	assert_int_equal(result, 1);
	assert_int_equal(seen.visits, 1);
}

static void test_no_root(void **state)
{
	(void)state;
	assert_int_equal(jb_cgroups_walk("/nonexistent/cgroup", on_cgroup, &seen), -ENOENT);
	assert_int_equal(jb_cgroups_walk("/dev/null", on_cgroup, &seen), -ENOTDIR);
	assert_int_equal(seen.visits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_prunes_only_the_deep_branch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_deepest_that_is_walked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prunes_only_the_long_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prunes_the_path_of_just_too_much, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_complete_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follows_no_symlink, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_branch_that_cannot_be_opened, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_root, setup, teardown),
	};
	struct rlimit limit;

	/* The hard one stays: valgrind doesn't let it go down. */
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	limit.rlim_cur = 60;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
