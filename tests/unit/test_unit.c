/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/cgroup.h"
#include "workloads/unit.h"

static void test_names(void **state)
{
	static const struct {
		const char *path, *unit;
	} cases[] = {
		{"/", "/"},
		{"/demo/sender", "/demo/sender"},
		{"/system.slice", "/system.slice"},
		{"/system.slice/nginx.service", "nginx.service"},
		{"/system.slice/nginx.service/worker", "nginx.service"},
		{"/system.slice/nginx.service/worker.service", "nginx.service"},
		{"/init.scope", "init.scope"},
		{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
		{"/user.slice/user-1000.slice/user@1000.service", "user@1000.service"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-call.scope",
		 "user@1000.service/app-call.scope"},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope",
		 "user@1000.service/init.scope"},
		{"/.service", "/.service"},
		{"/services/a", "/services/a"},
	};
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(jb_unit_name(cases[i].path, name, sizeof(name)), 0);
		assert_string_equal(name, cases[i].unit);
	}
}

static void test_too_long(void **state)
{
	char name[8];

	(void)state;
	assert_int_equal(jb_unit_name("/1234567", name, sizeof(name)), -ENAMETOOLONG);
	assert_int_equal(jb_unit_name("/123456", name, sizeof(name)), 0);
	assert_int_equal(jb_unit_name("/a/1234.service", name, sizeof(name)), -ENAMETOOLONG);
}

static const char mountinfo[] =
	"22 1 0:20 / /proc rw - proc proc rw\n"
	"38 31 0:40 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
	"39 31 0:41 / /sys/fs/cgroup/unified rw,relatime shared:9 master:2 - cgroup2 cgroup2 rw\n"
	"40 31 0:41 /../.. /mnt/with\\040blank\\134 rw - cgroup2 none rw,nsdelegate\n"
	"41 31 0:42 / /not/cgroup2 rw - ext4 cgroup2 rw";

static void test_mountinfo(void **state)
{
	char path[128];

	(void)state;
	assert_int_equal(jb_cgroup_parse_mountinfo(mountinfo, 0, path, sizeof(path)), 0);
	assert_string_equal(path, "/sys/fs/cgroup/unified");
	assert_int_equal(jb_cgroup_parse_mountinfo(mountinfo, 1, path, sizeof(path)), 0);
	assert_string_equal(path, "/mnt/with blank\\");
	assert_int_equal(jb_cgroup_parse_mountinfo(mountinfo, 2, path, sizeof(path)), -ENOENT);
	assert_int_equal(jb_cgroup_parse_mountinfo("", 0, path, sizeof(path)), -ENOENT);
	assert_int_equal(jb_cgroup_parse_mountinfo(mountinfo, 0, path, 5), -ENAMETOOLONG);
}

static void test_mountinfo_of_nonsense(void **state)
{
	static const char *const texts[] = {"\n\n\n", " - cgroup2 ", "a - cgroup2 x",
					    "a b c d - cgroup2 ", "- cgroup2 - cgroup2 - cgroup2 "};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		strcpy(path, "untouched");
		jb_cgroup_parse_mountinfo(texts[i], 0, path, sizeof(path)); /* for ASan */
		assert_true(strlen(path) < sizeof(path));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_mountinfo),
		cmocka_unit_test(test_mountinfo_of_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
