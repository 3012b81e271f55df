/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_OPTIONS_GIVEN_H
#define JB_BASE_OPTIONS_GIVEN_H

#include "base/options.h"

/* Where the value of an option was given; for options.c only. */

enum { JB_OPTION_PLACE_SIZE = 384, JB_OPTION_ENVIRONMENT_SIZE = 64 };

/* The higher beats the lower. */
enum jb_option_source {
	JB_OPTION_SOURCE_DEFAULT,
	JB_OPTION_SOURCE_FILE,
	JB_OPTION_SOURCE_ENVIRONMENT,
	JB_OPTION_SOURCE_ARGUMENT,
};

struct jb_option_given {
	enum jb_option_source source;
	unsigned int line; /* in the file */
	const char *text;  /* of a list the latest; NULL: no value */
};

/* JITTERBUG_MAX_SERIES; `ret_name` has JB_OPTION_ENVIRONMENT_SIZE. */
void jb_option_environment_name(const struct jb_option *option, char *ret_name);

/* "argument --max-series"; `ret_place` has JB_OPTION_PLACE_SIZE. */
void jb_option_place(const struct jb_option *option, const struct jb_option_given *given,
		     const char *file_path, char *ret_place);

#endif
