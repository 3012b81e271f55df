/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One turn of a list: what a document says, as infos, and as a table. */
#ifndef JB_CLI_LIST_TURN_H
#define JB_CLI_LIST_TURN_H

#include <jansson.h>

#include "cli/list.h"

/* All zero is a turn without anything. */
struct jb_list_turn {
	json_t *root; /* has the infos' texts */
	char *infos;  /* by identity, if the list has one */
	size_t count;
};

/* Reads a document. Returns the exit status, and if it isn't 0 leaves *ret_turn as it was. */
int jb_list_turn_read(const struct jb_listing *list, const struct jb_buffer *document,
		      struct jb_list_turn *ret_turn);
void jb_list_turn_free(struct jb_list_turn *turn);

/* Prints the table; with `before` of a list of counters, what was added since. The exit status. */
int jb_list_turn_print(const struct jb_listing *list, const struct jb_list_turn *turn,
		       const struct jb_list_turn *before);

#endif
