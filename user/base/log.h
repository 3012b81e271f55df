/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_LOG_H
#define JB_BASE_LOG_H

#include <time.h>

#include "base/buffer.h"

enum jb_log_level {
	JB_LOG_ERROR,
	JB_LOG_WARNING,
	JB_LOG_INFO,
	JB_LOG_DEBUG,
	JB_LOG_LEVEL_MAX,
};

enum jb_log_format {
	JB_LOG_TEXT, /* 2026-11-23T05:16:28.123Z warning: message */
	JB_LOG_JSON, /* {"time":"2026-11-23T05:16:28.123Z","level":"warning","msg":"message"} */
	JB_LOG_FORMAT_MAX,
};

/* The names of the enumerators above, in their order, NULL at the end: for a table of options. */
extern const char *const jb_log_level_names[];
extern const char *const jb_log_format_names[];

/* 0, or -EINVAL for an unknown name. */
int jb_log_level_parse(const char *name, enum jb_log_level *ret_level);
int jb_log_format_parse(const char *name, enum jb_log_format *ret_format);

/* Before it is called: info, as text. Call it before other threads start. */
void jb_log_init(enum jb_log_level level, enum jb_log_format format);

/*
 * Writes one line to stderr in one write, if `level` is enabled. Only main programs log. A message
 * over 4095 bytes is cut; bytes that could forge a line or a terminal sequence are escaped. errno
 * is kept, and %m tells it.
 */
void jb_log(enum jb_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends the line (with its newline) that jb_log() writes for a message at a time. */
void jb_log_line(struct jb_buffer *out, enum jb_log_format format, enum jb_log_level level,
		 const struct timespec *time, const char *message);

#endif
