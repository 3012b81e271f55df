/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_CLI_WORKLOADS_H
#define JB_CLI_WORKLOADS_H

/* `jitterbug workloads`: argv[0] is the subcommand's name. Returns the exit status. */
int jb_cli_workloads(int argc, char **argv);

#endif
