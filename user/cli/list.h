/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands that list what is on this node: `jitterbug streams`, `connections`, `drops`. */
#ifndef JB_CLI_LIST_H
#define JB_CLI_LIST_H

#include <stdbool.h>

#include "base/buffer.h"
#include "listing/record.h"
#include "node/node.h"

struct jb_listing {
	const char *name; /* "jitterbug streams" */
	const char *about;
	const char *path; /* of the agent's document, {"streams":[...]} */
	const char *key;  /* of its array, and what they are called */
	const struct jb_record *record;
	int (*document)(struct jb_node *node, struct jb_buffer *out); /* the same, without agent */
	/*
	 * Both or neither. For counters: with --watch, all turns but the first tell only what was
	 * added. `identity` orders infos and says by 0 that two are one, read at two times;
	 * `since` takes off what was before (or NULL), and returns whether anything remains.
	 */
	int (*identity)(const void *info, const void *other);
	bool (*since)(void *info, const void *before);
};

/* Runs the command: argv[0] is its name. Returns the exit status. */
int jb_cli_list(const struct jb_listing *list, int argc, char **argv);

#endif
