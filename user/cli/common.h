/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every subcommand does alike. */
#ifndef JB_CLI_COMMON_H
#define JB_CLI_COMMON_H

#include "base/options.h"

enum {
	JB_EXIT_OK = 0,
	JB_EXIT_FAILED = 1,
	JB_EXIT_USAGE = 2,
};

/* Prints "name: message" to stderr, after what stdout holds. Returns `status`. */
int jb_cli_fail(const char *name, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* That everything printed has reached stdout: the exit status. */
int jb_cli_flush(const char *name);

/*
 * Parses the arguments behind argv[0]. Returns -1 to go on, or the exit status: --help has been
 * printed, or the error told. `name` is "jitterbug streams".
 */
int jb_cli_options(const char *name, const struct jb_options *options, int argc, char **argv,
		   void *config, const char **ret_positionals);

#endif
