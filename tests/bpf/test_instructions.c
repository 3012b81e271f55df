/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is loaded into the kernel: no program of a kind that locked-down nodes refuse, and none that
 * reads the kernel's memory by address, or anybody else's.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/btf.h>
#include "harness.h"
#include "instructions.h"

#define HELPER(name)                                                                               \
	{                                                                                          \
		BPF_FUNC_##name, #name                                                             \
	}

static const struct helper {
	__u32 id;
	const char *name;
} forbidden[] = {
	HELPER(probe_read),          HELPER(probe_read_str),    HELPER(probe_read_user),
	HELPER(probe_read_user_str), HELPER(probe_read_kernel), HELPER(probe_read_kernel_str),
	HELPER(override_return),
};
#define FORBIDDEN (sizeof(forbidden) / sizeof(*forbidden))

/* What the kernel makes of a helper's id. */
struct translation {
	bool known;
	__s32 address;
};

/* False if the kernel hides it from us (kernel.kptr_restrict). */
static bool translate_all(struct translation ret[FORBIDDEN])
{
	for (size_t i = 0; i < FORBIDDEN; i++) {
		int err = jb_instructions_translate(forbidden[i].id, &ret[i].address);

		if (err == -EACCES)
			return false;
		/* What no program of its most privileged kind may call, none can. */
		ret[i].known = !err;
		if (err)
			print_message("             this kernel offers no %s\n", forbidden[i].name);
	}
	return true;
}

/* The first of the forbidden helpers that the program calls; NULL if none. */
static const char *called(int program, const struct translation translated[FORBIDDEN],
			  __u32 *ret_instructions)
{
	struct jb_instructions instructions;
	const char *name = NULL;

	assert_int_equal(jb_instructions_read(program, &instructions), 0);
	*ret_instructions = instructions.count;
	for (size_t i = 0; i < FORBIDDEN && !name; i++)
		if (translated[i].known &&
		    jb_instructions_calls(&instructions, translated[i].address))
			name = forbidden[i].name;
	jb_instructions_free(&instructions);
	return name;
}

/* A program of our own that does what is forbidden is found out. */
static void test_can_fail(void **state)
{
	static const enum bpf_prog_type types[] = {
		BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_CGROUP_SKB};
	struct translation translated[FORBIDDEN];
	__u32 count;

	(void)state;
	if (!translate_all(translated)) {
		print_message("             the kernel doesn't show helpers' addresses\n");
		skip();
	}
	for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
		int fd = jb_instructions_load_call(types[t], BPF_FUNC_probe_read_kernel);
		const char *name;

		assert_true(fd >= 0);
		name = called(fd, translated, &count);
		assert_non_null(name);
		assert_string_equal(name, "probe_read_kernel");
		close(fd);
	}
	for (size_t i = 0; i < FORBIDDEN; i++) {
		int fd = jb_instructions_load_call(BPF_PROG_TYPE_KPROBE, forbidden[i].id);

		assert_int_equal(fd >= 0, translated[i].known);
		if (fd < 0)
			continue;
		assert_non_null(called(fd, translated, &count));
		close(fd);
	}
}

static void test_translated(void **state)
{
	const struct jb_harness *h = *state;
	const struct bpf_object *object = h->kernel->skel->obj;
	struct translation translated[FORBIDDEN];
	struct bpf_program *program;
	__u32 programs = 0;

	if (!translate_all(translated))
		skip();
	bpf_object__for_each_program (program, object) {
		const char *name;
		__u32 count;

		if (bpf_program__fd(program) < 0)
			continue;
		name = called(bpf_program__fd(program), translated, &count);
		if (name)
			fail_msg("%s calls bpf_%s", bpf_program__name(program), name);
		assert_true(count > 0);
		programs++;
		print_message("             %-26s %6u instructions\n", bpf_program__name(program),
			      count);
	}
	assert_true(programs > 0);
}

/* As libbpf handed it to the kernel, ids and all; also of programs that this kernel can't load. */
static void test_by_id(void **state)
{
	const struct jb_harness *h = *state;
	struct bpf_program *program;
	__u32 calls = 0;

	bpf_object__for_each_program (program, h->kernel->skel->obj) {
		const struct bpf_insn *insn = bpf_program__insns(program);
		size_t count = bpf_program__insn_cnt(program);

		assert_true(count > 0);
		for (size_t i = 0; i < count; i++) {
			if (insn[i].code != (BPF_JMP | BPF_CALL) || insn[i].src_reg)
				continue;
			calls++;
			for (size_t f = 0; f < FORBIDDEN; f++)
				if ((__u32)insn[i].imm == forbidden[f].id)
					fail_msg("%s calls bpf_%s", bpf_program__name(program),
						 forbidden[f].name);
		}
	}
	assert_true(calls > 0);
}

/* --- kinds of programs */

static bool is_kind_allowed(enum bpf_prog_type type, enum bpf_attach_type attach)
{
	switch (type) {
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_SOCK_OPS:
	case BPF_PROG_TYPE_SCHED_CLS:
		return true;
	case BPF_PROG_TYPE_TRACING: /* not fentry, fexit, fmod_ret */
		return attach == BPF_TRACE_RAW_TP || attach == BPF_TRACE_ITER;
	default:
		return false;
	}
}

static void test_kinds(void **state)
{
	const struct jb_harness *h = *state;
	struct bpf_program *program;

	bpf_object__for_each_program (program, h->kernel->skel->obj)
		if (!is_kind_allowed(bpf_program__type(program),
				     bpf_program__expected_attach_type(program)))
			fail_msg("%s is of type %d, attach type %d", bpf_program__name(program),
				 bpf_program__type(program),
				 bpf_program__expected_attach_type(program));
	assert_false(is_kind_allowed(BPF_PROG_TYPE_KPROBE, 0));
	assert_false(is_kind_allowed(BPF_PROG_TYPE_LSM, BPF_LSM_MAC));
	assert_false(is_kind_allowed(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY));
	assert_false(is_kind_allowed(BPF_PROG_TYPE_TRACING, BPF_TRACE_FEXIT));
}

/* Whether what the kernel says a tracing program is attached to is a tracepoint or an iterator. */
static bool is_target_allowed(const struct btf *kernel, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(kernel, id);
	const char *name = type ? btf__name_by_offset(kernel, type->name_off) : NULL;

	if (!name)
		return false;
	if (btf_is_typedef(type))
		return !strncmp(name, "btf_trace_", strlen("btf_trace_"));
	return btf_is_func(type) && !strncmp(name, "bpf_iter_", strlen("bpf_iter_"));
}

static void check_target(const struct btf *kernel, const struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len), 0);
	assert_int_equal(info.type, bpf_program__type(program));
	/* 5.17 and later tell it. */
	if (info.attach_btf_id && !is_target_allowed(kernel, info.attach_btf_id))
		fail_msg("%s is attached to type %u", bpf_program__name(program),
			 info.attach_btf_id);
}

static void test_targets(void **state)
{
	const struct jb_harness *h = *state;
	struct btf *kernel = btf__load_vmlinux_btf();
	struct bpf_program *program;

	assert_non_null(kernel);
	bpf_object__for_each_program (program, h->kernel->skel->obj)
		if (bpf_program__fd(program) >= 0)
			check_target(kernel, program);
	/* What fentry would have. */
	assert_false(is_target_allowed(
		kernel, btf__find_by_name_kind(kernel, "kfree_skb_partial", BTF_KIND_FUNC)));
	btf__free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_can_fail), cmocka_unit_test(test_translated),
		cmocka_unit_test(test_by_id),    cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests_name("instructions", tests, jb_harness_setup_uplink,
					   jb_harness_teardown);
}
