/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef JB_BASE_BUFFER_H
#define JB_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growable byte buffer. All zero is an empty buffer without a limit.
 *
 * Errors stick: after the first failure nothing more is appended, so that a renderer appends
 * thousands of times and reads `error` once. An append is done whole or not at all.
 */
struct jb_buffer {
	char *data;   /* NULL before the first append, then always NUL-terminated at data[len] */
	size_t len;   /* bytes in use, without the NUL */
	size_t cap;   /* bytes allocated, with the NUL */
	size_t limit; /* the highest `len` allowed; 0 is no limit */
	int error;    /* 0, -ENOMEM, -E2BIG past the limit, or printf's own (-EOVERFLOW, -EILSEQ) */
};

/* `data` must not point into the buffer itself; it may be NULL if `len` is 0. */
void jb_buffer_append(struct jb_buffer *buffer, const void *data, size_t len);
void jb_buffer_puts(struct jb_buffer *buffer, const char *text);
void jb_buffer_u64(struct jb_buffer *buffer, uint64_t value); /* decimal, without printf */
void jb_buffer_printf(struct jb_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void jb_buffer_vprintf(struct jb_buffer *buffer, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Empties the buffer and clears its error; memory and limit stay. */
void jb_buffer_reset(struct jb_buffer *buffer);
/* Gives the memory back; the buffer is empty and can be used again. NULL is allowed. */
void jb_buffer_free(struct jb_buffer *buffer);

#endif
