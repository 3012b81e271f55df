/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the running kernel's types tell, and the names of its reasons for dropping packets. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/features.h"
#include "kernel/programs.h"

static bool has_btf(void)
{
	return !access("/sys/kernel/btf/vmlinux", R_OK);
}

static void assert_name(const struct jb_drop_reasons *reasons, unsigned int reason,
			const char *wanted)
{
	char name[JB_DROP_REASON_NAME];

	jb_drop_reason_name(reasons, reason, name);
	assert_string_equal(name, wanted);
}

static void test_names(void **state)
{
	static char names[4][JB_DROP_REASON_NAME] = {"", "consumed", "", "no_socket"};
	static const struct jb_drop_reasons reasons = {names, 4};
	static const struct jb_drop_reasons none;

	(void)state;
	assert_name(&reasons, 3, "no_socket");
	assert_name(&reasons, 1, "consumed");
	assert_name(&reasons, 0, "reason_0");
	assert_name(&reasons, 2, "reason_2");
	assert_name(&reasons, 4, "reason_4");
	assert_name(&reasons, 65535, "reason_65535");
	assert_name(&reasons, 1 << 16, "subsystem_1_0");
	assert_name(&reasons, 2 << 16 | 17, "subsystem_2_17");
	assert_name(&reasons, UINT32_MAX, "subsystem_65535_65535");
	assert_name(&none, 0, "reason_0");
	assert_name(&none, 3, "reason_3");
}

static bool has_reason(const struct jb_drop_reasons *reasons, const char *name)
{
	for (unsigned int i = 0; i < reasons->count; i++)
		if (!strcmp(reasons->name[i], name))
			return true;
	return false;
}

static void assert_is_a_label(const char *name)
{
	for (; *name; name++)
		assert_true(islower(*name) || isdigit(*name) || *name == '_');
}

static void test_reasons_of_this_kernel(void **state)
{
	static const char *const known[] = {"not_specified", "no_socket",      "tcp_csum",
					    "udp_csum",      "netfilter_drop", "socket_rcvbuff"};
	struct jb_drop_reasons reasons = {};
	struct jb_kernel_types types;

	(void)state;
	if (!has_btf())
		skip();
	assert_int_equal(jb_kernel_read_types(&types, &reasons), 0);
	if (types.drop_reason) {
		assert_in_range(reasons.count, 20, 1000);
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			assert_true(has_reason(&reasons, known[i]));
	}
	for (unsigned int i = 0; i < reasons.count; i++) {
		assert_true(strlen(reasons.name[i]) < JB_DROP_REASON_NAME - 1); /* none is cut */
		assert_is_a_label(reasons.name[i]);
		assert_null(strstr(reasons.name[i], "skb_drop_reason"));
		for (unsigned int j = 0; j < i; j++)
			assert_true(!*reasons.name[i] ||
				    strcmp(reasons.name[i], reasons.name[j]) != 0);
	}
	jb_drop_reasons_free(&reasons);
	assert_null(reasons.name);
	assert_int_equal(reasons.count, 0);
	jb_drop_reasons_free(&reasons);
}

static void test_types_of_this_kernel(void **state)
{
	struct jb_kernel_types types;

	(void)state;
	if (!has_btf())
		skip();
	assert_int_equal(jb_kernel_read_types(&types, NULL), 0);
	assert_true(!types.drop_receiver || types.drop_reason);
}

static void test_each_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < JB_FEATURE_MAX; i++) {
		assert_is_a_label(jb_feature_names[i]);
		assert_true(strlen(jb_feature_helps[i]) > 10);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(jb_feature_names[i], jb_feature_names[j]);
	}
}

static bool is_possible(const char *name, struct jb_kernel_types types)
{
	const struct jb_program *program = jb_program_find(name);

	assert_non_null(program);
	return jb_program_is_possible(program, &types);
}

static void test_what_a_program_needs(void **state)
{
	const struct jb_kernel_types none = {};

	(void)state;
	assert_null(jb_program_find("jb_nothing"));
	assert_true(is_possible("jb_media_ingress", none));
	assert_true(is_possible("jb_tcp_state", none));
	assert_true(is_possible("jb_tcp_retransmit", none));
	assert_false(is_possible("jb_tcp_retransmit_synack", none));
	assert_true(is_possible("jb_tcp_retransmit_synack",
				(struct jb_kernel_types){.retransmit_synack = true}));
	assert_false(is_possible("jb_udp_fail", none));
	assert_true(is_possible("jb_udp_fail", (struct jb_kernel_types){.udp_fail = true}));
	assert_false(is_possible("jb_drop", none));
	assert_true(is_possible("jb_drop", (struct jb_kernel_types){.drop_reason = true}));
	assert_false(is_possible("jb_queue_received", (struct jb_kernel_types){
							      .sock_recv_length = true,
							      .udp_fail = true,
						      }));
	assert_true(is_possible("jb_queue_received", (struct jb_kernel_types){
							     .sock_recv_length = true,
							     .udp_fail = true,
							     .kfuncs = true,
						     }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_reasons_of_this_kernel),
		cmocka_unit_test(test_types_of_this_kernel),
		cmocka_unit_test(test_each_has_a_name),
		cmocka_unit_test(test_what_a_program_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
