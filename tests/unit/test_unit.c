/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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
		/* What is below another manager's cgroup is not the host's unit of that name. */
		{"/docker/4f2a/system.slice/sip.service", "/docker/4f2a/system.slice/sip.service"},
		{"/lxc.payload.web1/system.slice/sip.service",
		 "/lxc.payload.web1/system.slice/sip.service"},
		{"/docker/4f2a/init.scope", "/docker/4f2a/init.scope"},
		{"/.slice/sip.service", "/.slice/sip.service"},
		{"/system.slice/x/sip.service", "/system.slice/x/sip.service"},
		{"/machine.slice/machine-web1.scope/system.slice/sip.service",
		 "machine-web1.scope"},
		{"/x/user@1000.service/app.slice/a.service",
		 "/x/user@1000.service/app.slice/a.service"},
		{"/user.slice/user-1000.slice/user@1000.service/x/app.slice/a.service",
		 "user@1000.service"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/x/a.service",
		 "user@1000.service"},
	};
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(jb_unit_name(cases[i].path, name, sizeof(name)), 0);
		assert_string_equal(name, cases[i].unit);
	}
}

static void test_tells_clean_text(void **state)
{
	static const struct {
		const char *path, *unit;
	} cases[] = {
		{"/caf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		 "/caf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"/a\xff", "/a\\xff"},
		{"/a\xfe", "/a\\xfe"},
		{"/\xc3/\xa9", "/\\xc3/\\xa9"},
		{"/\xc3(", "/\\xc3("},
		{"/\xc0\xaf", "/\\xc0\\xaf"},                   /* overlong */
		{"/\xe0\x80\xaf", "/\\xe0\\x80\\xaf"},          /* overlong */
		{"/\xed\xa0\x80", "/\\xed\\xa0\\x80"},          /* a surrogate */
		{"/\xf4\x90\x80\x80", "/\\xf4\\x90\\x80\\x80"}, /* over U+10FFFF */
		{"/\xe2\x82", "/\\xe2\\x82"},                   /* cut short */
		{"/a\x1b[2J\t\x7f", "/a\\x1b[2J\\x09\\x7f"},    /* C0, DEL */
		{"/\xc2\x9b\xc2\xa0", "/\\xc2\\x9b\xc2\xa0"},   /* C1; no-break space */
		{"/system.slice/s\xff.service", "s\\xff.service"},
		{"/u.slice/user@1.service/a\x01.scope", "user@1.service/a\\x01.scope"},
		/* systemd's own escapes stay as they are; what could be one of ours does not. */
		{"/system.slice/a\\x2db.service", "a\\x2db.service"},
		{"/a\\xff", "/a\\x5cxff"},
		{"/a\\x5cxff", "/a\\x5cx5cxff"},
		{"/a\\xFF", "/a\\xFF"},
		{"/a\\x", "/a\\x"},
		{"/a\\xf", "/a\\xf"},
		{"/\\xf/f", "/\\xf/f"},
	};
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(jb_unit_name(cases[i].path, name, sizeof(name)), 0);
		assert_string_equal(name, cases[i].unit);
	}
}

/* All short names of the bytes that matter here, by pairs: no two are told alike. */
static void test_names_stay_distinct(void **state)
{
	static const char bytes[] = "\\x5cf\xff\xc2\x85";
	enum { BYTES = sizeof(bytes) - 1, COUNT = BYTES * BYTES * BYTES * BYTES };
	static char names[COUNT][24];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		char path[] = {'/',
			       bytes[i % BYTES],
			       bytes[i / BYTES % BYTES],
			       bytes[i / BYTES / BYTES % BYTES],
			       bytes[i / BYTES / BYTES / BYTES],
			       '\0'};

		assert_int_equal(jb_unit_name(path, names[i], sizeof(names[i])), 0);
	}
	qsort(names, COUNT, sizeof(*names), (int (*)(const void *, const void *))strcmp);
	for (int i = 1; i < COUNT; i++)
		assert_string_not_equal(names[i - 1], names[i]);
}

static void test_too_long(void **state)
{
	char name[8] = "as was";

	(void)state;
	assert_int_equal(jb_unit_name("/1234567", name, sizeof(name)), -ENAMETOOLONG);
	assert_int_equal(jb_unit_name("/123\xff", name, sizeof(name)), -ENAMETOOLONG);
	assert_int_equal(jb_unit_name("/u.slice/user@1.service/a.scope", name, sizeof(name)),
			 -ENAMETOOLONG);
	assert_string_equal(name, "as was");
	assert_int_equal(jb_unit_name("/12\xff", name, sizeof(name)), 0);
	assert_string_equal(name, "/12\\xff");
	assert_int_equal(jb_unit_name("/123456", name, sizeof(name)), 0);
	assert_int_equal(jb_unit_name("/a.slice/1234.service", name, sizeof(name)), -ENAMETOOLONG);
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
		cmocka_unit_test(test_tells_clean_text),
		cmocka_unit_test(test_names_stay_distinct),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_mountinfo),
		cmocka_unit_test(test_mountinfo_of_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
