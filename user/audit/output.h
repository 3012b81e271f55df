/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file, pipe, socket or terminal that is written to without ever waiting for its reader. */
#ifndef JB_AUDIT_OUTPUT_H
#define JB_AUDIT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum jb_output_way {
	JB_OUTPUT_OWN,    /* opened by us, so O_NONBLOCK is ours alone */
	JB_OUTPUT_SHARED, /* others use the open file, too: it is asked before each piece */
	JB_OUTPUT_SOCKET,
};

struct jb_output {
	int fd; /* -1: none */
	enum jb_output_way way;
};

/* Appends to a file; one that isn't there is made for its owner only. 0 or -errno. */
int jb_output_open_file(struct jb_output *ret, const char *file);

/* Appends to what standard output is, whose flags stay as they are. 0 or -errno. */
int jb_output_open_stdout(struct jb_output *ret);

void jb_output_close(struct jb_output *output);

/*
 * Writes what can be written for now. Returns how many octets that were, over 0; -EAGAIN: none;
 * or another -errno. A reader that has gone is -EPIPE, without a signal.
 */
ssize_t jb_output_write(const struct jb_output *output, const void *data, size_t len);

/* Whether `file` isn't the open one any more: renamed or removed, or another in its place. */
bool jb_output_has_moved(const struct jb_output *output, const char *file);

/* Whether the open file has been removed, so that what is written there is for nobody. */
bool jb_output_is_removed(const struct jb_output *output);

#endif
