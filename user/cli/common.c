/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cli/common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int jb_cli_fail(const char *name, int status, const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fprintf(stderr, "%s: ", name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return status;
}

int jb_cli_flush(const char *name)
{
	if (!fflush(stdout) && !ferror(stdout))
		return JB_EXIT_OK;
	return jb_cli_fail(name, JB_EXIT_FAILED, "can't write to standard output: %m");
}

static int print_help(const char *name, const struct jb_options *options)
{
	struct jb_buffer out = {};
	int status;

	jb_options_help(options, &out);
	if (out.error)
		status = jb_cli_fail(name, JB_EXIT_FAILED, "out of memory");
	else
		status = fputs(out.data, stdout) < 0 ? JB_EXIT_FAILED : jb_cli_flush(name);
	jb_buffer_free(&out);
	return status;
}

int jb_cli_options(const char *name, const struct jb_options *options, int argc, char **argv,
		   void *config, const char **ret_positionals)
{
	char error[JB_OPTIONS_ERROR];
	int err = jb_options_parse(options, argc - 1, argv + 1, config, ret_positionals, error,
				   sizeof(error));

	if (!err)
		return -1;
	if (err == JB_OPTIONS_HELP)
		return print_help(name, options);
	return jb_cli_fail(name, err == -EINVAL ? JB_EXIT_USAGE : JB_EXIT_FAILED, "%s", error);
}
