/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_CONFIG_FILE_H
#define JB_BASE_CONFIG_FILE_H

#include "base/buffer.h"

/*
 * Lines of `name = value`. Blank lines are skipped, and so is what follows a '#' that starts a line
 * or stands behind a blank. Blanks around name and value don't count, nor does a CR before the
 * newline; there are no quotes and no escapes.
 */
struct jb_config_file {
	struct jb_buffer text;
	size_t offset; /* of the next line */
	unsigned int line;
};

/*
 * Reads all of it. 0, -EFBIG over `limit` bytes, -EINVAL if it is no regular file, or another
 * -errno; then nothing is to be freed.
 */
int jb_config_file_read(const char *path, size_t limit, struct jb_config_file *ret_file);

/*
 * The next entry, as texts within the file's memory; `line` is its number, from 1. Returns 1, or 0
 * at the end. -EINVAL: the line has no '=' or no name, and `*ret_name` is the line. -EILSEQ: it has
 * a control character.
 */
int jb_config_file_next(struct jb_config_file *file, char **ret_name, char **ret_value);

void jb_config_file_free(struct jb_config_file *file);

#endif
