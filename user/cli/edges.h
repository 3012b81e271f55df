/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_CLI_EDGES_H
#define JB_CLI_EDGES_H

/* `jitterbug edges`: argv[0] is the subcommand's name. Returns the exit status. */
int jb_cli_edges(int argc, char **argv);

#endif
