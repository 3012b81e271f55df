/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which BPF programs there are, what they are for and how each comes to run. */
#ifndef JB_KERNEL_PROGRAMS_H
#define JB_KERNEL_PROGRAMS_H

#include "kernel/features.h"

enum jb_program_kind {
	JB_PROGRAM_CGROUP,     /* attached to the cgroup */
	JB_PROGRAM_TRACEPOINT, /* attached to the kernel's BTF tracepoint */
	JB_PROGRAM_UPLINK,     /* attached to the interface of --uplink, if there is one */
	JB_PROGRAM_ITERATOR,   /* run over all sockets when we ask for it */
	JB_PROGRAM_RUN         /* run by us */
};

struct jb_program {
	const char *name;
	enum jb_program_kind kind;
	enum jb_feature feature;
};

/* NULL if there is none of that name. */
const struct jb_program *jb_program_find(const char *name);

/* Whether a kernel of these types can load the program. */
bool jb_program_is_possible(const struct jb_program *program, const struct jb_kernel_types *types);

#endif
