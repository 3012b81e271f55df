/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_OPTION_KINDS_H
#define JB_BASE_OPTION_KINDS_H

#include "base/options.h"

/* What differs from kind to kind of an option; for options.c and options_help.c only. */
struct jb_option_kind_ops {
	size_t size;             /* of the field */
	const char *placeholder; /* NULL: takes no value; "": the enum's names */
	/* 0, -EINVAL or -ERANGE for a bad text, -ENOMEM */
	int (*store)(const struct jb_option *option, const char *text, void *field);
	/* Appends what a text should have been: "a number from 1 to 5". */
	void (*expect)(const struct jb_option *option, struct jb_buffer *out);
};

extern const struct jb_option_kind_ops jb_option_kinds[JB_OPTION_KIND_MAX];

/* "--" or "-". */
static inline const char *jb_option_dashes(const struct jb_option *option)
{
	return option->name[1] ? "--" : "-";
}

/* Appends the names of an enum. */
void jb_option_names(const struct jb_option *option, const char *separator, struct jb_buffer *out);

#endif
