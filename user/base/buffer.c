/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/buffer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INITIAL_CAP = 256 };

static const char digit_pairs[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

static bool grow(struct jb_buffer *buffer, size_t needed)
{
	size_t cap = buffer->cap ? buffer->cap : INITIAL_CAP;
	char *data;

	while (cap < needed)
		cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
	data = realloc(buffer->data, cap);
	if (!data) {
		buffer->error = -ENOMEM;
		return false;
	}
	buffer->data = data;
	buffer->cap = cap;
	return true;
}

/* Makes room for `extra` more bytes and the NUL. */
static bool reserve(struct jb_buffer *buffer, size_t extra)
{
	size_t needed;

	if (buffer->error)
		return false;
	if (buffer->limit && (buffer->len > buffer->limit || extra > buffer->limit - buffer->len)) {
		buffer->error = -E2BIG;
		return false;
	}
	if (__builtin_add_overflow(buffer->len, extra, &needed) || needed == SIZE_MAX) {
		buffer->error = -ENOMEM;
		return false;
	}
	return needed < buffer->cap || grow(buffer, needed + 1);
}

void jb_buffer_append(struct jb_buffer *buffer, const void *data, size_t len)
{
	if (!reserve(buffer, len))
		return;
	if (len)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

void jb_buffer_puts(struct jb_buffer *buffer, const char *text)
{
	jb_buffer_append(buffer, text, strlen(text));
}

void jb_buffer_u64(struct jb_buffer *buffer, uint64_t value)
{
	char digits[20]; /* of UINT64_MAX */
	char *first = digits + sizeof(digits);

	while (value >= 10) {
		first -= 2;
		memcpy(first, digit_pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value || first == digits + sizeof(digits))
		*--first = (char)('0' + value);
	jb_buffer_append(buffer, first, (size_t)(digits + sizeof(digits) - first));
}

/* Formats straight into the spare room, and once more only where that was too small. */
void jb_buffer_vprintf(struct jb_buffer *buffer, const char *format, va_list arguments)
{
	size_t spare = buffer->cap - buffer->len;
	va_list copy;
	int len;

	if (buffer->error)
		return;
	va_copy(copy, arguments);
	len = vsnprintf(spare ? buffer->data + buffer->len : NULL, spare, format, copy);
	va_end(copy);
	if (len < 0)
		buffer->error = -errno;
	else if (reserve(buffer, (size_t)len)) {
		if ((size_t)len >= spare)
			vsnprintf(buffer->data + buffer->len, (size_t)len + 1, format, arguments);
		buffer->len += (size_t)len;
	}
	if (buffer->data)
		buffer->data[buffer->len] = '\0';
}

void jb_buffer_printf(struct jb_buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	jb_buffer_vprintf(buffer, format, arguments);
	va_end(arguments);
}

void jb_buffer_reset(struct jb_buffer *buffer)
{
	buffer->len = 0;
	buffer->error = 0;
	if (buffer->data)
		buffer->data[0] = '\0';
}

void jb_buffer_free(struct jb_buffer *buffer)
{
	if (!buffer)
		return;
	free(buffer->data);
	*buffer = (struct jb_buffer){.limit = buffer->limit};
}
