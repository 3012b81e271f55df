/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of containers, from files of the test's own below a directory. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "workloads/container_names.h"
#include "workloads/json_file.h"

#define ID     "6d393320601b821561e43bd46f658284cb172cf297ecc3d3665be657870d32e2"
#define ID2    "a2b102854b4969b2ce98dc329c86b4fb2b06e4ad2cc8da9d8a7578c9cd2004ff"
#define DOCKER "/var/lib/docker/containers/" ID "/config.v2.json"
#define PODMAN "/var/lib/containers/storage/overlay-containers/"

static char root[] = "/tmp/jb-names-XXXXXX";
static struct jb_container_names *names;

static void path_of(const char *name, char path[512])
{
	snprintf(path, 512, "%s%s", root, name);
}

/* With the directories above it. */
static void put_octets(const char *name, const char *text, size_t len)
{
	char path[512];
	FILE *file;

	path_of(name, path);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	unlink(path); /* another inode, as when a file is renamed into place */
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void put(const char *name, const char *text)
{
	put_octets(name, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
	(void)stat;
	(void)kind;
	(void)where;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	return !mkdtemp(root) || jb_container_names_new(&names, root);
}

static int teardown(void **state)
{
	(void)state;
	jb_container_names_free(names);
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The unit; "" for none. */
static const char *unit_of(enum jb_runtime runtime, const char *id)
{
	static char unit[JB_CONTAINER_UNIT_SIZE];
	struct jb_container container = {.runtime = runtime, .level = JB_CONTAINER_SELF};

	strcpy(container.id, id);
	strcpy(unit, "untouched");
	if (!jb_container_names_find(names, &container, unit))
		return unit;
	assert_string_equal(unit, "untouched");
	return "";
}

static const char *docker(void)
{
	return unit_of(JB_RUNTIME_DOCKER, ID);
}

static const char *podman(void)
{
	return unit_of(JB_RUNTIME_PODMAN, ID);
}

static void test_docker(void **state)
{
	(void)state;
	assert_string_equal(docker(), "");
	put(DOCKER, "{\"ID\":\"" ID "\",\"Name\":\"/web_1.a-b\",\"State\":{\"Running\":true}}");
	assert_string_equal(docker(), "docker:web_1.a-b");
	assert_string_equal(unit_of(JB_RUNTIME_DOCKER, ID2), "");
	assert_string_equal(podman(), "");
	assert_string_equal(unit_of(JB_RUNTIME_CONTAINERD, ID), "");
	assert_string_equal(unit_of(JB_RUNTIME_UNKNOWN, ID), "");
}

static void test_another_data_root(void **state)
{
	(void)state;
	put("/srv/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/sip\"}");
	assert_string_equal(docker(), "");
	put("/etc/docker/daemon.json", "{\"data-root\":\"/srv/docker\"}");
	assert_string_equal(docker(), "docker:sip");
	put("/etc/docker/daemon.json", "{\"data-root\":\"srv/docker\"}");
	assert_string_equal(docker(), "");
	put("/etc/docker/daemon.json", "{\"data-root\":7}");
	assert_string_equal(docker(), "");
	put("/etc/docker/daemon.json", "{");
	assert_string_equal(docker(), "");
}

static void test_podman(void **state)
{
	(void)state;
	assert_string_equal(podman(), "");
	put(PODMAN "containers.json",
	    "[{\"id\":\"" ID2 "\",\"names\":[\"other\"]},"
	    "{\"id\":\"" ID "\",\"names\":[\"web\",\"alias\"],\"metadata\":\"{}\"}]");
	assert_string_equal(podman(), "podman:web");
	assert_string_equal(unit_of(JB_RUNTIME_PODMAN, ID2), "podman:other");
	assert_string_equal(docker(), "");
}

static void test_podman_with_rm(void **state)
{
	(void)state;
	put(PODMAN "containers.json", "[{\"id\":\"" ID2 "\",\"names\":[\"other\"]}]");
	put(PODMAN "volatile-containers.json", "[{\"id\":\"" ID "\",\"names\":[\"job\"]}]");
	assert_string_equal(podman(), "podman:job");
	assert_string_equal(unit_of(JB_RUNTIME_PODMAN, ID2), "podman:other");
}

/* Read again when it is another file, and only then. */
static void test_a_list_that_changes(void **state)
{
	char path[512];

	(void)state;
	put(PODMAN "containers.json", "[{\"id\":\"" ID "\",\"names\":[\"one\"]}]");
	assert_string_equal(podman(), "podman:one");
	put(PODMAN "containers.json", "[{\"id\":\"" ID "\",\"names\":[\"two\"]}]");
	assert_string_equal(podman(), "podman:two");
	path_of(PODMAN "containers.json", path);
	unlink(path);
	assert_string_equal(podman(), "");
	put(PODMAN "containers.json", "[]");
	assert_string_equal(podman(), "");
	put(PODMAN "containers.json", "[{\"id\":\"" ID "\",\"names\":[\"three\"]}]");
	assert_string_equal(podman(), "podman:three");
}

static void test_what_is_no_list(void **state)
{
	static const char *const texts[] = {
		"",
		"[",
		"{}",
		"[7,null,[]]",
		"[{\"id\":7,\"names\":[\"a\"]}]",
		"[{\"id\":\"" ID "\"}]",
		"[{\"id\":\"" ID "\",\"names\":\"a\"}]",
		"[{\"id\":\"" ID "\",\"names\":[]}]",
		"[{\"id\":\"" ID "\",\"names\":[7]}]",
		"[{\"id\":\"" ID "\",\"names\":[\"a b\"]}]",
		"[{\"id\":\"" ID "0\",\"names\":[\"a\"]}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		put(PODMAN "containers.json", texts[i]);
		assert_string_equal(podman(), "");
	}
}

static void test_what_is_no_config(void **state)
{
	static const char *const texts[] = {"",
					    "[]",
					    "{\"Name\":7}",
					    "{\"Name\":\"\"}",
					    "{\"Name\":\"/\"}",
					    "{\"Name\":\"web\"}",
					    "{\"Name\":\"/we\\u0000b\"}",
					    "{\"Name\":\"/a/b\"}",
					    "{\"Name\":\"/web.service\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		put(DOCKER, texts[i]);
		assert_string_equal(docker(), "");
	}
}

static void test_names(void **state)
{
	char longest[JB_CONTAINER_NAME_SIZE + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(jb_container_name_is_valid(longest));
	longest[sizeof(longest) - 2] = '\0';
	assert_true(jb_container_name_is_valid(longest));
	assert_true(jb_container_name_is_valid("a"));
	assert_true(jb_container_name_is_valid("0-web_X.y"));
	assert_true(jb_container_name_is_valid("web.services"));
	assert_false(jb_container_name_is_valid(""));
	assert_false(jb_container_name_is_valid(".web"));
	assert_false(jb_container_name_is_valid("-web"));
	assert_false(jb_container_name_is_valid("web\n"));
	assert_false(jb_container_name_is_valid("w\xc3\xa9"
						"b"));
	assert_false(jb_container_name_is_valid("a/b"));
	assert_false(jb_container_name_is_valid("web.service"));
	assert_false(jb_container_name_is_valid("web.scope"));
	assert_false(jb_container_name_is_valid("web.slice"));
}

/* Neither a link nor anything but a file, of no more than the limit. */
static void test_odd_files(void **state)
{
	static char large[JB_JSON_FILE_MAX + 1];
	char path[512], target[512];

	(void)state;
	path_of(DOCKER, path);
	path_of("/target", target);
	put(DOCKER, "{\"Name\":\"/web\"}");
	put("/target", "{\"Name\":\"/web\"}");
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
	assert_string_equal(docker(), "");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_string_equal(docker(), "");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_string_equal(docker(), "");
	rmdir(path);
	memset(large, ' ', sizeof(large));
	memcpy(large, "{\"Name\":\"/web\"}", 15);
	put_octets(DOCKER, large, sizeof(large));
	assert_string_equal(docker(), "");
	put_octets(DOCKER, large, sizeof(large) - 1);
	assert_string_equal(docker(), "docker:web");
}

/* Of a list that has no end the first are known. */
static void test_a_long_list(void **state)
{
	enum { COUNT = 5000 };
	char *text = malloc(COUNT * 128 + 8), *at = text;

	(void)state;
	assert_non_null(text);
	*at++ = '[';
	for (int i = 0; i < COUNT; i++)
		at += sprintf(at, "%s{\"id\":\"%064x\",\"names\":[\"c%d\"]}", i ? "," : "", i, i);
	strcpy(at, "]");
	put(PODMAN "containers.json", text);
	free(text);
	assert_string_equal(
		unit_of(JB_RUNTIME_PODMAN,
			"0000000000000000000000000000000000000000000000000000000000000fff"),
		"podman:c4095");
	assert_string_equal(
		unit_of(JB_RUNTIME_PODMAN,
			"0000000000000000000000000000000000000000000000000000000000001000"),
		"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_docker),          TEST(test_another_data_root),
		TEST(test_podman),          TEST(test_podman_with_rm),
		TEST(test_what_is_no_list), TEST(test_a_list_that_changes),
		TEST(test_odd_files),       TEST(test_what_is_no_config),
		TEST(test_a_long_list),     cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
