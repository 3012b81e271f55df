/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/options_given.h"

#include <stdio.h>

#include "base/option_kinds.h"

void jb_option_environment_name(const struct jb_option *option, char *ret_name)
{
	int prefix = snprintf(ret_name, JB_OPTION_ENVIRONMENT_SIZE, "JITTERBUG_%s", option->name);

	for (char *c = ret_name; prefix > 0 && *c; c++) {
		if (*c == '-')
			*c = '_';
		else if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
}

void jb_option_place(const struct jb_option *option, const struct jb_option_given *given,
		     const char *file_path, char *ret_place)
{
	const char *dashes = jb_option_dashes(option);
	char name[JB_OPTION_ENVIRONMENT_SIZE];

	switch (given->source) {
	case JB_OPTION_SOURCE_ARGUMENT:
		snprintf(ret_place, JB_OPTION_PLACE_SIZE, "argument %s%s", dashes, option->name);
		break;
	case JB_OPTION_SOURCE_ENVIRONMENT:
		jb_option_environment_name(option, name);
		snprintf(ret_place, JB_OPTION_PLACE_SIZE, "environment %s", name);
		break;
	case JB_OPTION_SOURCE_FILE:
		snprintf(ret_place, JB_OPTION_PLACE_SIZE, "%.256s:%u: %s", file_path, given->line,
			 option->name);
		break;
	case JB_OPTION_SOURCE_DEFAULT:
		snprintf(ret_place, JB_OPTION_PLACE_SIZE, "default of %s%s", dashes, option->name);
		break;
	}
}
