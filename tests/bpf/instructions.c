/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "instructions.h"

int jb_instructions_read(int program, struct jb_instructions *ret)
{
	struct jb_instructions read = {};
	struct bpf_prog_info sized = {};
	__u32 len = sizeof(read.info);
	int err = 0;

	if (bpf_obj_get_info_by_fd(program, &read.info, &len))
		return -errno;
	if (!read.info.xlated_prog_len)
		return -EACCES;
	read.count = read.info.xlated_prog_len / sizeof(*read.insn);
	read.insn = calloc(read.count, sizeof(*read.insn));
	if (!read.insn)
		return -ENOMEM;
	sized.xlated_prog_len = read.info.xlated_prog_len;
	sized.xlated_prog_insns = (__u64)(unsigned long)read.insn;
	len = sizeof(sized);
	if (bpf_obj_get_info_by_fd(program, &sized, &len))
		err = -errno;
	else if (!sized.xlated_prog_insns)
		err = -EACCES;
	if (err)
		jb_instructions_free(&read);
	else
		*ret = read;
	return err;
}

void jb_instructions_free(struct jb_instructions *program)
{
	free(program->insn);
	program->insn = NULL;
}

/* The helpers in question take a buffer, its size and an address; or the context and a number. */
int jb_instructions_load_call(enum bpf_prog_type type, __u32 helper)
{
	const struct bpf_insn read[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = helper},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_insn override[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = helper},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_insn *insn = helper == BPF_FUNC_override_return ? override : read;
	size_t count = helper == BPF_FUNC_override_return ? sizeof(override) / sizeof(*override)
							  : sizeof(read) / sizeof(*read);
	int fd = bpf_prog_load(type, NULL, "GPL", insn, count, NULL);

	return fd < 0 ? -errno : fd;
}

int jb_instructions_translate(__u32 helper, __s32 *ret)
{
	int fd = jb_instructions_load_call(BPF_PROG_TYPE_KPROBE, helper);
	struct jb_instructions program;
	int err;

	if (fd < 0)
		return fd;
	err = jb_instructions_read(fd, &program);
	close(fd);
	if (err)
		return err;
	err = -ENOENT;
	for (__u32 i = 0; i < program.count; i++)
		if (program.insn[i].code == (BPF_JMP | BPF_CALL)) {
			*ret = program.insn[i].imm;
			err = *ret ? 0 : -EACCES;
		}
	jb_instructions_free(&program);
	return err;
}

__u32 jb_instructions_calls(const struct jb_instructions *program, __s32 address)
{
	__u32 calls = 0;

	for (__u32 i = 0; i < program->count; i++) {
		const struct bpf_insn *insn = &program->insn[i];

		calls += insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0 &&
			 insn->imm == address;
	}
	return calls;
}
