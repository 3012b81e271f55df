/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines on their way to the output: kept while it takes none, written whole or not at all. What a
 * slow reader leaves half a line of is gone on with.
 */
#ifndef JB_AUDIT_SINK_H
#define JB_AUDIT_SINK_H

#include <jitterbug/types.h>

#include "audit/output.h"
#include "base/buffer.h"

#define JB_SINK_LIMIT ((size_t)1 << 20)

struct jb_sink {
	struct jb_output output;
	char *file; /* NULL: standard output */
	struct jb_buffer buffer;
	size_t done;   /* octets of the buffer that are written */
	bool in_line;  /* the latest octet written did not end a line */
	__u64 written; /* lines */
	__u64 dropped; /* lines of the buffer that can't be written any more */
	int write_error;
	int open_error; /* -errno, both, of the latest trial */
};

/* "-" is standard output. 0, or -errno with nothing to close. */
int jb_sink_open(struct jb_sink *sink, const char *file);

/* Drops what is not written. */
void jb_sink_close(struct jb_sink *sink);

/* Takes a line with its newline. 0, -ENOBUFS: there is no room for it now; -ENOMEM. */
int jb_sink_put(struct jb_sink *sink, const char *line, size_t len);

/* Writes what the output takes. */
void jb_sink_flush(struct jb_sink *sink);

/* Goes on with a new file if the open one was renamed or removed. */
void jb_sink_follow(struct jb_sink *sink);

/* Flushes until all is written, it fails, or the time is over. This one waits. */
void jb_sink_drain(struct jb_sink *sink, unsigned int milliseconds);

static inline size_t jb_sink_buffered(const struct jb_sink *sink)
{
	return sink->buffer.len - sink->done;
}

/* Why nothing can be written, or not where it should be; 0 or -errno. */
static inline int jb_sink_error(const struct jb_sink *sink)
{
	return sink->write_error ? sink->write_error : sink->open_error;
}

#endif
