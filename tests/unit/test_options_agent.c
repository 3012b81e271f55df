/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `jitterbug agent` is told about Linkerd, and which values don't go together. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/agent_options.h"
#include "mesh/target.h"

#define SECOND UINT64_C(1000000000)
#define GOOD   "shop/web-1=http://10.1.2.3:4191/metrics"

static struct jb_agent_config config;
static char error[JB_OPTIONS_ERROR];
static char logged[8192];

#define PARSE(...) parse((char *[]){"", __VA_ARGS__, NULL})

/* The first entry of `arguments` stands for the subcommand. */
static int parse(char *const *arguments)
{
	int count = 0;

	while (arguments[count])
		count++;
	return jb_options_parse(&jb_agent_options, count - 1, arguments + 1, &config, NULL, error,
				sizeof(error));
}

/* The check, with what it logs. */
static bool check(void)
{
	int saved = dup(STDERR_FILENO), fds[2];
	ssize_t len;
	bool good;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	good = jb_agent_config_check(&config);
	dup2(saved, STDERR_FILENO);
	close(saved);
	len = read(fds[0], logged, sizeof(logged) - 1);
	close(fds[0]);
	logged[len > 0 ? len : 0] = '\0';
	jb_options_free(&jb_agent_options, &config);
	return good;
}

#define ASSERT_GOOD(...)                                                                           \
	do {                                                                                       \
		assert_int_equal(PARSE(__VA_ARGS__), 0);                                           \
		assert_true(check());                                                              \
		assert_string_equal(logged, "");                                                   \
	} while (0)
#define ASSERT_BAD(expected, ...)                                                                  \
	do {                                                                                       \
		assert_int_equal(PARSE(__VA_ARGS__), 0);                                           \
		assert_false(check());                                                             \
		assert_logged(expected);                                                           \
	} while (0)

/* One line: a time, " error: " and this. */
static void assert_logged(const char *expected)
{
	const char *message = strstr(logged, " error: ");
	char line[2048];

	assert_non_null(message);
	snprintf(line, sizeof(line), " error: %s\n", expected);
	assert_string_equal(message, line);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(
		jb_options_parse(&jb_agent_options, 0, NULL, &config, NULL, error, sizeof(error)),
		0);
	assert_int_equal(config.linkerd, JB_LINKERD_AUTO);
	assert_int_equal(config.linkerd_target.count, 0);
	assert_true(config.linkerd_interval_ns == 10 * SECOND);
	assert_string_equal(config.linkerd_namespace, "linkerd");
	assert_true(check());
	assert_string_equal(logged, "");
}

static void test_good_targets(void **state)
{
	(void)state;
	ASSERT_GOOD("--linkerd-target", GOOD, "--linkerd-target", "shop/web-2=https://[::1]:1",
		    "--linkerd-target", "shop2/web-1=http://h/a@b");
	ASSERT_GOOD("--linkerd-target", "a/b=http://h", "--linkerd-target", "a/bb=http://h",
		    "--linkerd-target", "a/bbb=http://h");
	ASSERT_GOOD("--linkerd-target", "a/bb=http://h", "--linkerd-target", "a/b=http://h");
	ASSERT_GOOD("--linkerd-target", "a/b.c=http://h", "--linkerd", "auto");
	ASSERT_GOOD("--linkerd", "off");
}

static void test_targets_of_the_environment(void **state)
{
	(void)state;
	setenv("JITTERBUG_LINKERD_TARGET", GOOD "\na/b=http://h\n", 1);
	assert_int_equal(PARSE("--linkerd=auto"), 0);
	assert_int_equal(config.linkerd_target.count, 2);
	assert_string_equal(config.linkerd_target.item[1], "a/b=http://h");
	assert_true(check());
	ASSERT_BAD("--linkerd-target: '" GOOD "' is not read: --linkerd is off", "--linkerd=off");
}

#define NOT_A_TARGET(text)                                                                         \
	"--linkerd-target: '" text "' is not NAMESPACE/POD=URL with a URL of at most 255 octets"

static void test_bad_forms(void **state)
{
	(void)state;
	ASSERT_BAD(NOT_A_TARGET("http://h"), "--linkerd-target", "http://h");
	ASSERT_BAD(NOT_A_TARGET("web=http://h"), "--linkerd-target", GOOD, "--linkerd-target",
		   "web=http://h");
	ASSERT_BAD(NOT_A_TARGET("a/b=h:4191"), "--linkerd-target", "a/b=h:4191");
	ASSERT_BAD(NOT_A_TARGET("a/b=http://h \\x0a%s"), "--linkerd-target", "a/b=http://h \n%s");
}

static void test_bad_names(void **state)
{
	(void)state;
	ASSERT_BAD("--linkerd-target: 'A/b' is not a pod's namespace and name", "--linkerd-target",
		   "A/b=http://h");
	ASSERT_BAD("--linkerd-target: 'a.c/b' is not a pod's namespace and name",
		   "--linkerd-target", "a.c/b=http://h");
	ASSERT_BAD("--linkerd-target: 'a/b_c' is not a pod's namespace and name",
		   "--linkerd-target", "a/b_c=http://h");
	ASSERT_BAD("--linkerd-target: 'a/b/c' is not a pod's namespace and name",
		   "--linkerd-target", "a/b/c=http://h");
}

static void test_bad_urls(void **state)
{
	(void)state;
	ASSERT_BAD("--linkerd-target: 'ftp://h' of 'a/b' is not an http or https URL",
		   "--linkerd-target", "a/b=ftp://h");
	ASSERT_BAD("--linkerd-target: 'h/http://h' of 'a/b' is not an http or https URL",
		   "--linkerd-target", "a/b=h/http://h");
}

static void test_credentials_are_refused_and_not_told(void **state)
{
	(void)state;
	ASSERT_BAD("--linkerd-target: the URL of 'a/b' has credentials", "--linkerd-target",
		   "a/b=http://user:secret@h/");
	ASSERT_BAD("--linkerd-target: the URL of 'a/b' has credentials", "--linkerd-target",
		   "a/b=ftp://secret@h/");
}

static void test_a_pod_twice(void **state)
{
	(void)state;
	ASSERT_BAD("--linkerd-target: 'a/b' is there twice", "--linkerd-target", "a/b=http://h",
		   "--linkerd-target", "a/b=http://h");
	ASSERT_BAD("--linkerd-target: 'a/b' is there twice", "--linkerd-target", "a/b=http://h",
		   "--linkerd-target", GOOD, "--linkerd-target", "a/b=http://i");
}

/* However long the text is, the line's end is there. */
static void test_long_targets(void **state)
{
	static char text[20000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "a/b=http://", 11);
	assert_int_equal(PARSE("--linkerd-target", text), 0);
	assert_false(check());
	assert_non_null(strstr(logged, "aaa' is not NAMESPACE/POD=URL with a URL of at most 255 "));
	text[4 + JB_MESH_URL_SIZE] = '\0';
	assert_int_equal(PARSE("--linkerd-target", text), 0);
	assert_false(check());
	text[4 + JB_MESH_URL_SIZE - 1] = '\0';
	ASSERT_GOOD("--linkerd-target", text);
}

static void test_interval(void **state)
{
	(void)state;
	ASSERT_GOOD("--linkerd-interval", "1s");
	ASSERT_GOOD("--linkerd-interval", "10m");
	assert_int_equal(PARSE("--linkerd-interval", "999ms"), -EINVAL);
	assert_string_equal(error, "argument --linkerd-interval: '999ms' is not a duration like "
				   "500ms, 10s or 5m from 1s to 10m");
	assert_int_equal(PARSE("--linkerd-interval", "601s"), -EINVAL);
}

static void test_namespace(void **state)
{
	char text[65] = "";

	(void)state;
	ASSERT_GOOD("--linkerd-namespace", "mesh-2");
	ASSERT_BAD("--linkerd-namespace: 'a/b' is not the name of a namespace",
		   "--linkerd-namespace", "a/b");
	ASSERT_BAD("--linkerd-namespace: 'Linkerd' is not the name of a namespace",
		   "--linkerd-namespace", "Linkerd", "--linkerd", "off");
	memset(text, 'a', 64);
	assert_int_equal(PARSE("--linkerd-namespace", text), 0);
	assert_false(check());
	text[63] = '\0';
	ASSERT_GOOD("--linkerd-namespace", text);
}

static int clear_environment(void **state)
{
	(void)state;
	return clearenv();
}

#define AGENT_TEST(name) cmocka_unit_test_setup(name, clear_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_defaults),
		AGENT_TEST(test_good_targets),
		AGENT_TEST(test_targets_of_the_environment),
		AGENT_TEST(test_bad_forms),
		AGENT_TEST(test_bad_names),
		AGENT_TEST(test_bad_urls),
		AGENT_TEST(test_credentials_are_refused_and_not_told),
		AGENT_TEST(test_a_pod_twice),
		AGENT_TEST(test_long_targets),
		AGENT_TEST(test_interval),
		AGENT_TEST(test_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
