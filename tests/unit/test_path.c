/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The path of a TCP connection by its addresses and ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <jitterbug/path.h>

static union jb_ip ip(const char *text)
{
	union jb_ip ip = {};

	if (inet_pton(AF_INET, text, &ip.word[3]) == 1)
		ip.word[2] = htonl(0xffff);
	else
		assert_int_equal(inet_pton(AF_INET6, text, ip.octet), 1);
	return ip;
}

static void test_paths(void **state)
{
	static const struct {
		const char *local;
		__u16 local_port;
		const char *remote;
		__u16 remote_port;
		enum jb_tcp_path path;
	} table[] = {
		{"10.244.0.10", 40000, "10.96.0.5", 6379, JB_PATH_DIRECT},
		{"10.244.0.10", 6379, "10.244.0.12", 40000, JB_PATH_DIRECT},
		{"127.0.0.1", 40000, "127.0.0.1", 80, JB_PATH_LOOPBACK},
		{"127.0.0.1", 40000, "127.9.9.9", 80, JB_PATH_LOOPBACK},
		{"::1", 40000, "::1", 80, JB_PATH_LOOPBACK},
		{"127.0.0.1", 80, "10.244.0.10", 40000, JB_PATH_LOOPBACK},
		{"10.244.0.10", 40000, "10.244.0.10", 8080, JB_PATH_SELF},
		{"10.244.0.10", 8080, "10.244.0.10", 40000, JB_PATH_SELF},
		{"fd00::1", 40000, "fd00::1", 8080, JB_PATH_SELF},
		{"fd00::1", 40000, "fd00::2", 8080, JB_PATH_DIRECT},
		{"127.0.0.1", 4140, "10.244.0.10", 40000, JB_PATH_ON_OUTBOUND},
		{"::1", 4140, "fd00::1", 40000, JB_PATH_ON_OUTBOUND},
		{"10.244.0.10", 4140, "10.244.0.12", 40000, JB_PATH_DIRECT},
		{"10.244.0.10", 40000, "10.244.0.11", 4143, JB_PATH_TO_INBOUND},
		{"fd00::1", 40000, "fd00::2", 4143, JB_PATH_TO_INBOUND},
		/* A pod that calls itself through the mesh. */
		{"10.244.0.10", 40000, "10.244.0.10", 4143, JB_PATH_TO_INBOUND},
		{"10.244.0.10", 4143, "10.244.0.10", 40000, JB_PATH_ON_INBOUND},
		{"10.244.0.11", 4143, "10.244.0.10", 40000, JB_PATH_ON_INBOUND},
		{"10.244.0.11", 4191, "10.244.0.1", 40000, JB_PATH_ON_ADMIN},
		{"10.244.0.11", 4190, "10.244.0.1", 40000, JB_PATH_ON_ADMIN},
		{"127.0.0.1", 40000, "127.0.0.1", 4143, JB_PATH_LOOPBACK},
		{"127.0.0.1", 4143, "127.0.0.1", 40000, JB_PATH_LOOPBACK},
		{"127.0.0.1", 4191, "127.0.0.1", 40000, JB_PATH_LOOPBACK},
		{"10.244.0.10", 40000, "10.244.0.11", 4191, JB_PATH_DIRECT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		union jb_ip local = ip(table[i].local), remote = ip(table[i].remote);

		assert_int_equal(
			jb_tcp_path_of(&local, table[i].local_port, &remote, table[i].remote_port),
			table[i].path);
	}
}

static void test_loopback(void **state)
{
	static const char *const are[] = {"127.0.0.1", "127.255.0.9", "::1"};
	static const char *const are_not[] = {"126.0.0.1", "::",          "::2",
					      "1::1",      "::127.0.0.1", "0.0.0.0"};
	union jb_ip one;

	(void)state;
	for (size_t i = 0; i < sizeof(are) / sizeof(*are); i++) {
		one = ip(are[i]);
		assert_true(jb_ip_is_loopback(&one));
	}
	for (size_t i = 0; i < sizeof(are_not) / sizeof(*are_not); i++) {
		one = ip(are_not[i]);
		assert_false(jb_ip_is_loopback(&one));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
