/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads what others keep on this host as JSON, with bounds. */
#ifndef JB_WORKLOADS_JSON_FILE_H
#define JB_WORKLOADS_JSON_FILE_H

#include <sys/stat.h>

#include <jansson.h>

enum { JB_JSON_FILE_MAX = 4 << 20 }; /* octets; with more it isn't read */

/* Opens a regular file; a link that stands in its place is not followed. The fd or -errno. */
int jb_json_file_open(const char *path, struct stat *ret_stat);

/* Reads it as large as it was, and closes fd. NULL: it isn't JSON, can't be read, or no memory. */
json_t *jb_json_file_read(int fd, const struct stat *stat);

/* Both in one. */
json_t *jb_json_file_load(const char *path);

#endif
