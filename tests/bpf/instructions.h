/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a loaded program consists of, read back from the kernel (translated instructions).
 *
 * There a call of a helper has its address, relative to one that we don't know, in place of its
 * id. So we have a program of our own call each helper that is looked for, and read what became of
 * its id.
 */
#ifndef JB_TEST_INSTRUCTIONS_H
#define JB_TEST_INSTRUCTIONS_H

#include <stddef.h>
#include <linux/bpf.h>

struct jb_instructions {
	struct bpf_insn *insn;
	__u32 count;
	struct bpf_prog_info info;
};

/* Of a program; to be freed with jb_instructions_free(). 0 or -errno. */
int jb_instructions_read(int program, struct jb_instructions *ret);
void jb_instructions_free(struct jb_instructions *program);

/* A program of that type that calls the helper and ends; its descriptor or -errno. */
int jb_instructions_load_call(enum bpf_prog_type type, __u32 helper);

/* What the helper's id is translated to; -errno if the kernel has none, or hides it (0). */
int jb_instructions_translate(__u32 helper, __s32 *ret);

/* How many calls of a helper there are whose translated address is `address`. */
__u32 jb_instructions_calls(const struct jb_instructions *program, __s32 address);

#endif
